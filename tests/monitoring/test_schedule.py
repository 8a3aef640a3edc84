"""Slots: made ahead, opened with one reminder, nudged once, closed. No clock but the database's."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import ContactPoint
from apps.alerts.models import Alert
from apps.core import clock
from apps.core.db.roles import as_role
from apps.monitoring import actions, schedule
from apps.monitoring.models import Assignment, Slot, SlotState, SurveyLink
from apps.monitoring.plans import make_slots, retime
from apps.monitoring.reconcile import unsafe_without_alert
from apps.monitoring.schedule import close_due_slots, open_due_slots, overdue_slots, still_wanted
from apps.notifications.models import Delivery
from telek.unreached import reach_otherwise
from tests.cast import Cast
from tests.monitoring.stage import MORNING, assigned, day_slot, give, open_slot

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("channels")]


def test_making_slots_again_makes_none(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        assigned(morning)
        before = Slot.objects.count()
        assert make_slots() == 0
        clock.shift(timedelta(days=1))
        assert make_slots() == 1
        assert Slot.objects.count() == before + 1


def test_opening_a_slot_sends_one_reminder_with_a_link_and_no_clinical_word(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        slot = day_slot(morning)
        assert open_due_slots() == 1
        assert open_due_slots() == 0
        slot.refresh_from_db()
        delivery = Delivery.objects.get(subject_kind="slot")
        link = SurveyLink.objects.get()
    assert slot.state == SlotState.OPEN
    assert (delivery.channel, delivery.dedupe_key) == ("sms", f"rem:{slot.pk}:sms:1")
    assert set(delivery.context) == {"clinic", "link"}
    assert delivery.context["link"].startswith("/s/")
    assert delivery.context["link"].strip("/").split("/")[1] not in link.token_hash
    assert link.expires_at == clock.now() + timedelta(hours=48) or link.expires_at > clock.now()
    assert delivery.expires_at == slot.closes_at


def test_at_most_one_reminder_and_one_nudge_over_all_channels(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        slot = day_slot(morning)
        for _hour in range(40):
            open_due_slots()
            close_due_slots()
            clock.shift(timedelta(minutes=30))
        keys = list(
            Delivery.objects.filter(subject_id=slot.pk).order_by("not_before").values_list("dedupe_key", flat=True)
        )
    assert keys == [f"rem:{slot.pk}:sms:1", f"rem:{slot.pk}:sms:2"]


def test_the_nudge_takes_another_channel_only_after_a_definite_failure(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        slot = day_slot(morning)
        open_due_slots()
        _fail(Delivery.objects.get())
        clock.shift(timedelta(hours=9))
        open_due_slots()
        assert set(Delivery.objects.exclude(state="dead").values_list("channel", flat=True)) == {"email"}
        assert slot.answers.count() == 0


def test_a_reminder_that_is_dead_goes_over_the_next_channel_at_once_and_two_is_the_most(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        slot = day_slot(morning)
        open_due_slots()
        first = Delivery.objects.get()
        _fail(first)
        reach_otherwise(first)
        reach_otherwise(first)
        clock.shift(timedelta(hours=9))
        open_due_slots()
        keys = set(Delivery.objects.filter(subject_id=slot.pk).values_list("dedupe_key", flat=True))
    assert keys == {f"rem:{slot.pk}:sms:1", f"rem:{slot.pk}:email:2"}


def _fail(delivery: Delivery) -> None:
    """The provider says no for good, along the legal moves."""
    for state in ("leased", "sending", "dead"):
        delivery.state, delivery.lease_until = state, clock.now()
        delivery.save()


def test_no_message_in_the_quiet_hours(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        day_slot(morning)
        morning.patient.quiet_from, morning.patient.quiet_until = time(8), time(12)
        morning.patient.save()
        open_due_slots()
        not_before = Delivery.objects.get().not_before
    assert timezone.localtime(not_before, ZoneInfo("America/New_York")).time() == time(12)


@pytest.mark.parametrize("how", ["reminders_off", "opted_out", "no_transport"])
def test_who_wants_no_reminder_gets_none_and_the_form_opens_all_the_same(
    morning: Cast, how: str, settings: Any
) -> None:
    with morning.acting(morning.nurse):
        slot = day_slot(morning)
        if how == "reminders_off":
            morning.patient.reminders_off_at = clock.now()
            morning.patient.save()
        elif how == "opted_out":
            ContactPoint.objects.filter(user=morning.patient_user).update(opted_out_at=clock.now())
        else:
            settings.TRANSPORTS = dict.fromkeys(("push", "sms", "email"), "none")
        open_due_slots()
        slot.refresh_from_db()
        assert not Delivery.objects.exists()
    assert slot.state == SlotState.OPEN


def test_a_shared_phone_gets_a_message_without_a_one_tap_link(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        day_slot(morning)
        morning.patient.links_off_at = clock.now()
        morning.patient.save()
        open_due_slots()
        assert Delivery.objects.get().context["link"] == "/check-in/"
        assert not SurveyLink.objects.exists()


def test_a_reminder_is_wanted_until_answered_opted_out_or_switched_off(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        slot = day_slot(morning)
        open_due_slots()
        delivery = Delivery.objects.get()
        assert still_wanted(delivery)
        for change in ({"reminders_off_at": clock.now()}, {"links_off_at": clock.now()}, {"status": "discharged"}):
            with transaction.atomic():
                for name, value in change.items():
                    setattr(morning.patient, name, value)
                morning.patient.save()
                assert not still_wanted(delivery)
                transaction.set_rollback(True)
            morning.patient.refresh_from_db()
        ContactPoint.objects.filter(user=morning.patient_user, channel="sms").update(opted_out_at=clock.now())
        assert not still_wanted(delivery)
        slot.refresh_from_db()
        actions.submit_response(slot=slot, actor=morning.patient_user, auth_level="session")
        assert not still_wanted(delivery)


def test_after_an_outage_old_slots_are_missed_without_a_burst(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        assigned(morning, opens_time=time(8), open_hours=4)
        clock.shift(timedelta(days=3))
        open_due_slots()
        states = list(Slot.objects.order_by("slot_key").values_list("state", flat=True))[:4]
        assert states == ["missed", "missed", "missed", "open"]
        assert Delivery.objects.filter(kind="4-reminder").count() == 1
        assert Alert.objects.get().cause == "silent"


def test_missing_twice_in_a_row_is_one_task_and_the_person_is_not_chased(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        day_slot(morning)
        clock.shift(timedelta(hours=16))
        open_due_slots()
        close_due_slots()
        assert not Alert.objects.exists()
        clock.shift(timedelta(hours=24))
        open_due_slots()
        close_due_slots()
        alert = Alert.objects.get()
    assert (alert.level, alert.cause, alert.title) == ("P3", "silent", "PHQ-9 not answered twice in a row")


def test_a_half_answered_form_that_closes_leaves_its_safety_item_not_assessed(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        slot = day_slot(morning)
        open_due_slots()
        give(morning, slot, "q1", 2)
        clock.shift(timedelta(hours=16))
        close_due_slots()
        slot.refresh_from_db()
        alert = Alert.objects.get()
    assert (slot.state, alert.cause, alert.level) == (SlotState.MISSED, "not-assessed", "P3")


def test_a_move_to_another_zone_changes_the_moments_and_never_the_name(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        slot = day_slot(morning)
        keys = set(Slot.objects.values_list("slot_key", flat=True))
        morning.patient.time_zone = "Asia/Kolkata"
        morning.patient.save()
        assert retime(morning.patient) == len(keys)
        make_slots()
        after = set(Slot.objects.values_list("slot_key", flat=True))
        assert keys <= after
        later = Slot.objects.get(slot_key="2026-11-26")
        there = later.opens_at.astimezone(ZoneInfo("Asia/Kolkata"))
        assert (there.date(), there.time()) == (date(2026, 11, 26), time(8))
        assert Slot.objects.filter(pk=slot.pk, slot_key="2026-11-24").exists()


def test_a_row_that_cannot_be_worked_on_stops_nobody_else(morning: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = schedule._open_or_nudge_all

    def but_one(slots: Sequence[Slot], now: datetime) -> None:
        if bad in slots:
            raise ValueError("what is written here cannot be read")
        opened(slots, now)

    monkeypatch.setattr(schedule, "_open_or_nudge_all", but_one)
    with morning.acting(morning.nurse):
        bad = day_slot(morning)
        good = assigned(morning, "gad-7", morning.patient_2, opens_time=time(8), open_hours=16)
        open_due_slots()
        bad.refresh_from_db()
        assert good.slots.filter(state=SlotState.OPEN).count() == 1
    assert bad.state == SlotState.SCHEDULED
    assert bad.next_step_at is not None
    assert bad.next_step_at > clock.now()


@pytest.mark.django_db(transaction=True)
def test_the_pump_works_on_every_clinic_with_the_rights_it_has(cast: Cast) -> None:
    with cast.acting(cast.nurse), transaction.atomic():
        clock.shift(MORNING - clock.now())
        mine = assigned(cast, opens_time=time(8), open_hours=16)
    with cast.acting(cast.other_prescriber), transaction.atomic():
        theirs = _assign_elsewhere(cast)
    with as_role("pump"):
        assert make_slots() == 0
        assert open_due_slots() == 2
    clock.shift(timedelta(hours=10))
    with as_role("pump"):
        assert open_due_slots() == 2
    clock.shift(timedelta(hours=14))
    with as_role("pump"):
        open_due_slots()
        close_due_slots()
        with transaction.atomic():
            assert overdue_slots() == 0
            assert unsafe_without_alert() == 0
    for user, row in ((cast.nurse, mine), (cast.other_prescriber, theirs)):
        with cast.acting(user), transaction.atomic():
            assert Slot.objects.filter(assignment=row, state=SlotState.MISSED).count() == 1
            assert Delivery.objects.filter(kind="4-reminder").count() >= 2


def _assign_elsewhere(cast: Cast) -> Assignment:
    return actions.assign(
        patient=cast.other_patient,
        questionnaire=actions.newest("phq-9"),
        rhythm="daily",
        actor=cast.other_prescriber,
        opens_time=time(6),
        open_hours=16,
    )


def test_an_open_form_is_not_opened_twice_by_a_second_pump(morning: Cast) -> None:
    with morning.acting(morning.nurse):
        open_slot(morning)
        assert open_due_slots() == 0
