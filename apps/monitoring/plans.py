"""A person's plan, as rows: forms are made 14 days ahead and follow their schedule, doses and the weekly budget.

The arithmetic is in `planning`. Planning is harmless to repeat, never renames a form, and never touches one that was
opened but to keep it open: so an edit, a journey or a dose that moves never sends anything again.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from apps.accounts.clinic_settings import setting
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.monitoring.calendar import local_day
from apps.monitoring.models import Anchor, Assignment, Holiday, ItemAnswer, LeftOut, Slot, SlotState
from apps.monitoring.planning import Dose, Due, Load, Rhythm, Week, due_on, dues, fit_week, weeks_of
from apps.monitoring.published import definition_of
from apps.notifications import actions as notifications
from apps.patients.models import Patient

DAYS_AHEAD = 14
DOSES_BACK = timedelta(days=75)  # the longest time after a dose that a schedule may name, and a little
#: Names of forms that a calendar or a dose gives; what staff or an answer opened is no plan.
PLANNED = r"^(\d{4}-\d\d-\d\d|[0-9a-f]{10}\+\d+)$"
DATED = r"^\d{4}-\d\d-\d\d$"


def local_today(patient: Patient) -> date:
    """Today in the person's calendar."""
    return local_day(clock.now(), clock.zone_of(patient.time_zone))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a plan of one person depends on besides its schedule."""

    zone: ZoneInfo
    doses: tuple[Dose, ...]
    holidays: frozenset[date]


def surroundings_of(patient: Patient) -> Surroundings:
    """The person's time zone and doses, and the clinic's holidays. Needs the clinic in scope."""
    now = clock.now()
    anchors = Anchor.objects.known().filter(patient=patient, kind="dose", started_at__gte=now - DOSES_BACK)
    doses = tuple(Dose(dose_key(one.pk), one.ended_at or one.started_at) for one in anchors)
    days = Holiday.objects.filter(clinic_id=patient.clinic_id, day__gte=now.date() - timedelta(days=30))
    return Surroundings(clock.zone_of(patient.time_zone), doses, frozenset(days.values_list("day", flat=True)))


def dose_key(anchor_id: object) -> str:
    """How forms name the dose that they hang on: the random end of its id."""
    return str(anchor_id).replace("-", "")[-10:]


def rhythm_of(assignment: Assignment) -> Rhythm:
    """The schedule as pure arithmetic knows it."""
    return Rhythm(
        assignment.rhythm,
        assignment.starts_on,
        assignment.opens_time,
        assignment.open_hours,
        assignment.weekday,
        assignment.every,
        tuple(assignment.offsets),
        assignment.ends_on,
        assignment.paused_until,
    )


def make_slots() -> int:
    """Make the slots of the next 14 days for every active schedule; how many are new. Harmless to repeat.

    Slots of people who changed their time zone get their moments anew, never another name.
    """
    made = 0
    people = Assignment.objects.filter(status="active").order_by("clinic_id", "patient_id")
    for clinic_id, patient_id in list(people.values_list("clinic_id", "patient_id").distinct()):
        with use_clinic(clinic_id), transaction.atomic():
            rows = Assignment.objects.filter(patient_id=patient_id, status="active").order_by("id")
            assignments = list(rows.select_related("patient__clinic"))
            made += plan_together(assignments)
            if assignments:
                retime(assignments[0].patient)
    return made


def plan_slots(assignment: Assignment) -> int:
    """Make what is missing of one schedule's slots, and bring the planned ones up to date; how many are new.

    Needs the clinic in scope.
    """
    return plan_together([assignment])


def plan_together(assignments: Sequence[Assignment]) -> int:
    """The same of several schedules of one person, whose week is weighed once."""
    planned = [one for one in assignments if one.status == "active" and one.rhythm not in ("staff", "follow-on")]
    if not planned or planned[0].patient.status != "active":
        return 0
    patient = planned[0].patient
    around = surroundings_of(patient)
    made, moved = map(sum, zip(*[_plan(assignment, around) for assignment in planned], strict=True))
    if made or moved:
        keep_budget(patient)
    return made


def _plan(assignment: Assignment, around: Surroundings) -> tuple[int, int]:
    """How many slots of one schedule are new, and how many changed."""
    now = clock.now()
    today = local_day(now, around.zone)
    rhythm = rhythm_of(assignment)
    # What hangs on a dose is looked at whole: a form that has opened may move as well.
    first, last = (date.min, date.max) if rhythm.rhythm == "anchored" else (today, today + timedelta(days=DAYS_AHEAD))
    wanted = {
        due.key: due for due in dues(rhythm, first, last, around.zone, doses=around.doses, holidays=around.holidays)
    }
    known = {slot.slot_key: slot for slot in _planned(assignment)}
    moved = _reconcile(known, wanted, around, today, now)
    horizon = now + timedelta(days=DAYS_AHEAD + 1)
    fresh = [
        _slot(assignment, due, around.zone)
        for key, due in wanted.items()
        if key not in known and due.closes_at > now and due.opens_at < horizon
    ]
    Slot.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh), moved


def _planned(assignment: Assignment) -> Iterable[Slot]:
    """The rows that a plan may still meet: those after doses that count, or from yesterday on."""
    since = clock.now() - (DOSES_BACK if assignment.rhythm == "anchored" else timedelta(days=2))
    rows = Slot.objects.filter(assignment=assignment, slot_key__regex=PLANNED, opens_at__gte=since)
    return rows.select_for_update().order_by("id")


def _slot(assignment: Assignment, due: Due, zone: ZoneInfo) -> Slot:
    return Slot(
        clinic_id=assignment.clinic_id,
        assignment=assignment,
        patient_id=assignment.patient_id,
        questionnaire_id=assignment.questionnaire_id,
        slot_key=due.key,
        opens_at=due.opens_at,
        closes_at=due.closes_at,
        time_zone=zone.key,
        next_step_at=due.opens_at,
        synthetic=assignment.synthetic,
    )


def _reconcile(
    known: Mapping[str, Slot], wanted: Mapping[str, Due], around: Surroundings, today: date, now: datetime
) -> int:
    """Bring rows that are there in line with what is wanted; how many changed."""
    changed = 0
    doses = {dose.key for dose in around.doses}
    for key, slot in known.items():
        due = wanted.get(key)
        if due is not None:
            changed += _follow(slot, due, around.zone, now)
        elif "+" in key or key >= today.isoformat():
            changed += _leave(slot, lost="+" in key and key.split("+")[0] not in doses)
    return changed


def _follow(slot: Slot, due: Due, zone: ZoneInfo, now: datetime) -> bool:
    """The moments that are wanted; a form that was left out by the plan comes back if it is still to come."""
    if slot.state == SlotState.CANCELLED and slot.left_out == LeftOut.PLAN and due.opens_at > now:
        slot.state, slot.left_out = SlotState.SCHEDULED, ""
    elif slot.state not in (SlotState.SCHEDULED, SlotState.OPEN) or _as_wanted(slot, due, zone):
        return False
    return _move(slot, due, zone)


def _as_wanted(slot: Slot, due: Due, zone: ZoneInfo) -> bool:
    if slot.state == SlotState.OPEN:  # never shorter than the person was told
        return slot.closes_at >= due.closes_at or "+" not in slot.slot_key
    return (slot.opens_at, slot.closes_at, slot.time_zone) == (due.opens_at, due.closes_at, zone.key)


def _move(slot: Slot, due: Due, zone: ZoneInfo) -> bool:
    if slot.state == SlotState.SCHEDULED:
        slot.opens_at, slot.next_step_at = due.opens_at, due.opens_at
    slot.closes_at, slot.time_zone = due.closes_at, zone.key
    if slot.state == SlotState.OPEN:
        slot.next_step_at = next_step(slot)
    slot.save(update_fields=["opens_at", "closes_at", "time_zone", "next_step_at", "state", "left_out"])
    return True


def _leave(slot: Slot, *, lost: bool) -> bool:
    """No longer wanted. A form that has opened stays, unless its dose never was and nothing was answered in it."""
    if slot.state == SlotState.SCHEDULED:
        _cancel(slot, LeftOut.PLAN)
    elif lost and slot.state == SlotState.OPEN and not ItemAnswer.objects.filter(slot=slot).exists():
        _cancel(slot, "")
    else:
        return False
    return True


def _cancel(slot: Slot, why: str) -> None:
    slot.state, slot.next_step_at, slot.left_out = SlotState.CANCELLED, None, why
    slot.save(update_fields=["state", "next_step_at", "left_out"])
    notifications.cancel(subject_kind="slot", subject_id=slot.pk)


def replan(patient: Patient) -> None:
    """After a dose was given, moved or taken back: every schedule that hangs on doses follows it."""
    rows = Assignment.objects.filter(patient=patient, status="active", rhythm="anchored")
    plan_together(list(rows.select_related("patient__clinic").order_by("id")))


def retime(patient: Patient) -> int:
    """Compute the moments of living slots anew after a change of the person's time zone; how many changed."""
    zone = clock.zone_of(patient.time_zone)
    living = Slot.objects.filter(patient=patient, state__in=[SlotState.SCHEDULED, SlotState.OPEN])
    elsewhere = living.exclude(time_zone=zone.key)
    dated = elsewhere.filter(slot_key__regex=DATED).select_related("assignment")
    moved = list(dated.select_for_update(of=("self",)).order_by("id"))
    if moved:
        holidays = surroundings_of(patient).holidays
        for slot in moved:
            _retime(slot, zone, holidays)
    if elsewhere.filter(slot_key__contains="+").exists():
        replan(patient)
    return len(moved)


def _retime(slot: Slot, zone: ZoneInfo, holidays: Collection[date]) -> None:
    there = due_on(rhythm_of(slot.assignment), date.fromisoformat(slot.slot_key), zone, holidays)
    waits_for = slot.next_step_at
    slot.opens_at, slot.closes_at, slot.time_zone = there.opens_at, there.closes_at, zone.key
    slot.next_step_at = next_step(slot, waits_for)
    slot.save(update_fields=["opens_at", "closes_at", "time_zone", "next_step_at"])


def next_step(slot: Slot, waits_for: datetime | None = None) -> datetime:
    """What a slot with new moments waits for: its opening, the reminder that the person chose, or its end."""
    if slot.state == SlotState.SCHEDULED:
        return slot.opens_at
    chosen = slot.remind_at if (waits_for or slot.next_step_at) == slot.remind_at else None
    return min(chosen, slot.closes_at) if chosen else slot.closes_at


# --- the weekly budget ------------------------------------------------------------------------------


def asked(questionnaire: object) -> int:
    """How many questions everybody is asked in that form."""
    definition = definition_of(questionnaire)
    return sum(item.required and item.enable_when is None for item in definition.items)


def keep_budget(patient: Patient) -> list[Week]:
    """Leave out what is over the weekly number of questions, and bring back what fits again. By calendar week."""
    now, zone = clock.now(), clock.zone_of(patient.time_zone)
    rows = {str(slot.pk): slot for slot in _of_the_weeks(patient, local_day(now, zone), zone)}
    budget = setting(patient.clinic, "weekly_item_budget")
    found = []
    for loads in weeks_of(_load(slot, zone) for slot in rows.values()).values():
        week = fit_week(loads, budget)
        found.append(week)
        for load in loads:
            _apply(rows[load.name], week.dropped.get(load.name, ""), now)
    return found


def _of_the_weeks(patient: Patient, today: date, zone: ZoneInfo) -> Iterable[Slot]:
    monday = today - timedelta(days=today.weekday())
    start = datetime.combine(monday, datetime.min.time(), zone)
    rows = Slot.objects.filter(patient=patient, opens_at__gte=start, slot_key__regex=PLANNED)
    living = ~Q(state=SlotState.CANCELLED) | Q(left_out__in=[LeftOut.BUDGET, LeftOut.MERGED])
    return rows.filter(living).select_related("questionnaire").select_for_update(of=("self",)).order_by("id")


def _load(slot: Slot, zone: ZoneInfo) -> Load:
    return Load(
        str(slot.pk),
        slot.questionnaire.key,
        asked(slot.questionnaire),
        slot.opens_at,
        local_day(slot.opens_at, zone),
        fixed=slot.state not in (SlotState.SCHEDULED, SlotState.CANCELLED),
    )


def _apply(slot: Slot, why: str, now: datetime) -> None:
    if why and slot.state == SlotState.SCHEDULED:
        _cancel(slot, why)
    elif slot.state == SlotState.CANCELLED and not why and slot.opens_at > now:
        slot.state, slot.next_step_at, slot.left_out = SlotState.SCHEDULED, slot.opens_at, ""
        slot.save(update_fields=["state", "next_step_at", "left_out"])
