"""Reading what a client sent over the live socket: well-formed, or refused in words. Pure."""

import json
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from apps.core.topics import CommandRefused

MOST_SEQUENCE = 2**63 - 1
MOST_VERSIONS = 500


def _refuse(message: str) -> NoReturn:
    raise CommandRefused("bad-frame", message)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def parse(text: str | None, most_bytes: int) -> dict[str, Any]:
    """A JSON object with a "type" in text. Raises CommandRefused."""
    if text is None:
        _refuse(_("Binary frames are not read."))
    if len(text.encode(errors="replace")) > most_bytes:
        _refuse(_("The frame is too long."))
    try:
        frame = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        _refuse(_("The frame is not JSON."))
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        _refuse(_("A frame is an object with a type."))
    return frame


def sequence(value: object) -> int:
    """A sequence number: a whole number from 0 that fits into 63 bits. Raises CommandRefused."""
    if type(value) is not int or not 0 <= value <= MOST_SEQUENCE:
        _refuse(_("This is no sequence number."))
    return value


def versions(value: object) -> dict[str, int]:
    """Row id to version, as a client says it has them; nothing at all when it is malformed. Raises CommandRefused."""
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > MOST_VERSIONS:
        _refuse(_("These are no versions."))
    return {name: sequence(version) for name, version in value.items()}


def text_of(value: object, most: int) -> str:
    """A short text, or an empty one."""
    return value if isinstance(value, str) and len(value) <= most else ""
