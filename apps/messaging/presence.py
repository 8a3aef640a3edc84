"""Who is there and when to expect an answer: only what the roster and the clinic's settings really say."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.accounts.clinic_settings import settings_of
from apps.accounts.models import Clinic, Membership
from apps.alerts.models import RosterShift
from apps.alerts.roster import handlers, shift_times

ROTA = "on-call"


@dataclass(frozen=True)
class Hours:
    """is_open: messages are read now; until: to when they are, or from when again."""

    is_open: bool
    until: datetime


@dataclass(frozen=True)
class Presence:
    """on_duty: who holds the pager now and to when (None: the roster names nobody).

    hours: None where the clinic's opening times cannot be read; night_cover: somebody watches alerts out of hours.
    """

    on_duty: Membership | None
    duty_until: datetime | None
    hours: Hours | None
    night_cover: bool


def presence_of(clinic: Clinic, at: datetime) -> Presence:
    """Needs the clinic in scope; three queries."""
    values = settings_of(clinic)
    shifts = RosterShift.objects.filter(
        clinic=clinic, rota=ROTA, starts_at__lte=at, ends_at__gt=at, membership__in=handlers(clinic.pk, at)
    )
    shift = shifts.select_related("membership__user").first()
    return Presence(
        on_duty=shift.membership if shift else None,
        duty_until=shift.ends_at if shift else None,
        hours=desk_hours(values["desk_opens"], values["desk_closes"], ZoneInfo(clinic.time_zone), at),
        night_cover=values["night_cover"],
    )


def desk_hours(opens: str, closes: str, zone: ZoneInfo, at: datetime) -> Hours | None:
    """Open from "08:00" to "18:00" of every day in that zone; closing at or before opening is the next day's time.

    None for a time that is none. Pure.
    """
    try:
        begins, ends = time.fromisoformat(opens), time.fromisoformat(closes)
    except ValueError:
        return None
    today = at.astimezone(zone).date()
    spans = [shift_times(today + timedelta(days=days), begins, ends, zone) for days in (-1, 0, 1)]
    for start, end in spans:
        if start <= at < end:
            return Hours(is_open=True, until=end)
    return Hours(is_open=False, until=next(start for start, _end in spans if start > at))
