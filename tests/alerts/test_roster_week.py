"""The roster's week: each shift in the cell of its day, gaps as gaps."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from apps.alerts.roster_week import week

ROTAS = {"on-call": "on call"}
ZONE = ZoneInfo("America/New_York")
FIRST = date(2026, 11, 23)


@dataclass
class Member:
    user: str


@dataclass
class Shift:
    rota: str
    starts_at: datetime
    ends_at: datetime
    membership: Member | None = None
    stands_in_for: Member | None = None


def local(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=ZONE).astimezone(UTC)


def shown(*spans: Shift, now: datetime | None = None) -> list[list[str]]:
    shifts, gaps = [one for one in spans if one.membership], [one for one in spans if not one.membership]
    _days, rows = week(first=FIRST, zone=ZONE, now=now or local(23, 12), rotas=ROTAS, shifts=shifts, gaps=gaps)
    return [[f"{cell.who or 'nobody'} {cell.hours}" for cell in cells] for _today, cells in rows[0].cells]


def test_a_night_stands_in_the_day_on_which_it_begins() -> None:
    night = Shift("on-call", local(23, 20), local(24, 8), Member("Lindqvist"))
    assert shown(night)[:2] == [["Lindqvist 20:00–08:00"], []]


def test_a_shift_of_days_stands_in_each_of_them() -> None:
    long = Shift("on-call", local(23, 8), local(26, 8), Member("Menon"))
    assert [len(cells) for cells in shown(long)] == [1, 1, 1, 0, 0, 0, 0]


def test_who_began_yesterday_and_still_holds_the_pager_stands_in_today() -> None:
    night = Shift("on-call", local(22, 20), local(23, 8), Member("Okafor"))
    assert shown(night, now=local(23, 7))[0] == ["Okafor 20:00–08:00"]
    assert shown(night, now=local(23, 9))[0] == []


def test_a_gap_names_nobody_and_its_hours() -> None:
    assert shown(Shift("on-call", local(28, 20), local(29, 8)))[5] == ["nobody 20:00–08:00"]
