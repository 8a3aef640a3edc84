"""From readings outside their limits to alarms: one an episode, and one more when it gets worse.

An episode is a stretch of readings outside the limits with no gap longer than the clinic's quiet time
(`vital_episode_minutes`), whatever the order in which batches arrive.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from apps.accounts.clinic_settings import settings_of
from apps.alerts import actions as alerts
from apps.alerts.levels import Level
from apps.core.desk_words import for_the_desk
from apps.monitoring.models import Anchor, Observation, PatientLimits, VitalEpisode
from apps.monitoring.observations.bands import VITAL_CODES, Base, Crossing, Stored, crossings, moments, stretches
from apps.monitoring.observations.limits import limits_from
from apps.patients.models import Patient

SYSTOLIC, DIASTOLIC = "8480-6", "8462-4"
BEFORE_DOSE = timedelta(hours=24)
CAUSE = "vital-signs"


def judge(patient: Patient, rows: Sequence[Stored], *, synthetic: bool, settings: dict[str, Any] | None = None) -> None:
    """Raise what the stored vital signs demand, in the caller's transaction. settings: the clinic's, if they were read."""
    if not any(row.code in VITAL_CODES for row in rows):
        return
    settings = settings or settings_of(patient.clinic)
    ward = _Ward(patient, settings, rows)
    found = [
        crossing
        for at, together in moments(rows)
        for crossing in crossings(at, together, ward.limits_at(at), ward.base_at(at))
    ]
    if found:
        _Alarms(patient, timedelta(minutes=settings["vital_episode_minutes"]), found, synthetic=synthetic).run()


class _Ward:
    """Limits and blood pressure before the dose, by moment: read once a batch."""

    def __init__(self, patient: Patient, settings: dict[str, Any], rows: Sequence[Stored]) -> None:
        self.patient = patient
        self.after = timedelta(hours=settings["session_phase_hours"])
        own = PatientLimits.objects.filter(patient=patient).order_by("phase", "-created_at", "-id").distinct("phase")
        by_phase = {row.phase: row.limits for row in own}
        self.limits = {phase: limits_from(settings, by_phase.get(phase)) for phase in ("session", "home")}
        last = max(row.effective_at for row in rows)
        doses = Anchor.objects.known().filter(patient=patient, kind="dose", started_at__lte=last)
        first = min(row.effective_at for row in rows)
        recent = doses.filter(started_at__gte=first - self.after - timedelta(hours=12)).order_by("-started_at")
        self.doses = list(recent.values_list("started_at", "ended_at"))
        self.bases: dict[datetime, Base] = {}

    def dose_before(self, at: datetime) -> datetime | None:
        """When the dose began in whose hours that moment lies."""
        inside = (began for began, ended in self.doses if began <= at <= max(ended or began, began) + self.after)
        return next(inside, None)

    def limits_at(self, at: datetime) -> Any:
        return self.limits["home" if self.dose_before(at) is None else "session"]

    def base_at(self, at: datetime) -> Base:
        dose = self.dose_before(at)
        if dose is None:
            return Base()
        if dose not in self.bases:
            self.bases[dose] = Base(self._last(SYSTOLIC, dose), self._last(DIASTOLIC, dose))
        return self.bases[dose]

    def _last(self, code: str, dose: datetime) -> int | None:
        rows = Observation.objects.known().filter(patient=self.patient, code=code, effective_at__lt=dose)
        newest = rows.filter(effective_at__gte=dose - BEFORE_DOSE).order_by("-effective_at").first()
        return None if newest is None else int(newest.value)


class _Alarms:
    """Crossings of one batch, laid into the person's episodes."""

    def __init__(self, patient: Patient, quiet: timedelta, found: Sequence[Crossing], *, synthetic: bool) -> None:
        self.patient, self.quiet, self.found, self.synthetic = patient, quiet, found, synthetic

    def run(self) -> None:
        self._lock()
        first, last = self.found[0].at - self.quiet, self.found[-1].at + self.quiet
        known = VitalEpisode.objects.filter(patient=self.patient, last_at__gte=first, began_at__lte=last)
        self.episodes = list(known.order_by("began_at"))
        for stretch in stretches(self.found, self.quiet):
            self._lay(stretch)

    def _lock(self) -> None:
        """Two batches of one person are judged one after the other, or the same stretch would alarm twice."""
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 51))", [str(self.patient.pk)])

    def _lay(self, stretch: list[Crossing]) -> None:
        """Into the episode that it touches, else it is a new one."""
        began, ended = stretch[0].at, stretch[-1].at
        touched = (one for one in self.episodes if one.vital == stretch[0].vital and self._touches(one, began, ended))
        episode = next(touched, None) or self._begin(stretch[0])
        episode.began_at, episode.last_at = min(episode.began_at, began), max(episode.last_at, ended)
        episode.readings += len(stretch)
        for crossing in stretch:
            if crossing.level > Level(episode.level):
                episode.level, episode.reasons = crossing.level.value, ",".join(crossing.reasons)[:120]
                episode.alert = self._raise(crossing)
        episode.save()

    def _touches(self, episode: VitalEpisode, began: datetime, ended: datetime) -> bool:
        return episode.began_at - self.quiet <= ended and began <= episode.last_at + self.quiet

    def _begin(self, crossing: Crossing) -> VitalEpisode:
        return VitalEpisode(
            clinic_id=self.patient.clinic_id,
            patient=self.patient,
            vital=crossing.vital,
            level=crossing.level.value,
            reasons=",".join(crossing.reasons)[:120],
            began_at=crossing.at,
            last_at=crossing.at,
            readings=0,
            alert=self._raise(crossing),
            synthetic=self.synthetic,
        )

    @for_the_desk()
    def _raise(self, crossing: Crossing) -> Any:
        return alerts.raise_alert(
            patient=self.patient,
            cause=CAUSE,
            level=crossing.level.value,
            title=_("Reading out of range: %(values)s") % {"values": crossing.words},
            source_kind="observation",
            source_id=crossing.row,
            rule_code="+".join(crossing.reasons)[:60],
            synthetic=self.synthetic,
        )
