"""Write down what a person has, must not get and takes. Nothing is changed: a correction replaces, with a reason."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from datetime import date
from functools import wraps
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Membership, User
from apps.accounts.permissions import Permission, Role
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.patients import icd10
from apps.patients.medicines import Flag, flags_of
from apps.patients.models import (
    AllergyIntolerance,
    Condition,
    HistoryKind,
    HistoryReview,
    HistoryRow,
    MedicationStatement,
    Patient,
)

F = TypeVar("F", bound=Callable[..., Any])


class HistoryRefused(Exception):
    """What was told cannot be kept: code is a short word, message is for the person. Nothing was changed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class ConditionTold:
    """code: ICD-10, any writing; display may be empty for a code that ships. status: active, remission, resolved."""

    code: str
    display: str = ""
    status: str = "active"
    onset_on: date | None = None
    abated_on: date | None = None


@dataclass(frozen=True, slots=True)
class AllergyTold:
    """criticality: low, high, unable-to-assess; status: active, resolved."""

    substance: str
    reaction: str = ""
    criticality: str = "unable-to-assess"
    status: str = "active"


@dataclass(frozen=True, slots=True)
class MedicineTold:
    """flags: what staff set by hand beside what the name says (medicines.Flag); status: active, completed."""

    name: str
    dose: str = ""
    route: str = ""
    since: date | None = None
    ended_on: date | None = None
    status: str = "active"
    flags: tuple[str, ...] = ()


Told = ConditionTold | AllergyTold | MedicineTold
MODELS: dict[Any, Any] = {
    ConditionTold: Condition,
    AllergyTold: AllergyIntolerance,
    MedicineTold: MedicationStatement,
}


def _refusals_audited(verb: F) -> F:
    """A refusal changes nothing and is written down."""

    @wraps(verb)
    def guarded(*, actor: User, **given: Any) -> Any:
        try:
            return verb(actor=actor, **given)
        except HistoryRefused as refusal:
            audit.record_refusal(actor_id=actor.pk, object_type=verb.__name__, detail=refusal.code)
            raise

    return guarded  # type: ignore[return-value]


@_refusals_audited
@transaction.atomic
def record_entry(
    *, patient: Patient, told: Told, actor: User, replaces: HistoryRow | None = None, reason: str = ""
) -> HistoryRow:
    """A new entry, or one in the place of another (reason: why). The person may tell of their own medicines.

    Raises HistoryRefused: not-allowed, code, name, time, value, reason, replaced-already.
    """
    return _record(patient, told, actor, replaces, reason)


def _record(patient: Patient, told: Told, actor: User, replaces: HistoryRow | None, reason: str) -> HistoryRow:
    member = _author(patient, told, actor)
    fields = _fields(told)
    if replaces is not None and not reason.strip():
        raise HistoryRefused("reason", _("Say why it is changed."))
    model = MODELS[type(told)]
    if replaces is not None and (type(replaces) is not model or replaces.patient_id != patient.pk):
        raise HistoryRefused("not-found", _("There is no such entry."))
    row = model(
        clinic_id=patient.clinic_id,
        patient=patient,
        replaces=replaces,
        reason=reason.strip()[:300],
        by_patient=member.role == Role.PATIENT,
        author=member,
        synthetic=patient.synthetic,
        **fields,
    )
    if isinstance(row, AllergyIntolerance):
        _carry_old_line(patient, member)
    _put(row)
    if isinstance(row, AllergyIntolerance):
        _write_banner(patient)
    action = Action.CREATE if replaces is None else Action.UPDATE
    audit.record(action=action, actor_id=actor.pk, obj=row, detail=f"{row.kind.value}:{fields['status']}")
    return row


@_refusals_audited
@transaction.atomic
def end_entry(*, entry: HistoryRow, status: str, actor: User, reason: str = "", on: date | None = None) -> HistoryRow:
    """The same with another status: over, in remission, or entered in error (staff only). Raises as record_entry."""
    model: Any = type(entry)
    fresh: HistoryRow = model.objects.select_related("patient").get(pk=entry.pk)
    told = told_of(fresh)
    if status == "entered-in-error" and not actor.may(Permission.WRITE_OBSERVATIONS):
        raise HistoryRefused("not-allowed", _("This is for staff of the clinic."))
    changes: dict[str, Any] = {"status": status}
    if isinstance(told, MedicineTold) and status == "completed":
        changes["ended_on"] = on or clock.now().date()
    if isinstance(told, ConditionTold) and status == "resolved":
        changes["abated_on"] = on
    changed = type(told)(**{**asdict(told), **changes})
    return _record(fresh.patient, changed, actor, fresh, reason or status)


@_refusals_audited
@transaction.atomic
def review_history(*, patient: Patient, kind: str, actor: User, seen: Collection[str] | None = None) -> HistoryReview:
    """Staff went through the list with the person: it is all there is. What the person told counts as checked then.

    seen: ids of what was on the page; what the person told after that was read by nobody, and is not checked by it.
    Raises HistoryRefused: not-allowed, kind, changed.
    """
    member = _staff(actor)
    if kind not in HistoryKind.values:
        raise HistoryRefused("kind", _("There is no such list."))
    for model in MODELS.values():
        if model.kind == kind:
            told = list(model._default_manager.standing().filter(patient=patient, by_patient=True))
            if seen is not None and not {str(row.pk) for row in told} <= set(seen):
                raise HistoryRefused("changed", _("The person told of something meanwhile. Please look again."))
            for row in told:
                _record(patient, told_of(row), actor, row, "checked")
    if kind == HistoryKind.ALLERGIES:
        _carry_old_line(patient, member)
        _write_banner(patient)
    review = HistoryReview.objects.create(clinic_id=patient.clinic_id, patient=patient, kind=kind, author=member)
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=review, detail=kind)
    return review


def told_of(row: HistoryRow) -> Told:
    """An entry as it was told."""
    kind: Any = next(told for told, model in MODELS.items() if isinstance(row, model))
    values = {name: getattr(row, name) for name in kind.__dataclass_fields__}
    if "flags" in values:
        values["flags"] = tuple(values["flags"])
    told: Told = kind(**values)
    return told


def _staff(actor: User) -> Membership:
    if actor.membership is None or not actor.may(Permission.WRITE_OBSERVATIONS):
        raise HistoryRefused("not-allowed", _("This is for staff of the clinic."))
    return actor.membership


def _author(patient: Patient, told: Told, actor: User) -> Membership:
    member = actor.membership
    if member is not None and member.role == Role.PATIENT:
        if patient.user_id != actor.pk or not isinstance(told, MedicineTold):
            raise HistoryRefused("not-allowed", _("Tell your clinic: they write this down."))
        return member
    return _staff(actor)


def _fields(told: Told) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: " ".join(value.split()) if isinstance(value, str) else value for name, value in asdict(told).items()
    }
    today = clock.now().date()
    for name in ("onset_on", "abated_on", "since", "ended_on"):
        if found.get(name) and (found[name].year < 1900 or (found[name] - today).days > 1):
            raise HistoryRefused("time", _("This day cannot be."))
    if isinstance(told, ConditionTold):
        _name_condition(found)
    if isinstance(told, MedicineTold):
        if unknown := set(told.flags) - set(Flag):
            raise HistoryRefused("value", _("Unknown: %(what)s.") % {"what": ", ".join(sorted(unknown))})
        named = {*flags_of(found["name"]), *told.flags}
        found["flags"] = [flag.value for flag in Flag if flag in named]
    return found


def _name_condition(found: dict[str, Any]) -> None:
    try:
        found["code"] = icd10.normal(found["code"])
    except ValueError:
        raise HistoryRefused("code", _("An ICD-10 code looks like F33.2.")) from None
    found["display"] = found["display"] or icd10.SHIPPED.get(found["code"], "")
    if not found["display"]:
        raise HistoryRefused("name", _("Write what the code means."))


def _put(row: HistoryRow) -> None:
    try:
        row.full_clean(exclude=["clinic", "patient", "author", "replaces"], validate_constraints=False)
    except ValidationError as error:
        raise HistoryRefused("value", " ".join(error.messages)) from None
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if "_replaced_once" in str(error):
            raise HistoryRefused("replaced-already", _("Somebody changed this entry. Look at it again.")) from None
        raise HistoryRefused("time", _("It cannot end before it began.")) from None


def _carry_old_line(patient: Patient, member: Membership) -> None:
    """What stood on the banner before there was a list becomes its first entry: nothing that was known is lost."""
    kept = AllergyIntolerance.objects.filter(patient=patient).exists()
    reviewed = HistoryReview.objects.filter(patient=patient, kind=HistoryKind.ALLERGIES).exists()
    if kept or reviewed or not patient.allergies.strip():
        return
    AllergyIntolerance.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        substance=patient.allergies[:120],
        reaction=patient.allergies[120:280],
        reason="from the record",
        author=member,
        synthetic=patient.synthetic,
    )


def _write_banner(patient: Patient) -> None:
    """The line on every page about the person says what the list says."""
    rows = AllergyIntolerance.objects.standing().filter(patient=patient, status="active").order_by("substance")
    patient.allergies = "; ".join(str(row) for row in rows)[:300] or _("none known")
    patient.save(update_fields=["allergies"])
