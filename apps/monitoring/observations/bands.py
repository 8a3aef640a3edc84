"""Readings of one moment, judged by the vital bands, as findings of single vitals. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from apps.alerts.levels import Level, worst
from apps.monitoring.plausibility import MEASURABLE
from apps.monitoring.vital_signs import VitalLimits, Vitals, level_of_reason, session_alert

#: Codes that the vital bands judge: code -> field of Vitals.
VITAL_CODES = {"8480-6": "sbp", "8462-4": "dbp", "8867-4": "hr", "9279-1": "rr", "59408-5": "spo2", "2708-6": "spo2"}
_VITAL = {"sbp": "bp", "dbp": "bp", "hr": "hr", "rr": "rr", "spo2": "spo2"}


class Stored(Protocol):
    """A reading as it was stored."""

    @property
    def id(self) -> UUID: ...
    @property
    def code(self) -> str: ...
    @property
    def value(self) -> Decimal: ...
    @property
    def effective_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Base:
    """Blood pressure before the dose; None where none was read."""

    sbp: int | None = None
    dbp: int | None = None


@dataclass(frozen=True, slots=True)
class Crossing:
    """One vital outside its limits at one moment. words: the values, for the desk."""

    vital: str
    at: datetime
    level: Level
    reasons: tuple[str, ...]
    row: UUID
    words: str


def moments(rows: Iterable[Stored]) -> Iterator[tuple[datetime, list[Stored]]]:
    """Vital signs that were read together, oldest first."""
    found: dict[datetime, list[Stored]] = {}
    for row in rows:
        if row.code in VITAL_CODES:
            found.setdefault(row.effective_at, []).append(row)
    yield from sorted(found.items())


def crossings(at: datetime, together: list[Stored], limits: VitalLimits, base: Base) -> Iterator[Crossing]:
    """What is outside the limits at that moment, one a vital, with every reason."""
    values: Mapping[str, int] = {VITAL_CODES[row.code]: int(row.value) for row in together}
    finding = session_alert(Vitals(**values, base_sbp=base.sbp, base_dbp=base.dbp), limits=limits)
    by_vital: dict[str, list[str]] = {}
    for reason in finding.reasons:
        by_vital.setdefault(reason.partition("_")[0], []).append(reason)
    for vital, reasons in by_vital.items():
        rows = [row for row in together if _VITAL[VITAL_CODES[row.code]] == vital]
        level = worst(level_of_reason(reason) for reason in reasons)
        if level is not None:
            words = ", ".join(f"{MEASURABLE[row.code].name} {row.value:.0f}" for row in rows)
            yield Crossing(vital, at, level, tuple(reasons), rows[0].id, words)


def stretches(found: Iterable[Crossing], quiet: timedelta) -> Iterator[list[Crossing]]:
    """Crossings of one vital with no gap longer than the quiet time. found: oldest first."""
    by_vital: dict[str, list[Crossing]] = {}
    for crossing in found:
        running = by_vital.get(crossing.vital)
        if running and crossing.at - running[-1].at <= quiet:
            running.append(crossing)
            continue
        if running:
            yield running
        by_vital[crossing.vital] = [crossing]
    yield from by_vital.values()
