"""What is due gets done here: one idempotent cycle over everything that waits as a row with a time.

`manage.py pump` and Celery's tick call the same function, and any number of them may run at once: rows are claimed
with SKIP LOCKED, keys make repeats harmless. The table below says what there is; a new kind is one more line.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from django.conf import settings
from django.db import connection

from apps.alerts import engine, paging
from apps.alerts.models import Alert
from apps.core import clock
from apps.core.failpoints import failpoint
from apps.messaging import reminders as message_reminders
from apps.monitoring import schedule
from apps.monitoring.actions.problems import tell_unlooked
from apps.monitoring.rules.live import run_due_rules
from apps.notifications import late
from apps.notifications.asking import Wanted, WantedOf
from apps.notifications.claims import ONCE, REPEATED, due_by_channel
from apps.notifications.sending import CHANNELS, GaveUp, Sender
from apps.notifications.transports import together_for
from apps.outcomes import nightly
from apps.patients import guest_links
from apps.sessions import check_reminders, driver_links, notices, owed, reminders
from telek import canary, reading_months, reconciler, roster_gaps
from telek.heartbeat import leave_beat
from telek.unreached import reach_otherwise

logger = logging.getLogger(__name__)

# kind of work -> claims up to `limit` due rows, does them, says how many. Most urgent first.
WORK: Final[Mapping[str, Callable[[int], int]]] = {
    "alert steps": engine.fire_due,
    "look-ins at home": owed.tell_missed_look_ins,
    "slots to close": schedule.close_due_slots,
    "slots to open": schedule.open_due_slots,
    "problems nobody looked at": tell_unlooked,
    "rules by the clock": run_due_rules,
    "visit reminders": reminders.remind_due,
    "checks before a session": owed.remind_of_checks,
    "forms owed": owed.escalate_forms_due,
    "doses to review": owed.review_doses_due,
    "all-clears": owed.all_clears_due,
    "stock that does not match": owed.tell_differences,
    "talks after a dose": owed.ask_after_windows,
    "checks overdue": owed.tell_checks_overdue,
    "unread messages": message_reminders.notify_due,
    "canaries": canary.run_due,
    "roster gaps": roster_gaps.warn_due,
    "months of readings": reading_months.make_due,
    "differences": reconciler.run_due,
    "forecasts": nightly.forecasts_due,
}
# subject of a delivery -> is it still to be sent? Asked just before the wire.
WANTED: Final[Mapping[str, Wanted]] = {
    "alert": paging.still_wanted,
    "slot": schedule.still_wanted,
    "visit": notices.still_wanted,
    driver_links.SUBJECT: driver_links.still_wanted,
    check_reminders.SUBJECT: check_reminders.still_wanted,
    message_reminders.SUBJECT: message_reminders.still_wanted,
    guest_links.SUBJECT: guest_links.still_wanted,
}
# the same, asked for several deliveries at once: a subject of which many fall due together.
WANTED_OF: Final[Mapping[str, WantedOf]] = {
    "slot": schedule.still_wanted_of,
}
# subject of a delivery -> what else to do when it is dead.
GAVE_UP: Final[Mapping[str, GaveUp]] = {
    "alert": reach_otherwise,
    "slot": reach_otherwise,
    "visit": reach_otherwise,
    message_reminders.SUBJECT: reach_otherwise,
    "device": reach_otherwise,
    "canary": canary.lost,
}

# Done first, and sent before anything else is looked at.
URGENT: Final = ("alert steps",)

LIMIT: Final = 50
TURN_SECONDS: Final = 3.0
GRACE: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Cycle:
    """What a cycle did, and what it left. A clean one leaves nothing overdue and had no failure."""

    done: int
    failures: tuple[str, ...]
    overdue_steps: int
    overdue_deliveries: int

    @property
    def is_clean(self) -> bool:
        """Only a clean cycle counts as a sign of life."""
        return not (self.failures or self.overdue_steps or self.overdue_deliveries)


class Pump:
    """One engine. lanes: letters of one channel that are on the wire at the same time (0: one after the other, all
    channels in the caller's thread). A provider takes its time, and a kill leaves as many letters in doubt: of those
    that are repeated, and of those that go out once, which share one lane where the transport can."""

    def __init__(self, name: str, *, lanes: int = 0, stopping: Callable[[], bool] = lambda: False) -> None:
        self.name = name
        self.stopping = stopping
        self.sender = Sender(
            wanted=WANTED, wanted_of=WANTED_OF, gave_up=GAVE_UP, stopping=stopping, together=max(lanes, 1)
        )
        self.lanes = lanes
        threads = (lanes + 1) * len(CHANNELS)
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="lane") if lanes else None

    def run_cycle(self) -> Cycle:
        """Do all that is due now, each kind for at most a few seconds; leave a sign of life if that was everything.

        Alerts are stepped and sent before anything else is looked at. A kind of work that fails does not stop the
        others. Raises only when the database itself is away. With settings.HOLD it does nothing, and leaves no sign.
        """
        clock.refresh()
        started_at = clock.now()
        if settings.HOLD:
            return Cycle(done=0, failures=("held",), overdue_steps=0, overdue_deliveries=0)
        counts = self._work(URGENT) | {"leases": self._guarded("leases", self._tidy)} | self._send()
        others = self._work([kind for kind in WORK if kind not in URGENT])
        counts |= others
        if any(others.values()):  # what they queued goes out in the same cycle
            counts |= self._send(again=True)
        failpoint("cycle.before-count")
        cycle = Cycle(
            done=sum(count or 0 for count in counts.values()),
            failures=tuple(kind for kind, count in counts.items() if count is None),
            overdue_steps=Alert.objects.due(clock.now() - GRACE).count(),
            overdue_deliveries=late.deliveries(GRACE).total,
        )
        failpoint("cycle.before-beat")
        leave_beat(self.name, started_at, cycle.overdue_steps, cycle.overdue_deliveries, clean=cycle.is_clean)
        return cycle

    def close(self) -> None:
        """End the lanes; each gives its connection back."""
        if self.threads is not None:
            self.threads.shutdown(wait=True)

    def _work(self, kinds: Iterable[str]) -> dict[str, int | None]:
        return {kind: self._guarded(kind, partial(self._drain, WORK[kind])) for kind in kinds if kind in WORK}

    def _drain(self, do: Callable[[int], int]) -> int:
        done, until = 0, time.monotonic() + TURN_SECONDS
        while not self.stopping() and time.monotonic() < until:
            made = do(LIMIT)
            done += made
            if made < LIMIT:
                break
        return done

    def _tidy(self) -> int:
        self.sender.tidy()
        return 0

    def _send(self, *, again: bool = False) -> dict[str, int | None]:
        """Each channel has its own turn, so that a slow provider holds up no other. again: the second time a cycle."""
        jobs = self._jobs(time.monotonic() + TURN_SECONDS, " again" if again else "")
        if self.threads is None:
            return {name: self._guarded(name, job) for name, job in jobs.items()}
        waiting = {name: self.threads.submit(self._in_lane, name, job) for name, job in jobs.items()}
        return {name: each.result() for name, each in waiting.items()}

    def _jobs(self, until: float, turn: str) -> dict[str, Callable[[], int]]:
        """Name -> a lane's work: as many lanes a channel as rows wait, and one for all that goes out together."""
        together = [channel for channel in CHANNELS if together_for(channel) is not None]
        alone = [channel for channel in CHANNELS if channel not in together]
        waiting = (
            (alone, max(self.lanes, 1), None),
            (together, max(self.lanes, 1), REPEATED),
            (together, 1, ONCE),
        )
        return {
            f"{channel} {lane}{' together' if kinds is ONCE else ''}{turn}": partial(
                self.sender.drain, channel, until=until, kinds=kinds
            )
            for channels, most, kinds in waiting
            if channels
            for channel, due in due_by_channel(channels, most, kinds).items()
            for lane in range(due)
        }

    def _in_lane(self, name: str, job: Callable[[], int]) -> int | None:
        try:
            return self._guarded(name, job)
        finally:
            connection.close()

    def _guarded(self, kind: str, job: Callable[[], int]) -> int | None:
        """The count, or None after a failure, which is logged without any content of a row."""
        try:
            return job()
        except Exception:
            logger.exception("%s: %s failed", self.name, kind)
            return None
