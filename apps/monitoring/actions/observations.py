"""Record what was measured or reported, in bulk; the same reading twice is one row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.alerts import actions as alerts
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.monitoring.instruments import AnswerValue
from apps.monitoring.models import Observation, Slot
from apps.monitoring.plausibility import MEASURABLE, ReadingRefused, check_reading
from apps.monitoring.vital_signs import VitalFinding, Vitals, session_alert
from apps.patients.models import Patient

#: Daily answers that are observations as well: item -> code.
CHECK_IN_CODES = {"mood": "mood", "medicine": "medicine-effect", "sleep": "sleep"}
#: Codes that the vital bands judge: code -> field of Vitals.
VITAL_CODES = {"8480-6": "sbp", "8462-4": "dbp", "8867-4": "hr", "9279-1": "rr", "59408-5": "spo2", "2708-6": "spo2"}
Key = tuple[str, datetime]


@dataclass(frozen=True, slots=True)
class Reading:
    """One value. code: LOINC or a local code of `plausibility`; unit: UCUM; value: a number, never a text."""

    code: str
    value: object
    unit: str
    effective_at: datetime

    @classmethod
    def of_answer(cls, link_id: str, value: AnswerValue, at: datetime) -> Reading | None:
        """The reading that a daily answer is; None for one that has no code or was skipped."""
        code = CHECK_IN_CODES.get(link_id)
        return None if code is None or value is None else cls(code, value, MEASURABLE[code].unit, at)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a batch. repeated: were there already with that value; refused: index -> code of the refusal.

    A reading whose place is taken by another value is refused with `other_value`: nothing is overwritten.
    """

    created: list[Observation]
    repeated: int
    refused: dict[int, str]


@transaction.atomic
def record_observations(
    *,
    patient: Patient,
    readings: Sequence[Reading],
    source: str,
    actor: User | None,
    synthetic: bool = False,
) -> Recorded:
    """Store what is plausible and new, and raise what the vital bands demand, in one transaction.

    source: 'staff', 'patient', 'check-in' or a device's identifier. A refused reading stops no other one.
    """
    now = clock.now()
    fresh: dict[Key, Observation] = {}
    known = _known(patient, source, readings)
    refused: dict[int, str] = {}
    repeated = 0
    for index, reading in enumerate(readings):
        try:
            value = check_reading(reading.code, reading.value, reading.unit, reading.effective_at, now)
        except ReadingRefused as refusal:
            refused[index] = refusal.code
            continue
        key = (reading.code, reading.effective_at)
        if key not in known:
            known[key] = value
            fresh[key] = _row(patient, reading, value, source, synthetic or patient.synthetic)
        elif known[key] == value:
            repeated += 1
        else:
            refused[index] = "other_value"
    created = _insert(fresh.values())
    _judge(patient, created)
    for row in created:
        audit.record(action=Action.CREATE, actor_id=actor.pk if actor else None, obj=row)
    return Recorded(created, repeated + len(fresh) - len(created), refused)


def store_check_in(slot: Slot, readings: Iterable[Reading | None]) -> None:
    """The daily answers of a submitted check-in, as observations."""
    record_observations(
        patient=slot.patient,
        readings=[reading for reading in readings if reading is not None],
        source="check-in",
        actor=None,
        synthetic=slot.synthetic,
    )


def _known(patient: Patient, source: str, readings: Sequence[Reading]) -> dict[Key, Decimal]:
    rows = Observation.objects.filter(
        patient=patient, source=source, effective_at__in={reading.effective_at for reading in readings}
    )
    return {(code, at): value for code, at, value in rows.values_list("code", "effective_at", "value")}


def _insert(rows: Iterable[Observation]) -> list[Observation]:
    """Those of them that landed: the same reading may come over two connections at once."""
    made = Observation.objects.bulk_create(rows, ignore_conflicts=True)
    return list(Observation.objects.filter(pk__in=[row.pk for row in made]).order_by("effective_at", "id"))


def _row(patient: Patient, reading: Reading, value: Decimal, source: str, synthetic: bool) -> Observation:
    return Observation(
        clinic_id=patient.clinic_id,
        patient=patient,
        code=reading.code,
        value=value,
        unit=reading.unit,
        effective_at=reading.effective_at,
        source=source,
        synthetic=synthetic,
    )


def _judge(patient: Patient, rows: Sequence[Observation]) -> None:
    """Readings of one moment belong together; each moment out of the bands raises or counts."""
    moments: dict[datetime, list[Observation]] = {}
    for row in rows:
        if row.code in VITAL_CODES:
            moments.setdefault(row.effective_at, []).append(row)
    for at in sorted(moments):
        together = moments[at]
        finding = session_alert(Vitals(**{VITAL_CODES[row.code]: int(row.value) for row in together}))
        if finding.alert is not None:
            _raise(patient, together, finding)


def _raise(patient: Patient, together: Sequence[Observation], finding: VitalFinding) -> None:
    values = ", ".join(f"{MEASURABLE[row.code].name} {row.value:.0f}" for row in together)
    assert finding.alert is not None  # noqa: S101  (the caller looked)
    alerts.raise_alert(
        patient=patient,
        cause="vital-signs",
        level=finding.alert.value,
        title=_("Reading out of range: %(values)s") % {"values": values},
        source_kind="observation",
        source_id=together[0].pk,
        rule_code="+".join(finding.reasons)[:60],
        synthetic=together[0].synthetic,
    )
