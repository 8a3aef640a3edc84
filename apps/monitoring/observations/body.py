"""The body that devices send: one reading, a list of them, or FHIR R4; strict JSON. Pure.

{"readings": [{"code": "8867-4", "value": 72, "unit": "/min", "effective_at": "2026-11-24T14:00:00Z"}, ...]}
"""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn

from apps.monitoring.observations import fhir
from apps.monitoring.observations.reading import BodyRefused, Reading

BYTES = 1024 * 1024
AT_ONCE = 1000


def readings_of(body: bytes) -> list[Reading]:
    """What the body holds, in its order. Raises BodyRefused: nothing of it is taken then."""
    found = parse(body)
    if not isinstance(found, dict):
        raise BodyRefused("not-an-object", "an object is needed")
    if "resourceType" in found:
        readings = fhir.readings_of(found)
    else:
        rows = found.get("readings", [found])
        if not isinstance(rows, list):
            raise BodyRefused("bad-field", "readings: a list is needed")
        readings = [_reading(row) for row in rows]
    if not 1 <= len(readings) <= AT_ONCE:
        raise BodyRefused("too-many", f"between 1 and {AT_ONCE} readings at once", 413 if readings else 400)
    return readings


def parse(body: bytes) -> Any:
    """Strict JSON in UTF-8: no NaN, no name twice, numbers exact as written."""
    if len(body) > BYTES:
        raise BodyRefused("too-big", "at most 1 MiB", 413)
    try:
        return json.loads(
            body.decode("utf-8"), parse_constant=_refuse, parse_float=Decimal, object_pairs_hook=_names_once
        )
    except (ValueError, RecursionError, ArithmeticError):
        raise BodyRefused("not-json", "the body is not strict JSON in UTF-8") from None


def moment(text: object) -> datetime:
    """A time with its zone (ISO 8601)."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not 1970 <= found.year < 2100:
        raise BodyRefused("bad-field", "effective_at: a time with its zone is needed")
    return found


def _reading(row: Any) -> Reading:
    if not isinstance(row, dict):
        raise BodyRefused("bad-field", "a reading is an object")
    code, unit = row.get("code"), row.get("unit")
    if not isinstance(code, str) or not isinstance(unit, str):
        raise BodyRefused("bad-field", "code and unit: texts are needed")
    return Reading(code, row.get("value"), unit, moment(row.get("effective_at")))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _names_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found
