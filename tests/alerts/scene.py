"""What tests of alerts share: raise one, move the clock, let the engine run as its own role."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.db import connections, transaction

from apps.alerts.actions import raise_alert
from apps.alerts.engine import fire_due
from apps.alerts.models import Alert, AlertStep
from apps.alerts.refusal import AlertRefused
from apps.core import clock
from apps.core.db.roles import as_role
from apps.core.db.scope import use_clinic
from apps.notifications.models import Delivery
from apps.patients.models import Patient


def a_raise(patient: Patient, level: str = "P1", **more: Any) -> Alert:
    """A finding on that patient, under their clinic."""
    words = {
        "cause": "suicidal-thoughts",
        "title": "Item 9 answered",
        "source_kind": "test",
        "source_id": uuid4(),
        "rule_code": "phq9-item9",
    }
    with use_clinic(patient.clinic_id):
        return raise_alert(patient=patient, level=level, **(words | more))


def a_record(**other: str) -> dict[str, str]:
    """Everything that closing a P1 asks for, the next contact tomorrow on the clinic's clock; `other` over it."""
    tomorrow = clock.now().astimezone(ZoneInfo("America/New_York")) + timedelta(days=1)
    full = {
        "ideation": "passive",
        "plan": "none",
        "intent": "none",
        "means": "secured",
        "past": "earlier",
        "intoxication": "no",
        "protective": "Her sister stays; the dog.",
        "acute": "moderate",
        "chronic": "moderate",
        "why": "Passing thoughts since the change of medicine, no plan.",
        "care": "with-someone",
        "safety_plan": "reviewed",
        "means_safety": "agreed",
        "basis": "contact",
        "told": "Elena Ruiz, sister",
        "follow_up_at": tomorrow.isoformat(timespec="minutes"),
        "treatment": "continue",
    }
    return full | other


def as_form(record: dict[str, str]) -> dict[str, str]:
    """The record as the form sends it: the clinic's own clock without a zone."""
    return record | {"follow_up_at": record["follow_up_at"][:16]}


def fresh(alert: Alert) -> Alert:
    """The row as the database has it now."""
    with use_clinic(alert.clinic_id), transaction.atomic():
        return Alert.objects.select_related("patient", "clinic", "owner__user").get(pk=alert.pk)


def later(**delta: float) -> None:
    """Move the clock on."""
    clock.shift(timedelta(**delta))


def steps(alert: Alert) -> list[AlertStep]:
    with use_clinic(alert.clinic_id), transaction.atomic():
        return list(AlertStep.objects.filter(alert=alert).order_by("step_no"))


def deliveries(alert: Alert) -> list[Delivery]:
    with use_clinic(alert.clinic_id), transaction.atomic():
        return list(Delivery.objects.filter(subject_kind="alert", subject_id=alert.pk).order_by("created_at", "pk"))


def names(step: AlertStep) -> list[str]:
    """Who was paged by that step."""
    return [target["name"] for target in step.targets]


@contextmanager
def the_engine() -> Iterator[None]:
    """As the pump's role: only in tests with transaction=True."""
    with as_role("pump"):
        yield


def run_engine(limit: int = 50) -> int:
    """One round of the engine in the pump's role."""
    with the_engine():
        return fire_due(limit)


def together(*jobs: Callable[[], Any], role: str = "app") -> list[Any]:
    """Run the jobs at the same moment, each in a thread with a connection of its own; results or refusals in order.

    Only AlertRefused is a result: anything else that a job raises fails the test.
    """
    gate = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        mine = connections["default"]
        mine.settings_dict = {**mine.settings_dict, "USER": f"telek_{role}"}
        gate.wait()
        try:
            return job()
        except AlertRefused as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))
