"""A consent that is signed by drawing: what counts as a signature, what is kept, that the hash covers it."""

import json
from contextlib import suppress
from zoneinfo import ZoneInfo

import pytest
from django.db import Error, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.sessions.actions import TreatmentRefused, sign_consent
from apps.sessions.agreements import consent_holds, text_in_force
from apps.sessions.models import TreatmentConsent
from apps.sessions.treatment.signature import HEIGHT, MOST_LETTERS, WIDTH, Unreadable, checked, path_of, strokes_of
from tests.cast import Cast

HAND = [[[40, 200], [90, 60], [140, 210], [190, 80]], [[220, 150], [260, 120], [300, 160], [340, 118]], [[400, 90]]]
SIGNED = {"item-treatment": "on", "item-off-label": "on", "item-ride": "on"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nonsense", "form"),
        ('{"a": 1}', "form"),
        ("[[]]", "form"),
        ("[" * 30_000, "form"),
        ("[[[1, 2, 3]]]", "form"),
        ("[[[true, 2]]]", "form"),
        ('[[["1", 2]]]', "form"),
        ("[[[NaN, 2]]]", "form"),
        ("[[[1.5, 2]]]", "form"),
        (json.dumps([[[x, 601 - x] for x in range(0, 600, 50)]]), "range"),
        (json.dumps([[[-1, 2]] * 9]), "range"),
        (json.dumps([[[1, 2]]]), "little"),
        (json.dumps([[[1, 2]] * 50]), "little"),
        (json.dumps([[[x % 600, 9] for x in range(3001)]]), "many"),
        (json.dumps([[[1, 2]]] * 81), "many"),
        (" " + "1" * MOST_LETTERS, "many"),
    ],
)
def test_what_is_no_drawing_is_refused(text: str, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        strokes_of(text)
    assert refused.value.code == code


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, WIDTH), st.integers(0, HEIGHT)).map(list), min_size=1, max_size=30),
        max_size=12,
    )
)
def test_every_drawing_that_is_taken_can_be_drawn_again(strokes: list[list[list[int]]]) -> None:
    with suppress(Unreadable):  # too little of it
        assert strokes_of(json.dumps(strokes)) == (strokes or None)
        assert path_of(strokes).count("M") == len(strokes)


@pytest.mark.django_db
def test_a_drawn_signature_is_kept_shown_and_covered_by_the_hash(cast: Cast) -> None:
    client = cast.client(cast.patient_user)
    with cast.acting(cast.nurse), transaction.atomic():
        form = SIGNED | {"digest": text_in_force(cast.clinic).digest}
    for drawing, words in (("[[[1, 2]]]", "a bit larger"), ("[[[9999, 2]]]", "did not arrive"), ("", "or draw")):
        answer = client.post("/session-day/consent/", form | {"drawing": drawing})
        assert (answer.status_code, words in answer.content.decode()) == (422, True)
    page = client.post("/session-day/consent/", form | {"drawing": json.dumps(HAND)}, follow=True).content.decode()
    assert f'd="{path_of(HAND)}"' in page
    assert client.get("/session-day/consent/copy.pdf").content[:4] == b"%PDF"
    desk = cast.client(cast.nurse)
    shown = desk.get(f"/desk/patients/{cast.patient.pk}/treatment/").content.decode()
    assert path_of(HAND) in shown
    assert "Unchanged since it was signed" in shown
    assert desk.get(f"/desk/patients/{cast.patient.pk}/treatment/consent.pdf").content[:4] == b"%PDF"
    with cast.acting(cast.nurse), transaction.atomic():
        held = TreatmentConsent.objects.select_related("text").get()
        assert (held.strokes, held.signed_name, consent_holds(held)) == (HAND, "Maria Alvarez", True)
        held.strokes = [[[1, 1], *HAND[0][1:]], *HAND[1:]]
        assert not consent_holds(held)
        with pytest.raises(Error, match="not changed"), transaction.atomic():
            TreatmentConsent.objects.filter(pk=held.pk).update(strokes=held.strokes)


@pytest.mark.django_db
def test_a_typed_signature_has_the_hash_that_it_always_had_and_the_verb_looks_at_the_strokes_itself(cast: Cast) -> None:
    with cast.acting(cast.patient_user) as maria, transaction.atomic():
        agreed = {"patient": cast.patient, "agreed": ["treatment", "off-label", "ride"], "actor": maria}
        digest = text_in_force(cast.clinic).digest
        with pytest.raises(TreatmentRefused, match="larger"):
            sign_consent(digest=digest, name="Maria Alvarez", strokes=[[[1, 2]]], **agreed)
        held = sign_consent(digest=digest, name="Maria Alvarez", **agreed)
        held = TreatmentConsent.objects.select_related("text").get(pk=held.pk)
        assert (held.strokes, held.signature_path, consent_holds(held)) == (None, "", True)
        held.signed_at = held.signed_at.astimezone(ZoneInfo("America/New_York"))  # the same moment
        assert consent_holds(held)
        row = [held.pk]
        with pytest.raises(Error, match="drawn_signature"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "insert into care_sessions_treatmentconsent (id, created_at, clinic_id, patient_id, text_id, agreed,"
                " signed_name, signed_at, digest, status, withdraw_reason, strokes) select gen_random_uuid(), now(), clinic_id,"
                " patient_id, text_id, agreed, signed_name, signed_at, digest, status, '', '{}'"
                " from care_sessions_treatmentconsent where id = %s",
                row,
            )
    assert checked(HAND) == HAND
