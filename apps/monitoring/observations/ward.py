"""What vital signs of a person are judged by: clinic settings, own limits, doses, the clinic's rules. One statement.

A reading in a chair comes every second from each of thirty people; four careful queries for each cost more than the rest.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from apps.accounts.catalogue import CATALOGUE
from apps.accounts.clinic_settings import with_defaults
from apps.core.db.hot import hot_rows
from apps.core.db.kept import KeptQuery
from apps.monitoring.models import Observation
from apps.monitoring.observations.bands import Base
from apps.monitoring.observations.limits import limits_from
from apps.monitoring.observations.store import month_of
from apps.monitoring.vital_signs import VitalLimits
from apps.patients.models import Patient

SYSTOLIC, DIASTOLIC = "8480-6", "8462-4"
BEFORE_DOSE = timedelta(hours=24)
LONGEST_DOSE = timedelta(hours=12)
#: No dose that began earlier than this before a reading can matter, whatever the clinic has set.
FARTHEST = timedelta(hours=int(CATALOGUE["session_phase_hours"].high or 0)) + LONGEST_DOSE
READ = """
select
  (select coalesce(jsonb_object_agg(s.name, s.value), '{}') from (
     select distinct on (name) name, value from accounts_clinicsetting where clinic_id = %s::uuid
     order by name, created_at desc, id desc) s)::text,
  (select coalesce(jsonb_object_agg(l.phase, l.limits), '{}') from (
     select distinct on (phase) phase, limits from monitoring_patientlimits where patient_id = %s::uuid
     order by phase, created_at desc, id desc) l)::text,
  array(select started_at from monitoring_anchor a where a.patient_id = %s::uuid and a.kind = 'dose'
     and a.status <> 'entered-in-error' and a.started_at between %s::timestamptz and %s::timestamptz
     order by started_at desc, id),
  array(select ended_at from monitoring_anchor a where a.patient_id = %s::uuid and a.kind = 'dose'
     and a.status <> 'entered-in-error' and a.started_at between %s::timestamptz and %s::timestamptz
     order by started_at desc, id),
  exists(select from alerts_rule where clinic_id = %s::uuid and kind = 'vitals'
     and published_at is not null and retired_at is null),
  (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'readings' and c.relname = any(%s::text[]))
"""
_PRESSURES: KeptQuery[Observation] = KeptQuery(
    lambda patient, since, until: (
        Observation.objects.known()
        .filter(patient=patient, code__in=[SYSTOLIC, DIASTOLIC], effective_at__gte=since, effective_at__lt=until)
        .order_by("code", "-effective_at")
        .distinct("code")
        .values_list("code", "value")
    )
)


@dataclass(frozen=True)
class Ward:
    """settings: all of the clinic; own: the person's limits by phase; doses: began and ended, latest first.

    ruled: whether the clinic has a rule of its own on readings; months_are_there: whether there is room for all their months.
    """

    patient: Patient
    settings: dict[str, Any]
    own: dict[str, dict[str, int]]
    doses: Sequence[tuple[datetime, datetime | None]]
    ruled: bool
    months_are_there: bool

    @cached_property
    def limits(self) -> dict[str, VitalLimits]:
        """By phase, session and home."""
        return {phase: limits_from(self.settings, self.own.get(phase)) for phase in ("session", "home")}

    @cached_property
    def _bases(self) -> dict[datetime, Base]:
        return {}

    def dose_before(self, at: datetime) -> datetime | None:
        """When the dose began in whose hours that moment lies."""
        after = timedelta(hours=self.settings["session_phase_hours"])
        inside = (began for began, ended in self.doses if began <= at <= max(ended or began, began) + after)
        return next(inside, None)

    def limits_at(self, at: datetime) -> VitalLimits:
        """Those in force at that moment."""
        return self.limits["home" if self.dose_before(at) is None else "session"]

    def base_at(self, at: datetime) -> Base:
        """The blood pressure before the dose in whose hours that moment lies."""
        dose = self.dose_before(at)
        if dose is None:
            return Base()
        if dose not in self._bases:
            found = {code: int(value) for code, value in _PRESSURES.rows(self.patient.pk, dose - BEFORE_DOSE, dose)}
            self._bases[dose] = Base(found.get(SYSTOLIC), found.get(DIASTOLIC))
        return self._bases[dose]


def ward_of(patient: Patient, moments: Sequence[datetime]) -> Ward:
    """For readings of those moments."""
    first, last = min(moments) - FARTHEST, max(moments)
    person, clinic = patient.pk, patient.clinic_id
    dose = [person, first, last]
    months = sorted({month_of(moment) for moment in moments})
    ((changed, own, began, ended, ruled, there),) = hot_rows(READ, [clinic, person, *dose, *dose, clinic, months])
    settings = with_defaults(json.loads(changed))
    earliest = min(moments) - timedelta(hours=settings["session_phase_hours"]) - LONGEST_DOSE
    doses = [dose for dose in zip(began, ended, strict=True) if dose[0] >= earliest]
    return Ward(patient, settings, json.loads(own), doses, ruled, there == len(months))
