"""When messages are read, from the clinic's opening hours alone: pure, also on the days on which clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.messaging.conversation import waiting_words
from apps.messaging.presence import Hours, hours_now

NEW_YORK = ZoneInfo("America/New_York")


def there(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=NEW_YORK).astimezone(UTC)  # type: ignore[misc,arg-type]


def desk(opens: str, closes: str, days: str = "mon tue wed thu fri sat sun", holidays: str = "") -> dict[str, str]:
    return {"desk_opens": opens, "desk_closes": closes, "desk_days": days, "holidays": holidays}


def test_free_days_and_holidays_are_closed() -> None:
    week = desk("08:00", "18:00", "mon tue wed thu fri", "2026-11-26")
    assert hours_now(week, NEW_YORK, there(2026, 11, 28, 10, 0)) == Hours(
        is_open=False, until=there(2026, 11, 30, 8, 0)
    )
    assert hours_now(week, NEW_YORK, there(2026, 11, 26, 10, 0)) == Hours(
        is_open=False, until=there(2026, 11, 27, 8, 0)
    )
    assert hours_now(week | {"desk_days": ""}, NEW_YORK, there(2026, 11, 26, 10, 0)) is None


@pytest.mark.parametrize(
    ("opens", "closes", "at", "is_open", "until"),
    [
        ("08:00", "18:00", (2026, 11, 25, 8, 0), True, (2026, 11, 25, 18, 0)),
        ("08:00", "18:00", (2026, 11, 25, 7, 59), False, (2026, 11, 25, 8, 0)),
        ("08:00", "18:00", (2026, 11, 25, 18, 0), False, (2026, 11, 26, 8, 0)),
        ("20:00", "02:00", (2026, 11, 25, 1, 0), True, (2026, 11, 25, 2, 0)),
        ("20:00", "02:00", (2026, 11, 25, 23, 0), True, (2026, 11, 26, 2, 0)),
        ("20:00", "02:00", (2026, 11, 25, 3, 0), False, (2026, 11, 25, 20, 0)),
        ("00:00", "00:00", (2026, 11, 25, 3, 0), True, (2026, 11, 26, 0, 0)),
        ("08:00", "18:00", (2026, 11, 1, 0, 30), False, (2026, 11, 1, 8, 0)),
        ("08:00", "18:00", (2026, 3, 8, 20, 0), False, (2026, 3, 9, 8, 0)),
    ],
)
def test_the_desk_is_open_between_its_hours_on_the_clinics_own_clock(
    opens: str, closes: str, at: tuple[int, ...], is_open: bool, until: tuple[int, ...]
) -> None:
    assert hours_now(desk(opens, closes), NEW_YORK, there(*at)) == Hours(is_open=is_open, until=there(*until))


@pytest.mark.parametrize(("opens", "closes"), [("early", "18:00"), ("08:00", ""), ("25:00", "18:00")])
def test_hours_that_are_none_say_nothing(opens: str, closes: str) -> None:
    assert hours_now(desk(opens, closes), NEW_YORK, there(2026, 11, 25, 9, 0)) is None


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (-1, "0 min"),
        (0, "0 min"),
        (59, "59 min"),
        (60, "1 h 00"),
        (112, "1 h 52"),
        (1440, "1 d 0 h"),
        (4565, "3 d 4 h"),
    ],
)
def test_a_wait_is_said_in_few_words(minutes: int, words: str) -> None:
    assert waiting_words(timedelta(minutes=minutes)) == words
