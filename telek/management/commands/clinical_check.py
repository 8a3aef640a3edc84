"""Answer clinical cases from standard input, one JSON line each, so that a physician can sign the rules off."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from telek.clinical_cases import answer_line


class Command(BaseCommand):
    """Reads cases as JSON lines, writes ``{"id", "output"}`` or ``{"id", "error"}`` for each, in order.

    Needs no database. Only answers go to standard output. Ends with 1 when a line could not be answered.
    """

    help = "Answer clinical cases (JSON lines on standard input) with the rules of the product."
    requires_system_checks = []
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        """Answer every line, also after one that cannot be read."""
        unanswered = total = 0
        for line in sys.stdin.buffer:
            if not line.strip():
                continue
            answer = answer_line(line)
            self.stdout.write(json.dumps(answer, allow_nan=False))
            total += 1
            unanswered += "error" in answer
        if unanswered:
            raise CommandError(f"{unanswered} of {total} lines could not be answered")
        self.stderr.write(f"{total} cases answered")
