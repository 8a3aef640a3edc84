"""What is due in a person's calendar, and how much of it a week may hold. Pure: no clock, no database.

Forms are named and never renamed: by their local day ("2026-11-24"), or by the dose that they hang on and the minutes
after it ("1a2b3c4d5e+1440"). Changes of the clocks, journeys and doses that move change moments, not names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.core.wall_clock import local_moment
from apps.monitoring.calendar import DAY, due_days, local_day, window

HOUR = timedelta(hours=1)
WEEK_MINUTES = 7 * 24 * 60
#: T+4 h, 24 h, 72 h, 7 d, 14 d after a dose, in minutes.
AFTER_DOSE = (240, 1440, 4320, 10080, 20160)
LONGEST_OFFSET = 60 * 24 * 60
#: Rhythms that the clinic's holidays move: the others hang on the day or on a dose.
MOVED_BY_HOLIDAYS = ("weekly", "once")
HOLIDAYS_AT_MOST = 21  # in a row


@dataclass(frozen=True, slots=True)
class Dose:
    """A dose as schedules see it. key: the end of its anchor's id; at: when it began."""

    key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a form comes. rhythm: daily, weekly (both every `every`), once, anchored (offsets: minutes after each dose)."""

    rhythm: str
    starts_on: date
    opens_time: time = time(8, 0)
    open_hours: int = 16
    weekday: int | None = None
    every: int = 1
    offsets: tuple[int, ...] = ()
    ends_on: date | None = None
    paused_until: date | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """One form that is due: its name and its moments, in UTC."""

    key: str
    opens_at: datetime
    closes_at: datetime


def dues(
    rhythm: Rhythm,
    first: date,
    last: date,
    zone: ZoneInfo,
    *,
    doses: Sequence[Dose] = (),
    holidays: Collection[date] = (),
) -> list[Due]:
    """What is due from the local day `first` to `last`, in order. doses: in any order."""
    if rhythm.rhythm == "anchored":
        found = anchored(rhythm, zone, doses)
        return [due for due in found if first <= local_day(due.opens_at, zone) <= last]
    days = due_days(
        rhythm.rhythm,
        first,
        last,
        starts_on=rhythm.starts_on,
        weekday=rhythm.weekday,
        ends_on=rhythm.ends_on,
        paused_until=rhythm.paused_until,
        every=rhythm.every,
    )
    return [due_on(rhythm, day, zone, holidays) for day in days]


def due_on(rhythm: Rhythm, day: date, zone: ZoneInfo, holidays: Collection[date] = ()) -> Due:
    """The form of that local day; on a holiday it opens on the next day that is none, under the same name."""
    opens_on = after_holidays(day, holidays) if rhythm.rhythm in MOVED_BY_HOLIDAYS else day
    opens_at, closes_at = window(opens_on, rhythm.opens_time, rhythm.open_hours, zone)
    return Due(day.isoformat(), opens_at, closes_at)


def after_holidays(day: date, holidays: Collection[date]) -> date:
    """That day, or the first one after it that is no holiday."""
    for _turn in range(HOLIDAYS_AT_MOST):
        if day not in holidays:
            return day
        day += DAY
    return day


def anchored(rhythm: Rhythm, zone: ZoneInfo, doses: Sequence[Dose]) -> list[Due]:
    """Everything that hangs on these doses. The next dose ends the forms of the one before that have not opened.

    Two of them are never open at once: the earlier closes when the later opens, and one that would be open for less
    than an hour is merged into the later one.
    """
    ordered = sorted(doses, key=lambda dose: (dose.at, dose.key))
    found: list[Due] = []
    for number, dose in enumerate(ordered):
        until = ordered[number + 1].at if number + 1 < len(ordered) else None
        found += [due for due in _after(rhythm, zone, dose) if until is None or due.opens_at < until]
    wanted = [due for due in found if _in_force(rhythm, local_day(due.opens_at, zone))]
    return _apart(sorted(wanted, key=lambda due: (due.opens_at, due.key)))


def after_dose(moment: datetime, minutes: int, zone: ZoneInfo) -> datetime:
    """So long after a dose. Hours are hours; whole weeks are read from the wall, so that summer time keeps the hour."""
    if minutes % WEEK_MINUTES:
        return moment + timedelta(minutes=minutes)
    wall = moment.astimezone(zone).replace(tzinfo=None)
    return local_moment(wall + timedelta(minutes=minutes), zone)


def _after(rhythm: Rhythm, zone: ZoneInfo, dose: Dose) -> list[Due]:
    opens = {minutes: after_dose(dose.at, minutes, zone) for minutes in rhythm.offsets}
    return [
        Due(f"{dose.key}+{minutes}", opens_at, opens_at + rhythm.open_hours * HOUR)
        for minutes, opens_at in opens.items()
    ]


def _in_force(rhythm: Rhythm, day: date) -> bool:
    begins = max(one for one in (rhythm.starts_on, rhythm.paused_until) if one is not None)
    return begins <= day and (rhythm.ends_on is None or day <= rhythm.ends_on)


def _apart(ordered: Sequence[Due]) -> list[Due]:
    found: list[Due] = []
    for due in ordered:
        if found and found[-1].closes_at > due.opens_at:
            found[-1] = replace(found[-1], closes_at=due.opens_at)
            if found[-1].closes_at - found[-1].opens_at < HOUR:
                found.pop()
        found.append(due)
    return found


# --- the weekly burden ------------------------------------------------------------------------------

#: What may never be left out: an answer or a score of these can demand a human.
SAFETY = frozenset(
    {"phq-9", "qids-sr16", "c-ssrs", "c-ssrs-since", "madrs", "check-in", "misuse", "asrm", "icsi-icpi", "moaa-s"}
)
#: Of the others, most important first; what is not named comes last.
IMPORTANCE = ("gad-7", "who-5", "peg", "nrs-pain", "pcl-5", "isi", "pdq-5", "oci-r", "audit-c", "dast-10", "phq-2")
#: A short form whose questions stand in a longer one.
CONTAINED_IN = {"phq-2": "phq-9"}


@dataclass(frozen=True, slots=True)
class Load:
    """One form of a week. items: questions that everybody is asked; fixed: opened already, it cannot be left out."""

    name: str
    key: str
    items: int
    opens_at: datetime
    day: date
    fixed: bool = False


@dataclass(slots=True)
class Week:
    """What a week holds. dropped: name -> "merged" or "budget"."""

    budget: int
    items: int = 0
    dropped: dict[str, str] = field(default_factory=dict)


def fit_week(loads: Iterable[Load], budget: int) -> Week:
    """Merge doubles, then leave out the least important until the week is within its budget; safety never.

    Among equals the last of the week goes first. What was opened counts and stays; what fits after all comes back.
    """
    ordered = sorted(loads, key=lambda load: (not load.fixed, load.opens_at, load.name))
    week = Week(budget, dropped=_merged(ordered))
    kept = [load for load in ordered if load.name not in week.dropped]
    week.items = sum(load.items for load in kept)
    spare = [load for load in kept if not load.fixed and load.key not in SAFETY]
    for load in sorted(spare, key=lambda load: (_rank(load.key), load.opens_at, load.name), reverse=True):
        if week.items <= budget:
            break
        week.dropped[load.name] = "budget"
        week.items -= load.items
    for load in sorted(spare, key=lambda load: (_rank(load.key), load.opens_at, load.name)):
        if load.name in week.dropped and week.items + load.items <= budget:  # a long one went, a short one fits again
            del week.dropped[load.name]
            week.items += load.items
    return week


def _rank(key: str) -> int:
    return IMPORTANCE.index(key) if key in IMPORTANCE else len(IMPORTANCE)


def _merged(ordered: Sequence[Load]) -> dict[str, str]:
    """A form that stands in a longer one of the same week, and the same form twice on a day."""
    instruments = {load.key for load in ordered}
    seen: set[tuple[str, date]] = set()
    dropped: dict[str, str] = {}
    for load in ordered:
        twice = (load.key, load.day) in seen
        contained = CONTAINED_IN.get(load.key) in instruments
        if not load.fixed and (twice or contained):
            dropped[load.name] = "merged"
        seen.add((load.key, load.day))
    return dropped


def weeks_of(loads: Iterable[Load]) -> Mapping[date, list[Load]]:
    """The forms of each calendar week, by its Monday."""
    found: dict[date, list[Load]] = {}
    for load in loads:
        found.setdefault(load.day - load.day.weekday() * DAY, []).append(load)
    return found
