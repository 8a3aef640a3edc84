"""Raising: one unresolved alert a patient and cause, the first page in the same transaction."""

from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction

from apps.accounts.clinic_settings import change_setting
from apps.accounts.models import ContactPoint
from apps.alerts.actions import acknowledge, raise_alert, record_contact, resolve, review_level
from apps.alerts.levels import Level
from apps.alerts.models import Alert, AlertEvent, AlertOccurrence, AlertState, EscalationPolicy
from apps.alerts.refusal import AlertRefused
from apps.audit.models import AuditEvent
from apps.core import clock
from tests.alerts.scene import a_raise, a_record, deliveries, fresh, names, steps
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def history(alert: Alert) -> list[str]:
    return list(AlertEvent.objects.filter(alert=alert).values_list("kind", flat=True))


def test_a_p1_pages_whoever_is_on_call_in_the_same_transaction(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1", value=2)
    with cast.acting(cast.nurse):
        (step,) = steps(alert)
        assert names(step) == ["Rosa Osei"]
        assert [(row.channel, row.state) for row in deliveries(alert)] == [("sms", "pending"), ("email", "pending")]
        assert history(alert) == ["raised", "paged"]
        assert AuditEvent.objects.filter(object_id=alert.pk, action="create").count() == 1
    assert alert.state == AlertState.OPEN
    assert alert.next_step_at == alert.raised_at + timedelta(minutes=5)
    assert alert.contact_due_at == alert.raised_at + timedelta(minutes=60)


def test_what_is_rolled_back_leaves_no_alert_and_no_page(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        with transaction.atomic():
            alert = a_raise(cast.patient, "P1")
            transaction.set_rollback(True)  # the answer could not be saved
        assert not Alert.objects.exists()
        assert deliveries(alert) == []


def test_a_p2_pages_the_treating_clinician_by_the_first_channel_and_waits_with_the_second(cast: Cast) -> None:
    alert = a_raise(cast.patient, Level.P2)
    sms, email = deliveries(alert)
    assert names(steps(alert)[0]) == ["Dr Ngozi Okafor"]
    assert email.not_before - sms.not_before == timedelta(seconds=60)
    assert email.context["if_silent"] == "1"
    assert alert.contact_due_at - alert.raised_at == timedelta(minutes=240)


def test_a_page_says_nothing_about_the_patient(cast: Cast) -> None:
    for row in deliveries(a_raise(cast.patient, "P1", title="PHQ-9 item 9 = 2", detail="more than half the days")):
        said = f"{row.context} {row.template} {row.dedupe_key}".lower()
        assert "alvarez" not in said
        assert "phq" not in said
        assert set(row.context) <= {"clinic", "code", "link", "page", "if_silent"}


def test_a_p3_is_a_task_that_pages_nobody(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P3", cause="missed-survey")
    assert steps(alert) == []
    assert deliveries(alert) == []
    assert alert.next_step_at == alert.contact_due_at == alert.raised_at + timedelta(minutes=1440)


def test_the_same_again_is_counted_and_does_not_page(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P2", value=1)
    again = a_raise(cast.patient, "P2", value=1)
    assert again.pk == alert.pk
    assert (again.count, len(steps(alert))) == (2, 1)
    assert again.version > alert.version
    with cast.acting(cast.nurse):
        assert AlertOccurrence.objects.filter(alert=alert).count() == 2
        assert history(alert)[-1] == "repeated"


def test_the_same_finding_twice_changes_nothing(cast: Cast) -> None:
    source = uuid4()
    alert = a_raise(cast.patient, "P1", source_id=source)
    again = a_raise(cast.patient, "P1", source_id=source)
    assert (again.pk, again.count, again.version) == (alert.pk, 1, alert.version)


def test_another_cause_is_another_alert(cast: Cast) -> None:
    assert a_raise(cast.patient).pk != a_raise(cast.patient, cause="vital-signs").pk


def test_worse_reopens_a_taken_alert_and_pages(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P2", value=1)
    with cast.acting(cast.prescriber):
        acknowledge(alert=alert, actor=cast.prescriber)
    again = a_raise(cast.patient, "P1", value=2)
    assert again.pk == alert.pk
    assert (again.state, again.level, again.worst_value) == ("open", "P1", 2)
    assert names(steps(alert)[-1]) == ["Rosa Osei"], "by the ladder of the higher level"
    assert again.policy_snapshot["level"] == "P1"
    assert again.contact_due_at <= clock.now() + timedelta(minutes=60)


def test_a_higher_value_at_the_same_level_is_worse_too(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1", value=2)
    with cast.acting(cast.nurse):
        acknowledge(alert=alert, actor=cast.nurse)
    assert a_raise(cast.patient, "P1", value=3).state == AlertState.OPEN
    assert len(steps(alert)) == 2


def test_worse_after_contact_asks_for_contact_anew(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P2", value=1)
    with cast.acting(cast.nurse):
        record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=True)
    again = a_raise(cast.patient, "P1", value=2)
    assert again.state == AlertState.OPEN
    assert again.contact_due_at > clock.now() + timedelta(minutes=59)
    with cast.acting(cast.nurse):
        acknowledge(alert=alert, actor=cast.nurse)
        with pytest.raises(AlertRefused, match="Reach the person"):
            resolve(alert=alert, actor=cast.nurse, disposition="safe", text="Spoke at noon.", record=a_record())


def test_a_milder_answer_lowers_nothing_and_withdraws_nothing(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1", value=3)
    again = a_raise(cast.patient, "P2", value=1)
    assert (again.pk, again.level, again.worst_value, again.state) == (alert.pk, "P1", 3, "open")


def test_the_database_refuses_to_lower_an_alert(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1")
    with cast.acting(cast.nurse), pytest.raises(Exception, match="never lowered"), transaction.atomic():
        Alert.objects.filter(pk=alert.pk).update(level="P2", state="acked", owner=cast.nurse.membership)


def test_after_closing_the_same_cause_opens_a_new_alert(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1")
    with cast.acting(cast.nurse):
        record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=True)
        resolve(alert=alert, actor=cast.nurse, disposition="safe", text="Safe, sister is with her.", record=a_record())
    assert a_raise(cast.patient, "P1").pk != alert.pk


def sign(cast: Cast, value: int, days: int = 30) -> None:
    with cast.acting(cast.prescriber):
        review_level(
            patient=cast.patient,
            cause="suicidal-thoughts",
            value=value,
            reason="Passive thoughts for years, plan in place.",
            expires_at=clock.now() + timedelta(days=days),
            actor=cast.prescriber,
        )


def test_a_reviewed_answer_becomes_a_task_due_that_day(cast: Cast) -> None:
    sign(cast, value=1)
    alert = a_raise(cast.patient, "P2", value=1)
    assert (alert.level, steps(alert)) == ("P3", [])
    local = alert.raised_at.astimezone(ZoneInfo(cast.clinic.time_zone))
    midnight = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), local.tzinfo)
    assert alert.contact_due_at == midnight


def test_worse_than_reviewed_pages_whatever_was_signed(cast: Cast) -> None:
    sign(cast, value=1)
    task = a_raise(cast.patient, "P2", value=1)
    alert = a_raise(cast.patient, "P1", value=2)
    assert (alert.pk, alert.level) == (task.pk, "P1")
    assert len(steps(alert)) == 1


def test_an_expired_review_no_longer_holds_a_page_back(cast: Cast) -> None:
    sign(cast, value=1, days=1)
    clock.shift(timedelta(days=2))
    assert a_raise(cast.patient, "P2", value=1).level == "P2"


def test_a_review_of_one_cause_holds_no_other_back(cast: Cast) -> None:
    sign(cast, value=1)
    assert a_raise(cast.patient, "P2", value=1, cause="withdrawal").level == "P2"


@pytest.mark.parametrize("who", ["coordinator", "clinic_admin", "patient_user"])
def test_only_a_licensed_clinician_signs_a_known_level(cast: Cast, who: str) -> None:
    actor = getattr(cast, who)
    with cast.acting(actor), pytest.raises(AlertRefused):
        review_level(
            patient=cast.patient,
            cause="suicidal-thoughts",
            value=1,
            reason="known",
            expires_at=clock.now() + timedelta(days=5),
            actor=actor,
        )


@pytest.mark.parametrize(("value", "days"), [(0, 5), (1, 0), (1, 91)])
def test_a_review_has_a_level_and_an_end(cast: Cast, value: int, days: int) -> None:
    with pytest.raises(AlertRefused):
        sign(cast, value=value, days=days)


def test_an_unknown_level_is_refused(cast: Cast) -> None:
    with pytest.raises(ValueError, match="P9"):
        a_raise(cast.patient, "P9")


def test_long_and_odd_text_is_taken_as_it_fits(cast: Cast) -> None:
    alert = a_raise(cast.patient, title="x" * 1000 + "\x00", detail="\x00" + "y" * 1000)
    assert len(alert.title) == 200
    assert "\x00" not in fresh(alert).title


def test_limits_are_the_clinics_own_and_kept_for_the_life_of_the_alert(cast: Cast) -> None:
    with cast.acting(cast.clinic_admin):
        change_setting(clinic=cast.clinic, name="p1_acknowledge_minutes", value=7, actor=None, reason="small team")
    alert = a_raise(cast.patient, "P1")
    assert alert.policy_snapshot["acknowledge_minutes"] == 7
    with cast.acting(cast.clinic_admin):
        EscalationPolicy.objects.get(level="P1").rungs.all().delete()
    assert fresh(alert).policy_snapshot["rungs"] == ["on-call", "director", "licensed"]


def test_a_policy_delay_runs_at_the_speed_of_the_installation(cast: Cast, settings: pytest.FixtureRequest) -> None:
    settings.TIME_SCALE = 60.0  # type: ignore[attr-defined]
    alert = a_raise(cast.patient, "P1")
    assert alert.next_step_at is not None
    assert alert.next_step_at - alert.raised_at == timedelta(seconds=5)


def test_every_way_to_reach_a_person_is_used_and_an_opted_out_one_is_not(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        for rank, (channel, address) in enumerate([("push", "device-1"), ("voice", "+15550102"), ("sms", "+15550103")]):
            ContactPoint.objects.create(
                clinic=cast.clinic, user=cast.nurse, channel=channel, address=address, rank=rank + 3
            )
        ContactPoint.objects.filter(user=cast.nurse, address="+15550103").update(opted_out_at=clock.now())
    rows = deliveries(a_raise(cast.patient, "P1"))
    at_once = {row.channel for row in rows if "if_silent" not in row.context}
    assert at_once == {"push", "sms"}
    assert {row.channel for row in rows} == {"push", "sms", "email", "voice"}
    assert "+15550103" not in {row.address for row in rows}


def test_somebody_without_a_contact_point_is_reached_by_the_address_they_sign_in_with(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        ContactPoint.objects.filter(user=cast.nurse).delete()
    (row,) = deliveries(a_raise(cast.patient, "P1"))
    assert (row.channel, row.address) == ("email", cast.nurse.email)


def test_two_addresses_of_one_channel_are_two_messages(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        ContactPoint.objects.create(clinic=cast.clinic, user=cast.nurse, channel="sms", address="+15550199", rank=5)
    rows = deliveries(a_raise(cast.patient, "P1"))
    assert sorted(row.address for row in rows if row.channel == "sms") == ["+15550100", "+15550199"]


def test_a_drill_is_marked_from_the_alert_to_the_message(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1", synthetic=True)
    assert alert.synthetic
    assert all(row.synthetic for row in deliveries(alert))


def test_a_patient_of_another_clinic_cannot_even_be_written(cast: Cast) -> None:
    with cast.acting(cast.nurse), pytest.raises(Exception, match="row-level security"), transaction.atomic():
        raise_alert(
            patient=cast.other_patient,
            cause="x",
            level="P1",
            title="x",
            source_kind="test",
            source_id=uuid4(),
            rule_code="x",
        )
    assert connection.in_atomic_block
