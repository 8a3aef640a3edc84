"""The newest value of each kind that a person has, and how old it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.core import clock
from apps.monitoring.models import Observation
from apps.monitoring.observations.freshness import is_stale, stale_after
from apps.monitoring.plausibility import MEASURABLE
from apps.patients.models import Patient

SHOWN_UNITS = {"mm[Hg]": "mmHg", "Cel": "°C", "{score}": "", "/min": "/min"}


@dataclass(frozen=True, slots=True)
class Newest:
    """One value as a page shows it. stale: too old to speak for now; stale_at: when it becomes so."""

    row: Observation
    name: str
    value: Decimal
    unit: str
    at: datetime
    source: str
    stale: bool
    stale_at: datetime


def newest_values(patient: Patient) -> list[Newest]:
    """One a code, in the order of the catalogue; what counts alone."""
    rows = Observation.objects.known().filter(patient=patient)
    newest = {row.code: row for row in rows.order_by("code", "-effective_at", "-revision").distinct("code")}
    return [as_shown(newest[code]) for code in MEASURABLE if code in newest]


def as_shown(row: Observation) -> Newest:
    """A row in words."""
    known, now = MEASURABLE[row.code], clock.now()
    return Newest(
        row=row,
        name=_(known.name),
        value=row.value.normalize() if row.value % 1 else Decimal(int(row.value)),
        unit=SHOWN_UNITS.get(row.unit, row.unit),
        at=row.effective_at,
        source=source_words(row.source),
        stale=is_stale(row.code, row.effective_at, now),
        stale_at=row.effective_at + stale_after(row.code),
    )


def source_words(source: str) -> str:
    """Where a value comes from."""
    words = {"check-in": _("daily check-in"), "patient": _("typed in by the person"), "staff": _("entered by staff")}
    return words.get(source, source)
