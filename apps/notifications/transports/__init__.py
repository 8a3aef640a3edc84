"""How a message leaves: one file a transport, chosen per channel by settings.TRANSPORTS.

A transport either returns (accepted), or raises Refused (certainly not accepted) or Unclear (nobody knows).
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Protocol, runtime_checkable
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes on the wire. key: the idempotency key, the same for every try of one delivery.

    link: where a tap on a notification leads; token: with which the browser says that it came and was opened.
    calendar: an iCalendar file that goes along where the channel can carry one (email).
    """

    key: str
    channel: str
    address: str
    subject: str
    body: str
    link: str = ""
    token: str = ""
    urgent: bool = False
    clinic_id: UUID | None = None
    calendar: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has it. delivered: it is known to have arrived as well (no receipt will come)."""

    provider_id: str = ""
    delivered: bool = False


class Refused(Exception):
    """Certainly not accepted. lasting: trying again cannot help (an address that does not exist)."""

    def __init__(self, reason: str, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.lasting = lasting


class Unclear(Exception):
    """The provider may or may not have it: time ran out or the line broke after the request had gone out."""


class Transport(Protocol):
    """Sends one letter within settings.SEND_TIMEOUT_SECONDS."""

    def send(self, letter: Letter) -> Accepted:
        """Raises Refused or Unclear. The texts of both are short codes without content or address."""


@runtime_checkable
class Together(Protocol):
    """A transport that can have several letters on the wire at the same time."""

    def send_together(self, letters: Sequence[Letter]) -> list[Accepted | BaseException]:
        """For each letter, in this order, what `send` would have returned or raised; the time limit is that of one."""


class Unset:
    """No transport is set for the channel: every letter is refused for good."""

    def send(self, letter: Letter) -> Accepted:
        raise Refused("no transport is set for this channel", lasting=True)


NAMES: Final = {
    "demo": "apps.notifications.transports.demo.Outbox",
    "email": "apps.notifications.transports.email.Mail",
    "http": "apps.notifications.transports.http.Provider",
    "twilio": "apps.notifications.transports.twilio.Twilio",
    "web-push": "apps.notifications.transports.web_push.WebPush",
    "none": "apps.notifications.transports.Unset",
}


def transport_for(channel: str) -> Transport:
    """The transport of a channel (push, sms, email, voice). Raises KeyError for a name that settings invented."""
    return _made(settings.TRANSPORTS[channel], os.getpid())


def together_for(channel: str) -> Together | None:
    """The transport of a channel, if it can send several letters at the same time."""
    if settings.TRANSPORTS.get(channel) not in NAMES:
        return None
    found = transport_for(channel)
    return found if isinstance(found, Together) else None


@cache
def _made(name: str, process: int) -> Transport:
    """One a process: open lines and event loops do not survive a fork."""
    factory: Callable[[], Transport] = import_string(NAMES[name])
    return factory()
