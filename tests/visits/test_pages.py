"""The pages of visits: what each person sees and may do, and what a stranger gets."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.monitoring.actions import submit_response
from apps.sessions.models import Visit, VisitNote, VisitStatus
from tests.cast import Cast
from tests.monitoring.stage import give_all, open_slot
from tests.visits.scene import PLACE, admitted, arrived, booked, finished, fresh, member, soon

PATIENT_PAGES = ["visit", "visit-cancel", "visit-calendar"]
PATIENT_POSTS = ["visit-arrive", "visit-by-phone", "visit-cancel", "visit-check"]
DESK_PAGES = ["desk-visit", "desk-visit-change"]
DESK_POSTS = [
    "desk-visit-change",
    "desk-visit-admit",
    "desk-visit-take-over",
    "desk-visit-by-phone",
    "desk-visit-delay",
    "desk-visit-cancel",
    "desk-visit-finish",
    "desk-visit-note",
    "desk-visit-sign",
    "desk-visit-correct",
]
HOLDER_POSTS = set(DESK_POSTS) - {"desk-visit-change", "desk-visit-delay", "desk-visit-cancel"}


@pytest.mark.parametrize("state", ["planned", "arrived", "admitted", "finished"])
def test_every_state_of_a_visit_has_a_page_on_both_sides(cast: Cast, state: str) -> None:
    visit = {"planned": booked, "arrived": arrived, "admitted": admitted, "finished": finished}[state](cast)
    own = cast.client(cast.patient_user).get(reverse("visit", args=[visit.pk]))
    desk = cast.client(cast.prescriber).get(reverse("desk-visit", args=[visit.pk]))
    assert (own.status_code, desk.status_code) == (200, 200)
    assert ("data-visit" in own.text) == (state != "finished")
    assert "style=" not in own.text + desk.text
    assert "ALVAREZ" in desk.text


def test_lists_show_what_is_ahead(cast: Cast) -> None:
    visit = booked(cast)
    assert str(visit.pk) in cast.client(cast.patient_user).get(reverse("visits")).text
    assert str(visit.pk) in cast.client(cast.coordinator).get(reverse("desk-visits")).text
    assert str(visit.pk) in cast.client(cast.nurse).get(reverse("desk-visits") + "?part=queue").text


@pytest.mark.parametrize("who", ["patient_2_user", "other_patient_user", "prescriber", "coordinator", None])
@pytest.mark.parametrize("name", [*PATIENT_PAGES, *PATIENT_POSTS])
def test_nobody_else_opens_a_patients_visit(cast: Cast, who: str | None, name: str) -> None:
    visit = booked(cast)
    client = cast.client(getattr(cast, who) if who else None)
    ask = client.post if name in PATIENT_POSTS else client.get
    status = ask(reverse(name, args=[visit.pk])).status_code
    assert status == {None: 302, "prescriber": 403, "coordinator": 403}.get(who, 404)
    assert fresh(cast, visit).status == VisitStatus.PLANNED


@pytest.mark.parametrize("who", ["patient_user", "other_prescriber", "clinic_admin", None])
@pytest.mark.parametrize("name", [*DESK_PAGES, *DESK_POSTS])
def test_the_desks_pages_are_for_this_clinics_staff(cast: Cast, who: str | None, name: str) -> None:
    visit = arrived(cast)
    client = cast.client(getattr(cast, who) if who else None)
    ask = client.post if name in DESK_POSTS else client.get
    status = ask(reverse(name, args=[visit.pk])).status_code
    assert status == {None: 302, "clinic_admin": 403}.get(who, 404)
    assert fresh(cast, visit).status == VisitStatus.ARRIVED


@pytest.mark.parametrize("name", sorted(HOLDER_POSTS))
def test_the_coordinator_books_and_does_not_hold(cast: Cast, name: str) -> None:
    visit = arrived(cast)
    assert cast.client(cast.coordinator).post(reverse(name, args=[visit.pk])).status_code == 403


def test_entering_the_waiting_room_by_form(cast: Cast) -> None:
    visit = booked(cast)
    client = cast.client(cast.patient_user)
    answer = client.post(reverse("visit-arrive", args=[visit.pk]), {"where": "home", "company": "alone"})
    assert answer.status_code == 422
    assert "Number to call" in answer.text
    said = {"where": "home", "company": "alone", "call_back": PLACE["call_back"]}
    assert client.post(reverse("visit-arrive", args=[visit.pk]), said).status_code == 302
    assert fresh(cast, visit).status == VisitStatus.ARRIVED
    assert "118 Alder St" in client.get(visit.path).text


def test_the_words_about_waiting_are_honest(cast: Cast) -> None:
    visit = arrived(cast)
    patient, desk = cast.client(cast.patient_user), cast.client(cast.coordinator)
    page = visit.path + "?part=waiting"
    assert "lets you in" in patient.get(page).text
    desk.post(reverse("desk-visit-delay", args=[visit.pk]), {"minutes": 10})
    words = patient.get(page).text
    assert "running about 10 minutes late" in words
    assert "We now expect" in words
    desk.post(reverse("desk-visit-delay", args=[visit.pk]), {"minutes": 0})
    clock.shift(timedelta(minutes=11))
    assert "is late. We are sorry" in patient.get(page).text


def test_booking_by_form_says_conflicts_in_words(cast: Cast) -> None:
    client = cast.client(cast.coordinator)
    day = (soon() + timedelta(days=1)).date()
    what = {
        "patient": cast.patient.pk,
        "clinician": member(cast.prescriber).pk,
        "day": day.isoformat(),
        "time": "10:30",
        "minutes": "30",
        "reason": "Follow-up",
    }
    assert client.post(reverse("desk-visit-book"), what).status_code == 302
    again = client.post(reverse("desk-visit-book"), what | {"patient": cast.patient_2.pk})
    assert again.status_code == 409
    assert "Dr Ngozi Okafor has a visit with Alvarez, Maria" in again.text
    foreign = client.post(reverse("desk-visit-book"), what | {"patient": cast.other_patient.pk})
    assert foreign.status_code == 422


def test_the_clinics_clock_decides_when_a_booked_visit_is(cast: Cast) -> None:
    what = {
        "patient": cast.patient.pk,
        "clinician": member(cast.prescriber).pk,
        "day": "2031-01-15",
        "time": "10:30",
        "minutes": "30",
    }
    cast.client(cast.coordinator).post(reverse("desk-visit-book"), what)
    with cast.acting(cast.coordinator):
        assert Visit.objects.get().starts_at.isoformat() == "2031-01-15T15:30:00+00:00"


def test_a_visit_is_changed_and_cancelled_by_form(cast: Cast) -> None:
    visit = booked(cast, starts_at=soon(600))
    client = cast.client(cast.coordinator)
    page = reverse("desk-visit-change", args=[visit.pk])
    assert "Change" in client.get(page).text
    what = {"clinician": member(cast.nurse).pk, "day": "2031-01-15", "time": "10:30", "minutes": "20"}
    assert client.post(page, what).status_code == 302
    assert fresh(cast, visit).clinician_id == member(cast.nurse).pk
    client.post(reverse("desk-visit-cancel", args=[visit.pk]), {"reason": "Moved away"})
    assert fresh(cast, visit).status == VisitStatus.CANCELLED
    assert "Moved away" in cast.client(cast.patient_user).get(visit.path).text


def test_admit_note_sign_and_end_by_form(cast: Cast) -> None:
    visit = arrived(cast)
    client = cast.client(cast.prescriber)
    client.post(reverse("desk-visit-admit", args=[visit.pk]))
    saved = client.post(reverse("desk-visit-note", args=[visit.pk]), {"text": "Sleeps"})
    assert saved.json()["saved_at"]
    unsigned = client.post(reverse("desk-visit-sign", args=[visit.pk]), {"text": "Sleeps well"}, follow=True)
    assert "Choose the next step" in unsigned.text
    client.post(reverse("desk-visit-finish", args=[visit.pk]))
    client.post(reverse("desk-visit-sign", args=[visit.pk]), {"text": "Sleeps well", "next_step": "maintenance"})
    client.post(reverse("desk-visit-correct", args=[visit.pk]), {"text": "Sleeps badly", "next_step": "hold"})
    with cast.acting(cast.prescriber):
        notes = VisitNote.objects.filter(visit=visit).order_by("created_at").values_list("status", "text", "next_step")
        assert list(notes) == [("entered-in-error", "Sleeps well", "maintenance"), ("final", "Sleeps badly", "hold")]
    assert "Sleeps badly" in client.get(visit.desk_path).text


def test_a_refused_verb_is_said_in_words(cast: Cast) -> None:
    visit = booked(cast)
    answer = cast.client(cast.prescriber).post(reverse("desk-visit-admit", args=[visit.pk]), follow=True)
    assert "Nobody is in the waiting room." in answer.text


def test_asking_cancelling_and_phoning_by_form(cast: Cast) -> None:
    visit = booked(cast, starts_at=soon(600))
    client = cast.client(cast.patient_user)
    assert client.post(reverse("visit-ask"), {"wish": " "}).status_code == 422
    assert client.post(reverse("visit-ask"), {"wish": "Mornings", "visit": str(visit.pk)}).status_code == 302
    assert "know" in client.post(reverse("visit-by-phone", args=[visit.pk]), follow=True).text
    assert client.post(reverse("visit-cancel", args=[visit.pk]), {"reason": ""}).status_code == 302
    assert fresh(cast, visit).status == VisitStatus.CANCELLED


def test_a_foreign_visit_cannot_be_named_when_asking(cast: Cast) -> None:
    visit = booked(cast, patient=cast.patient_2)
    answer = cast.client(cast.patient_user).post(reverse("visit-ask"), {"wish": "x", "visit": str(visit.pk)})
    assert answer.status_code == 404


def test_the_calendar_file_says_when_and_nothing_clinical(cast: Cast) -> None:
    visit = booked(cast)
    answer = cast.client(cast.patient_user).get(reverse("visit-calendar", args=[visit.pk]))
    assert answer["Content-Type"].startswith("text/calendar")
    assert f"DTSTART:{visit.starts_at:%Y%m%dT%H%M%SZ}" in answer.text
    assert "Follow-up" not in answer.text
    assert all(len(line.encode()) <= 75 for line in answer.text.split("\r\n"))


@pytest.mark.parametrize("name", ["desk-visit", "visit"])
def test_who_opened_a_visit_is_in_the_audit_trail(cast: Cast, name: str) -> None:
    visit = booked(cast)
    user: User = cast.prescriber if name == "desk-visit" else cast.patient_user
    cast.client(user).get(reverse(name, args=[visit.pk]))
    with cast.acting(cast.prescriber):
        assert AuditEvent.objects.filter(object_id=visit.pk, action="read", actor_id=user.pk).exists()


def test_lists_ask_a_fixed_number_of_questions(cast: Cast, django_assert_max_num_queries: Any) -> None:
    first = booked(cast)
    for number in range(1, 6):
        booked(cast, starts_at=first.starts_at + timedelta(hours=number))
    client = cast.client(cast.coordinator)
    client.get(reverse("desk-visits"))
    with django_assert_max_num_queries(30):
        client.get(reverse("desk-visits"))


def test_an_answer_of_nought_is_shown_as_nought(cast: Cast) -> None:
    visit = arrived(cast)
    with cast.acting(cast.patient_user) as actor:
        slot = open_slot(cast)
        give_all(cast, slot, 1, 2, 3, 1, 2, 1, 1, 1, 0)
        submit_response(slot=slot, actor=actor, auth_level="session")
    page = cast.client(cast.prescriber).get(visit.desk_path).text
    row = page.partition("Thoughts of death or self-harm")[2].partition("</tr>")[0]
    assert re.findall(r"<td[^>]*>(?:<b[^>]*>)?([^<]*)", row) == ["–", "0"]


def test_a_place_said_before_the_visit_is_not_where_they_are_now(cast: Cast) -> None:
    first = finished(cast)
    later = booked(cast, starts_at=first.starts_at + timedelta(days=2))
    client = cast.client(cast.prescriber)
    assert "Where they are now" in client.get(first.desk_path).text
    page = client.get(later.desk_path).text
    assert "Where they are now" not in page
    assert "Home, not asked yet" in page


def test_only_the_visits_clinician_writes_its_note(cast: Cast) -> None:
    visit = finished(cast)
    assert "data-sign" in cast.client(cast.prescriber).get(visit.desk_path).text
    page = cast.client(cast.nurse).get(visit.desk_path).text
    assert "data-sign" not in page
    assert "has not signed a note yet" in page


def test_a_closed_waiting_page_is_said_on_both_pages_of_the_desk(cast: Cast) -> None:
    visit = arrived(cast)
    client = cast.client(cast.prescriber)
    assert "page closed" not in client.get(reverse("desk-visits")).text
    clock.shift(timedelta(seconds=61))
    assert "page closed" in client.get(reverse("desk-visits")).text
    assert "Their page was last open at" in client.get(visit.desk_path).text
