"""Remind me later: the next of the two messages about a form comes at the time that the person chose."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from apps.audit.models import AuditEvent
from apps.core import clock
from apps.monitoring.actions import snooze
from apps.monitoring.links import issue
from apps.monitoring.models import Slot, SlotState, SurveyLink
from apps.monitoring.plans import retime
from apps.monitoring.refusals import SurveyRefused
from apps.monitoring.schedule import close_due_slots, open_due_slots
from apps.notifications.models import Delivery
from apps.patients.models import Patient
from tests.cast import Cast
from tests.monitoring.stage import day_slot

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("channels")]

NEW_YORK = ZoneInfo("America/New_York")
HOUR = timedelta(hours=1)


def opened(cast: Cast, **patient: Any) -> Slot:
    """Today's form at 09:00, open until midnight; its first message has gone out unless these quiet hours hold it."""
    Patient.objects.filter(pk=cast.patient.pk).update(**patient)
    cast.patient.refresh_from_db()
    slot = day_slot(cast)
    open_due_slots()
    send_due()
    slot.refresh_from_db()
    return slot


def send_due() -> int:
    """What is due goes out, along the legal moves; how many."""
    rows = list(Delivery.objects.due(clock.now()))
    for row in rows:
        for state in ("leased", "sending", "sent"):
            row.state, row.lease_until = state, clock.now()
            row.save()
    return len(rows)


def later(slot: Slot, choice: str) -> datetime:
    """The choice of the slot's own patient."""
    return snooze(slot=slot, choice=choice, actor=slot.patient.user, auth_level="session")


def refused(slot: Slot, choice: str) -> str:
    """Why the choice is refused: its code."""
    with pytest.raises(SurveyRefused) as refusal:
        later(slot, choice)
    return refusal.value.code


def wall(moment: datetime) -> time:
    """The clock on the person's wall."""
    return moment.astimezone(NEW_YORK).time().replace(second=0, microsecond=0)


def rest_of_the_day(slot: Slot) -> list[int]:
    """Lets the pump run every hour until the form has closed; at which hours a message about it went out."""
    sent: list[int] = []
    while slot.state == SlotState.OPEN:
        clock.shift(HOUR)
        open_due_slots()
        close_due_slots()
        sent += [wall(clock.now()).hour] * send_due()
        slot.refresh_from_db()
    return sent


def test_the_second_message_comes_when_the_person_chose_and_is_the_last(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        slot = opened(morning)
        assert wall(later(slot, "evening")) == time(19)
        assert rest_of_the_day(slot) == [19]
        assert Delivery.objects.count() == 2


def test_choosing_again_replaces_the_time(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        slot = opened(morning)
        later(slot, "evening")
        later(slot, "3h")
        assert rest_of_the_day(slot) == [12]
        details = AuditEvent.objects.filter(object_id=slot.pk, action="update").values_list("detail", flat=True)
        assert sorted(details) == ["remind 3h, session", "remind evening, session"]
        assert {event.actor_id for event in AuditEvent.objects.filter(detail__startswith="remind")} == {
            morning.patient_user.pk
        }


def test_a_first_message_that_still_waits_is_the_one_that_moves_and_its_link_lives_as_long(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        slot = opened(morning, quiet_from=time(22), quiet_until=time(9, 30))
        Delivery.objects.update(state="leased", lease_owner=slot.pk, lease_until=clock.now() + HOUR)  # not on the wire
        at = later(slot, "3h")
        waiting = Delivery.objects.get()
        assert (waiting.not_before, waiting.state, waiting.lease_owner) == (at, "pending", None)
        assert SurveyLink.objects.get().expires_at == at + 48 * HOUR
        assert rest_of_the_day(slot) == [12, 18]
        assert Delivery.objects.count() == 2


def test_of_two_messages_that_an_outage_held_back_one_is_left(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        slot = opened(morning, quiet_from=time(22), quiet_until=time(9, 30))
        clock.shift(9 * HOUR)
        open_due_slots()
        assert Delivery.objects.filter(state="pending").count() == 2
        at = later(slot, "1h")
        assert list(Delivery.objects.filter(state="pending").values_list("not_before", flat=True)) == [at]
        assert rest_of_the_day(slot) == [19]


def test_after_two_messages_there_is_no_third(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        slot = opened(morning)
        later(slot, "1h")
        clock.shift(HOUR)
        open_due_slots()
        send_due()
        assert refused(slot, "1h") == "no-message-left"


def test_a_form_that_is_not_open_is_refused(morning: Cast) -> None:
    codes = {
        "answered": "slot-answered",
        "missed": "slot-closed",
        "cancelled": "slot-closed",
        "scheduled": "slot-not-open",
    }
    with morning.acting(morning.nurse):
        slot = opened(morning)
        for state, code in codes.items():
            Slot.objects.filter(pk=slot.pk).update(state=state)
            assert refused(slot, "1h") == code
        Slot.objects.filter(pk=slot.pk).update(state="open")
        clock.shift(15 * HOUR)  # over, and the pump has not closed it yet
        assert refused(slot, "1h") == "slot-closed"


def test_who_switched_reminders_off_is_told_so(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        slot = opened(morning, reminders_off_at=clock.now())
        assert refused(slot, "1h") == "no-reminders"


def test_another_time_than_the_ones_offered_is_refused(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        slot = opened(morning, quiet_from=time(18), quiet_until=time(8))
        for choice in ("evening", "", "2h"):
            assert refused(slot, choice) == "time-not-possible"
        slot.refresh_from_db()
    assert slot.remind_at is None


def test_a_journey_keeps_the_moment_that_was_chosen(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        slot = opened(morning)
        at = later(slot, "1h")
        morning.patient.time_zone = "America/Chicago"
        morning.patient.save()
        retime(morning.patient)
        slot.refresh_from_db()
    assert (slot.next_step_at, slot.state) == (at, SlotState.OPEN)


def test_home_offers_the_times_and_says_what_was_chosen_without_a_script(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        slot = opened(morning)
    client = morning.client(morning.patient_user)
    for page in ("/", reverse("checkin")):
        text = client.get(page).content.decode()
        assert f'action="{reverse("survey-snooze", args=[slot.pk])}"' in text
        assert [choice for choice in ("1h", "3h", "evening") if f'value="{choice}"' in text] == ["1h", "3h", "evening"]
    after = client.post(reverse("survey-snooze", args=[slot.pk]), {"when": "3h"}, follow=True).content.decode()
    assert after.count("We will remind you at 12:00") == 2  # the flash, and the card
    assert "Change the reminder" in after


def test_a_refusal_is_said_in_words_on_home(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        slot = opened(morning)
        Slot.objects.filter(pk=slot.pk).update(state="answered", next_step_at=None)
    page = morning.client(morning.patient_user).post(
        reverse("survey-snooze", args=[slot.pk]), {"when": "1h"}, follow=True
    )
    assert "You have sent this form already" in page.content.decode()


def test_somebody_elses_form_does_not_exist(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        slot = opened(morning)
    path = reverse("survey-snooze", args=[slot.pk])
    for user in (morning.patient_2_user, morning.other_patient_user):
        answer = morning.client(user).post(path, {"when": "1h"})
        assert (answer.status_code, "There is no such page" in answer.content.decode()) == (404, True)
    assert morning.client(morning.nurse).post(path, {"when": "1h"}).status_code == 403
    with morning.acting(morning.nurse):
        slot.refresh_from_db()
    assert slot.remind_at is None


def test_the_page_of_a_one_tap_link_offers_it_without_signing_in(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        slot = opened(morning)
        path = reverse("survey-link", args=[issue(slot, clock.now())])
    client = Client()
    assert 'value="evening"' in client.get(path).content.decode()
    wrong = client.post(path, {"do": "later", "when": "never"})
    assert (wrong.status_code, "That time does not work" in wrong.content.decode()) == (422, True)
    said = client.post(path, {"do": "later", "when": "evening"})
    assert "We will remind you at 19:00" in said.content.decode()
    assert said["Referrer-Policy"] == "no-referrer"
    assert client.get(path).status_code == 200
    with morning.acting(morning.nurse):
        slot.refresh_from_db()
        assert SurveyLink.objects.filter(started_at__isnull=False).count() == 0
        assert AuditEvent.objects.get(object_id=slot.pk, action="update").detail == "remind evening, link"
    assert slot.remind_at is not None
