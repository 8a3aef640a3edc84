"""The journal: who reads what, what the database holds, and what happens to words of danger."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.alerts.models import Alert
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.core.encryption import data_key
from apps.sessions import actions as treatment
from apps.sessions.models import IntegrationWindow, Visit
from apps.sessions.owed import ask_after_windows
from apps.therapy import actions
from apps.therapy.actions import TherapyRefused
from apps.therapy.locking import WrongWords, cookie_of, fits, key_from, key_of, seal, unseal
from apps.therapy.models import JournalEntry, JournalKey
from apps.therapy.prompts import offered
from tests.cast import Cast
from tests.treatment.scene import dosed, fresh, later, worked

WORDS = "seven herons at dusk"
SECRET = "I cried in the car and told nobody"


@settings(max_examples=5, deadline=None)
@given(st.text(max_size=300), st.text(min_size=8, max_size=20))
def test_only_the_same_words_open_what_they_sealed(text: str, words: str) -> None:
    key = key_of(words, b"0" * 16)
    sealed = seal(key, text, "row")
    assert unseal(key, sealed, "row") == text
    with pytest.raises(WrongWords):
        unseal(key, sealed, "another row")
    with pytest.raises(WrongWords):
        unseal(key_of(words + "x", b"0" * 16), sealed, "row")


def test_prompts_come_by_the_hours_since_the_dose() -> None:
    assert offered(None) == ()
    assert offered(1) == ()
    assert "different" in offered(30)
    assert offered(400) == ()


def write(cast: Cast, text: str, privacy: str) -> JournalEntry:
    with cast.acting(cast.patient_user) as maria, transaction.atomic():
        key = actions.unlock(patient=cast.patient, words=WORDS, actor=maria) if privacy == "me" else None
        return actions.write_entry(patient=cast.patient, text=text, privacy=privacy, actor=maria, key=key)


def seen_by(cast: Cast, user: Any) -> set[str]:
    with cast.acting(user):
        return set(JournalEntry.objects.visible_to(user).values_list("privacy", flat=True))


@pytest.mark.django_db
def test_only_me_is_unreadable_in_the_database_and_to_all_staff(cast: Cast) -> None:
    entry = write(cast, SECRET, "me")
    with use_clinic(cast.clinic.pk), connection.cursor() as cursor:
        cursor.execute("select text from therapy_journalentry where id = %s", [entry.pk])
        raw = bytes(cursor.fetchone()[0])
        assert SECRET.encode() not in raw
        # Even with the installation's key and the person's data key in hand:
        assert data_key(cast.patient.pk, cast.clinic.pk)
        row = JournalEntry.objects.get(pk=entry.pk)
        assert SECRET not in str(row.text)
        assert actions.read_entry(row, None) is None
        stored = JournalKey.objects.get()
        assert WORDS.encode() not in bytes(stored.salt) + bytes(stored.check_value)
        assert not fits(data_key(cast.patient.pk, cast.clinic.pk), bytes(stored.check_value))
    for user in (cast.prescriber, cast.nurse, cast.therapist, cast.coordinator, cast.clinic_admin):
        assert seen_by(cast, user) == set()
    assert SECRET not in cast.client(cast.therapist).get(reverse("therapy")).content.decode()


@pytest.mark.django_db
def test_each_entry_is_seen_by_whom_the_person_chose(cast: Cast) -> None:
    for privacy in ("me", "therapist", "team"):
        write(cast, "words", privacy)
    assert seen_by(cast, cast.patient_user) == {"me", "therapist", "team"}
    assert seen_by(cast, cast.therapist) == {"therapist", "team"}
    assert seen_by(cast, cast.prescriber) == {"therapist", "team"}  # who treats her
    assert seen_by(cast, cast.nurse) == {"team"}
    assert seen_by(cast, cast.clinic_admin) == set()
    with cast.acting(cast.patient_2_user) as tobias:
        assert not JournalEntry.objects.visible_to(tobias).exists()


@pytest.mark.django_db
def test_the_pages_lock_open_write_share_and_remove(cast: Cast) -> None:
    maria = cast.client(cast.patient_user)
    page = reverse("journal")
    refused = maria.post(page, {"text": SECRET, "privacy": "me"})
    assert (refused.status_code, b"Open your journal" in refused.content) == (422, True)
    opened = maria.post(reverse("journal-words"), {"words": WORDS})
    cookie = opened.cookies["telek_journal"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/journal/")
    assert maria.post(page, {"text": SECRET, "privacy": "me"}).status_code == 302
    assert SECRET in maria.get(page).content.decode()
    maria.post(reverse("journal-words"), {"do": "lock"})
    assert SECRET not in maria.get(page).content.decode()
    wrong = maria.post(reverse("journal-words"), {"words": "other words of mine"}, follow=True)
    assert "These are not your words" in wrong.content.decode()
    maria.post(reverse("journal-words"), {"words": f"  {WORDS} "})
    with use_clinic(cast.clinic.pk):
        entry = JournalEntry.objects.get()
    one = reverse("journal-entry", args=[entry.pk])
    assert maria.post(one, {"text": SECRET, "privacy": "team"}).status_code == 302
    assert SECRET in cast.client(cast.nurse).get(reverse("therapy")).content.decode()
    assert cast.client(cast.patient_2_user).get(one).status_code == 404
    maria.post(one, {"do": "remove"})
    assert SECRET not in maria.get(page).content.decode()
    meant = {"text": "Call my sister", "privacy": "therapist", "by_on": "2026-12-24"}
    assert maria.post(reverse("commitment-new"), meant).status_code == 302
    assert "Call my sister" in cast.client(cast.therapist).get(reverse("therapy")).content.decode()


@pytest.mark.django_db
def test_another_persons_cookie_opens_nothing(cast: Cast) -> None:
    key, mine = key_of(WORDS, b"0" * 16), cast.patient.pk
    cookie = cookie_of(key, mine)
    assert key_from(cookie, mine) == key
    assert key_from(cookie, cast.patient_2.pk) is None  # nor the same person's journal at another clinic
    assert key_from("nonsense", mine) is None
    assert key_from("", mine) is None
    clock.shift(timedelta(minutes=31))
    assert key_from(cookie, mine) is None  # whatever the browser that kept it says


@pytest.mark.django_db
def test_an_entry_that_the_key_does_not_open_stays_locked_and_the_page_opens(cast: Cast) -> None:
    entry = write(cast, SECRET, "me")
    with use_clinic(cast.clinic.pk):
        assert actions.read_entry(entry, key_of("the words of another clinic", b"0" * 16)) is None


@pytest.mark.django_db
def test_tries_of_words_are_limited(cast: Cast) -> None:
    write(cast, "x", "me")
    with cast.acting(cast.patient_user) as maria, transaction.atomic():
        codes = []
        for _each in range(11):
            with pytest.raises(TherapyRefused) as caught:
                actions.unlock(patient=cast.patient, words="quite other words", actor=maria)
            codes.append(caught.value.code)
    assert (codes[0], codes[-1]) == ("wrong", "slow")


@pytest.mark.django_db
def test_danger_in_a_shared_entry_is_told_and_what_is_private_is_read_by_no_rule(cast: Cast) -> None:
    write(cast, "I want to die", "me")
    with use_clinic(cast.clinic.pk):
        assert not Alert.objects.exists()
    write(cast, "I want to die", "team")
    with use_clinic(cast.clinic.pk):
        assert Alert.objects.get().level == "P2"


@pytest.mark.django_db
def test_a_window_is_opened_with_the_dose_and_measured(cast: Cast) -> None:
    session = dosed(cast)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        treatment.end_dose(session=session, actor=nurse)
        window = IntegrationWindow.objects.get()
        ended = fresh(cast, session).dose_ended_at
        assert ended is not None
        assert window.opens_at == ended + timedelta(hours=24)
    later(60 * 24.1)
    assert worked(cast, ask_after_windows) == 1
    with use_clinic(cast.clinic.pk):
        assert Alert.objects.filter(cause="integration-unbooked", level="P3").count() == 1
        Visit.objects.create(
            clinic=cast.clinic,
            patient=cast.patient,
            clinician=cast.therapist.membership,
            starts_at=clock.now(),
            ends_at=clock.now() + timedelta(minutes=30),
            status="finished",
        )
    later(60 * 48.1)
    assert worked(cast, ask_after_windows) == 1
    assert worked(cast, ask_after_windows) == 0
    with use_clinic(cast.clinic.pk):
        assert IntegrationWindow.objects.get().status == "met"
        assert not Alert.objects.filter(cause="integration-missed").exists()


@pytest.mark.django_db
def test_a_dose_entered_in_error_has_no_window(cast: Cast) -> None:
    session = dosed(cast)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        treatment.void_dose(session=session, reason="not given", actor=nurse)
    later(60 * 80)
    assert worked(cast, ask_after_windows) == 0
