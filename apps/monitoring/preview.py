"""What a person will be asked and told in the next four weeks, before anything is planned. Reads, and writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.accounts.clinic_settings import setting
from apps.core import clock
from apps.core.wall_clock import outside_quiet_hours
from apps.monitoring.calendar import local_day
from apps.monitoring.instruments import LIBRARY
from apps.monitoring.instruments.recall import overlapping
from apps.monitoring.models import Assignment, LeftOut, Questionnaire, Slot, SlotState
from apps.monitoring.planning import Due, Load, Rhythm, dues, fit_week, weeks_of
from apps.monitoring.plans import Surroundings, asked, rhythm_of, surroundings_of
from apps.monitoring.schedule import BETWEEN_MESSAGES, NUDGE_AT
from apps.patients.models import Patient

WEEKS = 4
DAY = timedelta(days=1)
#: Rows of these states are as they are: the preview shows them and changes nothing about them.
FIXED = (SlotState.OPEN, SlotState.ANSWERED, SlotState.MISSED)


@dataclass(frozen=True, slots=True)
class Planned:
    """A schedule as it would be. assignment: the row that runs it now, None for one that is only proposed."""

    questionnaire: Questionnaire
    rhythm: Rhythm
    assignment: Assignment | None = None


@dataclass(slots=True)
class Entry:
    """One form on the calendar. remind_at, nudge_at: None where nothing is sent; left_out: why, or ""; in_words of it."""

    name: str
    title: str
    key: str
    items: int
    opens_at: datetime
    closes_at: datetime
    day: date
    state: str = ""
    new: bool = False
    remind_at: datetime | None = None
    nudge_at: datetime | None = None
    left_out: str = ""
    overlapping: bool = False  # asks much the same days as the one before it

    @property
    def why(self) -> str:
        """Why it is left out, in words."""
        return str(LeftOut(self.left_out).label) if self.left_out else ""


@dataclass(slots=True)
class WeekView:
    """A calendar week. days: its seven days with their forms; items: questions asked, of budget."""

    monday: date
    items: int
    budget: int
    days: list[tuple[date, list[Entry]]] = field(default_factory=list)

    @property
    def left_out(self) -> list[Entry]:
        """What the week leaves out."""
        return [entry for _day, entries in self.days for entry in entries if entry.left_out]


def running(patient: Patient) -> list[Planned]:
    """The person's schedules as they run."""
    rows = Assignment.objects.filter(patient=patient, status="active").exclude(rhythm__in=("staff", "follow-on"))
    return [Planned(row.questionnaire, rhythm_of(row), row) for row in rows.select_related("questionnaire")]


def four_weeks(patient: Patient, schedules: Sequence[Planned]) -> list[WeekView]:
    """This week and the three after it, by the person's own calendar, with what these schedules would bring."""
    around, now = surroundings_of(patient), clock.now()
    today = local_day(now, around.zone)
    first = today - today.weekday() * DAY
    last = first + (7 * WEEKS - 1) * DAY
    entries = list(_opened(patient, first, around.zone))
    for schedule in schedules:
        entries += _coming(patient, schedule, around, (today, last), now)
    _note_overlaps(entries)
    budget = setting(patient.clinic, "weekly_item_budget")
    return [_week(entries, first + 7 * number * DAY, budget) for number in range(WEEKS)]


def _note_overlaps(entries: Sequence[Entry]) -> None:
    """Mark the forms that ask about much the same days as the one of the same sort before them."""
    for key in {entry.key for entry in entries if entry.key in LIBRARY}:
        same = {entry.name: entry for entry in entries if entry.key == key}
        moments = [(name, entry.opens_at) for name, entry in same.items()]
        for name in overlapping(moments, LIBRARY[key].recall):
            same[name].overlapping = True


def _week(entries: Sequence[Entry], monday: date, budget: int) -> WeekView:
    inside = [entry for entry in entries if monday <= entry.day < monday + 7 * DAY]
    loads = weeks_of(_load(entry) for entry in inside).get(monday, [])
    found = fit_week(loads, budget)
    for entry in inside:
        entry.left_out = found.dropped.get(entry.name, "")
    ordered = sorted(inside, key=lambda entry: (entry.opens_at, entry.title))
    days = [monday + number * DAY for number in range(7)]
    return WeekView(monday, found.items, budget, [(day, [one for one in ordered if one.day == day]) for day in days])


def _load(entry: Entry) -> Load:
    return Load(entry.name, entry.key, entry.items, entry.opens_at, entry.day, fixed=bool(entry.state))


def _opened(patient: Patient, first: date, zone: ZoneInfo) -> Iterable[Entry]:
    """Forms of this week that were opened already."""
    start = datetime.combine(first, datetime.min.time(), zone)
    rows = Slot.objects.filter(patient=patient, state__in=FIXED, opens_at__gte=start).exclude(slot_key__startswith="r-")
    for slot in rows.select_related("questionnaire"):
        yield Entry(
            str(slot.pk),
            slot.questionnaire.title,
            slot.questionnaire.key,
            asked(slot.questionnaire),
            slot.opens_at,
            slot.closes_at,
            local_day(slot.opens_at, zone),
            state=str(slot.get_state_display()),
        )


def _coming(
    patient: Patient, schedule: Planned, around: Surroundings, span: tuple[date, date], now: datetime
) -> Iterable[Entry]:
    taken = _taken(schedule.assignment)
    found = dues(schedule.rhythm, *span, around.zone, doses=around.doses, holidays=around.holidays)
    for due in found:
        if due.key in taken or due.closes_at <= now:
            continue
        remind_at, nudge_at = messages(patient, due, around.zone)
        yield Entry(
            f"{schedule.questionnaire.key} {due.key}",
            schedule.questionnaire.title,
            schedule.questionnaire.key,
            asked(schedule.questionnaire),
            due.opens_at,
            due.closes_at,
            local_day(due.opens_at, around.zone),
            new=schedule.assignment is None,
            remind_at=remind_at,
            nudge_at=nudge_at,
        )


def _taken(assignment: Assignment | None) -> set[str]:
    """Names of forms that were opened, or cancelled by hand: they do not come again."""
    if assignment is None:
        return set()
    rows = Slot.objects.filter(assignment=assignment)
    gone = rows.filter(state__in=FIXED) | rows.filter(state=SlotState.CANCELLED, left_out="")
    return set(gone.values_list("slot_key", flat=True))


def messages(patient: Patient, due: Due, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """When the reminder and the nudge about a form would go out, outside quiet hours; None for none."""
    if patient.reminders_off_at is not None:
        return None, None
    quiet = (zone, patient.quiet_from, patient.quiet_until)
    remind_at = outside_quiet_hours(due.opens_at, *quiet)
    if remind_at >= due.closes_at:
        return None, None
    nudge_at = outside_quiet_hours(due.opens_at + (due.closes_at - due.opens_at) * NUDGE_AT, *quiet)
    nudge_at = max(nudge_at, remind_at + BETWEEN_MESSAGES)
    return remind_at, nudge_at if nudge_at < due.closes_at else None
