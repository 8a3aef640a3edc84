"""Enter, receive and take back a laboratory result; keep the plan of long-term checks; tell of what is overdue."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.actions import raise_alert
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock, live
from apps.patients.models import Patient
from apps.sessions.actions.sitting import member_of, refusals_audited
from apps.sessions.exposure import day_of, standing_of
from apps.sessions.models import LabCode, LabFinding, LabResult, SafetyCheck
from apps.sessions.record import clean
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.words import word

ENZYMES = (LabCode.ALT, LabCode.AST)
OLDEST = timedelta(days=3650)
TOLD_AT = time(9)  # of the clinic's day


@dataclass(frozen=True, slots=True)
class Lab:
    """One result as it was written or sent. value with its unit and upper limit of normal, or a finding in a word."""

    code: str
    taken_on: date
    value: Decimal | None = None
    unit: str = ""
    upper_limit: Decimal | None = None
    finding: str = ""
    laboratory: str = ""
    note: str = ""
    external_id: str = ""


@refusals_audited
@transaction.atomic
def record_lab(*, patient: Patient, lab: Lab, actor: User, source: str = "desk") -> LabResult:
    """Keep it, judge it, plan the next one. The same external_id again is the same row.

    Raises TreatmentRefused: not-allowed, future, nothing, enzyme (a value and its upper limit are needed), number.
    """
    member = member_of(actor, Permission.WRITE_OBSERVATIONS)
    _check(patient, lab)
    if lab.external_id:
        known = LabResult.objects.filter(clinic_id=patient.clinic_id, external_id=clean(lab.external_id, 80)).first()
        if known is not None:
            return _the_same(known, patient, lab)
    given = {field.name: getattr(lab, field.name) for field in fields(lab)}
    for name, limit in {"unit": 12, "laboratory": 120, "note": 300, "external_id": 80}.items():
        given[name] = clean(given[name], limit)
    row = LabResult.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        author=member,
        source=source,
        synthetic=patient.synthetic,
        **given,
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row, detail=row.code)
    _judge(row)
    plan_checks(patient)
    return row


def _check(patient: Patient, lab: Lab) -> None:
    today = day_of(patient.clinic, clock.now())
    if not today - OLDEST <= lab.taken_on <= today:
        raise TreatmentRefused("future", _("A result was taken today or before."))
    if lab.code not in LabCode.values or (lab.finding and lab.finding not in LabFinding.values):
        raise TreatmentRefused("nothing", _("Choose what was measured."))
    if lab.code in ENZYMES and (lab.value is None or lab.upper_limit is None):
        raise TreatmentRefused("enzyme", _("ALT and AST need the value and the laboratory's upper limit."))
    if lab.value is None and not lab.finding:
        raise TreatmentRefused("nothing", _("Write the value, or what was found."))
    for number in (lab.value, lab.upper_limit):
        if number is not None and not (number.is_finite() and 0 <= number <= 100_000):
            raise TreatmentRefused("number", _("This is no number that a laboratory gives."))
    if lab.upper_limit is not None and lab.upper_limit <= 0:
        raise TreatmentRefused("number", _("The upper limit of normal is more than 0."))


def _the_same(known: LabResult, patient: Patient, lab: Lab) -> LabResult:
    """A laboratory that corrects a result under its old number is told so: a correction is never taken for a repeat."""
    same = (known.code, known.taken_on, known.value, known.upper_limit, known.finding) == (
        lab.code,
        lab.taken_on,
        lab.value,
        lab.upper_limit,
        lab.finding,
    )
    if known.patient_id != patient.pk or not same:
        raise TreatmentRefused("number", _("This number belongs to another result."))
    return known


def _judge(row: LabResult) -> None:
    """What a result says by itself: somebody is told the same day (P2)."""
    title, cause = "", ""
    if row.code in ENZYMES and "liver_enzymes_over_3x" in standing_of(row.patient, clock.now()).against:
        title, cause = word("liver_enzymes_over_3x"), "liver-enzymes"
    if row.code == LabCode.HCG and row.finding == LabFinding.POSITIVE:
        title, cause = word("pregnancy_test_positive"), "pregnancy"
    if title:
        raise_alert(
            patient=row.patient,
            cause=cause,
            level="P2",
            title=title,
            source_kind="lab-result",
            source_id=row.pk,
            rule_code=cause,
            synthetic=row.synthetic,
        )


@refusals_audited
@transaction.atomic
def void_lab(*, result: LabResult, reason: str, actor: User) -> LabResult:
    """It was another person's, or mistyped: the row stays, marked. Raises TreatmentRefused: reason, nothing."""
    member_of(actor, Permission.WRITE_OBSERVATIONS)
    row = LabResult.objects.select_for_update(of=("self",)).select_related("patient__clinic").get(pk=result.pk)
    if row.status != "final":
        raise TreatmentRefused("nothing", _("It is taken back already."))
    if not clean(reason):
        raise TreatmentRefused("reason", _("Say why."))
    row.status, row.note = "entered-in-error", clean(f"{row.note} {reason}", 300)
    row.save(update_fields=["status", "note"])
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=row, detail="entered-in-error")
    plan_checks(row.patient)
    return row


def plan_checks(patient: Patient) -> None:
    """The due days anew, from doses and results; a check that moved is told of again when it becomes overdue."""
    standing = standing_of(patient, clock.now())
    if not standing.exposure.doses:
        SafetyCheck.objects.filter(patient=patient).update(next_step_at=None)
        return
    for due in standing.due:
        row, _made = SafetyCheck.objects.get_or_create(
            clinic_id=patient.clinic_id,
            patient=patient,
            kind=due.kind,
            defaults={"due_on": due.due_on, "why": due.why, "synthetic": patient.synthetic},
        )
        if _made or row.due_on != due.due_on or row.last_on != due.last_on:
            row.due_on, row.last_on, row.why = due.due_on, due.last_on, due.why
            row.next_step_at = _told_at(patient, due.overdue_from + timedelta(days=1))
            row.save()
    kinds = [due.kind for due in standing.due]
    SafetyCheck.objects.filter(patient=patient).exclude(kind__in=kinds).update(next_step_at=None)
    live.wake_pump()


def _told_at(patient: Patient, day: date) -> datetime:
    now = clock.now()
    moment = datetime.combine(day, TOLD_AT, clock.zone_of(patient.clinic.time_zone))
    return now + clock.scaled(moment - now) if moment > now else now
