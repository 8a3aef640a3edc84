"""The clock on the wall: local times that are skipped or come twice, and the hours in which nobody is to be woken. Pure."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def local_moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, at which the clock on the wall shows this (naive) time.

    A time that the clocks skip gives the first minute that exists after it; one that comes twice, the first.
    """
    while not _exists(wall, zone):
        wall = wall.replace(second=0, microsecond=0) + MINUTE
    return wall.replace(tzinfo=zone).astimezone(UTC)


def outside_quiet_hours(moment: datetime, zone: ZoneInfo, quiet_from: time, quiet_until: time) -> datetime:
    """That moment, or the end of the quiet hours in which it falls. Equal times mean no quiet hours."""
    there = moment.astimezone(zone)
    if not is_quiet(there.time(), quiet_from, quiet_until):
        return moment
    day = there.date() if there.time() < quiet_until else there.date() + DAY
    end = datetime.combine(day, quiet_until)
    first = local_moment(end, zone)
    return first if first > moment else local_moment(end.replace(fold=1), zone)  # the hour that comes twice


def is_quiet(at: time, quiet_from: time, quiet_until: time) -> bool:
    """Is that time of day among the quiet hours? They may go over midnight; equal times mean none."""
    if quiet_from <= quiet_until:
        return quiet_from <= at < quiet_until
    return at >= quiet_from or at < quiet_until


def _exists(wall: datetime, zone: ZoneInfo) -> bool:
    there = wall.replace(tzinfo=zone, fold=0)
    return there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall.replace(fold=0)
