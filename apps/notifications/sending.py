"""The send: take, ask whether it is still wanted, mark, go to the network, record. No transaction spans the network.

Where a process can die, and what follows:
  taken (T1)                  due again after 5 s
  marked, not yet on the wire alerts go out again under the same key; reminders become `unknown`, never repeated
  on the wire, not recorded   the same: for an alert a repeat with the same key is better than silence
  recorded (T3)               nothing

What may go out but once, over a transport that can, goes several at a time: asked, marked and recorded in one statement
each, on the wire together. As many are in doubt when the process dies as were on the wire, no more.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.template import TemplateDoesNotExist, TemplateSyntaxError

from apps.core.db.scope import use_clinic
from apps.core.failpoints import failpoint
from apps.notifications import claims
from apps.notifications.asking import LINE_DOWN, Asking, Wanted, WantedOf
from apps.notifications.breaker import Breaker
from apps.notifications.models import Channel, Delivery, Kind, State
from apps.notifications.rendering import letter_of
from apps.notifications.transports import Accepted, Letter, Refused, Unclear, together_for, transport_for
from apps.notifications.transports.loop import ADDRESS, Loop

logger = logging.getLogger(__name__)

GaveUp = Callable[[Delivery], None]
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
    wanted_of: subject kind -> the ids of those deliveries that are still to be sent; asks for several at once
    gave_up: subject kind -> what else to do when a delivery is dead (called in the transaction that records it)
    stopping: true when the process should end after the letter in hand.
    together: letters on the wire at the same time, where the transport can and none may go out twice.
    """

    wanted: Mapping[str, Wanted] = field(default_factory=dict)
    wanted_of: Mapping[str, WantedOf] = field(default_factory=dict)
    gave_up: Mapping[str, GaveUp] = field(default_factory=dict)
    stopping: Callable[[], bool] = lambda: False
    together: int = 4
    owner: UUID = field(default_factory=uuid4)
    breaker: Breaker = field(default_factory=Breaker)

    def _asking(self) -> Asking:
        return Asking(self.wanted, self.wanted_of)

    def tidy(self) -> None:
        """Free what dead processes held, and cancel what has expired."""
        with transaction.atomic():
            for row in claims.sweep():
                if row.state == State.DEAD:
                    self._tell(row)
            failpoint("sweep.before-commit")
        claims.cancel_expired()

    def drain(self, channel: str, *, until: float, kinds: Sequence[str] | None = None) -> int:
        """Send what is due on one channel until nothing is, or the monotonic time is `until`; how many were handled.

        kinds: only these. More is left when time ran out. Rows of one batch whose turn does not come in half their lease are given back.
        """
        handled, size = 0, BATCH
        while not self.stopping() and time.monotonic() < until:
            allowed = self._allowed(channel, kinds)
            rows = claims.lease(self.owner, channel=channel, limit=size, kinds=allowed) if allowed != [] else []
            if not rows:
                break
            failpoint("send.after-lease")
            began = time.monotonic()
            handled += self._work_through(rows)
            quick = time.monotonic() - began < QUICK_SECONDS
            size = min(size * 2, MOST_AT_ONCE) if quick else BATCH
        return handled

    def _allowed(self, channel: str, kinds: Sequence[str] | None) -> Sequence[str] | None:
        """The kinds that may be tried now; None: all."""
        if not self.breaker.is_open(channel):
            return kinds
        return [kind for kind in (Kind.ALERT, Kind.CANARY) if kinds is None or kind in kinds]

    def _work_through(self, rows: list[Delivery]) -> int:
        give_back_at, done = time.monotonic() + claims.lease_time().total_seconds() / 2, 0
        for parcel in self._parcels(rows):
            if self.stopping() or time.monotonic() > give_back_at:
                claims.give_back(rows[done:], self.owner)
                break
            if len(parcel) == 1:
                self._handle(parcel[0])
            else:
                self._handle_together(parcel)
            done += len(parcel)
        return done

    def _parcels(self, rows: Sequence[Delivery]) -> Iterator[list[Delivery]]:
        """The rows in their order: alone what may be repeated or must be sent alone, the rest several at a time."""
        able = together_for(rows[0].channel) is not None
        parcel: list[Delivery] = []
        for row in rows:
            alone = not able or row.kind not in claims.ONCE
            if parcel and (alone or len(parcel) == self.together):
                yield parcel
                parcel = []
            if alone:
                yield [row]
            else:
                parcel.append(row)
        if parcel:
            yield parcel

    def _handle(self, row: Delivery) -> None:
        """One row; whatever is wrong with it stays with it."""
        with use_clinic(row.clinic_id), transaction.atomic():
            if not self._asking().about(row):
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

    def _handle_together(self, rows: list[Delivery]) -> None:
        """Several rows of one channel; whatever is wrong with one stays with it."""
        held = self._mark_together(rows)
        failpoint("send.before-wire")
        answers = self._answers_for(held)
        sent = [(row, answer) for row, answer in zip(held, answers, strict=True) if isinstance(answer, Accepted)]
        if sent:
            failpoint("send.after-wire")
            for number in {row.pk for row, _ in sent} - claims.record_sent_together(sent, self.owner):
                logger.warning("delivery %s: sent, but its lease was lost", number)
        for row, answer in zip(held, answers, strict=True):
            if not isinstance(answer, Accepted):
                self._record_failure(row, answer)
        failpoint("send.after-record")

    def _mark_together(self, rows: Sequence[Delivery]) -> list[Delivery]:
        """Those that are wanted and ours, marked in one commit; the others are withdrawn."""
        wanted: list[Delivery] = []
        with transaction.atomic():
            for clinic_id in {row.clinic_id: None for row in rows}:
                ours = [row for row in rows if row.clinic_id == clinic_id]
                with use_clinic(clinic_id):
                    ids = self._asking().among(ours)
                    for row in ours:
                        if row.pk not in ids:
                            claims.withdraw(row, self.owner, "no longer wanted")
                    failpoint("send.after-asking")
                    wanted += claims.begin_sending_together([row for row in ours if row.pk in ids], self.owner)
        return wanted

    def _answers_for(self, rows: Sequence[Delivery]) -> list[Accepted | Refused | Unclear]:
        """What the provider said of each, in order."""
        answers: dict[UUID, Accepted | Refused | Unclear] = {}
        letters: list[tuple[Delivery, Letter]] = []
        for row in rows:
            try:
                letters.append((row, letter_of(row)))
            except Exception as error:
                answers[row.pk] = self._no_letter(row, error)
        if letters and (transport := together_for(rows[0].channel)) is not None:
            began = time.monotonic()
            for (row, _), said in zip(letters, transport.send_together([one for _, one in letters]), strict=True):
                answers[row.pk] = self._noted(row, said, began)
        return [answers[row.pk] for row in rows]

    def _noted(self, row: Delivery, said: Accepted | BaseException, began: float) -> Accepted | Refused | Unclear:
        """The answer, known to the breaker as well."""
        if isinstance(said, Accepted):
            self.breaker.note(row.channel, worked=time.monotonic() - began <= settings.SEND_TIMEOUT_SECONDS)
            return said
        if isinstance(said, Refused | Unclear):
            self.breaker.note(row.channel, worked=isinstance(said, Refused) and said.lasting)
            return said
        return self._own_failure(row, said)

    def _no_letter(self, row: Delivery, error: Exception) -> Refused | Unclear:
        if isinstance(error, TemplateDoesNotExist | TemplateSyntaxError):
            return Refused(f"text: {type(error).__name__}", lasting=True)
        if isinstance(error, LINE_DOWN):
            raise error
        return self._own_failure(row, error)

    def _own_failure(self, row: Delivery, error: BaseException) -> Unclear:
        logger.error("delivery %s: the transport failed in a way of its own", row.pk, exc_info=error)
        return Unclear(f"transport: {type(error).__name__}")

    def _answer_for(self, row: Delivery) -> Accepted | Refused | Unclear:
        """What the provider said. An error that no transport foresees leaves it open whether the message went out."""
        try:
            return self._send(letter_of(row))
        except (Refused, Unclear) as error:
            return error
        except Exception as error:
            return self._no_letter(row, error)

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
