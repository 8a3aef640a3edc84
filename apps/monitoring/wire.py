"""Read what a script sent: strict JSON of a known size, or a refusal with a code. Pure but for the request."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, NoReturn
from uuid import UUID

from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

LIMIT = 16 * 1024  # bytes; the longest note is 2000 characters
YEARS = (1970, 2100)


class BadBody(ValueError):
    """What was sent cannot be read. code: too-big, not-json, not-an-object, bad-field."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def read_object(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of the body. Refuses NaN, Infinity, a name that comes twice, and anything over 16 KiB."""
    if len(request.body) > LIMIT:
        raise BadBody("too-big", "at most 16 KiB", 413)
    try:
        found = json.loads(request.body.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise BadBody("not-json", "the body is not strict JSON in UTF-8") from None
    if not isinstance(found, dict):
        raise BadBody("not-an-object", "the body is not an object")
    return found


def text_field(body: dict[str, Any], name: str, limit: int) -> str:
    """A text of the object, "" when absent. Refuses what PostgreSQL cannot hold."""
    value = body.get(name, "")
    if not isinstance(value, str) or len(value) > limit:
        raise BadBody("bad-field", f"{name}: a text of at most {limit} characters")
    if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise BadBody("bad-field", f"{name}: holds a character that cannot be stored")
    return value


def uuid_field(body: dict[str, Any], name: str) -> UUID:
    """A uuid of the object."""
    try:
        return UUID(body.get(name, ""))
    except (ValueError, AttributeError, TypeError):
        raise BadBody("bad-field", f"{name}: a uuid is needed") from None


def device_time(body: dict[str, Any], name: str, received: datetime) -> datetime:
    """When the device says it was: kept as it is, for it decides nothing. One that cannot be a time is refused."""
    value = body.get(name)
    if value is None:
        return received
    try:
        found = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not YEARS[0] <= found.year < YEARS[1]:
        raise BadBody("bad-field", f"{name}: a time with its zone is needed")
    return found.astimezone(UTC)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found
