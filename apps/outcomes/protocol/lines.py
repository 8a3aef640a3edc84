"""The line of a file on which a JSON path stands: looked for only when the file is refused."""

import re
from json import JSONDecodeError, JSONDecoder
from typing import Final

SPACE: Final = re.compile(r"[ \t\r\n]*")
STEP: Final = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d+)\]")
_DECODER: Final = JSONDecoder()


def line_of(text: str, path: str) -> int:
    """Counted from 1. path: "$.patients[3].scores[1].total"; of what is missing, the line of what should hold it."""
    at = _skip(text, 0)
    for name, number in STEP.findall(path):
        found = _member(text, at, name) if name else _element(text, at, int(number))
        if found is None:
            break
        at = found
    return text.count("\n", 0, at) + 1


def _member(text: str, at: int, name: str) -> int | None:
    """Where the value of this key begins, in the object that begins here."""
    if text[at : at + 1] != "{":
        return None
    at = _skip(text, at + 1)
    while text[at : at + 1] == '"':
        key, end = _DECODER.raw_decode(text, at)
        value = _skip(text, _skip(text, end) + 1)  # after the colon
        if key == name:
            return value
        at = _next(text, value)
    return None


def _element(text: str, at: int, number: int) -> int | None:
    """Where this element begins, in the list that begins here."""
    if text[at : at + 1] != "[":
        return None
    at = _skip(text, at + 1)
    for _earlier in range(number):
        at = _next(text, at)
    return at


def _next(text: str, at: int) -> int:
    """The beginning of what follows the value that begins here, over its comma."""
    try:
        _value, end = _DECODER.raw_decode(text, at)
    except (JSONDecodeError, RecursionError):
        return len(text)
    end = _skip(text, end)
    return _skip(text, end + 1) if text[end : end + 1] == "," else end


def _skip(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    return found.end() if found else at
