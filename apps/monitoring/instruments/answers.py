"""May this value be stored as the answer of this item? Refuse, never clamp. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from apps.monitoring.instruments.definition import AnswerValue, Definition, Item, Kind

_INTEGER = re.compile(r"-?[0-9]{1,6}")
_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}


class AnswerRefused(ValueError):
    """A value that is no answer of the item; ``code`` is stable, ``message`` is for developers and logs.

    Codes: unknown_item, not_an_integer, value_out_of_range, not_a_boolean, not_a_text, too_long, bad_text.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def check_answer(definition: Definition, link_id: str, value: object) -> None:
    """Accept silently, or raise AnswerRefused. None means "left blank" and is accepted for a known item.

    Integers only where integers are asked: true, false, 2.0, NaN and "2" are refused.
    """
    item = _known_item(definition, link_id)
    if value is not None:
        _CHECKS[item.kind](item, value)


def parse_form_value(definition: Definition, link_id: str, raw: str) -> AnswerValue:
    """The typed answer that an HTML form field stands for; empty is None. Raises AnswerRefused."""
    item = _known_item(definition, link_id)
    if not raw.strip():
        return None
    value: AnswerValue = _PARSERS[item.kind](raw)
    check_answer(definition, link_id, value)
    return value


def _known_item(definition: Definition, link_id: str) -> Item:
    item = definition.item(link_id)
    if item is None:
        raise AnswerRefused("unknown_item", f"{definition.key} has no item {link_id!r}")
    return item


def _check_integer(item: Item, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise AnswerRefused("not_an_integer", f"item {item.link_id}: an integer is needed")
    if not _in_value_set(item, value):
        raise AnswerRefused("value_out_of_range", f"item {item.link_id}: {value} is not one of its answers")


def _in_value_set(item: Item, value: int) -> bool:
    if item.kind is Kind.CHOICE:
        return any(option.value == value for option in item.options)
    bounds = item.bounds
    return bounds is not None and bounds[0] <= value <= bounds[1]


def _check_boolean(item: Item, value: object) -> None:
    if not isinstance(value, bool):
        raise AnswerRefused("not_a_boolean", f"item {item.link_id}: true or false is needed")


def _check_text(item: Item, value: object) -> None:
    if not isinstance(value, str):
        raise AnswerRefused("not_a_text", f"item {item.link_id}: a text is needed")
    if item.max_length is not None and len(value) > item.max_length:
        raise AnswerRefused("too_long", f"item {item.link_id}: at most {item.max_length} characters")
    # PostgreSQL stores neither NUL nor lone surrogates.
    if any(char == "\x00" or "\ud800" <= char <= "\udfff" for char in value):
        raise AnswerRefused("bad_text", f"item {item.link_id}: holds a character that cannot be stored")


def _parse_integer(raw: str) -> int:
    text = raw.strip()
    if not _INTEGER.fullmatch(text):
        raise AnswerRefused("not_an_integer", "a whole number is needed")
    return int(text)


def _parse_boolean(raw: str) -> bool:
    try:
        return _BOOLEANS[raw.strip().lower()]
    except KeyError:
        raise AnswerRefused("not_a_boolean", "yes or no is needed") from None


def _parse_text(raw: str) -> str:
    return raw.replace("\r\n", "\n").strip()


_CHECKS: Mapping[Kind, Callable[[Item, object], None]] = {
    Kind.CHOICE: _check_integer,
    Kind.RANGE: _check_integer,
    Kind.BOOLEAN: _check_boolean,
    Kind.TEXT: _check_text,
}
_PARSERS: Mapping[Kind, Callable[[str], AnswerValue]] = {
    Kind.CHOICE: _parse_integer,
    Kind.RANGE: _parse_integer,
    Kind.BOOLEAN: _parse_boolean,
    Kind.TEXT: _parse_text,
}
