"""When the desk is open, on free days, holidays and nights on which clocks change; and the ladder for when it is not."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.clinic_settings import change_setting
from apps.alerts.hours import DAYS, hours_from
from apps.alerts.models import EscalationPolicy, EscalationRung
from apps.core import clock
from tests.alerts.scene import a_raise, names, steps
from tests.cast import Cast

ZONES = ["America/New_York", "Australia/Lord_Howe", "Europe/Dublin", "Asia/Kolkata", "America/St_Johns", "Africa/Cairo"]
WEEK: dict[str, Any] = {
    "desk_opens": "08:00",
    "desk_closes": "18:00",
    "desk_days": "mon tue wed thu fri",
    "holidays": "",
}


def at(text: str, zone: str = "America/New_York") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-25 07:59", "2026-11-25 08:00"),
        ("2026-11-25 08:00", None),
        ("2026-11-25 17:59", None),
        ("2026-11-25 18:00", "2026-11-27 08:00"),  # Thanksgiving is in between
        ("2026-11-27 20:00", "2026-11-30 08:00"),  # a weekend
        ("2026-03-07 22:00", "2026-03-09 08:00"),  # clocks go forward
    ],
)
def test_the_desk_opens_on_its_days(moment: str, opens: str | None) -> None:
    hours = hours_from(WEEK | {"holidays": "2026-11-26, nonsense"}, ZoneInfo("America/New_York"))
    assert hours.next_opening(at(moment)) == (at(opens) if opens else None)
    assert hours.is_open(at(moment)) is (opens is None)


def test_a_desk_without_days_never_opens() -> None:
    assert hours_from(WEEK | {"desk_days": "never"}, ZoneInfo("UTC")).next_opening(at("2026-11-25 12:00")) is None


@given(
    st.sampled_from(ZONES),
    st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 12, 31)),  # noqa: DTZ001  (naive on purpose)
    st.sets(st.sampled_from(DAYS), min_size=1),
)
def test_the_next_opening_is_the_first_open_moment(zone: str, moment: datetime, days: set[str]) -> None:
    hours = hours_from(WEEK | {"desk_days": " ".join(days)}, ZoneInfo(zone))
    now = moment.replace(tzinfo=UTC)
    opening = hours.next_opening(now)
    if opening is None:
        assert hours.is_open(now)
        return
    assert opening > now
    assert hours.is_open(opening)
    steps_between = int((opening - now) / timedelta(minutes=30))
    assert not any(hours.is_open(now + timedelta(minutes=30) * step) for step in range(steps_between))


@pytest.mark.django_db
def test_while_the_desk_is_closed_the_ladder_for_that_time_is_paged(cast: Cast) -> None:
    with cast.acting(cast.clinic_admin):
        night = EscalationPolicy.objects.create(clinic=cast.clinic, level="P1", hours="after-hours", name="Night")
        EscalationRung.objects.create(clinic=cast.clinic, policy=night, rung=0, target="director")
        local = clock.now().astimezone(ZoneInfo(cast.clinic.time_zone)).date()
        change_setting(clinic=cast.clinic, name="holidays", value=f"{local}", actor=cast.clinic_admin, reason="test")
    assert names(steps(a_raise(cast.patient))[0]) == ["Dr Ngozi Okafor"]
    with cast.acting(cast.clinic_admin):
        change_setting(clinic=cast.clinic, name="holidays", value="", actor=cast.clinic_admin, reason="test")
        change_setting(clinic=cast.clinic, name="desk_opens", value="00:00", actor=cast.clinic_admin, reason="test")
        change_setting(clinic=cast.clinic, name="desk_closes", value="23:59", actor=cast.clinic_admin, reason="test")
    assert names(steps(a_raise(cast.patient_2))[0]) == ["Rosa Osei"]


@pytest.mark.django_db
def test_an_empty_ladder_for_the_night_falls_back_to_the_usual_one(cast: Cast) -> None:
    with cast.acting(cast.clinic_admin):
        EscalationPolicy.objects.create(clinic=cast.clinic, level="P1", hours="after-hours", name="Night")
        change_setting(clinic=cast.clinic, name="desk_days", value="", actor=cast.clinic_admin, reason="test")
    assert names(steps(a_raise(cast.patient))[0]) == ["Rosa Osei"]
