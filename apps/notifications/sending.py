"""The send: take, ask whether it is still wanted, mark, go to the network, record. No transaction spans the network.

Where a process can die, and what follows:
  taken (T1)                  due again after 5 s
  marked, not yet on the wire alerts go out again under the same key; reminders become `unknown`, never repeated
  on the wire, not recorded   the same: for an alert a repeat with the same key is better than silence
  recorded (T3)               nothing
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.template import TemplateDoesNotExist, TemplateSyntaxError

from apps.core.db.scope import use_clinic
from apps.core.failpoints import failpoint
from apps.notifications import claims
from apps.notifications.breaker import Breaker
from apps.notifications.models import Channel, Delivery, Kind, State
from apps.notifications.rendering import letter_of
from apps.notifications.transports import Accepted, Letter, Refused, Unclear, transport_for
from apps.notifications.transports.loop import ADDRESS, Loop

logger = logging.getLogger(__name__)

Wanted = Callable[[Delivery], bool]
GaveUp = Callable[[Delivery], None]
# The database itself is away: the cycle ends, and the leases bring the rows back.
LINE_DOWN: Final = (OperationalError, InterfaceError)
# Rows taken at once: few at first and from a slow provider, twice as many after each batch that went quickly.
BATCH: Final = 8
MOST_AT_ONCE: Final = 256
QUICK_SECONDS: Final = 0.5
LOOP: Final = Loop()
CHANNELS: Final = (Channel.PUSH, Channel.SMS, Channel.VOICE, Channel.EMAIL)


@dataclass
class Sender:
    """One process that sends.

    wanted: subject kind -> is this delivery still to be sent? (asked just before the wire, in the clinic's scope)
    gave_up: subject kind -> what else to do when a delivery is dead (called in the transaction that records it)
    stopping: true when the process should end after the letter in hand.
    """

    wanted: Mapping[str, Wanted] = field(default_factory=dict)
    gave_up: Mapping[str, GaveUp] = field(default_factory=dict)
    stopping: Callable[[], bool] = lambda: False
    owner: UUID = field(default_factory=uuid4)
    breaker: Breaker = field(default_factory=Breaker)

    def tidy(self) -> None:
        """Free what dead processes held, and cancel what has expired."""
        with transaction.atomic():
            for row in claims.sweep():
                if row.state == State.DEAD:
                    self._tell(row)
            failpoint("sweep.before-commit")
        claims.cancel_expired()

    def drain(self, channel: str, *, until: float) -> int:
        """Send what is due on one channel until nothing is, or the monotonic time is `until`; how many were handled.

        More is left when time ran out. Rows of one batch whose turn does not come in half their lease are given back.
        """
        handled, size = 0, BATCH
        while not self.stopping() and time.monotonic() < until:
            kinds = [Kind.ALERT, Kind.CANARY] if self.breaker.is_open(channel) else None
            rows = claims.lease(self.owner, channel=channel, limit=size, kinds=kinds)
            if not rows:
                break
            failpoint("send.after-lease")
            began = time.monotonic()
            handled += self._work_through(rows)
            quick = time.monotonic() - began < QUICK_SECONDS
            size = min(size * 2, MOST_AT_ONCE) if quick else BATCH
        return handled

    def _work_through(self, rows: list[Delivery]) -> int:
        give_back_at = time.monotonic() + claims.lease_time().total_seconds() / 2
        for place, row in enumerate(rows):
            if self.stopping() or time.monotonic() > give_back_at:
                claims.give_back(rows[place:], self.owner)
                return place
            self._handle(row)
        return len(rows)

    def _handle(self, row: Delivery) -> None:
        """One row; whatever is wrong with it stays with it."""
        with use_clinic(row.clinic_id), transaction.atomic():
            if not self._is_wanted(row):
                claims.withdraw(row, self.owner, "no longer wanted")
                return
            failpoint("send.after-asking")
            if not claims.begin_sending(row, self.owner):
                return
        failpoint("send.before-wire")
        answer = self._answer_for(row)
        if isinstance(answer, Accepted):
            failpoint("send.after-wire")
            self._record_sent(row, answer)
        else:
            self._record_failure(row, answer)
        failpoint("send.after-record")

    def _answer_for(self, row: Delivery) -> Accepted | Refused | Unclear:
        """What the provider said. An error that no transport foresees leaves it open whether the message went out."""
        try:
            return self._send(letter_of(row))
        except (Refused, Unclear) as error:
            return error
        except (TemplateDoesNotExist, TemplateSyntaxError) as error:
            return Refused(f"text: {type(error).__name__}", lasting=True)
        except LINE_DOWN:
            raise
        except Exception as error:
            logger.exception("delivery %s: the transport failed in a way of its own", row.pk)
            return Unclear(f"transport: {type(error).__name__}")

    def _is_wanted(self, row: Delivery) -> bool:
        """A question that itself fails is answered with yes for an alert, because silence is worse than a repeat."""
        ask = self.wanted.get(row.subject_kind)
        if ask is None:
            return True
        try:
            with transaction.atomic():
                return ask(row)
        except LINE_DOWN:
            raise
        except Exception:
            logger.exception("delivery %s: could not be asked whether it is still wanted", row.pk)
            return row.kind in claims.REPEATED

    def _send(self, letter: Letter) -> Accepted:
        began = time.monotonic()
        try:
            accepted = (LOOP if letter.address == ADDRESS else transport_for(letter.channel)).send(letter)
        except Refused as error:
            self.breaker.note(letter.channel, worked=error.lasting)
            raise
        except Unclear:
            self.breaker.note(letter.channel, worked=False)
            raise
        slow = time.monotonic() - began > settings.SEND_TIMEOUT_SECONDS
        self.breaker.note(letter.channel, worked=not slow)
        return accepted

    def _record_sent(self, row: Delivery, accepted: Accepted) -> None:
        if not claims.record_sent(row, self.owner, accepted):
            logger.warning("delivery %s: sent, but its lease was lost", row.pk)

    def _record_failure(self, row: Delivery, error: Refused | Unclear) -> None:
        """Retry, or the end: dead when it certainly did not go out, unknown when it may have and may not repeat."""
        reason = str(error)
        if isinstance(error, Unclear) and row.kind not in claims.REPEATED:
            claims.record_end(row, self.owner, State.UNKNOWN, reason)
        elif (isinstance(error, Refused) and error.lasting) or row.attempt >= claims.MOST_ATTEMPTS:
            self._end(row, reason)
        else:
            claims.record_retry(row, self.owner, reason)
            failpoint("send.after-retry")

    def _end(self, row: Delivery, reason: str) -> None:
        logger.error("delivery %s (%s by %s) is dead: %s", row.pk, row.kind, row.channel, reason)
        with use_clinic(row.clinic_id), transaction.atomic():
            if claims.record_end(row, self.owner, State.DEAD, reason):
                self._tell(row)
                failpoint("send.before-death")

    def _tell(self, row: Delivery) -> None:
        """What else must happen now that this one will not arrive (an alert is paged otherwise)."""
        callback = self.gave_up.get(row.subject_kind)
        if callback is not None:
            with use_clinic(row.clinic_id):
                callback(row)
