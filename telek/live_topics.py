"""Every topic and command of the live socket: each app's OFFER, in one list."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from apps.alerts.topics import OFFER as ALERTS
from apps.core.topics import LogTopic, Offer, RelayTopic, Row, StateTopic, Together
from apps.messaging.topics import OFFER as MESSAGING
from apps.sessions.topics import OFFER as VISITS
from telek.live_alerts import DeskAlerts

DESK = Offer(states={"alerts": DeskAlerts()})
OFFERS: list[Offer] = [ALERTS, DESK, MESSAGING, VISITS]


@dataclass(frozen=True)
class Topic:
    """What stands behind a topic's name; one name may be a state and a relay."""

    log: LogTopic | None = None
    state: StateTopic | None = None
    relay: RelayTopic | None = None

    def may_follow(self, user: Any, key: str) -> bool:
        """Every kind behind the name must agree."""
        kinds = [kind for kind in (self.log, self.state, self.relay) if kind is not None]
        alike = {getattr(kind.may_follow, "__func__", kind): kind for kind in kinds}  # the same question is asked once
        return bool(kinds) and all(kind.may_follow(user, key) for kind in alike.values())


@cache
def topic_named(name: str) -> Topic:
    """The topic of that name; an unknown one may be followed by nobody."""
    found = Topic()
    for offer in OFFERS:
        found = Topic(
            log=(offer.logs or {}).get(name, found.log),
            state=(offer.states or {}).get(name, found.state),
            relay=(offer.relays or {}).get(name, found.relay),
        )
    return found


@cache
def commands() -> dict[str, Callable[[Any, Row], Row]]:
    """Frame name ("chat.send") to what does it."""
    return {name: command for offer in OFFERS for name, command in (offer.commands or {}).items()}


@cache
def together() -> dict[str, Together]:
    """Frame name to the command that is done for many senders at once."""
    return {name: command for offer in OFFERS for name, command in (offer.together or {}).items()}
