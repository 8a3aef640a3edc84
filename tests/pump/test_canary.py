"""The canary, the reconciler and the warning of holes in the roster: each notices, each says so, none leaves a trace."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, transaction

from apps.accounts.clinic_settings import change_setting
from apps.alerts.models import Alert, AlertOccurrence, EscalationRung, RosterShift
from apps.alerts.quality import rule_lines
from apps.core import clock
from apps.core.db.roles import as_role
from apps.core.db.scope import use_clinic
from apps.core.models import EngineBeat
from apps.monitoring.actions import answers
from apps.monitoring.models import ItemAnswer
from apps.notifications.models import Delivery, State
from apps.patients.models import Patient
from telek import canary, reconciler, roster_gaps
from telek.desk_context import nav_counts
from telek.pump import Pump
from telek.remote_report import month_lines
from tests.alerts.scene import a_raise
from tests.cast import Cast, make_cast
from tests.monitoring.stage import give, open_slot, questionnaire

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast(db: None, settings: Any) -> Cast:
    settings.TRANSPORTS = dict.fromkeys(["sms", "email", "push", "voice"], "demo")
    with transaction.atomic():
        return make_cast()


def of(cast: Cast, **what: Any) -> list[Delivery]:
    with use_clinic(cast.clinic.pk), transaction.atomic():
        return list(Delivery.objects.filter(clinic_id=cast.clinic.pk, **what).order_by("created_at", "pk"))


def fly(times: int = 1) -> None:
    with as_role("pump"):
        for _turn in range(times):
            Pump("test").run_cycle()


def test_the_canary_gives_an_unsafe_answer_that_is_saved_alerted_paged_and_sent(cast: Cast) -> None:
    questionnaire("phq-9")
    fly(times=3)
    (letter,) = of(cast, kind="6-canary")
    assert (letter.state, letter.provider_id, letter.synthetic) == (State.DELIVERED, "loop", True)
    with use_clinic(cast.clinic.pk), transaction.atomic():
        answer = ItemAnswer.objects.get()
        alert = Alert.objects.select_related("patient").get()
        assert (answer.link_id, answer.value, answer.patient.is_canary) == ("q9", 3, True)
        assert (alert.level, alert.audience, alert.synthetic) == ("P1", "nobody", True)
        assert AlertOccurrence.objects.get().source_id == answer.pk
        assert [target["name"] for target in alert.steps.get().targets] == ["canary"]
    assert of(cast, kind="1-alert") == []
    assert of(cast, template="canary-lost") == []
    clock.shift(timedelta(minutes=15))
    fly()
    assert len(of(cast, kind="6-canary")) == 2
    with use_clinic(cast.clinic.pk), transaction.atomic():
        assert sorted(Alert.objects.values_list("state", flat=True)) == ["open", "resolved"]


def test_the_canary_is_in_no_list_and_no_figure(cast: Cast) -> None:
    questionnaire("phq-9")
    fly()
    for user in (cast.prescriber, cast.coordinator):
        with cast.acting(user), transaction.atomic():
            assert not Alert.objects.visible_to(user).exists()
            assert not Patient.objects.visible_to(user).filter(is_canary=True).exists()
            assert nav_counts(user).get("alerts") is None
            assert [line.patient.is_canary for line in month_lines(user, clock.now().date().replace(day=1))] == [
                False
            ] * 2
            assert rule_lines(cast.clinic, 30) == []
    page = cast.client(cast.prescriber).get("/desk/").content.decode()
    assert "Canary" not in page


def test_the_pump_may_answer_for_nobody_but_the_canary(cast: Cast) -> None:
    with use_clinic(cast.clinic.pk), transaction.atomic():
        slot = open_slot(cast)
        assert slot.patient.user == cast.patient_user
    with pytest.raises(ProgrammingError, match="row-level security"), as_role("pump"), use_clinic(cast.clinic.pk):
        give(cast, slot, "q1", 0)


def test_an_answer_that_makes_no_page_is_told(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    questionnaire("phq-9")
    monkeypatch.setattr(answers, "_raise_all", lambda *given, **more: None)
    fly()
    told = of(cast, template="canary-lost")
    assert {one.context["why"] for one in told} == {
        "IntegrityError"
    }  # the database refuses the answer without its alert
    (letter,) = of(cast, kind="6-canary")  # the end of the way is tried all the same
    assert letter.state == State.DELIVERED


def test_the_rehearsal_goes_through_the_ladder_as_it_stands(cast: Cast) -> None:
    with use_clinic(cast.clinic.pk), as_role("pump"):
        assert canary.rehearse(cast.clinic) == canary.Rehearsal(steps=1, nobody=False)
    with use_clinic(cast.clinic.pk), transaction.atomic():
        RosterShift.objects.all().delete()
        EscalationRung.objects.filter(target="licensed").delete()
    with use_clinic(cast.clinic.pk), as_role("pump"):
        assert canary.rehearse(cast.clinic).nobody


def test_a_ladder_that_reaches_nobody_is_told_once_an_hour(cast: Cast) -> None:
    with use_clinic(cast.clinic.pk), transaction.atomic():
        EscalationRung.objects.all().delete()
    fly()
    clock.shift(timedelta(minutes=15))
    fly()
    told = of(cast, template="canary-lost")
    hours = {one.dedupe_key.split(":")[1] for one in told}
    assert {one.recipient_id for one in told} == {cast.clinic_admin.pk}
    assert len(told) == 2 * len(hours)  # by text message and by mail


def test_a_rehearsal_that_fails_is_told(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**given: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(canary, "raise_alert", broken)
    fly()
    assert {one.context["why"] for one in of(cast, template="canary-lost")} == {"RuntimeError"}


def test_once_a_day_it_goes_over_the_real_channel(cast: Cast) -> None:
    with cast.acting(cast.clinic_admin), transaction.atomic():
        change_setting(
            clinic=cast.clinic, name="pager_test_contact", value="+15550142", actor=cast.clinic_admin, reason="test"
        )
    fly()
    clock.shift(timedelta(minutes=15))
    fly()
    daily = of(cast, kind="6-canary", address="+15550142")
    assert {(one.channel, one.state) for one in daily} == {("sms", State.DELIVERED)}
    assert len({one.dedupe_key for one in daily}) == len(daily) <= 2


def test_a_canary_that_arrives_late_is_a_difference(cast: Cast) -> None:
    with as_role("pump"):
        assert canary.run_due(9) == 2
    clock.shift(timedelta(seconds=61))
    with as_role("pump"):
        assert reconciler.differences()["late_canaries"] == 2
        Pump("test").run_cycle()
        assert reconciler.differences()["late_canaries"] == 2


def test_the_reconciler_shouts_at_any_difference_and_once_a_minute_over_all_engines(cast: Cast) -> None:
    a_raise(cast.patient)
    with as_role("pump"):
        assert reconciler.run_due(1) == 0
    clock.shift(timedelta(minutes=7))
    with as_role("pump"):
        assert reconciler.run_due(1) >= 1
        assert reconciler.run_due(1) == 0
    told = of(cast, template="paging-failing")
    assert {one.recipient_id for one in told} == {cast.clinic_admin.pk}
    assert "overdue alerts: 1" in told[0].context["why"]
    assert EngineBeat.objects.get(engine="reconciler").finished_ok_at is None


def test_holes_of_the_next_fourteen_days_are_told_ahead_and_again_a_day_before(cast: Cast) -> None:
    with use_clinic(cast.clinic.pk), transaction.atomic():
        RosterShift.objects.filter(rota="on-call").update(ends_at=clock.now() + timedelta(days=5))
    with as_role("pump"):
        assert roster_gaps.warn_due(1) == 1
        assert roster_gaps.warn_due(1) == 0
    (first,) = of(cast, template="roster-gap")
    assert (first.channel, first.context["rota"], first.recipient_id) == ("email", "on-call", cast.clinic_admin.pk)
    clock.shift(timedelta(days=1))
    with as_role("pump"):
        roster_gaps.warn_due(1)
    assert len(of(cast, template="roster-gap")) == 1
    clock.shift(timedelta(days=3, hours=1))
    with as_role("pump"):
        roster_gaps.warn_due(1)
    assert sorted(one.channel for one in of(cast, template="roster-gap")) == ["email", "email", "sms"]
