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

from apps.alerts import actions as alerts
from apps.alerts.levels import Level
from apps.core.desk_words import for_the_desk
from apps.monitoring.models import VitalEpisode
from apps.monitoring.observations.bands import VITAL_CODES, Crossing, Stored, crossings, moments, stretches
from apps.monitoring.observations.ward import Ward, ward_of
from apps.patients.models import Patient

CAUSE = "vital-signs"


def judge(patient: Patient, rows: Sequence[Stored], *, synthetic: bool, ward: Ward | None = None) -> None:
    """Raise what the stored vital signs demand, in the caller's transaction. ward: what they are judged by, if it was read."""
    if not any(row.code in VITAL_CODES for row in rows):
        return
    by = ward or ward_of(patient, [row.effective_at for row in rows])
    found = [
        crossing
        for at, together in moments(rows)
        for crossing in crossings(at, together, by.limits_at(at), by.base_at(at))
    ]
    if found:
        _Alarms(patient, timedelta(minutes=by.settings["vital_episode_minutes"]), found, synthetic=synthetic).run()


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
