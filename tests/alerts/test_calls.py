""" "Ask a person to call me": what is promised is true, and it is kept."""

from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from apps.accounts.clinic_settings import change_setting
from apps.accounts.models import Membership
from apps.alerts.actions import acknowledge, call_promise, record_contact, request_call
from apps.alerts.models import Alert, AlertEvent, EscalationRung, RosterShift
from apps.core import clock
from tests.alerts.scene import a_raise, deliveries, names, steps
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def ask(cast: Cast, *, after_positive: bool = False, source_id: object = None) -> Alert:
    with cast.acting(cast.patient_user):
        return request_call(patient=cast.patient, after_positive=after_positive, source_id=source_id)  # type: ignore[arg-type]


def test_after_a_positive_answer_it_is_a_p1_and_otherwise_a_p2(cast: Cast) -> None:
    assert ask(cast).level == "P2"
    assert ask(cast, after_positive=True).level == "P1"


def test_what_was_promised_becomes_the_limit_for_contact(cast: Cast) -> None:
    alert = ask(cast)
    assert alert.call_promised_by is not None
    assert alert.call_promised_by - alert.raised_at == pytest.approx(timedelta(minutes=30), abs=timedelta(seconds=1))
    assert alert.contact_due_at == alert.call_promised_by


def test_the_promise_names_who_is_asked_first(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        promise = call_promise(patient=cast.patient, after_positive=True)
    assert [person.user.name for person in promise.people] == ["Rosa Osei"]
    assert promise.by is not None


def test_nothing_is_promised_when_there_is_nobody(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        EscalationRung.objects.filter(clinic=cast.clinic).delete()
    alert = ask(cast)
    assert alert.call_promised_by is None
    assert len(steps(alert)) == 1, "and yet administrators are paged"


def test_out_of_hours_without_night_cover_the_promise_is_for_the_morning(cast: Cast) -> None:
    zone = ZoneInfo(cast.clinic.time_zone)
    with cast.acting(cast.nurse):
        change_setting(clinic=cast.clinic, name="night_cover", value=False, actor=None, reason="small clinic")
    tonight = clock.now().astimezone(zone).replace(hour=23, minute=0, second=0, microsecond=0)
    clock.shift(tonight - clock.now())
    alert = ask(cast)
    morning = datetime.combine(tonight.date() + timedelta(days=1), datetime.min.time(), zone)
    assert alert.call_promised_by == morning.replace(hour=8, minute=30)


def test_for_the_morning_nothing_is_promised_when_nobody_is_there_then(cast: Cast) -> None:
    zone = ZoneInfo(cast.clinic.time_zone)
    with cast.acting(cast.nurse):
        change_setting(clinic=cast.clinic, name="night_cover", value=False, actor=None, reason="small clinic")
    tonight = clock.now().astimezone(zone).replace(hour=23, minute=0, second=0, microsecond=0)
    clock.shift(tonight - clock.now())
    with cast.acting(cast.nurse):
        EscalationRung.objects.exclude(target="on-call").delete()
        RosterShift.objects.filter(rota="on-call").update(ends_at=clock.now() + timedelta(hours=2))
    assert ask(cast).call_promised_by is None


def test_a_request_joins_the_alert_that_is_open_already(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1", value=2)
    asked = ask(cast, after_positive=True)
    assert asked.pk == alert.pk
    assert asked.call_promised_by is not None
    with cast.acting(cast.nurse):
        assert AlertEvent.objects.filter(alert=alert, kind="call-asked").count() == 1
        assert Alert.objects.count() == 1


def test_a_request_upgrades_the_alert_that_it_joins(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P2", value=1)
    asked = ask(cast, after_positive=True)
    assert (asked.pk, asked.level, len(steps(alert))) == (alert.pk, "P1", 2)


def test_whoever_has_the_alert_is_told_once(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1", value=2)
    with cast.acting(cast.therapist):
        acknowledge(alert=alert, actor=cast.therapist)
    asked = ask(cast, after_positive=True)
    assert asked.state == "acked"
    assert names(steps(alert)[-1]) == ["Jonas Lindqvist"]
    ask(cast, after_positive=True)
    assert len(steps(alert)) == 2


def test_a_request_after_contact_opens_the_alert_again(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1", value=2)
    with cast.acting(cast.nurse):
        record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=True)
    asked = ask(cast)
    assert asked.state == "open"
    assert asked.next_step_at is not None
    assert len(steps(alert)) == 2
    assert asked.contact_due_at <= clock.now() + timedelta(minutes=30)


def test_a_second_tap_of_the_same_request_changes_nothing(cast: Cast) -> None:
    source = uuid4()
    alert = ask(cast, source_id=source)
    again = ask(cast, source_id=source)
    assert (again.pk, again.count, len(steps(alert))) == (alert.pk, 1, 1)


def test_a_task_does_not_swallow_a_request(cast: Cast) -> None:
    task = a_raise(cast.patient, "P3", cause="missed-survey")
    assert ask(cast).pk != task.pk


def test_a_request_is_paged_like_any_p2(cast: Cast) -> None:
    alert = ask(cast)
    assert names(steps(alert)[0]) == ["Dr Ngozi Okafor"]
    assert deliveries(alert)


def test_a_rota_held_by_somebody_who_left_counts_as_nobody(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        Membership.objects.filter(pk=cast.nurse.membership.pk).update(ended_at=clock.now() - timedelta(minutes=1))  # type: ignore[union-attr]
        assert RosterShift.objects.filter(rota="on-call").exists()
        promise = call_promise(patient=cast.patient, after_positive=True)
    assert [person.user.name for person in promise.people] == ["Dr Ngozi Okafor"]
