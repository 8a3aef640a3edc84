"""`manage.py pump`: does what is due, with PostgreSQL alone. Run as many as you like."""

import signal
import sys
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from telek.pump import Pump
from telek.pump_loop import Loop, one_cycle


class Command(BaseCommand):
    """Needs TELEK_DATABASE_ROLE=pump: that role sees what is due in every clinic, and little else."""

    help = "Page, remind and send whatever is due, until told to stop."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help=_("one cycle; exit code 1 if it left anything overdue"))
        parser.add_argument("--lanes", type=int, default=4, help=_("letters of a channel on the wire at the same time"))
        parser.add_argument("--engine-name", default="pump", help=_("the name of its sign of life"))

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        pump = Pump(options["engine_name"], lanes=options["lanes"], stopping=stopping.is_set)
        if options["once"]:
            cycle = one_cycle(pump)
            pump.close()
            sys.exit(0 if cycle and cycle.is_clean else 1)

        def stop(number: int, frame: FrameType | None) -> None:
            stopping.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        Loop(pump, stopping).run()
