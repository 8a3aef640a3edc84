"""Conditions, allergies and medicines: written once, corrected by a new row, and before every dose they count."""

import re
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction

from apps.audit.models import AuditEvent
from apps.core import clock
from apps.patients import actions as patients
from apps.patients.actions import AllergyTold, ConditionTold, HistoryRefused, MedicineTold, Told
from apps.patients.models import AllergyIntolerance, Condition, HistoryRow, MedicationStatement, Patient
from apps.sessions import actions as sessions
from apps.sessions.evidence import gate_of
from apps.sessions.models import DosingSession
from tests.api.conversation import API, post, problem
from tests.cast import Cast
from tests.treatment.scene import fresh, given, ready

pytestmark = pytest.mark.django_db


def told(cast: Cast, told: Told, **more: object) -> HistoryRow:
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        try:
            return patients.record_entry(patient=cast.patient, told=told, actor=nurse, **more)  # type: ignore[arg-type]
        except HistoryRefused as refusal:
            refused = refusal  # what it wrote of the refusal stays
    raise refused


def codes(cast: Cast, session: DosingSession) -> dict[str, bool]:
    """What the gate says of the history: code to whether it blocks. Checks that fall due are another matter."""
    now = fresh(cast, session)
    with cast.acting(cast.nurse), transaction.atomic():
        items = gate_of(now, clock.now()).items
        return {item.code: item.blocks for item in items if not item.code.endswith("_check_due")}


def test_what_is_written_between_two_doses_stands_in_the_gate_of_the_next(cast: Cast) -> None:
    session = ready(cast)
    assert codes(cast, session) == {}
    told(cast, MedicineTold("Xanax", "0.5 mg"))
    told(cast, MedicineTold("Clarithromycin"))
    assert codes(cast, session) == {"benzodiazepine": False, "cyp3a4_inhibitor": False}
    kept = {code for code in given(cast, session).gate if not code.endswith("_check_due")}
    assert kept == {"benzodiazepine", "cyp3a4_inhibitor"}
    bleeding = told(cast, ConditionTold("i61.9"))
    assert codes(cast, session)["intracerebral_haemorrhage_history"]
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        patients.end_entry(entry=bleeding, status="entered-in-error", reason="another person's", actor=nurse)
    assert "intracerebral_haemorrhage_history" not in codes(cast, session)
    told(cast, AllergyTold("Esketamine", "hives", criticality="high"))
    assert codes(cast, session)["hypersensitivity_ketamine_esketamine"]


def test_what_is_new_since_the_last_dose_is_marked_as_new(cast: Cast) -> None:
    session = ready(cast)
    told(cast, MedicineTold("Xanax"))
    given(cast, session)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        sessions.leave_against_advice(session=session, reason="wanted to go", actor=nurse)
        second = sessions.open_session(course=session.course, chair="Chair 1", actor=nurse)
    page = cast.client(cast.nurse).get(second.path).content.decode()
    before = page.count("new since the last dose")
    told(cast, MedicineTold("Ritalin"))
    page = cast.client(cast.nurse).get(second.path).content.decode()
    assert page.count("new since the last dose") == before + 1


def test_what_the_person_tells_holds_the_dose_until_staff_looked(cast: Cast) -> None:
    session = ready(cast)
    client = cast.client(cast.patient_user)
    answer = client.post("/my-medicines/add/", {"medicines-name": "Nardil", "medicines-dose": "15 mg"}, follow=True)
    assert b"Nardil 15 mg" in answer.content
    assert b"has not looked at it yet" in answer.content
    assert codes(cast, session) == {"maoi": False, "medicines_unchecked": True}
    desk = cast.client(cast.nurse)
    page = f"/desk/patients/{cast.patient.pk}/history/"
    assert b"told by the person, not checked" in desk.get(page).content
    seen = re.findall(r'name="seen" value="([^"]+)"', desk.get(page).content.decode())
    client.post("/my-medicines/add/", {"medicines-name": "Vitamin C"})  # meanwhile: nobody has read that
    checked = {"do": "checked", "kind": "medicines", "seen": seen}
    assert b"told of something meanwhile" in desk.post(f"{page}write/", checked, follow=True).content
    assert codes(cast, session) == {"maoi": False, "medicines_unchecked": True}
    seen = re.findall(r'name="seen" value="([^"]+)"', desk.get(page).content.decode())
    answer = desk.post(f"{page}write/", checked | {"seen": seen}, follow=True)
    assert b"gone through" in answer.content
    assert codes(cast, session) == {"maoi": False}
    with cast.acting(cast.nurse), transaction.atomic():
        row = MedicationStatement.objects.standing().get(name="Nardil")
    answer = client.post(f"/my-medicines/{row.pk}/stopped/", follow=True)
    assert codes(cast, session) == {"medicines_unchecked": True}


def test_a_prescribers_decision_does_not_cover_a_medicine_that_is_told_after_it(cast: Cast) -> None:
    session = ready(cast)
    client = cast.client(cast.patient_user)
    client.post("/my-medicines/add/", {"medicines-name": "Nardil"})
    with cast.acting(cast.prescriber), transaction.atomic():
        sessions.override_gate(
            session=session, code="medicines_unchecked", reason="asked by phone", actor=cast.prescriber
        )
    assert codes(cast, session) == {"maoi": False, "medicines_unchecked": False}
    client.post("/my-medicines/add/", {"medicines-name": "Ritalin"})
    assert codes(cast, session)["medicines_unchecked"]


def test_a_correction_is_a_new_row_with_a_reason_and_the_old_one_stays(cast: Cast) -> None:
    first = told(cast, ConditionTold("F33.1"))
    with pytest.raises(HistoryRefused, match="why"):
        told(cast, ConditionTold("F33.2"), replaces=first)
    second = told(cast, ConditionTold("F33.2", onset_on=date(2020, 5, 1)), replaces=first, reason="worse than thought")
    with pytest.raises(HistoryRefused) as caught:
        told(cast, ConditionTold("F33.0", "mild"), replaces=first, reason="again")
    assert caught.value.code == "replaced-already"
    with cast.acting(cast.nurse), transaction.atomic():
        assert [row.pk for row in Condition.objects.standing()] == [second.pk]
        assert Condition.objects.count() == 2
        assert AuditEvent.objects.filter(action="refused", object_type="record_entry").count() == 2
        rows = Condition.objects.filter(pk=first.pk)
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(code="A00")
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.delete()
    page = cast.client(cast.nurse).get(f"/desk/patients/{cast.patient.pk}/history/").content
    assert b"worse than thought" in page
    assert b"1 earlier entry" in page


REFUSED: list[tuple[Told, str]] = [
    (ConditionTold("depression"), "code"),
    (ConditionTold("A01.0"), "name"),
    (ConditionTold("F33.2", onset_on=date(2020, 1, 1), abated_on=date(2019, 1, 1)), "time"),
    (ConditionTold("F33.2", status="maybe"), "value"),
    (AllergyTold("  "), "value"),
    (MedicineTold(""), "value"),
    (MedicineTold("Aspirin", flags=("poison",)), "value"),
    (MedicineTold("Aspirin", since=date(2126, 1, 1)), "time"),
]


def test_what_cannot_be_is_refused_in_words_and_writes_nothing(cast: Cast) -> None:
    for entry, code in REFUSED:
        with pytest.raises(HistoryRefused) as caught:
            told(cast, entry)
        assert (caught.value.code, bool(caught.value.message)) == (code, True), entry
    with cast.acting(cast.nurse), transaction.atomic():
        counts = [model.objects.count() for model in (Condition, AllergyIntolerance, MedicationStatement)]
    assert counts == [0, 0, 0]


def test_the_line_of_allergies_on_every_page_follows_the_list_and_loses_nothing(cast: Cast) -> None:
    told(cast, AllergyTold("Latex"))
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        patient = Patient.objects.get(pk=cast.patient.pk)
        assert patient.allergies == "Latex; Penicillin (rash)"
        for row in AllergyIntolerance.objects.standing():
            patients.end_entry(entry=row, status="resolved", actor=nurse, reason="tested")
        assert Patient.objects.get(pk=cast.patient.pk).allergies == "none known"


def test_the_person_writes_no_diagnosis_and_nothing_of_anybody_else(cast: Cast) -> None:
    with cast.acting(cast.patient_user) as maria, transaction.atomic():
        for patient, entry in ((cast.patient, ConditionTold("F33.2")), (cast.patient_2, MedicineTold("Aspirin"))):
            with pytest.raises(HistoryRefused) as caught:
                patients.record_entry(patient=patient, told=entry, actor=maria)
            assert caught.value.code == "not-allowed"


def test_the_api_writes_corrects_and_narrows(cast: Cast) -> None:
    nurse = cast.client(cast.nurse)
    body = {"patient": str(cast.patient.pk), "code": "f20.9", "status": "remission"}
    made = post(nurse, "conditions/", body).json()
    assert (made["code"], made["display"]) == ("F20.9", "Schizophrenia")
    problem(post(nurse, "conditions/", body | {"code": "nonsense"}), 409, "code")
    fixed = post(nurse, f"conditions/{made['id']}/correct/", body | {"code": "F25.9", "reason": "as the letter says"})
    assert fixed.json()["replaces"] == made["id"]
    problem(post(nurse, f"conditions/{made['id']}/error/", {"reason": "x"}), 409, "replaced-already")
    found = nurse.get(f"{API}conditions/?standing=true&patient={cast.patient.pk}").json()["results"]
    assert [row["code"] for row in found] == ["F25.9"]
    day = (clock.now() - timedelta(days=3)).date().isoformat()
    medicine = {"patient": str(cast.patient.pk), "name": "Ritalin", "since": day, "flags": ["opioid"]}
    assert post(cast.client(cast.patient_user), "medicines/", medicine).json()["flags"] == ["psychostimulant", "opioid"]
