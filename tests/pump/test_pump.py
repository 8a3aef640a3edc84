"""One cycle of the pump: everything that is due, one kind's failure beside the others, a sign of life only if clean."""

import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction

from apps.alerts.actions import acknowledge, raise_alert
from apps.alerts.models import Alert, AlertStep
from apps.core import clock
from apps.core.db.roles import as_role
from apps.core.db.scope import use_clinic
from apps.core.ids import new_id
from apps.core.models import EngineBeat
from apps.notifications.keys import one_tap_token
from apps.notifications.models import Delivery, DemoMessage, State
from telek import pump as pump_module
from telek import reading_months
from telek.pump import Pump
from telek.pump_loop import Loop, ping
from tests.cast import Cast
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _demo_transports(settings: Any) -> None:
    settings.TRANSPORTS = dict.fromkeys(["sms", "email", "push", "voice"], "demo")


@pytest.fixture
def cast(db: None) -> Cast:
    """The usual people, committed: an engine in another role must see them."""
    from tests.cast import make_cast

    with transaction.atomic():
        return make_cast()


def raise_one(cast: Cast, cause: str = "drill") -> Alert:
    with cast.acting(cast.nurse), transaction.atomic():
        return raise_alert(
            patient=cast.patient,
            cause=cause,
            level="P1",
            title="A drill",
            source_kind="call-request",
            source_id=new_id(),
            rule_code="drill",
        )


def rows(cast: Cast) -> list[Delivery]:
    with use_clinic(cast.clinic.pk), transaction.atomic():
        return list(Delivery.objects.exclude(kind="6-canary").order_by("created_at"))


def test_a_page_leaves_as_the_pumps_own_role(cast: Cast) -> None:
    alert = raise_one(cast)
    with as_role("pump"):
        cycle = Pump("test").run_cycle()
        beat = EngineBeat.objects.get(engine="test")
    assert cycle.is_clean
    assert beat.finished_ok_at is not None
    (message,) = DemoMessage.objects.filter(channel="sms")
    accept = f"http://localhost:8000/p/{one_tap_token(UUID(message.key))}/"
    assert message.body == (
        f"You have an urgent Telek alert. Take it: reply {alert.code}, or {accept} "
        f"Open it: http://localhost:8000/desk/alerts/{alert.pk}/"
    )
    assert [row.state for row in rows(cast) if row.channel == "sms"] == [State.DELIVERED]


def test_an_alert_that_was_taken_is_not_paged_any_more(cast: Cast) -> None:
    alert = raise_one(cast)
    with cast.acting(cast.nurse), transaction.atomic():
        acknowledge(alert=alert, actor=cast.nurse)
    with as_role("pump"):
        Pump("test").run_cycle()
    assert DemoMessage.objects.count() == 0
    assert {row.state for row in rows(cast)} == {State.CANCELLED}


def test_an_overdue_step_is_made_and_paged_in_the_same_cycle(cast: Cast) -> None:
    alert = raise_one(cast)
    clock.shift(timedelta(minutes=6))
    with as_role("pump"):
        Pump("test").run_cycle()
    with use_clinic(cast.clinic.pk), transaction.atomic():
        assert AlertStep.objects.filter(alert=alert).count() == 2
    assert DemoMessage.objects.filter(channel="sms").count() == 2


def test_a_kind_of_work_that_fails_stops_no_other_and_leaves_no_sign_of_life(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(limit: int) -> int:
        raise LookupError("broken")

    monkeypatch.setattr(pump_module, "WORK", {"broken": broken} | dict(pump_module.WORK))
    raise_one(cast)
    with as_role("pump"):
        cycle = Pump("test").run_cycle()
        assert EngineBeat.objects.get(engine="test").finished_ok_at is None
    assert cycle.failures == ("broken",)
    assert DemoMessage.objects.filter(channel="sms").count() == 1


def test_a_cycle_that_leaves_something_overdue_leaves_no_sign_of_life(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump_module, "WORK", {})
    alert = raise_one(cast)
    with use_clinic(cast.clinic.pk), transaction.atomic():
        Alert.objects.filter(pk=alert.pk).update(next_step_at=clock.now() - timedelta(seconds=6))
    with as_role("pump"):
        cycle = Pump("test").run_cycle()
        beat = EngineBeat.objects.get(engine="test")
    assert (cycle.overdue_steps, beat.overdue_steps, beat.finished_ok_at) == (1, 1, None)


def test_a_page_that_is_dead_tells_the_administrators(cast: Cast, settings: Any) -> None:
    settings.TRANSPORTS = {"sms": "none", "email": "demo", "push": "none", "voice": "none"}
    alert = raise_one(cast)
    with as_role("pump"):
        pump = Pump("test")
        for _ in range(3):
            pump.run_cycle()
    states = {(row.template, row.channel): row.state for row in rows(cast)}
    assert states[("alert_page", "sms")] == State.DEAD
    assert states[("alert_page", "email")] == State.DELIVERED
    assert alert.code in DemoMessage.objects.get(channel="email").subject


def test_when_no_way_reaches_a_person_the_administrators_are_told(cast: Cast, settings: Any) -> None:
    settings.TRANSPORTS = dict.fromkeys(["sms", "email", "push", "voice"], "none")
    raise_one(cast)
    with as_role("pump"):
        pump = Pump("test")
        for _ in range(4):
            pump.run_cycle()
    told = [row for row in rows(cast) if row.template == "alert_failed"]
    assert {row.recipient_id for row in told} == {cast.clinic_admin.pk}


def test_lanes_send_on_all_channels_at_the_same_time(cast: Cast) -> None:
    raise_one(cast)
    clock.shift(timedelta(minutes=2))
    with as_role("pump"):
        pump = Pump("test", lanes=2)
        cycle = pump.run_cycle()
        pump.close()
    assert cycle.done >= 2
    assert DemoMessage.objects.filter(channel="sms").count() == 1


def test_the_loop_wakes_up_when_something_becomes_due(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telek.pump_loop.POLL_SECONDS", 60)  # by the poll alone it would come too late for this test
    stopping = threading.Event()
    with as_role("pump"):
        loop = Loop(Pump("test"), stopping)
        thread = threading.Thread(target=loop.run)
        thread.start()
        wait_until(lambda: loop.ears is not None)
    try:
        raise_one(cast)
        wait_until(DemoMessage.objects.filter(channel="sms").exists)
    finally:
        stopping.set()
        with connection.cursor() as cursor:
            cursor.execute("notify telek_due")
        thread.join(10)


def test_the_watcher_outside_is_told_and_its_absence_harms_nothing() -> None:
    heard: list[str] = []

    class Watcher(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(200)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Watcher) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert ping(f"http://127.0.0.1:{server.server_address[1]}/telek")
        thread.join(5)
    assert heard == ["/telek"]
    assert not ping("http://127.0.0.1:1/telek")


def test_the_next_months_of_readings_are_made_ahead_and_a_missing_one_is_said() -> None:
    while not reading_months.missing():  # a run before this one may have made some
        clock.shift(timedelta(days=60))
    with as_role("pump"):
        assert reading_months.make_due(1) in (2, 3)
        assert reading_months.make_due(1) == 0
    assert reading_months.missing() == 0
    clock.shift(timedelta(days=25))
    assert reading_months.missing() == 0
