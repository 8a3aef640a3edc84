"""What the health doors say: to anybody, about nobody, and the truth."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.test import Client

from apps.alerts.actions import raise_alert
from apps.alerts.models import Alert
from apps.core import clock
from apps.core.ids import new_id
from apps.core.models import EngineBeat
from apps.notifications.models import Delivery
from telek import heartbeat
from telek.views import health
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_remembered", None)


def beat(seconds_ago: float, engine: str = "pump") -> None:
    heartbeat.leave_beat(engine, clock.now(), 0, 0, clean=True)
    then = clock.now() - timedelta(seconds=seconds_ago)
    EngineBeat.objects.filter(engine=engine).update(finished_ok_at=then, started_at=then)


def alerts_now() -> tuple[int, list[str]]:
    answer = Client().get("/health/alerts")
    return answer.status_code, answer.json()["reasons"]


def test_the_process_answers_without_asking_anything() -> None:
    answer = Client().get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer["Cache-Control"] == "no-store"


def test_ready_names_both_servers() -> None:
    assert Client().get("/health/ready").json() == {"status": "ok", "database": True, "valkey": True}


def test_without_valkey_it_is_ready_and_says_so(settings: object) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # type: ignore[attr-defined]
    answer = Client().get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


def test_without_an_engine_alerts_are_failing() -> None:
    assert alerts_now() == (503, ["no engine has done its work"])


@pytest.mark.parametrize(("seconds", "code"), [(2, 200), (29, 200), (31, 503)])
def test_an_engine_may_be_silent_for_thirty_seconds(seconds: int, code: int) -> None:
    beat(seconds)
    assert alerts_now()[0] == code


def test_one_engine_at_work_is_enough() -> None:
    beat(500, "old")
    beat(1, "new")
    assert alerts_now()[0] == 200


def test_the_canary_of_celery_passes_for_no_engine() -> None:
    heartbeat.leave_canary()
    assert alerts_now()[0] == 503
    assert EngineBeat.objects.get(engine=heartbeat.CANARY).finished_ok_at is None


def test_a_lost_canary_is_said_and_alarms_nobody() -> None:
    beat(1)
    answer = Client().get("/health/alerts")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    heartbeat.leave_canary()
    health._remembered = None
    assert Client().get("/health/alerts").json()["status"] == "ok"


def raise_one(cast: Cast) -> Alert:
    with cast.acting(cast.nurse):
        return raise_alert(
            patient=cast.patient,
            cause="drill",
            level="P1",
            title="A drill",
            source_kind="call-request",
            source_id=new_id(),
            rule_code="drill",
        )


def test_a_page_that_is_late_alarms_even_with_a_living_engine(cast: Cast) -> None:
    beat(1)
    raise_one(cast)
    with cast.acting(cast.nurse):
        Delivery.objects.update(not_before=clock.now() - timedelta(seconds=31))
    assert alerts_now() == (503, ["late_pages"])


def test_an_alert_whose_step_is_overdue_alarms(cast: Cast) -> None:
    beat(1)
    alert = raise_one(cast)
    with cast.acting(cast.nurse):
        Alert.objects.filter(pk=alert.pk).update(next_step_at=clock.now() - timedelta(seconds=61))
    assert alerts_now() == (503, ["overdue_alerts"])


def test_nothing_about_anybody_is_in_the_answer(cast: Cast) -> None:
    beat(1)
    raise_one(cast)
    text = Client().get("/health/alerts").content.decode()
    assert "Alvarez" not in text
    assert str(cast.clinic.pk) not in text


@pytest.mark.parametrize("path", ["/health/alerts", "/health/live", "/health/ready"])
def test_nothing_can_be_written_there(path: str) -> None:
    assert Client().post(path).status_code == 405


def test_without_the_database_it_still_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("the server is not there")

    monkeypatch.setattr(health, "ask", away)
    assert alerts_now() == (503, ["no database"])
