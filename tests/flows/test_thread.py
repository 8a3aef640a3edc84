"""The whole thread over HTTP: reminder, link, answers, alert, pages, acknowledgement, chat, visit, note, close."""

from typing import Any
from uuid import uuid4

import pytest

from apps.alerts.models import AlertEvent
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.messaging.models import Message, Thread
from apps.monitoring.models import Slot, SlotState, SurveyLink
from apps.sessions.models import Visit, VisitNote
from tests.alerts.scene import a_record, as_form
from tests.cast import Cast
from tests.flows.stage import (
    answer,
    due_survey,
    follow,
    in_clinic,
    later,
    link_in,
    outbox,
    paged,
    pump,
    text_of,
    the_alert,
)
from tests.visits.scene import PLACE, booked, joined, soon

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _demo_transports(settings: Any) -> None:
    settings.TRANSPORTS = dict.fromkeys(["sms", "email", "push", "voice"], "demo")


def by_link(cast: Cast, slot: Slot) -> Any:
    """Somebody who is not signed in, with the reminder in the hand, behind the notice."""
    pump()
    (reminder,) = outbox(body__contains="/s/")
    assert not any(word in reminder.body.lower() for word in ("phq", "depress", "maria", "score"))
    phone = cast.client(None)
    path = link_in(reminder)
    assert "Riverside Clinic" in text_of(phone.get(path))
    assert "Who sees your answers" in text_of(phone.post(path, {"do": "start"}, follow=True))
    follow(phone, f"/survey/{slot.pk}/notice/")
    return phone


def test_from_the_reminder_to_the_closed_alert(cast: Cast) -> None:
    slot = due_survey(cast)
    phone = by_link(cast, slot)
    assert in_clinic(cast, lambda: SurveyLink.objects.get().started_at) is not None

    # Answers as given; the ninth raises the alert, and the person sees help at once. Nothing is submitted.
    for number in range(1, 9):
        assert answer(phone, slot, f"q{number}", 1)["crisis"] is False
    assert answer(phone, slot, "q9", 2)["crisis"] is True
    alert = the_alert(cast)
    assert (alert.level, alert.state) == ("P1", "open")
    assert in_clinic(cast, lambda: Slot.objects.get(pk=slot.pk).state) == SlotState.OPEN

    # The nurse on call is paged at once, without a clinical word.
    pump()
    pages = outbox(body__contains=alert.code)
    assert {page.channel for page in pages} == {"sms"}
    assert not any(word in page.body for page in pages for word in ("Alvarez", "Maria", "PHQ", "item"))
    assert paged(cast) == [(0, 0, ["Rosa Osei"])]

    # She sees why, and takes it: paging ends.
    nurse = cast.client(cast.nurse)
    assert "Alvarez" in text_of(nurse.get("/desk/"))
    page = text_of(nurse.get(f"/desk/alerts/{alert.pk}/"))
    assert all(words in page for words in (alert.title, "118 Alder St", "Elena Ruiz", "(555) 0100-911"))
    follow(nurse, f"/desk/alerts/{alert.pk}/acknowledge/")
    assert the_alert(cast).state == "acked"
    later(minutes=14)
    assert len(paged(cast)) == 1

    # The person signs in; they write to each other.
    patient = cast.client(cast.patient_user)
    follow(patient, "/messages/", body="It was a bad night.", client_id=str(uuid4()))
    thread = in_clinic(cast, lambda: Thread.objects.get())
    assert "It was a bad night." in text_of(nurse.get(f"/desk/messages/{thread.pk}/"))
    follow(nurse, f"/desk/messages/{thread.pk}/", body="May I call you by video?", client_id=str(uuid4()))
    assert "May I call you by video?" in text_of(patient.get("/messages/"))
    assert in_clinic(cast, lambda: list(Message.objects.values_list("seq", flat=True))) == [1, 2]

    # They meet.
    visit = booked(cast, starts_at=soon(5), by=cast.nurse, clinician=cast.nurse.membership)
    where = {"where": "home", "place": "", "company": PLACE["company"], "call_back": PLACE["call_back"]}
    assert "You are in the waiting room" in follow(patient, f"/visits/{visit.pk}/arrive/", **where)
    assert "Alvarez" in text_of(nurse.get("/desk/visits/"))
    follow(nurse, f"/desk/visits/{visit.pk}/admit/")
    joined(cast, visit, cast.patient_user)
    joined(cast, visit, cast.nurse)
    follow(nurse, f"/desk/visits/{visit.pk}/finish/")
    assert "Visit ended" in text_of(patient.get(f"/visits/{visit.pk}/"))
    follow(nurse, f"/desk/visits/{visit.pk}/sign/", text="Sister stays tonight.", next_step="continue")
    note = in_clinic(cast, lambda: VisitNote.objects.get())
    assert (note.status, note.next_step, note.text) == ("final", "continue", "Sister stays tonight.")
    assert in_clinic(cast, lambda: Visit.objects.get().status) == "finished"

    # It is closed with what was done, and not before somebody was reached.
    ending = {"disposition": "safe", "text": "Spoken to by video. Plan gone through.", **as_form(a_record())}
    nurse.post(f"/desk/alerts/{alert.pk}/resolve/", ending)
    assert the_alert(cast).state == "acked"
    follow(nurse, f"/desk/alerts/{alert.pk}/contact/", channel="video", reached="yes", text="")
    assert the_alert(cast).state == "contacted"
    assert "Spoken to by video" in follow(nurse, f"/desk/alerts/{alert.pk}/resolve/", **ending)
    closed = the_alert(cast)
    assert (closed.state, closed.disposition, closed.next_step_at) == ("resolved", "safe", None)
    kinds = in_clinic(cast, lambda: list(AlertEvent.objects.filter(alert=alert).values_list("kind", flat=True)))
    assert kinds == ["raised", "paged", "taken", "reached", "closed"]

    # Nothing more goes out, and who looked is written down.
    sent = len(outbox(body__contains=alert.code))
    later(hours=3)
    assert len(outbox(body__contains=alert.code)) == sent
    seen = in_clinic(
        cast, lambda: AuditEvent.objects.filter(action="read", object_id=alert.pk, actor_id=cast.nurse.pk).count()
    )
    assert seen >= 2


def test_when_nobody_takes_it_the_pages_climb_until_somebody_does(cast: Cast) -> None:
    slot = due_survey(cast)
    phone = by_link(cast, slot)
    answer(phone, slot, "q9", 3)
    alert = the_alert(cast)
    licensed = ["Dr Ngozi Okafor", "Jonas Lindqvist", "Rosa Osei"]
    on_call, director = ["Rosa Osei"], ["Dr Ngozi Okafor"]

    pump()
    expected = [(0, 0, on_call)]
    assert paged(cast) == expected
    later(minutes=4, seconds=50)
    assert paged(cast) == expected, "not before its time"
    climb = (
        (5, 0, 0, on_call),
        (10, 0, 0, on_call),
        (15, 0, 1, director),
        (20, 0, 1, director),
        (25, 0, 1, director),
        (30, 0, 2, licensed),
        (35, 0, 2, licensed),
        (40, 0, 2, licensed),
        (45, 1, 0, on_call),  # the ladder begins anew, for ever
    )
    for number, (minutes, cycle, rung, who) in enumerate(climb, start=1):
        gone = (clock.now() - alert.raised_at).total_seconds()
        later(seconds=minutes * 60 - gone + 2 * number)  # each page is a moment late, and the next counts from it
        expected.append((cycle, rung, who))
        assert paged(cast) == expected, f"minute {minutes}"

    # Each page went out, by another key each time; the third person takes it, and the phones are still.
    keys = [message.key for message in outbox(body__contains=alert.code) if message.key]
    assert len(keys) == len(set(keys))
    assert {"voice", "sms"} & {message.channel for message in outbox(body__contains=alert.code)}
    follow(cast.client(cast.therapist), f"/desk/alerts/{alert.pk}/acknowledge/")
    sent = len(outbox(body__contains=alert.code))
    later(minutes=10)
    assert len(outbox(body__contains=alert.code)) == sent

    # No news from the owner for fifteen minutes: it is open again, and the owner is paged first.
    later(minutes=6)
    assert the_alert(cast).state == "open"
    assert paged(cast)[-1][2] == ["Jonas Lindqvist"]


def test_a_reminder_is_sent_once_and_a_nudge_once_and_none_after_the_answer(cast: Cast) -> None:
    slot = due_survey(cast, "gad-7")
    pump()
    pump()
    assert len(outbox(body__contains="/s/")) == 1
    later(hours=8)
    assert len(outbox(body__contains="/s/")) == 2, "the nudge"
    phone = cast.client(None)
    phone.post(link_in(outbox(body__contains="/s/")[-1]), {"do": "start"})
    phone.post(f"/survey/{slot.pk}/notice/")
    for number in range(1, 8):
        answer(phone, slot, f"q{number}", 0)
    assert phone.post(f"/survey/{slot.pk}/submit/").json()["submitted"] is True
    later(hours=3)
    assert len(outbox(body__contains="/s/")) == 2
    assert in_clinic(cast, lambda: Slot.objects.get(pk=slot.pk).state) == SlotState.ANSWERED
