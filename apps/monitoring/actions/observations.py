"""Record what was measured or reported, in bulk; the same reading twice is one row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from apps.accounts.models import User
from apps.audit import actions as audit
from apps.audit.actions import Fact
from apps.audit.models import Action
from apps.core import clock
from apps.core.db.joined import joined
from apps.core.ids import new_id
from apps.monitoring.instruments import AnswerValue
from apps.monitoring.models import Observation, Slot
from apps.monitoring.observations import store
from apps.monitoring.observations.episodes import judge
from apps.monitoring.observations.reading import Reading
from apps.monitoring.observations.ward import Ward, ward_of
from apps.monitoring.plausibility import MEASURABLE, ReadingRefused, check_reading
from apps.monitoring.refusals import SurveyRefused
from apps.monitoring.rules.live import on_readings
from apps.patients.models import Patient

#: Daily answers that are observations as well: item -> code.
CHECK_IN_CODES = {"mood": "mood", "medicine": "medicine-effect", "sleep": "sleep"}


def reading_of_answer(link_id: str, value: AnswerValue, at: datetime) -> Reading | None:
    """The reading that a daily answer is; None for one that has no code or was skipped."""
    code = CHECK_IN_CODES.get(link_id)
    return None if code is None or value is None else Reading(code, value, MEASURABLE[code].unit, at)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a batch. repeated: were there already with that value; refused: index -> code of the refusal.

    A reading whose place is taken by another value is refused with `other_value`: nothing is overwritten.
    """

    created: list[store.Row]
    repeated: int
    refused: dict[int, str]


@joined
def record_observations(
    *,
    patient: Patient,
    readings: Sequence[Reading],
    source: str,
    actor: User | None,
    synthetic: bool = False,
    ward: Ward | None = None,
    facts: list[Fact] | None = None,
) -> Recorded:
    """Store what is plausible and new, and raise what the vital bands demand, in one transaction.

    source: 'staff', 'patient', 'check-in' or a device's identifier. A refused reading stops no other one. One audit
    row a batch. ward: what they are judged by, from a caller who has read it for their moments. facts: takes the audit
    row of a caller who writes it with others, in the same transaction.
    """
    batch = _Batch(patient, source, synthetic=synthetic or patient.synthetic)
    batch.check(readings)
    if not batch.fresh:
        return Recorded([], batch.repeated, batch.refused)
    ward = ward or ward_of(patient, [row.effective_at for row in batch.fresh.values()])
    created = batch.store(months_are_there=ward.months_are_there)
    if created:
        judge(patient, created, synthetic=batch.place.synthetic, ward=ward)
        if ward.ruled:
            on_readings(patient, created)
        _audited(patient, created, f"{len(created)} from {source}", actor, facts)
    return Recorded(created, batch.repeated, batch.refused)


def _audited(
    patient: Patient, created: Sequence[store.Row], detail: str, actor: User | None, facts: list[Fact] | None
) -> None:
    rows = [] if facts is None else facts
    rows.append(
        Fact(
            Action.CREATE,
            actor.pk if actor else None,
            object_type="monitoring.observation",
            patient_id=patient.pk,
            clinic_id=patient.clinic_id,
            detail=detail,
        )
    )
    if facts is None:
        audit.record_together(rows)


class _Batch:
    """Readings of one person from one source, on their way into rows."""

    def __init__(self, patient: Patient, source: str, *, synthetic: bool) -> None:
        self.place = store.Place(patient.clinic_id, patient.pk, source, synthetic)
        self.fresh: dict[store.Key, store.Row] = {}
        self.index: dict[store.Key, int] = {}
        self.refused: dict[int, str] = {}
        self.repeated = 0

    def check(self, readings: Sequence[Reading]) -> None:
        now = clock.now()
        for index, reading in enumerate(readings):
            try:
                value = check_reading(reading.code, reading.value, reading.unit, reading.effective_at, now)
            except ReadingRefused as refusal:
                self.refused[index] = refusal.code
            else:
                self._take(index, reading, value)

    def _take(self, index: int, reading: Reading, value: Decimal) -> None:
        key = (reading.code, reading.effective_at)
        known = self.fresh.get(key)
        if known is None:
            unit = MEASURABLE[reading.code].unit
            given = "" if unit == reading.unit else f"{reading.value} {reading.unit}"[:40]
            self.fresh[key] = store.Row(new_id(), reading.code, value, unit, reading.effective_at, given)
            self.index[key] = index
        else:
            self._compare(index, known.value, value)

    def _compare(self, index: int, stored: Decimal, value: Decimal) -> None:
        if stored == value:
            self.repeated += 1
        else:
            self.refused[index] = "other_value"

    def store(self, *, months_are_there: bool) -> list[store.Row]:
        """Those that landed, oldest first; the others stood there already, with that value or another."""
        rows = list(self.fresh.values())
        landed = store.insert(self.place, rows, months_are_there=months_are_there)
        if len(landed) < len(rows):
            there = [row for row in rows if row.id not in landed]
            values = store.values_at(self.place, [row.key for row in there])
            for row in there:
                self._compare(self.index[row.key], values[row.key], row.value)
        return sorted((row for row in rows if row.id in landed), key=lambda row: (row.effective_at, row.id))


@transaction.atomic
def correct_observation(*, observation: Observation, value: Decimal | None, reason: str, actor: User) -> Observation:
    """A later row that stands for that one. value: in the stored unit, or None: there was no such reading.

    The old row stays as it is. An alert that it raised is not withdrawn. Raises SurveyRefused: not-yours, corrected-before,
    no-reason; ReadingRefused where the new value cannot be one.
    """
    if not reason.strip():
        raise SurveyRefused("no-reason", "Say why the reading is corrected.")
    if actor.pk == observation.patient.user_id and observation.source != "patient":
        raise SurveyRefused("not-yours", "You can correct what you wrote yourself. Ask your clinic about the rest.")
    if Observation.objects.filter(corrects=observation.pk).exists():
        raise SurveyRefused("corrected-before", "This reading was corrected before. Correct the newest one.")
    exact = observation.value
    if value is not None:
        exact = check_reading(observation.code, value, observation.unit, observation.effective_at, clock.now())
    row = Observation.objects.create(
        clinic_id=observation.clinic_id,
        patient_id=observation.patient_id,
        code=observation.code,
        value=exact,
        unit=observation.unit,
        effective_at=observation.effective_at,
        source=observation.source,
        status="entered-in-error" if value is None else "corrected",
        revision=observation.revision + 1,
        corrects=observation.pk,
        reason=reason.strip()[:200],
        synthetic=observation.synthetic,
    )
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=row, detail=row.status)
    if value is not None:
        judge(observation.patient, [row], synthetic=row.synthetic)
    return row


def store_check_in(slot: Slot, readings: Iterable[Reading | None]) -> None:
    """The daily answers of a submitted check-in, as observations."""
    record_observations(
        patient=slot.patient,
        readings=[reading for reading in readings if reading is not None],
        source="check-in",
        actor=None,
        synthetic=slot.synthetic,
    )


__all__ = ["Reading", "Recorded", "correct_observation", "record_observations", "store_check_in"]
