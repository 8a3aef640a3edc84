"""The worklist's rows on the live socket: made once for many desks, each as that desk may see it."""

import asyncio
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.accounts.permissions import Role
from apps.alerts.actions import acknowledge
from apps.audit.models import AuditEvent
from telek.live_alerts import DeskAlerts
from tests.cast import Cast, make_person
from tests.desk.conftest import make_alert
from tests.live.conftest import open_socket  # noqa: F401  (a fixture)


@pytest.mark.django_db
def test_each_desk_has_the_row_as_it_may_act_on_it_and_is_written_down(acting: Cast) -> None:
    alert = make_alert(acting.patient)
    acknowledge(alert=alert, actor=acting.nurse)
    alert.refresh_from_db()
    viewers = [(acting.nurse, {}), (acting.therapist, {}), (acting.therapist, {str(alert.pk): alert.version})]
    (own,), (other,), (known,) = DeskAlerts().for_all(viewers, "", None)
    assert "#contact" in own["html"]
    assert own["owner"]["mine"] is True
    assert "#contact" not in other["html"]
    assert other["owner"]["mine"] is False
    assert "html" not in known
    seen = AuditEvent.objects.filter(object_id=alert.pk, detail="live worklist").values_list("actor_id", flat=True)
    assert sorted(seen) == sorted([acting.nurse.pk, acting.therapist.pk])


@pytest.mark.django_db
def test_thirty_desks_cost_no_more_statements_than_one(acting: Cast) -> None:
    make_alert(acting.patient)
    make_alert(acting.patient_2)
    counts = []
    for many in (1, 30):
        with CaptureQueriesContext(connection) as asked:
            rows = DeskAlerts().for_all([(acting.nurse, {})] * many, "", None)
        assert [len(one) for one in rows] == [2] * many
        counts.append(len(asked.captured_queries))
    assert counts[0] == counts[1] <= 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_an_alert_reaches_every_desk_at_once(cast: Cast, open_socket: Any) -> None:  # noqa: F811
    @database_sync_to_async
    def nurses() -> list[Any]:
        with cast.acting(cast.nurse), transaction.atomic():
            return [make_person(cast.clinic, f"many-{n}", f"Nurse {n}", Role.NURSE) for n in range(4)]

    @database_sync_to_async
    def raise_one() -> str:
        with cast.acting(cast.nurse), transaction.atomic():
            return str(make_alert(cast.patient).pk)

    sockets = [await open_socket(user) for user in [cast.nurse, cast.prescriber, *await nurses()]]
    for socket in sockets:
        await socket.say(type="follow", topic="alerts")
        assert (await socket.hear("state"))["rows"] == []
    alert = await raise_one()
    frames = await asyncio.gather(*(socket.hear("state") for socket in sockets))
    assert [frame["rows"][0]["id"] for frame in frames] == [alert] * len(sockets)
    assert all("Alvarez" in frame["rows"][0]["html"] for frame in frames)
