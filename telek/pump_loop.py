"""The loop around the pump: wakes on a NOTIFY or once a second, outlives PostgreSQL, ends on SIGTERM."""

import logging
import threading
import time
from typing import Final

import httpx
import psycopg
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from telek.pump import Cycle, Pump

logger = logging.getLogger(__name__)

POLL_SECONDS: Final = 1.0
PAUSE_SECONDS: Final = 0.5
PING_EVERY_SECONDS: Final = 15.0


def one_cycle(pump: Pump) -> Cycle | None:
    """A cycle; None when the database was away. Its connections are then thrown away, so that the next one is fresh."""
    try:
        cycle = pump.run_cycle()
    except (OperationalError, InterfaceError) as error:
        logger.warning("%s: the database is away (%s)", pump.name, type(error).__name__)
        forget_connections()
        return None
    if cycle.failures:
        forget_connections()
    return cycle


def forget_connections() -> None:
    """A pool waits longer and longer between its tries to reconnect: make a new one instead."""
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()


class Loop:
    """Runs a pump until `stopping` is set."""

    def __init__(self, pump: Pump, stopping: threading.Event) -> None:
        self.pump = pump
        self.stopping = stopping
        self.ears: psycopg.Connection | None = None
        self.pinged_at = float("-inf")

    def run(self) -> None:
        """Cycle after cycle; waits only when there was nothing to do."""
        try:
            while not self.stopping.is_set():
                cycle = one_cycle(self.pump)
                if cycle is None:
                    self.stopping.wait(PAUSE_SECONDS)
                    continue
                if cycle.is_clean:
                    self._ping()
                if cycle.done == 0:
                    self._wait()
        finally:
            self.pump.close()
            self._stop_listening()

    def _wait(self) -> None:
        """Until somebody says that something is due, at most a second. The poll is the promise, NOTIFY a hint."""
        try:
            ears = self.ears or self._listen()
            for _hint in ears.notifies(timeout=POLL_SECONDS, stop_after=1):
                pass
        except psycopg.Error as error:
            logger.warning("%s: cannot listen (%s)", self.pump.name, type(error).__name__)
            self._stop_listening()
            self.stopping.wait(PAUSE_SECONDS)

    def _listen(self) -> psycopg.Connection:
        """A connection of its own: a pooled one must not be held while waiting."""
        given = connection.get_connection_params()
        wanted = {name: given[name] for name in ("dbname", "user", "password", "host", "port") if given.get(name)}
        self.ears = psycopg.connect(**wanted, autocommit=True, connect_timeout=3)
        self.ears.execute("listen telek_due")
        return self.ears

    def _stop_listening(self) -> None:
        if self.ears is not None:
            self.ears.close()
            self.ears = None

    def _ping(self) -> None:
        """Tell a watcher outside that all is well; its silence pages the operator. Never in the way of the work."""
        url, now = settings.OPERATOR_PING_URL, time.monotonic()
        if url and now - self.pinged_at >= PING_EVERY_SECONDS:
            self.pinged_at = now
            threading.Thread(target=ping, args=(url,), name="operator-ping", daemon=True).start()


def ping(url: str) -> bool:
    """One GET without any content; False, and a line in the log, when nobody answered."""
    try:
        httpx.get(url, timeout=5, trust_env=False).raise_for_status()
    except httpx.HTTPError as error:
        logger.warning("the watcher outside was not reached (%s)", type(error).__name__)
        return False
    return True
