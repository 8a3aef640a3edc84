"""Facts for rules from the rows of monitoring, for one person or for all of a clinic."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.alerts.rules.facts import Answered, Asked, Facts, Happened, Measured
from apps.core import clock
from apps.monitoring.models import Anchor, Observation, QuestionnaireResponse, Slot, SlotState

OVER = (SlotState.ANSWERED, SlotState.MISSED)


def facts_of(patient_ids: Iterable[UUID], kind: str, since: datetime) -> dict[UUID, Facts]:
    """What a rule of that kind needs to know of each person from that moment on. Needs the clinic in scope."""
    people = list(patient_ids)
    now = clock.now()
    empty: dict[UUID, dict[str, Any]] = {pk: {} for pk in people}
    for name, (kinds, read) in _READERS.items():
        if kind in kinds:
            for pk, fact in read(people, since):
                empty[pk].setdefault(name, []).append(fact)
    return {pk: Facts(at=now, **{name: tuple(rows) for name, rows in lists.items()}) for pk, lists in empty.items()}


def _answered(people: list[UUID], since: datetime) -> Iterable[tuple[UUID, Answered]]:
    rows = QuestionnaireResponse.objects.known().filter(patient_id__in=people, authored_at__gte=since)
    columns = ("patient_id", "pk", "authored_at", "questionnaire__key", "total", "answers")
    for pk, row, at, key, total, answers in rows.order_by("authored_at").values_list(*columns):
        yield pk, Answered(row, at, key, None if total is None else float(total), answers)


def _measured(people: list[UUID], since: datetime) -> Iterable[tuple[UUID, Measured]]:
    rows = Observation.objects.known().filter(patient_id__in=people, effective_at__gte=since)
    columns = ("patient_id", "pk", "effective_at", "code", "value")
    for pk, row, at, code, value in rows.order_by("effective_at").values_list(*columns):
        yield pk, Measured(row, at, code, float(value))


def _asked(people: list[UUID], since: datetime) -> Iterable[tuple[UUID, Asked]]:
    rows = Slot.objects.filter(patient_id__in=people, closes_at__gte=since, state__in=OVER)
    columns = ("patient_id", "pk", "closes_at", "questionnaire__key", "state")
    for pk, row, at, key, state in rows.order_by("closes_at").values_list(*columns):
        yield pk, Asked(row, at, key, state == SlotState.ANSWERED)


def _doses(people: list[UUID], since: datetime) -> Iterable[tuple[UUID, Happened]]:
    rows = Anchor.objects.known().filter(patient_id__in=people, kind="dose", started_at__gte=since)
    for pk, row, at in rows.order_by("started_at").values_list("patient_id", "pk", "started_at"):
        yield pk, Happened(row, at)


COURSES = ("reliable", "own-baseline", "off-track")  # what these look at is the whole course, with its doses
_READERS: dict[str, tuple[tuple[str, ...], Any]] = {
    "answered": (("item", "score", "change", "slope", "missed-check", *COURSES), _answered),
    "measured": (("vitals",), _measured),
    "asked": (("silence",), _asked),
    "doses": (("missed-check", *COURSES), _doses),
}
