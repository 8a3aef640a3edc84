"""Holes in the roster of the next fourteen days, told to the administrators before they are reached.

By mail as soon as a hole is seen, and by every way when it is less than a day off. When it is there, the page itself
passes over the empty rung (apps.alerts.paging), so that this is for planning and not the last word.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.formats import date_format

from apps.accounts.models import Clinic
from apps.alerts import roster
from apps.alerts.roster import Gap
from apps.alerts.warning import warn_administrators
from apps.core import clock
from apps.core.db.scope import use_clinic
from telek.heartbeat import my_turn

EVERY: Final = timedelta(minutes=10)
SOON: Final = timedelta(days=1)


def warn_due(limit: int) -> int:
    """Look through all clinics, once in ten minutes over all engines; how many holes there are."""
    if not my_turn("roster-gaps", EVERY):
        return 0
    return sum(_warn(clinic) for clinic in Clinic.objects.filter(is_active=True))


def _warn(clinic: Clinic) -> int:
    with use_clinic(clinic.pk), transaction.atomic():
        at = clock.now()
        gaps = roster.gaps_soon(clinic, at)
        for gap in gaps:
            _tell(clinic, gap, at)
    return len(gaps)


def _tell(clinic: Clinic, gap: Gap, at: datetime) -> None:
    urgent = gap.starts_at - at <= SOON
    key = f"gap-{gap.rota}-{_name(gap, at)}-{'soon' if urgent else 'ahead'}"
    zone = clock.zone_of(clinic.time_zone)
    words = {
        "rota": gap.rota,
        "from": date_format(gap.starts_at.astimezone(zone), "j M H:i"),
        "to": date_format(gap.ends_at.astimezone(zone), "j M H:i"),
    }
    warn_administrators(clinic, "roster-gap", key=key, words=words, urgent=urgent)


def _name(gap: Gap, at: datetime) -> str:
    """The edge of a hole that stands still: the other one may move with the clock (it is there, or never ends)."""
    if gap.starts_at > at:
        return f"{gap.starts_at:%Y%m%d%H%M}"
    return f"{gap.ends_at:%Y%m%d%H%M}" if gap.ends_at < at + roster.LOOK_AHEAD else f"day-{at:%Y%m%d}"
