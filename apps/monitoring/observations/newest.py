"""The newest value of each kind that a person has, how old it is, and its weeks over the years."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.charts import Point, Svg, TrendLabels, trend
from apps.core.days import in_words
from apps.monitoring.models import Observation
from apps.monitoring.observations.freshness import is_stale, stale_after
from apps.monitoring.plausibility import MEASURABLE
from apps.patients.models import Patient

SHOWN_UNITS = {"mm[Hg]": "mmHg", "Cel": "°C", "{score}": "", "/min": "/min"}
CURVES = ("8480-6", "8462-4", "8867-4", "59408-5", "29463-7", "8310-5", "mood")
KINDS = [code for code in MEASURABLE if not code.startswith("problem-")]  # problems have a page of their own
GAP_DAYS = 21
STEP = 20  # the axis ends at a round number
LATELY = timedelta(days=30)
# One index probe a kind instead of every reading of the person.
NEWEST = """
select o.* from unnest(%s::text[]) as kind (code)
cross join lateral (
  select r.* from monitoring_observation r
  where r.clinic_id = %s and r.patient_id = %s and r.code = kind.code and r.status <> 'entered-in-error'
    and not exists (select from monitoring_observation c where c.clinic_id = r.clinic_id and c.corrects = r.id
                    and c.effective_at = r.effective_at)
  order by r.effective_at desc, r.revision desc limit 1
) o
"""
# A correction lies at the same moment as what it corrects: the plain average is over what counts.
WEEKS = """
select date_trunc('week', effective_at at time zone %s) as week, avg(value), min(value), max(value), count(*)
from monitoring_observation r
where clinic_id = %s and patient_id = %s and code = %s and effective_at >= %s and status <> 'entered-in-error'
  and id not in (select corrects from monitoring_observation where clinic_id = %s and corrects is not null)
group by week order by week
"""


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


@dataclass(frozen=True, slots=True)
class Week:
    """The readings of one week: mean, lowest, highest, how many."""

    begins: datetime
    mean: float
    low: float
    high: float
    count: int


def newest_values(patient: Patient) -> list[Newest]:
    """One a code, in the order of the catalogue; what counts alone."""
    rows = Observation.objects.raw(NEWEST, [KINDS, patient.clinic_id, patient.pk])
    newest = {row.code: row for row in rows}
    return [as_shown(newest[code]) for code in KINDS if code in newest]


def lately(patient: Patient, newest: list[Newest], limit: int) -> list[Newest]:
    """The last readings of the 30 days before the newest one, without the daily check-in's."""
    if not newest:
        return []
    since = max(one.at for one in newest) - LATELY
    rows = Observation.objects.known().filter(patient=patient, effective_at__gte=since).filter(code__in=KINDS)
    rows = rows.exclude(source="check-in")
    return [as_shown(row) for row in rows.order_by("-effective_at", "code")[:limit]]


def weeks_of(patient: Patient, code: str, since: datetime) -> list[Week]:
    """Week by week in the clinic's calendar, oldest first; what counts alone."""
    zone = patient.clinic.time_zone
    place: list[Any] = [zone, patient.clinic_id, patient.pk, code, since, patient.clinic_id]
    with connection.cursor() as cursor:
        cursor.execute(WEEKS, place)
        rows = cursor.fetchall()
    at = clock.zone_of(zone)
    return [Week(week.replace(tzinfo=at), float(mean), float(low), float(high), n) for week, mean, low, high, n in rows]


def draw_weeks(weeks: list[Week], code: str, size: tuple[int, int]) -> Svg | None:
    """The weekly means as a curve; None below two of them. Its table says the same."""
    if len(weeks) < 2:
        return None
    known = MEASURABLE[code]
    unit = SHOWN_UNITS.get(known.unit, known.unit)

    def day(at: datetime) -> str:
        return in_words(at.astimezone(weeks[0].begins.tzinfo), "M Y")

    points = [Point(week.begins, week.mean, f"{day(week.begins)}: {week.mean:.0f} {unit}") for week in weeks]
    title = _("%(what)s, mean of each week") % {"what": _(known.name)}
    labels = TrendLabels(title=title, day=day, today=_("today"), gap=_("no readings"))
    highest = math.ceil(max(week.mean for week in weeks) * 1.1 / STEP) * STEP
    return trend(
        points, [], [], clock.now(), y_max=highest, width=size[0], height=size[1], gap_days=GAP_DAYS, labels=labels
    )


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
    """Where a value comes from. A session is named by its key in the row, which says nothing to a reader."""
    if source.startswith("session "):
        return _("in a session")
    words = {"check-in": _("daily check-in"), "patient": _("typed in by the person"), "staff": _("entered by staff")}
    return words.get(source, source)
