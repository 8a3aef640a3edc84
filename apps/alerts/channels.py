"""Over which channels one page of one person goes out, and when. Pure.

P1: push and text message at once, a phone call as well from the first repeat on; every other way follows a minute
later, and a minute after that the next, as long as nothing is known to have arrived. P2: the first way by rank at
once, the others likewise. P3: on the page only.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from apps.alerts.levels import Level

FALLBACK_AFTER = timedelta(seconds=60)
AT_ONCE = ("push", "sms")
IN_APP = "in-app"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to reach a person. channel: push, sms, email, voice or in-app; place: the how-manieth of its channel."""

    channel: str
    address: str
    place: int = 1

    @property
    def key(self) -> str:
        """Tells the ways of one person apart: "sms", "sms2"."""
        return self.channel if self.place == 1 else f"{self.channel}{self.place}"


@dataclass(frozen=True, slots=True)
class Sending:
    """One message: how, and how long after the page (0: at once; more: only if nothing has arrived until then)."""

    way: Way
    after: timedelta


def ways_from(points: Iterable[tuple[str, str]]) -> list[Way]:
    """Ways of (channel, address) pairs in the order of rank, those of one channel numbered."""
    seen: Counter[str] = Counter()
    ways = []
    for channel, address in points:
        seen[channel] += 1
        ways.append(Way(channel, address, seen[channel]))
    return ways


def sendings(level: Level, ways: Sequence[Way], *, repeat: bool) -> list[Sending]:
    """The messages of a page, ways in the order of rank; at least one is sent at once where there is any way."""
    if not level.pages:
        return [Sending(Way(IN_APP, ""), timedelta(0))]
    first = [way for way in ways if level is Level.P1 and way.channel in _at_once(repeat)] or list(ways[:1])
    later = [way for way in ways if way not in first]
    return [Sending(way, timedelta(0)) for way in first] + list(_one_by_one(later))


def _at_once(repeat: bool) -> tuple[str, ...]:
    return (*AT_ONCE, "voice") if repeat else AT_ONCE


def _one_by_one(ways: Iterable[Way]) -> Iterable[Sending]:
    return (Sending(way, FALLBACK_AFTER * place) for place, way in enumerate(ways, 1))
