"""Which times are free: weekly hours, extra time, time away and what is taken. Pure; times are aware datetimes.

Weekly hours are said by a wall clock, so that nine o'clock stays nine o'clock when the clocks change.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Span:
    """From a moment up to, not including, another."""

    starts_at: datetime
    ends_at: datetime

    def touches(self, other: "Span") -> bool:
        """Is any moment in both?"""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass(frozen=True, slots=True)
class Weekly:
    """Hours of one weekday (Monday is 0). last_on: the last day on which they hold, None for no end."""

    weekday: int
    opens: time
    closes: time
    time_zone: str
    first_on: date
    last_on: date | None = None

    def holds_on(self, day: date) -> bool:
        """Are there hours on that day?"""
        return day.weekday() == self.weekday and self.first_on <= day and (self.last_on is None or day <= self.last_on)

    def on(self, day: date) -> Span:
        """The hours of that day as moments."""
        zone = ZoneInfo(self.time_zone)
        opens, closes = (datetime.combine(day, at, zone).astimezone(UTC) for at in (self.opens, self.closes))
        return Span(opens, closes)


def open_spans(hours: Iterable[Weekly], first: datetime, last: datetime) -> list[Span]:
    """The weekly hours as moments, every span that reaches into first..last."""
    wanted = Span(first, last)
    day, until = first.astimezone(UTC).date() - timedelta(days=1), last.astimezone(UTC).date() + timedelta(days=1)
    days = [day + timedelta(days=number) for number in range((until - day).days + 1)]
    spans = [rule.on(one) for rule in hours for one in days if rule.holds_on(one)]
    return sorted((span for span in spans if span.touches(wanted)), key=lambda span: span.starts_at)


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """What is left of the spans, in order."""
    left = list(spans)
    for gone in taken:
        cut: list[Span] = []
        for span in left:
            if not span.touches(gone):
                cut.append(span)
                continue
            if span.starts_at < gone.starts_at:
                cut.append(Span(span.starts_at, gone.starts_at))
            if gone.ends_at < span.ends_at:
                cut.append(Span(gone.ends_at, span.ends_at))
        left = cut
    return sorted(left, key=lambda span: span.starts_at)


def free_starts(
    spans: Iterable[Span], taken: Iterable[Span], length: timedelta, first: datetime, last: datetime
) -> list[datetime]:
    """When a visit of that length may begin, within first..last: every `length` from the beginning of each span.

    The grid is the span's own, so that a time that is taken shifts no other.
    """
    busy, found = list(taken), set()
    for span in spans:
        start = span.starts_at
        while start + length <= span.ends_at:
            visit = Span(start, start + length)
            if first <= start <= last and not any(visit.touches(one) for one in busy):
                found.add(start)
            start += length
    return sorted(found)
