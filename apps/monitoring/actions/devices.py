"""Devices that send readings by themselves: added with a token shown once, given to a person, revoked."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from apps.accounts.authentication import hash_token
from apps.accounts.models import User
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.monitoring.actions.observations import Recorded, record_observations
from apps.monitoring.models import Device, DeviceWear, PatientLimits
from apps.monitoring.observations.limits import NAMES
from apps.monitoring.observations.reading import Reading
from apps.monitoring.refusals import SurveyRefused
from apps.patients.models import Patient

SEEN_STEP = timedelta(minutes=1)  # how often the last use is written down
RESERVED = ("check-in", "patient", "staff")  # sources that are no device


@dataclass(frozen=True, slots=True)
class FoundDevice:
    """Whose token it is, before the clinic is in scope."""

    clinic_id: UUID
    token_hash: str


@transaction.atomic
def add_device(*, identifier: str, label: str, patient: Patient, actor: User) -> tuple[Device, str]:
    """The device, on that person from now on, and its token, which is shown this once. Raises SurveyRefused."""
    identifier = identifier.strip()
    if not identifier or identifier in RESERVED:
        raise SurveyRefused("bad-identifier", _("Give the device its serial number."))
    text = secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            device = Device.objects.create(
                clinic_id=patient.clinic_id,
                identifier=identifier[:60],
                label=(label.strip() or identifier)[:80],
                token_hash=hash_token(text),
                added_by=actor.membership,
            )
    except IntegrityError:
        raise SurveyRefused("known-device", _("A device with this number is in use here.")) from None
    DeviceWear.objects.create(clinic_id=patient.clinic_id, device=device, patient=patient, from_at=clock.now())
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=device, patient_id=patient.pk)
    return device, text


@transaction.atomic
def give_device(*, device: Device, patient: Patient | None, actor: User) -> None:
    """From now on it measures that person, or nobody. What it measured before stays with whom it was measured on."""
    now = clock.now()
    Device.objects.select_for_update().get(pk=device.pk)
    DeviceWear.objects.filter(device=device, until_at__isnull=True).update(until_at=now)
    if patient is not None:
        DeviceWear.objects.create(clinic_id=device.clinic_id, device=device, patient=patient, from_at=now)
    audit.record(
        action=Action.UPDATE, actor_id=actor.pk, obj=device, patient_id=patient.pk if patient else None, detail="given"
    )


@transaction.atomic
def revoke_device(*, device: Device, actor: User) -> None:
    """Its token ends now."""
    if Device.objects.filter(pk=device.pk, revoked_at__isnull=True).update(revoked_at=clock.now()):
        DeviceWear.objects.filter(device=device, until_at__isnull=True).update(until_at=clock.now())
        audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=device, detail="revoked")


def find_device(token: str) -> FoundDevice | None:
    """Whose token that is. A function of the owner looks up its clinic, since none is known yet."""
    token_hash = hash_token(token)
    with connection.cursor() as cursor:
        cursor.execute("select clinic_id from monitoring_clinic_of_device(%s)", [token_hash])
        row = cursor.fetchone()
    return None if row is None else FoundDevice(row[0], token_hash)


@transaction.atomic
def record_from_device(*, found: FoundDevice, readings: Sequence[Reading]) -> Recorded:
    """Store what a device sent, each reading with whom it was measured on. Needs the clinic in scope.

    Refusals are those of record_observations, and `nobody-then`: nobody used the device at that time. Raises
    SurveyRefused (revoked) when the token has ended meanwhile.
    """
    device = Device.objects.filter(token_hash=found.token_hash, revoked_at__isnull=True).first()
    if device is None:
        raise SurveyRefused("revoked", _("This device is not known here."))
    _note_use(device)
    wears = list(device.wears.select_related("patient__clinic").order_by("-from_at"))
    total = Recorded([], 0, {})
    for patient, places in _by_patient(wears, readings).items():
        if patient is None:
            total.refused.update(dict.fromkeys(places, "nobody-then"))
            continue
        done = record_observations(
            patient=patient, readings=[readings[place] for place in places], source=device.identifier, actor=None
        )
        refused = {places[index]: code for index, code in done.refused.items()}
        total = Recorded(total.created + done.created, total.repeated + done.repeated, total.refused | refused)
    return total


def _by_patient(wears: Sequence[DeviceWear], readings: Sequence[Reading]) -> Mapping[Patient | None, list[int]]:
    """Places in the batch by whom they were measured on."""
    found: dict[Patient | None, list[int]] = {}
    for place, reading in enumerate(readings):
        at = reading.effective_at
        wearer = next((w.patient for w in wears if w.from_at <= at and (w.until_at is None or at < w.until_at)), None)
        found.setdefault(wearer, []).append(place)
    return found


def _note_use(device: Device) -> None:
    now = clock.now()
    if device.last_seen_at is None or device.last_seen_at < now - SEEN_STEP:
        Device.objects.filter(pk=device.pk).update(last_seen_at=now)


@transaction.atomic
def set_limits(*, patient: Patient, phase: str, limits: Mapping[str, int], reason: str, actor: User) -> PatientLimits:
    """A person's own limits in a phase from now on; an empty mapping: the clinic's again. Raises SurveyRefused."""
    if not set(limits) <= set(NAMES) or not all(type(value) is int for value in limits.values()):
        raise SurveyRefused("bad-limit", _("There is no such limit, or its value is no whole number."))
    if not reason.strip():
        raise SurveyRefused("no-reason", _("Say why this person's limits differ."))
    assert actor.membership is not None  # noqa: S101  (doors let nobody else in)
    row = PatientLimits.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        phase=phase,
        limits=dict(limits),
        reason=reason.strip()[:300],
        set_by=actor.membership,
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row, detail=phase)
    return row
