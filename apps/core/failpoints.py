"""Named places at which a test can make the process die, fail or stall (TELEK_FAILPOINTS).

TELEK_FAILPOINTS="send.after-wire=exit,answer.before-commit=raise,claim.after=sleep:10,step.before-commit=drop"
"""

import os
import time
from functools import cache

from django.conf import settings
from django.db import connection


class FailpointReached(RuntimeError):
    """A test asked for a failure here."""


@cache
def _plan(text: str) -> dict[str, str]:
    return dict(part.strip().split("=", 1) for part in text.split(",") if "=" in part)


def failpoint(name: str) -> None:
    """Do what the test asked for at this place; nothing in production."""
    if not settings.FAILPOINTS or settings.PRODUCTION:
        return
    action = _plan(settings.FAILPOINTS).get(name)
    if action == "exit":
        os._exit(9)
    if action == "drop":
        with connection.cursor() as cursor:
            cursor.execute("select pg_terminate_backend(pg_backend_pid())")
    if action == "raise":
        raise FailpointReached(name)
    if action and action.startswith("sleep:"):
        time.sleep(float(action.removeprefix("sleep:")))
