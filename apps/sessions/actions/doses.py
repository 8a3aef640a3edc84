"""Give a dose: through the gate, inside the limits, signed by two. End it, move its time, take it back as an error."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.clinic_settings import settings_of
from apps.accounts.models import Membership, User
from apps.accounts.permissions import Permission
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock, live
from apps.monitoring.actions.anchors import move_anchor, record_anchor, void_anchor
from apps.sessions import dose_limits
from apps.sessions.actions.countersign import confirmed_by
from apps.sessions.actions.home import ask_again
from apps.sessions.actions.integration import cancel_window, open_window
from apps.sessions.actions.labs import plan_checks
from apps.sessions.actions.sitting import keep, locked, member_of, note, refusals_audited
from apps.sessions.actions.stock import put_dose_back, take_dose_from_stock
from apps.sessions.board import reread
from apps.sessions.dose_limits import DoseCheck, DoseLevel, Indication, Region, Route, Setting, dose_check
from apps.sessions.evidence import age_on, facts_of, gate_of, local_day, newest_height, standing_dose
from apps.sessions.home_watch import AT_HOME, watch_of
from apps.sessions.models import DosingSession, MedicationAdministration, SessionEventKind, TreatmentConsent
from apps.sessions.protocols import plan_of
from apps.sessions.record import clean
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.treatment.facts import pressure
from apps.sessions.words import listed

#: Given in one moment; the others end by a tap.
AT_ONCE = frozenset({Route.IM, Route.SC, Route.SL, Route.ORAL})
CENT = Decimal("0.01")
REVIEW_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be given. mg, kg, minutes; started_at None: now. reason: where it is above usual."""

    dose_mg: float
    lot: str
    weight_kg: float | None = None
    duration_minutes: float | None = None
    wasted_mg: float = 0
    reason: str = ""
    started_at: datetime | None = None
    bolus_mg_per_kg: float | None = None


def judged(session: DosingSession, order: Order, at: datetime) -> DoseCheck:
    """The dose check (clinical.md 2.2) for this person and course, with the course's own tighter limits."""
    course = session.course
    region = Region.EU if settings_of(session.clinic)["label_region"] == "EU" else Region.US
    nasal = course.route == Route.INTRANASAL_ESKETAMINE.value
    found = dose_check(
        dose_limits.Dose(
            route=Route(course.route),
            dose_mg=order.dose_mg,
            age=age_on(session.patient.birth_on, local_day(session, at)),
            weight_kg=order.weight_kg,
            duration_min=order.duration_minutes,
            height_cm=newest_height(session.patient),
            region=region,
            session_number=session.number,
            indication=Indication(course.indication) if nasal else Indication.TRD,
            bolus_mg_per_kg=order.bolus_mg_per_kg,
            setting=Setting.HOME if session.place == AT_HOME else Setting.CLINIC,
        )
    )
    if plan_of(course).limits.over(order.dose_mg, found.mg_per_kg, order.duration_minutes):
        return replace(found, level=DoseLevel.HARD_STOP, reasons=(*found.reasons, "over_protocol_limit"))
    return found


@refusals_audited
def give_dose(
    *, session: DosingSession, order: Order, actor: User, second_id: UUID | None = None, pin: str = ""
) -> MedicationAdministration:
    """Record that the dose begins now, or a few minutes ago.

    second_id, pin: the second person's membership and PIN; not needed where the clinic works solo. Raises
    TreatmentRefused: not-allowed, over, gate (with all that is missing), hard-stop, reason, lot, future, backdated,
    waste, dosed-already, and those of confirmed_by.
    """
    member = member_of(actor, Permission.GIVE_DOSES)
    solo = settings_of(session.clinic)["solo_dosing"] and second_id is None
    second = None if solo else confirmed_by(member_id=second_id, pin=pin, clinic=session.clinic, actor=actor)
    return _give(session, order, actor, member, second)


@transaction.atomic
def _give(
    session: DosingSession, order: Order, actor: User, member: Membership, second: Membership | None
) -> MedicationAdministration:
    session = locked(session, actor)
    at = clock.now()
    if standing_dose(session) is not None:
        raise TreatmentRefused("dosed-already", _("A dose is recorded in this session already."))
    started_at = _started(session, order, at)
    list(TreatmentConsent.objects.select_for_update().filter(patient=session.patient, status="active"))
    stands = gate_of(session, at)
    if not stands.is_open:
        codes = tuple(item.code for item in stands.blocking)
        raise TreatmentRefused("gate", _("No dose now. %(what)s.") % {"what": listed(codes)}, codes)
    check = judged(session, order, at)
    _refuse_limits(order, check)
    label = label_of(session, order, check)
    dose = _row(session, order, check, started_at, member, second)
    dose.gate = [item.code for item in stands.items]
    dose.anchor = record_anchor(
        patient=session.patient,
        kind="dose",
        label=label[:80],
        started_at=started_at,
        ended_at=dose.ended_at,
        actor=actor,
        synthetic=session.synthetic,
    )
    _put(dose)
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=dose, detail=check.level.value)
    _write_history(session, dose, member, label)
    session.dose_label, session.dose_started_at, session.dose_ended_at = label[:80], started_at, dose.ended_at
    if (watch := watch_of(session, lock=True)) is not None:
        ask_again(session, watch, started_at)
    reread(session)
    keep(session, actor, "dose")
    plan_checks(session.patient)
    open_window(dose)
    take_dose_from_stock(dose, member, second)
    live.wake_pump()
    return dose


def _started(session: DosingSession, order: Order, at: datetime) -> datetime:
    started_at = order.started_at or at
    if started_at > at:
        raise TreatmentRefused("future", _("A dose cannot begin in the future."))
    earliest = at - timedelta(minutes=settings_of(session.clinic)["dose_backdate_minutes"])
    if started_at < max(earliest, session.opened_at):
        raise TreatmentRefused("backdated", _("That is too long ago. A dose is entered when it is given."))
    return started_at


def _refuse_limits(order: Order, check: DoseCheck) -> None:
    if check.level is DoseLevel.HARD_STOP:
        what = listed(check.reasons)
        raise TreatmentRefused("hard-stop", _("This dose cannot be given. %(what)s.") % {"what": what}, check.reasons)
    if check.level is DoseLevel.ABOVE_USUAL and not clean(order.reason):
        raise TreatmentRefused("reason", _("Above usual, say why. %(what)s.") % {"what": listed(check.reasons)})
    if not clean(order.lot, 40):
        raise TreatmentRefused("lot", _("Write down the lot number."))
    if not (math.isfinite(order.wasted_mg) and 0 <= order.wasted_mg <= 5000):
        raise TreatmentRefused("waste", _("What was wasted is an amount in mg, 0 or more."))


def label_of(session: DosingSession, order: Order, check: DoseCheck) -> str:
    """As board and curve print it: IV infusion 44 mg, 0.5 mg/kg over 40 min."""
    words = f"{session.course.get_route_display()} {order.dose_mg:g} mg"
    if check.mg_per_kg is not None:
        words += f", {check.mg_per_kg:.2g} mg/kg"
    if order.duration_minutes:
        words += " " + _("over %(n)s min") % {"n": f"{order.duration_minutes:g}"}
    return words


def _row(
    session: DosingSession,
    order: Order,
    check: DoseCheck,
    started_at: datetime,
    member: Membership,
    second: Membership | None,
) -> MedicationAdministration:
    at_once = Route(session.course.route) in AT_ONCE
    fields: dict[str, Any] = {
        "route": session.course.route,
        "dose_mg": _exact(order.dose_mg, CENT),
        "weight_kg": None if order.weight_kg is None else _exact(order.weight_kg, Decimal("0.1")),
        "duration_minutes": None if order.duration_minutes is None else round(order.duration_minutes),
        "mg_per_kg": None if check.mg_per_kg is None else round(Decimal(check.mg_per_kg), 4),
        "level": check.level.value,
        "reasons": list(check.reasons),
        "reason": clean(order.reason, 300),
        "lot": clean(order.lot, 40),
        "wasted_mg": _exact(order.wasted_mg, CENT),
    }
    return MedicationAdministration(
        clinic_id=session.clinic_id,
        session=session,
        patient=session.patient,
        started_at=started_at,
        ended_at=started_at if at_once else None,
        status="completed" if at_once else "in-progress",
        given_by=member,
        checked_by=second,
        solo=second is None,
        next_step_at=started_at + clock.scaled(REVIEW_AFTER) if second is None else None,
        synthetic=session.synthetic,
        **fields,
    )


def _exact(value: float, places: Decimal) -> Decimal:
    """Never rounded: 12.345 mg is refused, not given as 12.35."""
    exact = Decimal(str(value))
    if exact != exact.quantize(places):
        raise TreatmentRefused("too-exact", _("Too many decimals: %(value)s.") % {"value": value})
    return exact.quantize(places)


def _put(dose: MedicationAdministration) -> None:
    try:
        with transaction.atomic():
            dose.save(force_insert=True)
    except IntegrityError as error:
        if "one_dose_a_session" in str(error):
            raise TreatmentRefused("dosed-already", _("A dose is recorded in this session already.")) from None
        raise


def _write_history(session: DosingSession, dose: MedicationAdministration, member: Membership, label: str) -> None:
    note(session, SessionEventKind.DOSE_STARTED, member, at=dose.started_at, text=label)
    if dose.route == Route.INTRANASAL_ESKETAMINE.value:
        note(session, SessionEventKind.DEVICE, member, at=dose.started_at, text="1")
        if devices_of(dose) == 1:
            _end(session, dose, dose.started_at, None)
    elif dose.ended_at is not None:
        note(session, SessionEventKind.DOSE_ENDED, member, at=dose.ended_at)


def devices_of(dose: MedicationAdministration) -> int:
    """How many devices the dose is (28 mg each)."""
    return round(float(dose.dose_mg) / 28)


def devices_given(dose: MedicationAdministration) -> int:
    """How many of them are recorded; those of a dose entered in error before it don't count (ids sort by time)."""
    return dose.session.events.filter(kind=SessionEventKind.DEVICE, pk__gt=dose.pk).count()


@refusals_audited
@transaction.atomic
def give_device(*, session: DosingSession, actor: User, at: datetime | None = None) -> MedicationAdministration:
    """The next device of the nasal spray; the last one ends the dose. Raises TreatmentRefused no-dose, over."""
    member = member_of(actor, Permission.GIVE_DOSES)
    session = locked(session, actor)
    dose = _running(session)
    moment = _moment(dose, at)
    number = devices_given(dose) + 1
    note(session, SessionEventKind.DEVICE, member, at=moment, text=str(number))
    if number >= devices_of(dose):
        _end(session, dose, moment, None)
        move_anchor(anchor=dose.anchor, started_at=dose.started_at, ended_at=moment, actor=actor)
        open_window(dose)
    keep(session, actor, f"device {number}")
    return dose


@refusals_audited
@transaction.atomic
def end_dose(
    *, session: DosingSession, actor: User, at: datetime | None = None, given_mg: float | None = None
) -> MedicationAdministration:
    """The infusion has run in, or was stopped: given_mg says how much of it was given then."""
    member = member_of(actor, Permission.GIVE_DOSES)
    session = locked(session, actor)
    dose = _running(session)
    moment = _moment(dose, at)
    if given_mg is not None and not (math.isfinite(given_mg) and 0 <= given_mg <= float(dose.dose_mg)):
        raise TreatmentRefused("amount", _("What was given is part of the dose."))
    text = "" if given_mg is None else _("stopped, %(mg)s mg given") % {"mg": f"{given_mg:g}"}
    note(session, SessionEventKind.DOSE_ENDED, member, at=moment, text=text)
    _end(session, dose, moment, given_mg)
    move_anchor(anchor=dose.anchor, started_at=dose.started_at, ended_at=moment, actor=actor)
    open_window(dose)
    keep(session, actor, "dose-ended")
    return dose


def _running(session: DosingSession) -> MedicationAdministration:
    dose = standing_dose(session)
    if dose is None or dose.ended_at is not None:
        raise TreatmentRefused("no-dose", _("No dose is being given."))
    return dose


def _moment(dose: MedicationAdministration, at: datetime | None) -> datetime:
    now = clock.now()
    moment = at or now
    if moment > now:
        raise TreatmentRefused("future", _("That lies in the future."))
    if moment < dose.started_at:
        raise TreatmentRefused("before-dose", _("That is before the dose began."))
    return moment


def _end(session: DosingSession, dose: MedicationAdministration, at: datetime, given_mg: float | None) -> None:
    dose.ended_at, dose.status = at, "completed"
    dose.given_mg = None if given_mg is None else _exact(given_mg, CENT)
    dose.save(update_fields=["ended_at", "status", "given_mg"])
    session.dose_ended_at = at
    reread(session)


@refusals_audited
@transaction.atomic
def move_dose(
    *, session: DosingSession, started_at: datetime, reason: str, actor: User, ended_at: datetime | None = None
) -> MedicationAdministration:
    """The dose began (and ended) at another time than was written. Its surveys and curve move with it."""
    member = member_of(actor, Permission.GIVE_DOSES)
    session = locked(session, actor, must_be_open=False)
    dose = standing_dose(session)
    if dose is None:
        raise TreatmentRefused("no-dose", _("There is no dose to move."))
    if not clean(reason):
        raise TreatmentRefused("reason", _("Say why."))
    until = session.finished_at or clock.now()
    end = ended_at or (dose.ended_at and dose.ended_at + (started_at - dose.started_at))
    if not session.opened_at <= started_at <= until or (end is not None and not started_at <= end <= until):
        raise TreatmentRefused("time", _("The dose lies within its session, and not in the future."))
    dose.started_at, dose.ended_at = started_at, end
    dose.save(update_fields=["started_at", "ended_at"])
    move_anchor(anchor=dose.anchor, started_at=started_at, ended_at=end, actor=actor)
    open_window(dose)
    note(session, SessionEventKind.DOSE_MOVED, member, text=clean(reason, 300))
    session.dose_started_at, session.dose_ended_at = started_at, end
    reread(session)
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=dose, detail="moved")
    keep(session, actor, "dose-moved")
    plan_checks(session.patient)
    return dose


@refusals_audited
@transaction.atomic
def void_dose(*, session: DosingSession, reason: str, actor: User) -> MedicationAdministration:
    """It was not given, or not so: the row stays, marked; the right one is entered anew (its surveys with it)."""
    member = member_of(actor, Permission.GIVE_DOSES)
    session = locked(session, actor, must_be_open=False)
    dose = standing_dose(session)
    if dose is None:
        raise TreatmentRefused("no-dose", _("There is no dose."))
    if not clean(reason):
        raise TreatmentRefused("reason", _("Say why."))
    dose.status, dose.status_reason, dose.next_step_at = "entered-in-error", clean(reason, 300), None
    dose.save(update_fields=["status", "status_reason", "next_step_at"])
    void_anchor(anchor=dose.anchor, actor=actor)
    put_dose_back(dose, member, reason)
    cancel_window(dose)
    note(session, SessionEventKind.DOSE_VOIDED, member, text=clean(reason, 300))
    session.dose_label, session.dose_started_at, session.dose_ended_at = "", None, None
    reread(session)
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=dose, detail="entered-in-error")
    keep(session, actor, "dose-voided")
    plan_checks(session.patient)
    return dose


@refusals_audited
@transaction.atomic
def review_dose(*, dose: MedicationAdministration, actor: User) -> MedicationAdministration:
    """A dose that one person gave alone, looked through by another."""
    member = member_of(actor, Permission.GIVE_DOSES)
    dose = MedicationAdministration.objects.select_for_update().get(pk=dose.pk)
    if not dose.solo or dose.reviewed_by_id is not None:
        raise TreatmentRefused("nothing", _("There is nothing to review."))
    if dose.given_by_id == member.pk:
        raise TreatmentRefused("same-person", _("Somebody else reviews it."))
    dose.reviewed_by, dose.reviewed_at, dose.next_step_at = member, clock.now(), None
    dose.save(update_fields=["reviewed_by", "reviewed_at", "next_step_at"])
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=dose, detail="reviewed")
    return dose


def pressure_before(session: DosingSession) -> tuple[int, int] | None:
    """The pressure that a rise is counted from: the newest before the dose."""
    if session.dose_started_at is None:
        return None
    return pressure([fact for fact in facts_of(session) if fact.at <= session.dose_started_at])
