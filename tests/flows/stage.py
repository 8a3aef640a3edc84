"""What flows share: the pump in its own role, the demo's outbox, forms filled in as a browser does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from apps.alerts.models import Alert, AlertStep
from apps.core import clock
from apps.core.db.roles import as_role
from apps.monitoring.models import Slot
from apps.notifications.models import DemoMessage
from apps.patients.models import Patient
from telek.pump import Cycle, Pump
from tests.cast import Cast
from tests.monitoring.stage import assigned


def in_clinic(cast: Cast, ask: Callable[[], Any]) -> Any:
    """Look into the clinic's rows."""
    with cast.acting(cast.nurse), transaction.atomic():
        return ask()


def pump() -> Cycle:
    """One cycle of the pump, as telek_pump."""
    with as_role("pump"):
        return Pump("flow").run_cycle()


def later(**delta: float) -> Cycle:
    """Move the clock of everything on, and let the pump do what is due then."""
    clock.shift(timedelta(**delta))
    return pump()


def due_survey(cast: Cast, key: str = "phq-9") -> Slot:
    """A survey whose only slot is due; the person can be reached at any hour."""

    def make() -> Slot:
        Patient.objects.filter(pk=cast.patient.pk).update(quiet_from="00:00", quiet_until="00:00")
        slot = assigned(cast, key, rhythm="once").slots.order_by("opens_at").first()
        assert slot is not None
        slot.opens_at, slot.closes_at = clock.now(), clock.now() + timedelta(hours=12)
        slot.next_step_at = slot.opens_at
        slot.save()
        return slot

    slot: Slot = in_clinic(cast, make)
    return slot


def outbox(**wanted: Any) -> list[DemoMessage]:
    """What was sent, oldest first."""
    return list(DemoMessage.objects.filter(**wanted).order_by("id"))


def link_in(message: DemoMessage) -> str:
    """The path of the one-tap link in a reminder."""
    found = re.search(r"https?://[^/]+(/s/[\w-]+/)", message.body)
    assert found, message.body
    return found[1]


def answer(client: Client, slot: Slot, link_id: str, value: Any) -> dict[str, Any]:
    """One answer, as the page's script sends it."""
    body = {"link_id": link_id, "value": value, "client_id": str(uuid4()), "answered_at": clock.now().isoformat()}
    response = client.post(f"/survey/{slot.pk}/answer/", json.dumps(body), content_type="application/json")
    assert response.status_code == 200, response.content
    found: dict[str, Any] = response.json()
    return found


def text_of(response: HttpResponse) -> str:
    """The page's text; it must have been a good one."""
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def follow(client: Client, path: str, **fields: Any) -> str:
    """Send a form; the text of the page that it leads to."""
    return text_of(client.post(path, fields, follow=True))


def the_alert(cast: Cast) -> Alert:
    """The only one."""
    found: Alert = in_clinic(
        cast, lambda: Alert.objects.filter(patient__is_canary=False).select_related("owner__user").get()
    )
    return found


def paged(cast: Cast) -> list[tuple[int, int, list[str]]]:
    """(cycle, rung, who) of every page so far."""
    steps = in_clinic(cast, lambda: list(AlertStep.objects.filter(alert__patient__is_canary=False).order_by("step_no")))
    return [(step.cycle, step.rung, sorted(target["name"] for target in step.targets)) for step in steps]
