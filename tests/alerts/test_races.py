"""Two at the same moment, in real threads on real connections: one wins, the other is told, nothing is doubled."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections, transaction

from apps.accounts.models import User
from apps.alerts.actions import acknowledge, hand_over, raise_alert, record_contact, resolve
from apps.alerts.engine import fire_due
from apps.alerts.models import Alert, AlertOccurrence, AlertStep
from apps.alerts.refusal import AlertRefused
from apps.core.db.scope import use_clinic
from apps.notifications.models import Delivery, State
from tests.alerts.scene import a_raise, a_record, deliveries, fresh, later, run_engine, steps, together
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


def by(cast: Cast, user: User, verb: Callable[..., Alert], alert: Alert, **more: Any) -> Callable[[], Alert]:
    """The verb as that person would do it, in a thread."""

    def act() -> Alert:
        with cast.acting(user):
            return verb(alert=alert, actor=user, **more)

    return act


def engine_role() -> int:
    """An engine in a thread: the connection changes to the pump's role."""
    mine = connections["default"]
    mine.close()
    mine.settings_dict = {**mine.settings_dict, "USER": "telek_pump"}
    return fire_due(500)


def test_of_two_who_take_an_alert_one_has_it_and_the_other_is_told(cast: Cast) -> None:
    for number in range(20):
        alert = a_raise(cast.patient, cause=f"cause-{number}")
        results = together(by(cast, cast.nurse, acknowledge, alert), by(cast, cast.therapist, acknowledge, alert))
        winners = [one for one in results if isinstance(one, Alert)]
        losers = [one for one in results if isinstance(one, AlertRefused)]
        assert len(winners) == len(losers) == 1
        assert losers[0].code == "taken"
        assert losers[0].message.startswith("Taken by ")
        assert fresh(alert).owner_id == winners[0].owner_id


def test_taking_wins_or_loses_against_the_engine_and_no_page_survives_it(cast: Cast) -> None:
    alerts = [a_raise(cast.patient, cause=f"cause-{number}") for number in range(30)]
    later(minutes=5, seconds=1)
    together(engine_role, engine_role, *(by(cast, cast.nurse, acknowledge, alert) for alert in alerts[:10]))
    together(engine_role, *(by(cast, cast.nurse, acknowledge, alert) for alert in alerts[10:20]))
    together(engine_role, *(by(cast, cast.nurse, acknowledge, alert) for alert in alerts[20:]))
    for alert in alerts:
        now = fresh(alert)
        assert (now.state, now.owner) == ("acked", cast.nurse.membership)
        assert {row.state for row in deliveries(alert)} == {State.CANCELLED}
        assert now.quieted_step == now.step_no == len(steps(alert))
    later(minutes=6)
    assert run_engine(100) == 0, "whoever has it is left in peace until the lease ends"


def test_eight_engines_over_two_hundred_alerts_make_each_step_once(cast: Cast) -> None:
    for number in range(200):
        a_raise(cast.patient if number % 2 else cast.other_patient, cause=f"cause-{number}")
    later(minutes=5, seconds=1)
    made = together(*[engine_role] * 8)
    assert sum(made) == 200
    assert sum(1 for one in made if one) >= 2, "the work is shared"
    for clinic in (cast.clinic, cast.other_clinic):
        with use_clinic(clinic.pk), transaction.atomic():
            pages = Counter(AlertStep.objects.values_list("alert_id", "cycle", "step_no"))
            assert set(pages.values()) == {1}
            assert Counter(number for _, _, number in pages) == {0: 100, 1: 100}
            keys = Counter(Delivery.objects.values_list("dedupe_key", flat=True))
            assert set(keys.values()) == {1}


def test_ten_findings_at_once_are_one_alert_counted_ten_times_and_paged_once(cast: Cast) -> None:
    alerts = together(*[partial(a_raise, cast.patient, "P1", value=2)] * 10)
    assert len({alert.pk for alert in alerts}) == 1
    alert = fresh(alerts[0])
    assert (alert.count, len(steps(alert))) == (10, 1)
    with use_clinic(cast.clinic.pk), transaction.atomic():
        assert AlertOccurrence.objects.filter(alert=alert).count() == 10


def test_one_finding_sent_ten_times_at_once_is_one_finding(cast: Cast) -> None:
    together(*[partial(a_raise, cast.patient, "P1", value=2, source_id=uuid4())] * 10)
    with use_clinic(cast.clinic.pk), transaction.atomic():
        assert AlertOccurrence.objects.count() == 1
        assert Alert.objects.get().count == 1


def test_worse_and_taken_at_once_end_open_or_taken_after_it_got_worse(cast: Cast) -> None:
    for number in range(10):
        alert = a_raise(cast.patient, "P2", cause=f"cause-{number}", value=1)
        worse = partial(a_raise, cast.patient, "P1", cause=f"cause-{number}", value=3)
        together(worse, by(cast, cast.nurse, acknowledge, alert))
        now = fresh(alert)
        assert (now.level, now.worst_value, len(steps(alert))) == ("P1", 3, 2)
        assert now.worsened_at is not None
        if now.state == "acked":
            assert now.acked_at is not None
            assert now.acked_at >= now.worsened_at
        else:
            assert State.PENDING in {row.state for row in deliveries(alert)}


def test_closing_and_raising_at_once_lose_no_finding(cast: Cast) -> None:
    for number in range(10):
        alert = a_raise(cast.patient, cause=f"cause-{number}", value=2)
        with cast.acting(cast.nurse):
            record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=True)
        close = by(cast, cast.nurse, resolve, alert, disposition="safe", text="Spoke, safe.")
        results = together(close, partial(a_raise, cast.patient, cause=f"cause-{number}", value=3))
        with use_clinic(cast.clinic.pk), transaction.atomic():
            open_ones = Alert.objects.unresolved().filter(cause=f"cause-{number}")
            assert open_ones.count() == 1, "closed first and raised anew, or worse first and closing refused"
            assert open_ones.get().worst_value == 3
        assert isinstance(results[1], Alert)


def test_two_who_close_at_once_close_once(cast: Cast) -> None:
    alert = a_raise(cast.patient)
    with cast.acting(cast.nurse):
        record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=True)
    words = {"disposition": "safe", "text": "Spoke, safe.", "record": a_record()}
    users = (cast.nurse, cast.therapist, cast.prescriber)
    results = together(*(by(cast, user, resolve, alert, **words) for user in users))
    assert sorted(type(one).__name__ for one in results) == ["Alert", "AlertRefused", "AlertRefused"]


def test_two_who_hand_over_at_once_leave_one_owner_who_was_paged(cast: Cast) -> None:
    alert = a_raise(cast.patient)
    with cast.acting(cast.nurse):
        acknowledge(alert=alert, actor=cast.nurse)
    together(
        by(cast, cast.nurse, hand_over, alert, to=cast.therapist.membership, reason="Shift ends"),
        by(cast, cast.prescriber, hand_over, alert, to=cast.prescriber.membership, reason="Mine"),
    )
    owner = fresh(alert).owner
    assert owner is not None
    waiting = {row.recipient_id for row in deliveries(alert) if row.state == State.PENDING}
    assert waiting == {owner.user_id}


def test_five_hundred_findings_of_one_patient_stay_one_alert(cast: Cast) -> None:
    def burst() -> None:
        for _ in range(50):
            with use_clinic(cast.clinic.pk):
                raise_alert(
                    patient=cast.patient,
                    cause="suicidal-thoughts",
                    level="P1",
                    title="Item 9",
                    source_kind="test",
                    source_id=uuid4(),
                    rule_code="burst",
                )

    together(*[burst] * 10)
    with use_clinic(cast.clinic.pk), transaction.atomic():
        alert = Alert.objects.get()
    assert (alert.count, len(steps(alert))) == (500, 1)
