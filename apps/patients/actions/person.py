"""What happens to a person's record: registered, reachable, consented, noted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.invitations import invite
from apps.accounts.models import Clinic, ContactPoint, Membership, User
from apps.accounts.permissions import Role
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.patients.models import (
    AllergyIntolerance,
    Consent,
    EmergencyContact,
    Patient,
    SafetyNote,
    SafetyPlan,
    Whereabouts,
)

PLAN_STEPS = (
    "warning_signs",
    "alone",
    "people_and_places",
    "ask_for_help",
    "professionals",
    "safer_surroundings",
)
CONTACTS_AT_MOST = 6
CONTACT_PERSON_FIELDS = ("name", "relation", "phone", "may_be_told", "note")
#: What staff may change on a record, besides the care team.
CONTACT_FIELDS = ("phone", "address", "emergency_number", "time_zone", "pronouns", "allergies", "diagnosis")


@dataclass(frozen=True, slots=True)
class NewPatient:
    """What is asked when somebody is registered. number: the clinic's own; sex: female, male, other, unknown."""

    email: str
    given_name: str
    family_name: str
    birth_on: date
    number: str
    sex: str = "unknown"
    time_zone: str = ""
    phone: str = ""


@transaction.atomic
def register(*, clinic: Clinic, new: NewPatient, treating: Membership | None, actor: User) -> Patient:
    """Register a person and invite them to the portal. Raises ValidationError for a number that is taken."""
    if Patient.objects.filter(clinic=clinic, number=new.number).exists():
        raise ValidationError({"number": _("Another person has this number.")})
    name = f"{new.given_name} {new.family_name}"
    invitation = invite(clinic=clinic, email=new.email, name=name, role=Role.PATIENT, actor=actor)
    user = invitation.membership.user
    try:
        with transaction.atomic():
            patient = Patient.objects.create(
                clinic=clinic,
                user=user,
                number=new.number,
                given_name=new.given_name,
                family_name=new.family_name,
                birth_on=new.birth_on,
                sex=new.sex,
                time_zone=check_zone(new.time_zone or clinic.time_zone),
                phone=new.phone,
                treating=treating,
                synthetic=clinic.synthetic,
            )
    except IntegrityError:
        raise ValidationError({"email": _("This person is registered in your clinic already.")}) from None
    _offer_contact_points(patient, user)
    _changed(patient, actor, "registered", Action.CREATE)
    return patient


def _offer_contact_points(patient: Patient, user: User) -> None:
    ContactPoint.objects.get_or_create(
        clinic_id=patient.clinic_id, user=user, channel="email", address=user.email, defaults={"rank": 2}
    )
    if patient.phone:
        ContactPoint.objects.get_or_create(
            clinic_id=patient.clinic_id, user=user, channel="sms", address=patient.phone, defaults={"rank": 1}
        )


@transaction.atomic
def update_record(*, patient: Patient, actor: User, **changes: Any) -> Patient:
    """Change contacts and facts of the record (CONTACT_FIELDS, treating). Raises ValidationError."""
    unknown = set(changes) - {*CONTACT_FIELDS, "treating"}
    if unknown:
        raise ValidationError(_("This cannot be changed here."))
    if "time_zone" in changes:
        check_zone(changes["time_zone"])
    changed = [name for name, value in changes.items() if getattr(patient, name) != value]
    if "allergies" in changed and AllergyIntolerance.objects.filter(patient=patient).exists():
        raise ValidationError({"allergies": _("Allergies are a list of this person's: change them there.")})
    for name in changed:
        setattr(patient, name, changes[name])
    if changed:
        patient.save(update_fields=changed)
        _changed(patient, actor, ",".join(sorted(changed)))
    return patient


@transaction.atomic
def set_reachability(
    *,
    patient: Patient,
    actor: User | None,
    time_zone: str | None = None,
    quiet_from: time | None = None,
    quiet_until: time | None = None,
    reminders_off: bool | None = None,
    links_off: bool | None = None,
) -> Patient:
    """When and how the person may be reached; None leaves a thing as it is. Raises ValidationError for a zone."""
    changes: dict[str, Any] = {
        "time_zone": None if time_zone is None else check_zone(time_zone),
        "quiet_from": quiet_from,
        "quiet_until": quiet_until,
    }
    changes = {name: value for name, value in changes.items() if value is not None}
    for name, off in (("reminders_off_at", reminders_off), ("links_off_at", links_off)):
        if off is not None:
            changes[name] = (getattr(patient, name) or clock.now()) if off else None
    changed = [name for name, value in changes.items() if getattr(patient, name) != value]
    for name in changed:
        setattr(patient, name, changes[name])
    if changed:
        patient.save(update_fields=changed)
        _changed(patient, actor, ",".join(sorted(changed)))
    return patient


@transaction.atomic
def set_channel(*, point: ContactPoint, wanted: bool, patient: Patient, actor: User) -> ContactPoint:
    """Reminders over this channel, or none."""
    point.opted_out_at = None if wanted else (point.opted_out_at or clock.now())
    point.save(update_fields=["opted_out_at"])
    _changed(patient, actor, f"{point.channel}-{'on' if wanted else 'off'}")
    return point


@transaction.atomic
def give_consent(
    *, patient: Patient, scope: str, version: str, text: str, actor: User | None, auth_level: str
) -> Consent:
    """Note that the person read this text and went on. The same again is the same consent."""
    consent, made = Consent.objects.get_or_create(
        clinic_id=patient.clinic_id,
        patient=patient,
        scope=scope,
        version=version,
        status="active",
        defaults={"text_hash": hashlib.sha256(text.encode()).hexdigest(), "auth_level": auth_level},
    )
    if made:
        audit.record(action=Action.CREATE, actor_id=actor.pk if actor else None, obj=consent, detail=scope)
    return consent


@transaction.atomic
def tell_whereabouts(
    *, patient: Patient, place: str, company: str, call_back: str, asked_in: str, actor: User | None
) -> Whereabouts:
    """Where the person says they are, with whom, and how to call them back; each answer is a row."""
    row = Whereabouts.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        place=place,
        company=company,
        call_back=call_back,
        asked_in=asked_in,
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk if actor else None, obj=row)
    return row


@transaction.atomic
def save_contact(
    *, patient: Patient, actor: User, contact: EmergencyContact | None = None, **fields: Any
) -> EmergencyContact:
    """Write down somebody near the person, or change who is there (CONTACT_PERSON_FIELDS). Raises ValidationError."""
    if set(fields) - set(CONTACT_PERSON_FIELDS):
        raise ValidationError(_("This cannot be changed here."))
    if contact is None:
        if EmergencyContact.objects.filter(patient=patient).count() >= CONTACTS_AT_MOST:
            raise ValidationError(_("There are %(n)s people already. Take one off first.") % {"n": CONTACTS_AT_MOST})
        contact = EmergencyContact(clinic_id=patient.clinic_id, patient=patient)
    made = contact._state.adding
    for name, value in fields.items():
        setattr(contact, name, value)
    contact.full_clean(exclude=["clinic", "patient"])
    contact.save()
    audit.record(
        action=Action.CREATE if made else Action.UPDATE, actor_id=actor.pk, obj=contact, detail="emergency contact"
    )
    return contact


@transaction.atomic
def remove_contact(*, contact: EmergencyContact, actor: User) -> None:
    """Take somebody off the list; the audit trail keeps that they stood there."""
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=contact, detail="emergency contact removed")
    contact.delete()


@transaction.atomic
def write_safety_note(*, patient: Patient, text: str, actor: User) -> SafetyNote:
    """What bears on risk, signed by its author. Raises ValidationError for an empty one."""
    if not text.strip():
        raise ValidationError(_("Write the note first."))
    row = SafetyNote.objects.create(
        clinic_id=patient.clinic_id, patient=patient, text=text.strip(), author=_membership(actor)
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row)
    return row


@transaction.atomic
def write_safety_plan(*, patient: Patient, actor: User, steps: dict[str, str]) -> SafetyPlan:
    """A new version of the six steps (PLAN_STEPS), written with a clinician. Raises ValidationError."""
    if set(steps) - set(PLAN_STEPS) or not any(text.strip() for text in steps.values()):
        raise ValidationError(_("Fill in at least one step."))
    newest = SafetyPlan.objects.filter(patient=patient).order_by("-version").first()
    row = SafetyPlan.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        version=newest.version + 1 if newest else 1,
        reviewed_with=_membership(actor),
        **{name: steps.get(name, "").strip() for name in PLAN_STEPS},
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row)
    return row


def check_zone(name: str) -> str:
    """The name of a time zone that exists. Raises ValidationError."""
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise ValidationError({"time_zone": _("This time zone is not known.")}) from None
    return name


def _membership(actor: User) -> Membership:
    if actor.membership is None:
        raise ValidationError(_("You do not work in this clinic."))
    return actor.membership


def _changed(patient: Patient, actor: User | None, detail: str, action: Action = Action.UPDATE) -> None:
    audit.record(action=action, actor_id=actor.pk if actor else None, obj=patient, detail=detail)
