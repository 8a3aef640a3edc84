"""`manage.py launch`: PostgreSQL, Valkey, migrations, web, worker and pump, all of it."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from telek.launcher.demo import launch
from telek.launcher.options import Options, add_options


class Command(BaseCommand):
    """The same as bin/demo, in an environment that is set up already."""

    help = "Run the whole system on this machine until it is told to stop."
    # Nothing runs yet that a check could ask.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(launch(Options(options["port"], options["data"].absolute(), options["seed"])))
