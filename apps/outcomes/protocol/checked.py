"""Values of a JSON file, checked one by one; a refusal names the place as a JSON path."""

import json
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

Value = TypeVar("Value")


class Refused(Exception):
    """A file that is not what the protocol asks for. place: JSON path; reason: in plain words; line: where known."""

    def __init__(self, place: str, reason: str, line: int | None = None) -> None:
        super().__init__(f"{place}: {reason}")
        self.place, self.reason, self.line = place, reason, line


def load(path: Path, schema: str) -> "Node":
    """The file as a node. Raises Refused when it cannot be read, is not JSON, or has another schema."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # a byte order mark is legal, if odd
    except UnicodeDecodeError as error:
        raise Refused("$", f"not UTF-8: {error.reason} at byte {error.start}") from error
    except OSError as error:
        raise Refused("$", f"cannot be read: {error.strerror}") from error
    try:
        value = json.loads(text, object_pairs_hook=_single_keys)
    except json.JSONDecodeError as error:
        raise Refused("$", f"not JSON: {error}", error.lineno) from error
    except (ValueError, RecursionError) as error:
        raise Refused("$", f"not JSON: {error}") from error
    root = Node(value, "$")
    found = root.key("schema").text()
    if found != schema:
        raise Refused("$.schema", f"expected {schema}, found {found[:40]}")
    return root


def _single_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for key, _value in pairs if sum(key == other for other, _other in pairs) > 1)
        raise ValueError(f"the key {twice[:40]!r} stands twice in one object")
    return found


class Node:
    """One value and its place."""

    def __init__(self, value: Any, place: str) -> None:
        self.value, self.place = value, place

    def refuse(self, reason: str) -> Refused:
        """To be raised."""
        return Refused(self.place, reason)

    def key(self, name: str) -> "Node":
        """A member that must be there."""
        if not isinstance(self.value, dict):
            raise self.refuse(f"expected an object, found {_kind(self.value)}")
        if name not in self.value:
            raise self.refuse(f"the key {name} is missing")
        return Node(self.value[name], f"{self.place}.{name}")

    def items(self, *, least: int = 0) -> list["Node"]:
        """The members of a list of at least so many."""
        if not isinstance(self.value, list):
            raise self.refuse(f"expected a list, found {_kind(self.value)}")
        if len(self.value) < least:
            raise self.refuse("the list is empty" if not self.value else f"expected at least {least}")
        return [Node(value, f"{self.place}[{number}]") for number, value in enumerate(self.value)]

    def text(self) -> str:
        """A text that is not empty."""
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.refuse(f"expected a text, found {_kind(self.value)}")
        if not self.value.isprintable():
            raise self.refuse("a text with characters that cannot be printed")
        return self.value

    def word(self, *allowed: str) -> str:
        """One of these texts."""
        if self.text() not in allowed:
            raise self.refuse(f"expected one of {', '.join(allowed)}")
        return self.text()

    def truth(self) -> bool:
        """true or false."""
        if not isinstance(self.value, bool):
            raise self.refuse(f"expected true or false, found {_kind(self.value)}")
        return self.value

    def number(self, low: float, high: float) -> float:
        """A finite number within these limits."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.refuse(f"expected a number, found {_kind(self.value)}")
        if isinstance(self.value, float) and not isfinite(self.value):
            raise self.refuse("expected a finite number")
        if not low <= self.value <= high:
            raise self.refuse(f"expected {low:g} to {high:g}, found {str(self.value)[:20]}")
        return float(self.value)

    def whole(self, low: int, high: int) -> int:
        """A whole number within these limits."""
        found = self.number(low, high)
        if found != int(found):
            raise self.refuse("expected a whole number")
        return int(found)

    def by_day(self, first: int, last: int, read: Callable[["Node"], Value]) -> dict[int, Value]:
        """A list of objects with a day, each later than the one before and within first..last, read by day."""
        found: dict[int, Value] = {}
        newest = first - 1
        for each in self.items():
            place = each.key("day")
            day = place.whole(first, last)
            if day <= newest and found:
                raise place.refuse("the same day twice" if day in found else "days are not in order")
            found[day], newest = read(each), day
        return found

    def unique(self, seen: set[str]) -> str:
        """A text that no other of its kind has."""
        found = self.text()
        if found in seen:
            raise self.refuse("stands twice in the file")
        seen.add(found)
        return found


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return "an empty text" if value == "" else kinds.get(type(value), "a number")
