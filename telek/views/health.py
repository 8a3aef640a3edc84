"""Is it up, can it work, and do alerts arrive? For load balancers, watchers outside, and the desk's own red bar.

No sign-in and nothing about anybody: ages in seconds and counts. These doors open without a transaction and answer
in words of their own when the database is away (see `WithoutTransaction`).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

import redis
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import Resolver404, resolve
from django.utils.functional import cached_property
from django.views.decorators.http import require_safe

from apps.accounts.doors import public
from apps.alerts import engine
from apps.monitoring.reconcile import unsafe_without_alert
from apps.notifications import late
from telek import heartbeat, reading_months

SILENCE_SECONDS: Final = 30.0
CANARY_SECONDS: Final = 75.0  # it comes every 30 s
LATE: Final = timedelta(seconds=30)
REMEMBER_SECONDS: Final = 3.0  # a hundred desks that ask at once are one question
AWAY: Final = (OperationalError, InterfaceError)
WHY: Final = "machines ask; there is nothing about anybody in it"


@dataclass(frozen=True)
class Finding:
    """What the database says about the paging. reconciler: counts that must all be 0."""

    ages: dict[str, float]
    canary_s: float | None
    reconciler: dict[str, int]

    @cached_property
    def reasons(self) -> list[str]:
        """Why alerts may not be arriving; empty when all is well."""
        silent = not any(age <= SILENCE_SECONDS for age in self.ages.values())
        wrong = [name for name, count in self.reconciler.items() if count]
        return ["no engine has done its work"] * silent + wrong


@public(WHY)
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """GET /health/live: the process answers. Asks nothing else."""
    return JsonResponse({"status": "ok"})


@public(WHY)
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """GET /health/ready: 200 with the database there (Valkey's absence is said, and slows hints only), else 503."""
    database, valkey = _database_answers(), _valkey_answers()
    status = "degraded" if database and not valkey else "ok" if database else "failing"
    return JsonResponse({"status": status, "database": database, "valkey": valkey}, status=_code(database))


@public(WHY)
@require_safe
def alerts(request: HttpRequest) -> HttpResponse:
    """GET /health/alerts: 503 when every engine has been silent for 30 s, or a page is late by as much."""
    try:
        found = _finding()
    except AWAY:
        return JsonResponse({"status": "failing", "reasons": ["no database"]}, status=_code(well=False))
    canary_lost = found.canary_s is None or found.canary_s > CANARY_SECONDS
    answer = {
        "status": "failing" if found.reasons else "degraded" if canary_lost else "ok",
        "reasons": found.reasons,
        "engines": found.ages,
        "celery_canary_s": found.canary_s,
        "reconciler": found.reconciler,
    }
    return JsonResponse(answer, status=_code(not found.reasons))


class WithoutTransaction:
    """Middleware, near the top: the doors of this file need no session, no clinic and no transaction."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith("/health/"):
            try:
                found = resolve(request.path_info)
            except Resolver404:
                return self.get_response(request)
            return self._answer(found, request)
        return self.get_response(request)

    def _answer(self, found: Any, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = found.func(request, *found.args, **found.kwargs)
        response["Cache-Control"] = "no-store"
        return response


def _code(well: bool) -> int:
    return HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE


_remembered: tuple[float, Finding] | None = None


def _finding() -> Finding:
    """What the database says, at most three seconds old. Raises OperationalError when it is away."""
    global _remembered
    if _remembered is None or time.monotonic() - _remembered[0] > REMEMBER_SECONDS:
        _remembered = (time.monotonic(), ask())
    return _remembered[1]


def ask() -> Finding:
    """The same, fresh."""
    ages = heartbeat.ages()
    canary = ages.pop(heartbeat.CANARY, None)
    pages = late.deliveries(LATE)
    counts = {"late_pages": pages.waiting, "lapsed_sends": pages.lapsed, "unsafe_without_alert": unsafe_without_alert()}
    counts["reading_months"] = reading_months.missing()
    return Finding(ages, canary, counts | engine.reconcile())


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except AWAY:
        connection.close()
        return False
    return True


def _valkey_answers() -> bool:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=0.5)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
