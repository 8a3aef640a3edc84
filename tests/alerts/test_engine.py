"""The engine, in its own role: steps on time, exactly once, whatever else happens."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from apps.accounts.models import Membership
from apps.alerts.actions import acknowledge, record_contact, resolve, still_with_them
from apps.alerts.engine import fire_due, reconcile
from apps.alerts.models import Alert, AlertEvent, AlertState, EscalationRung, RosterShift
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.core.failpoints import FailpointReached, _plan
from apps.notifications.models import Delivery
from tests.alerts.scene import a_raise, a_record, deliveries, fresh, later, names, run_engine, steps, the_engine
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


def history(alert: Alert) -> list[str]:
    with use_clinic(alert.clinic_id), transaction.atomic():
        return list(AlertEvent.objects.filter(alert=alert).values_list("kind", flat=True))


def told_of_failure(alert: Alert) -> list[Delivery]:
    return [row for row in deliveries(alert) if row.template == "alert_failed"]


def test_nobody_takes_it_so_the_page_repeats_and_then_climbs(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1")
    assert run_engine() == 0
    for _ in range(6):
        later(minutes=5, seconds=1)
        assert run_engine() == 1
    assert [step.rung for step in steps(alert)] == [0, 0, 0, 1, 1, 1, 2]
    assert [step.step_no for step in steps(alert)] == list(range(7))
    assert names(steps(alert)[3]) == ["Dr Ngozi Okafor"]
    assert names(steps(alert)[6]) == ["Dr Ngozi Okafor", "Jonas Lindqvist", "Rosa Osei"]


def test_after_the_last_rung_the_ladder_begins_again_and_never_ends(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1")
    for _ in range(20):
        later(minutes=15)
        assert run_engine() == 1
    places = [(step.cycle, step.rung) for step in steps(alert)]
    assert places[:5] == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]
    assert len(places) == 21
    assert fresh(alert).state == AlertState.OPEN


def test_every_page_has_a_key_of_its_own(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1")
    later(minutes=5)
    run_engine()
    keys = [row.dedupe_key for row in deliveries(alert)]
    assert len(keys) == len(set(keys)) == 4
    assert {key.rpartition(":")[0] for key in keys} == {f"alert:{alert.pk}:0:{n}:{cast.nurse.pk}" for n in (0, 1)}


def test_the_owner_who_goes_quiet_is_paged_first(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1")
    with cast.acting(cast.therapist):
        acknowledge(alert=alert, actor=cast.therapist)
    later(minutes=15, seconds=1)
    assert run_engine() == 1
    assert fresh(alert).state == AlertState.OPEN
    assert names(steps(alert)[-1]) == ["Jonas Lindqvist"]
    later(minutes=5, seconds=1)
    assert run_engine() == 1
    assert names(steps(alert)[-1]) == ["Rosa Osei"]
    assert "lease-ended" in history(alert)


def test_an_owner_who_left_is_passed_over_when_the_lease_ends(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1")
    with cast.acting(cast.therapist):
        acknowledge(alert=alert, actor=cast.therapist)
        with transaction.atomic():
            Membership.objects.filter(pk=cast.therapist.membership.pk).update(ended_at=clock.now())  # type: ignore[union-attr]
    later(minutes=15, seconds=1)
    run_engine()
    assert names(steps(alert)[-1]) == ["Rosa Osei"]


def test_whoever_opens_again_can_be_taken_again(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1")
    for user in (cast.therapist, cast.nurse):
        with cast.acting(user):
            acknowledge(alert=alert, actor=user)
        later(minutes=15, seconds=1)
        run_engine()
    with cast.acting(cast.prescriber):
        assert acknowledge(alert=alert, actor=cast.prescriber).owner == cast.prescriber.membership


def test_the_contact_limit_pages_the_next_rung_under_a_lease_and_once(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1")
    with cast.acting(cast.nurse):
        acknowledge(alert=alert, actor=cast.nurse)
        for _ in range(5):
            later(minutes=13)
            still_with_them(alert=alert, actor=cast.nurse)
    assert run_engine() == 1
    overdue = fresh(alert)
    assert (overdue.state, overdue.owner, overdue.rung) == ("acked", cast.nurse.membership, 1)
    assert names(steps(alert)[-1]) == ["Dr Ngozi Okafor"]
    assert overdue.next_step_at == overdue.lease_until
    assert run_engine() == 0
    assert history(alert).count("contact-overdue") == 1


def test_a_contacted_alert_is_left_alone(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1")
    with cast.acting(cast.nurse):
        record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=True)
    later(days=3)
    assert run_engine() == 0
    assert fresh(alert).state == AlertState.CONTACTED


def test_an_overdue_task_tells_the_next_on_the_page_and_phones_nobody(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P3", cause="missed-survey")
    later(hours=24, seconds=1)
    assert run_engine() == 1
    assert names(steps(alert)[0]) == ["Dr Ngozi Okafor"]
    assert [row.channel for row in deliveries(alert)] == ["in-app"]
    later(hours=24, seconds=1)
    assert run_engine() == 1
    assert names(steps(alert)[1]) == ["Linh Tran"]


def test_the_most_urgent_go_first(cast: Cast) -> None:
    a_raise(cast.patient, "P2", cause="one")
    a_raise(cast.patient, "P2", cause="two")
    urgent = a_raise(cast.patient_2, "P1")
    later(minutes=6)
    assert run_engine(limit=1) == 1
    assert len(steps(urgent)) == 2


def test_alerts_of_every_clinic_are_stepped_each_under_its_own_walls(cast: Cast) -> None:
    here, there = a_raise(cast.patient), a_raise(cast.other_patient)
    later(minutes=5, seconds=1)
    assert run_engine() == 2
    assert names(steps(here)[-1]) == ["Rosa Osei"]
    assert names(steps(there)[-1]) == ["Dr Della Marsh"]
    with use_clinic(cast.clinic.pk), transaction.atomic():
        rows = Delivery.objects.filter(subject_id=there.pk)
        assert not rows.exists()


def test_the_engine_leaves_a_trail_of_its_own(cast: Cast) -> None:
    alert = a_raise(cast.patient)
    before = fresh(alert).version
    later(minutes=5, seconds=1)
    run_engine()
    assert fresh(alert).version == before + 1
    with use_clinic(cast.clinic.pk), transaction.atomic():
        row = AuditEvent.objects.get(object_id=alert.pk, detail="repeat")
        assert row.actor_id is None


def test_in_the_role_of_the_web_the_engine_sees_nothing(cast: Cast) -> None:
    a_raise(cast.patient)
    later(minutes=5, seconds=1)
    assert fire_due() == 0
    assert run_engine() == 1


def test_with_nobody_on_call_every_round_pages_the_administrators_again(cast: Cast) -> None:
    with cast.acting(cast.nurse), transaction.atomic():
        RosterShift.objects.all().delete()
        EscalationRung.objects.filter(target="licensed").delete()
    alert = a_raise(cast.patient)
    later(minutes=5, seconds=1)
    assert run_engine() == 1
    told = [row for row in deliveries(alert) if row.template == "alert_uncovered"]
    assert {row.recipient_id for row in told} == {cast.clinic_admin.pk}
    assert len({row.context["page"] for row in told}) == 2
    assert history(alert).count("uncovered") == 2


# --- what goes wrong -----------------------------------------------------------------------------


def test_a_damaged_row_does_not_stop_the_others_and_tells_the_administrators(cast: Cast) -> None:
    poisoned, sound = a_raise(cast.patient), a_raise(cast.patient_2)
    with use_clinic(cast.clinic.pk), transaction.atomic():
        Alert.objects.filter(pk=poisoned.pk).update(policy_snapshot={"level": "P1", "rungs": "?"})
    later(minutes=5, seconds=1)
    assert run_engine() == 2
    assert len(steps(sound)) == 2
    assert fresh(poisoned).next_step_at > clock.now()  # type: ignore[operator]
    told = told_of_failure(poisoned)
    assert {row.recipient_id for row in told} == {cast.clinic_admin.pk}
    assert history(poisoned)[-1] == "step-failed"
    later(seconds=31)
    assert run_engine() == 1, "it is tried again"
    assert len(told_of_failure(poisoned)) == len(told), "not told again at once"


def test_a_failing_step_is_told_once_an_hour_whatever_the_wall_clock_shows(cast: Cast) -> None:
    poisoned = a_raise(cast.patient)
    with use_clinic(cast.clinic.pk), transaction.atomic():
        Alert.objects.filter(pk=poisoned.pk).update(policy_snapshot={"level": "P1", "rungs": "?"})
    later(minutes=6)
    next_hour = (clock.now() + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    later(seconds=(next_hour - clock.now()).total_seconds() - 15)
    assert run_engine() == 1
    told = len(told_of_failure(poisoned))
    assert told
    for _ in range(2):  # over the full hour, and nearly an hour later
        later(seconds=31 if clock.now() < next_hour else 58 * 60)
        assert run_engine() == 1
        assert len(told_of_failure(poisoned)) == told
    later(minutes=3)
    assert run_engine() == 1
    assert len(told_of_failure(poisoned)) == 2 * told


def test_a_mended_row_goes_on_where_it_stood(cast: Cast) -> None:
    alert = a_raise(cast.patient)
    sound = alert.policy_snapshot
    with use_clinic(cast.clinic.pk), transaction.atomic():
        Alert.objects.filter(pk=alert.pk).update(policy_snapshot={})
    later(minutes=5, seconds=1)
    run_engine()
    with use_clinic(cast.clinic.pk), transaction.atomic():
        Alert.objects.filter(pk=alert.pk).update(policy_snapshot=sound)
    later(seconds=31)
    run_engine()
    assert [step.step_no for step in steps(alert)] == [0, 1]


@pytest.fixture
def fail_at(settings: Any) -> Callable[[str], None]:
    def set_point(name: str) -> None:
        settings.FAILPOINTS = f"{name}=raise" if name else ""
        _plan.cache_clear()

    return set_point


@pytest.mark.parametrize("point", ["step.after-claim", "step.before-commit"])
def test_a_step_that_dies_before_commit_leaves_nothing_and_is_made_once(
    cast: Cast, fail_at: Callable[[str], None], point: str
) -> None:
    alert = a_raise(cast.patient)
    later(minutes=5, seconds=1)
    fail_at(point)
    with the_engine(), pytest.raises(FailpointReached):
        fire_due()
    assert (len(steps(alert)), len(deliveries(alert))) == (1, 2)
    fail_at("")
    assert run_engine() == 1
    assert (len(steps(alert)), len(deliveries(alert))) == (2, 4)


def test_a_step_that_dies_after_commit_is_not_made_again(cast: Cast, fail_at: Callable[[str], None]) -> None:
    alert = a_raise(cast.patient)
    later(minutes=5, seconds=1)
    fail_at("step.after-commit")
    with the_engine(), pytest.raises(FailpointReached):
        fire_due()
    fail_at("")
    assert run_engine() == 0
    assert len(steps(alert)) == 2


def test_a_step_that_fails_between_its_row_and_its_messages_leaves_neither(
    cast: Cast, fail_at: Callable[[str], None]
) -> None:
    alert = a_raise(cast.patient)
    later(minutes=5, seconds=1)
    fail_at("step.after-insert")
    assert run_engine() == 1
    fail_at("")
    assert len(steps(alert)) == 1
    later(seconds=31)
    assert run_engine() == 1
    assert len(steps(alert)) == 2


@pytest.mark.parametrize("point", ["alert.before-insert", "alert.before-commit"])
def test_a_raise_that_dies_leaves_no_alert_and_no_page(cast: Cast, fail_at: Callable[[str], None], point: str) -> None:
    fail_at(point)
    with pytest.raises(FailpointReached):
        a_raise(cast.patient)
    with use_clinic(cast.clinic.pk), transaction.atomic():
        assert not Alert.objects.exists()
        assert not Delivery.objects.exists()


# --- what should never be --------------------------------------------------------------------------


def test_the_reconciler_counts_what_is_late_in_every_role_and_names_nobody(cast: Cast) -> None:
    a_raise(cast.patient)
    taken = a_raise(cast.patient_2)
    with cast.acting(cast.nurse):
        acknowledge(alert=taken, actor=cast.nurse)
    assert set(reconcile().values()) == {0}
    later(minutes=17)
    expected = {"overdue_alerts": 1, "lapsed_leases": 1, "stray_timers": 0}
    assert reconcile() == expected
    with the_engine():
        assert reconcile() == expected
    run_engine()
    assert set(reconcile().values()) == {0}


def test_a_timer_on_a_contacted_alert_is_found(cast: Cast) -> None:
    alert = a_raise(cast.patient)
    with cast.acting(cast.nurse):
        record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=True)
        with transaction.atomic():
            Alert.objects.filter(pk=alert.pk).update(next_step_at=clock.now())
    assert reconcile()["stray_timers"] == 1


def test_the_database_itself_keeps_an_open_alert_timed_and_a_closed_one_still(cast: Cast) -> None:
    alert = a_raise(cast.patient)
    with cast.acting(cast.nurse):
        with pytest.raises(Exception, match="open_alert_has_a_timer"), transaction.atomic():
            Alert.objects.filter(pk=alert.pk).update(next_step_at=None)
        with pytest.raises(Exception, match="cannot go from open to resolved"), transaction.atomic():
            Alert.objects.filter(pk=alert.pk).update(state="resolved", resolved_at=clock.now(), next_step_at=None)
        record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=True)
        resolve(alert=alert, actor=cast.nurse, disposition="safe", text="Spoke, safe.", record=a_record())
        with pytest.raises(Exception, match="resolved alert does not change"), transaction.atomic():
            Alert.objects.filter(pk=alert.pk).update(state="open", next_step_at=clock.now())
        with pytest.raises(Exception, match="permission denied"), transaction.atomic():
            connection.cursor().execute("delete from alerts_alert")


def test_the_pump_may_not_rewrite_history(cast: Cast) -> None:
    alert = a_raise(cast.patient)
    for table in ("alerts_alertevent", "alerts_alertstep", "alerts_alertoccurrence"):
        refused = pytest.raises(Exception, match="permission denied")
        with the_engine(), use_clinic(cast.clinic.pk), refused, transaction.atomic():
            connection.cursor().execute(f"update {table} set created_at = telek_now()")
    assert len(steps(alert)) == 1
