"""Who is there and when to expect an answer: only what the roster and the clinic's settings really say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from apps.accounts.clinic_settings import settings_of
from apps.accounts.models import Clinic, Membership
from apps.alerts.hours import hours_from, time_in
from apps.alerts.models import RosterShift
from apps.alerts.roster import handlers
from apps.core import clock

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
        hours=hours_now(values, clock.zone_of(clinic.time_zone), at),
        night_cover=values["night_cover"],
    )


def hours_now(values: Mapping[str, Any], zone: ZoneInfo, at: datetime) -> Hours | None:
    """By the clinic's settings, free days and holidays included; None for times that are none, or no opening ahead. Pure."""
    if time_in(values["desk_opens"]) is None or time_in(values["desk_closes"]) is None:
        return None
    desk = hours_from(values, zone)
    until = desk.open_until(at) or desk.next_opening(at)
    return None if until is None else Hours(is_open=desk.is_open(at), until=until)
