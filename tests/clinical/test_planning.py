"""What is due when: changes of the clocks, journeys, doses that move, holidays, and the weekly budget."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.monitoring.instruments import LIBRARY
from apps.monitoring.instruments.rhythms import DEFAULTS, PHASES, default_lines
from apps.monitoring.planning import AFTER_DOSE, SAFETY, Dose, Load, Rhythm, after_dose, dues, fit_week, weeks_of
from tests.clinical.strategies import thorough

NEW_YORK = ZoneInfo("America/New_York")
ZONES = [ZoneInfo(name) for name in (
    "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC",
    "America/St_Johns", "Africa/Casablanca",
)]  # fmt: skip
FIRST = date(2026, 1, 1)
days = st.integers(0, 800).map(lambda number: FIRST + timedelta(days=number))
EPOCH = datetime(2026, 9, 20, tzinfo=UTC)
#: Ten weeks in which the clocks change nearly everywhere: doses are close enough to end each other's forms.
moments = st.integers(0, 70 * 1440).map(lambda minutes: EPOCH + timedelta(minutes=minutes))
clocks = st.times().map(lambda at: at.replace(second=0, microsecond=0))
few = settings(thorough, max_examples=80)


@st.composite
def rhythms(draw: st.DrawFn) -> Rhythm:
    """Any rhythm of the calendar."""
    return Rhythm(
        draw(st.sampled_from(["daily", "weekly", "once"])),
        draw(days),
        draw(clocks),
        draw(st.integers(1, 24)),
        weekday=draw(st.integers(0, 6)),
        every=draw(st.integers(1, 12)),
    )


@st.composite
def doses(draw: st.DrawFn) -> list[Dose]:
    """Up to six doses at least an hour apart."""
    times = draw(st.lists(moments, max_size=6, unique=True))
    return [Dose(f"dose{number}", at) for number, at in enumerate(times)]


def after_doses(**more: object) -> Rhythm:
    settings: dict[str, object] = {"starts_on": FIRST, "offsets": AFTER_DOSE, "open_hours": 16} | more
    return Rhythm("anchored", **settings)  # type: ignore[arg-type]


# --- clocks and journeys ------------------------------------------------------------------------------


@few
@given(rhythms(), days, st.sampled_from(ZONES), st.sampled_from(ZONES))
def test_a_journey_doubles_and_drops_nothing(rhythm: Rhythm, first: date, home: ZoneInfo, away: ZoneInfo) -> None:
    last = first + timedelta(days=28)
    here, there = dues(rhythm, first, last, home), dues(rhythm, first, last, away)
    assert [due.key for due in here] == [due.key for due in there]
    assert len({due.key for due in here}) == len(here)


@few
@given(rhythms(), days, st.sampled_from(ZONES))
def test_every_form_opens_at_its_hour_and_is_open_for_a_while(rhythm: Rhythm, first: date, zone: ZoneInfo) -> None:
    for due in dues(rhythm, first, first + timedelta(days=28), zone):
        wall = due.opens_at.astimezone(zone)
        skipped = datetime.combine(date.fromisoformat(due.key), rhythm.opens_time, zone)
        exists = skipped.astimezone(UTC).astimezone(zone).time() == rhythm.opens_time
        if exists:
            assert (wall.date().isoformat(), wall.time()) == (due.key, rhythm.opens_time)
        assert due.closes_at > due.opens_at


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (date(2026, 6, 1), 24)])
def test_a_day_on_which_the_clocks_change_has_one_form_like_any_other(day: date, hours: int) -> None:
    rhythm = Rhythm("daily", FIRST, time(2, 30), 24)
    found = dues(rhythm, day - timedelta(days=1), day + timedelta(days=1), NEW_YORK)
    assert [due.key for due in found] == [(day + timedelta(days=step)).isoformat() for step in (-1, 0, 1)]
    opened = [due.opens_at.astimezone(NEW_YORK).strftime("%H:%M") for due in found]
    assert opened == ["02:30", "03:00" if hours == 23 else "02:30", "02:30"]


@few
@given(days, st.integers(0, 6), st.integers(1, 12))
def test_every_other_week_is_counted_from_the_first(start: date, weekday: int, every: int) -> None:
    rhythm = Rhythm("weekly", start, weekday=weekday, every=every)
    found = [date.fromisoformat(due.key) for due in dues(rhythm, start, start + timedelta(days=200), NEW_YORK)]
    assert found[0] - start < timedelta(days=7)
    assert {later - earlier for earlier, later in itertools.pairwise(found)} <= {timedelta(weeks=every)}
    assert all(day.weekday() == weekday for day in found)


@few
@given(rhythms(), days, st.sets(st.integers(0, 28), max_size=10))
def test_holidays_move_weekly_forms_and_rename_none(rhythm: Rhythm, first: date, off: set[int]) -> None:
    holidays = {first + timedelta(days=number) for number in off}
    last = first + timedelta(days=28)
    plain, moved = dues(rhythm, first, last, NEW_YORK), dues(rhythm, first, last, NEW_YORK, holidays=holidays)
    assert [due.key for due in plain] == [due.key for due in moved]
    for before, after in zip(plain, moved, strict=True):
        opens_on = after.opens_at.astimezone(NEW_YORK).date()
        if rhythm.rhythm == "daily":
            assert after == before
        else:
            assert opens_on not in holidays or len(holidays) > 20
            assert after.opens_at >= before.opens_at


# --- after a dose --------------------------------------------------------------------------------------


def test_forms_hang_on_the_actual_dose_at_four_hours_to_fourteen_days() -> None:
    dose = Dose("a", datetime(2026, 11, 2, 15, 10, tzinfo=UTC))
    found = dues(after_doses(), FIRST, date(2027, 1, 1), NEW_YORK, doses=[dose])
    assert [due.key for due in found] == ["a+240", "a+1440", "a+4320", "a+10080", "a+20160"]
    assert [due.opens_at - dose.at for due in found] == [
        timedelta(hours=4), timedelta(hours=24), timedelta(hours=72), timedelta(days=7), timedelta(days=14),
    ]  # fmt: skip


@few
@given(moments, st.sampled_from(ZONES), st.sampled_from([one for one in AFTER_DOSE if one >= 10080]))
def test_whole_weeks_keep_the_hour_on_the_wall(at: datetime, zone: ZoneInfo, minutes: int) -> None:
    wall, there = at.astimezone(zone), after_dose(at, minutes, zone).astimezone(zone)
    target = (wall.replace(tzinfo=None) + timedelta(minutes=minutes)).replace(tzinfo=zone)
    if target.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == target.replace(tzinfo=None):
        assert there.replace(tzinfo=None) == target.replace(tzinfo=None)


@few
@given(moments, st.sampled_from(ZONES), st.integers(1, 9 * 1440).filter(lambda minutes: minutes % 10080))
def test_hours_are_hours_whatever_the_clocks_do(at: datetime, zone: ZoneInfo, minutes: int) -> None:
    assert after_dose(at, minutes, zone) - at == timedelta(minutes=minutes)


@few
@given(doses(), st.timedeltas(timedelta(days=-20), timedelta(days=20)), st.sampled_from(ZONES), st.data())
def test_a_dose_that_moves_moves_its_forms_and_names_none_anew(
    given_doses: list[Dose], by: timedelta, zone: ZoneInfo, data: st.DataObject
) -> None:
    rhythm = after_doses(starts_on=date(2020, 1, 1))
    far = (date(2020, 1, 1), date(2030, 1, 1))
    moved = [Dose(dose.key, dose.at + by) if not number else dose for number, dose in enumerate(given_doses)]
    names = {f"{dose.key}+{minutes}" for dose in given_doses for minutes in AFTER_DOSE}
    for some in (given_doses, moved, given_doses[1:], data.draw(st.permutations(given_doses))):
        found = dues(rhythm, *far, zone, doses=some)
        assert len({due.key for due in found}) == len(found)
        assert {due.key for due in found} <= names
        assert all(later.opens_at >= earlier.closes_at for earlier, later in itertools.pairwise(found))
        by_key = {dose.key: dose.at for dose in some}
        for due in found:
            later_doses = [at for at in by_key.values() if at > by_key[due.key.split("+")[0]]]
            assert not later_doses or due.opens_at < min(later_doses)
    assert not any(due.key.startswith("dose0+") for due in dues(rhythm, *far, zone, doses=given_doses[1:]))


def test_the_next_dose_ends_what_had_not_opened() -> None:
    monday, thursday = datetime(2026, 11, 2, 15, tzinfo=UTC), datetime(2026, 11, 5, 15, tzinfo=UTC)
    found = dues(after_doses(), FIRST, date(2027, 1, 1), NEW_YORK, doses=[Dose("b", thursday), Dose("a", monday)])
    assert [due.key for due in found] == ["a+240", "a+1440", "b+240", "b+1440", "b+4320", "b+10080", "b+20160"]


# --- the weekly budget ---------------------------------------------------------------------------------

MONDAY = date(2026, 11, 23)


def load(key: str, day: int = 0, *, fixed: bool = False, items: int | None = None, name: str = "") -> Load:
    at = datetime(2026, 11, 23, 13, tzinfo=UTC) + timedelta(days=day)
    questions = len(LIBRARY[key].items) if items is None else items
    return Load(name or f"{key}@{day}", key, questions, at, MONDAY + timedelta(days=day), fixed)


loads = st.lists(
    st.builds(
        load,
        st.sampled_from(sorted(LIBRARY)),
        st.integers(0, 6),
        fixed=st.booleans(),
        items=st.integers(1, 20),
        name=st.uuids().map(str),
    ),
    max_size=25,
)


@few
@given(loads, st.integers(10, 200))
def test_a_week_keeps_its_budget_or_holds_only_what_cannot_go(week: list[Load], budget: int) -> None:
    found = fit_week(week, budget)
    kept = [one for one in week if one.name not in found.dropped]
    assert found.items == sum(one.items for one in kept)
    assert found.items <= budget or all(one.fixed or one.key in SAFETY for one in kept)
    gone = [one for one in week if found.dropped.get(one.name) == "budget"]
    assert not any(one.fixed or one.key in SAFETY for one in gone)
    assert all(found.items + one.items > budget for one in gone)
    assert not any(one.fixed for one in week if one.name in found.dropped)
    assert fit_week(list(reversed(week)), budget).dropped == found.dropped


@few
@given(loads, st.integers(10, 200))
def test_nothing_is_asked_twice_on_a_day_by_a_form_that_could_be_left_out(week: list[Load], budget: int) -> None:
    found = fit_week(week, budget)
    kept = [(one.key, one.day) for one in week if one.name not in found.dropped and not one.fixed]
    assert len(set(kept)) == len(kept)


def test_the_least_important_goes_first_and_it_is_said() -> None:
    week = [
        load("phq-9"),
        load("gad-7"),
        load("who-5"),
        load("oci-r"),
        load("phq-2"),
        *(load("check-in", d, items=4) for d in range(7)),
    ]
    found = fit_week(week, 50)
    assert found.dropped == {"phq-2@0": "merged", "oci-r@0": "budget"}
    assert found.items == 9 + 7 + 5 + 28
    assert set(fit_week(week, 40).dropped) == {"phq-2@0", "oci-r@0", "who-5@0", "gad-7@0"}


def test_weeks_begin_on_monday() -> None:
    assert sorted(weeks_of([load("gad-7", 6), load("gad-7", 7)])) == [MONDAY, MONDAY + timedelta(days=7)]


# --- the defaults ----------------------------------------------------------------------------------------


def test_every_instrument_has_a_default_schedule() -> None:
    # The screener's later version comes in place of the first once that was answered, never by itself.
    assert {line.key for line in DEFAULTS} == set(LIBRARY) - {"c-ssrs-since"}
    assert all(line.staff for line in DEFAULTS if line.rhythm == "staff")
    assert {line.phase for line in DEFAULTS} == set(PHASES)


@pytest.mark.parametrize("phase", sorted(PHASES))
def test_a_phase_names_each_instrument_once_and_never_the_phq_2_alone(phase: str) -> None:
    keys = [line.key for line in default_lines(phase)]
    assert len(set(keys)) == len(keys)
    assert "phq-9" in keys
    assert "c-ssrs" in keys


def test_what_can_demand_a_human_is_never_left_out() -> None:
    assert {key for key, one in LIBRARY.items() if one.safety} <= SAFETY
