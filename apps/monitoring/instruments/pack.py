"""A content pack: the wording of an instrument that its owners let a clinic use, in JSON. Pure.

A pack brings words only. Items, values, scoring, codes and safety rules stay those of the library, so that no pack
can change what an answer means. The schema is described in docs/content-packs.md.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from apps.monitoring.instruments.definition import Definition, Item, Kind, Option
from apps.monitoring.instruments.library import LIBRARY

FORMAT = "telek-content-pack/1"
SIZE_LIMIT = 256 * 1024  # bytes; the longest instrument has 20 items
TEXT_LIMIT, LABEL_LIMIT, NOTICE_LIMIT, URL_LIMIT, TITLE_LIMIT = 1000, 300, 2000, 300, 120
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,19}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
_URL = re.compile(r"https?://[^\s<>\"]+")
_PACK_FIELDS = {
    "format", "instrument", "version", "language", "title", "licence", "attribution", "source_url", "stem", "items",
}  # fmt: skip
_ITEM_FIELDS = {"link_id", "text", "topic", "options", "low_label", "high_label"}
_OPTION_FIELDS = {"value", "label"}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a pack is refused. place: where in the document, "items[2].options[0].label"; reason: in words."""

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}" if self.place else self.reason


class PackRefused(ValueError):
    """A document that is no pack; all that is wrong with it at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Pack:
    """A checked pack: the instrument with the pack's wording, and the document that it came from, in our schema.

    definition: with the pack's own version; digest: of the document.
    """

    definition: Definition
    version: str
    language: str
    document: Mapping[str, Any]
    digest: str


def read_json(text: str | bytes) -> Any:
    """Strict JSON: no NaN, no name twice, at most 256 KiB. Raises PackRefused with the line."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(raw) > SIZE_LIMIT:
        raise PackRefused([Problem("", f"larger than {SIZE_LIMIT // 1024} KiB")])
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant, object_pairs_hook=_once)
    except json.JSONDecodeError as problem:
        place = f"line {problem.lineno}, column {problem.colno}"
        raise PackRefused([Problem(place, f"not JSON: {problem.msg}")]) from None
    except (ValueError, RecursionError) as problem:
        raise PackRefused([Problem("", f"not JSON: {problem}")]) from None


def read_pack(document: object) -> Pack:
    """The pack that a document in our schema is. Raises PackRefused with every place and reason."""
    reader = _Reader()
    fields = reader.fields(document, "", _PACK_FIELDS)
    if fields.get("format") != FORMAT:
        reader.refuse("format", f'"{FORMAT}" is needed')
    base = _base(reader, fields.get("instrument"))
    version = reader.matching(fields, "version", _VERSION, "1 to 20 letters, digits, dots, dashes")
    language = reader.matching({"language": "en", **fields}, "language", _LANGUAGE, 'such as "en" or "pt-BR"')
    licence = reader.text(fields, "licence", NOTICE_LIMIT)
    attribution = reader.text(fields, "attribution", NOTICE_LIMIT)
    source = reader.matching(fields, "source_url", _URL, "an address that begins with https://")
    if len(source) > URL_LIMIT:
        reader.refuse("source_url", f"at most {URL_LIMIT} characters")
    title = reader.text(fields, "title", TITLE_LIMIT, needed=False)
    stem = reader.text(fields, "stem", TEXT_LIMIT, needed=False)
    items = _read_items(reader, base, fields.get("items")) if base else ()
    reader.done()
    if base is None:
        raise AssertionError("a missing instrument was refused above")
    definition = dataclasses.replace(
        base,
        version=version,
        title=title or base.title,
        items=items,
        licence=licence,
        attribution=attribution,
        source_url=source,
        stem=stem or None,
    )
    return Pack(definition, version, language, dict(fields), digest_of(fields))


def digest_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def to_document(definition: Definition, *, language: str = "en") -> dict[str, Any]:
    """The words of a definition in our schema: what `read_pack` reads. Item codes alone give empty texts."""
    return {
        "format": FORMAT,
        "instrument": definition.key,
        "version": shown_version(definition.version),
        "language": language,
        "title": definition.title,
        "licence": definition.licence,
        "attribution": definition.attribution,
        "source_url": definition.source_url,
        **({"stem": definition.stem} if definition.stem else {}),
        "items": [_item_document(item) for item in definition.items],
    }


def shown_version(version: str) -> str:
    """The version as people know it, without the digest."""
    return version.split("~", 1)[0]


class _Reader:
    """Reads fields and keeps what is wrong with them, so that all of it can be said at once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def refuse(self, place: str, reason: str) -> None:
        self.problems.append(Problem(place, reason))

    def done(self) -> None:
        if self.problems:
            raise PackRefused(self.problems)

    def fields(self, value: object, place: str, known: set[str]) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.refuse(place, "an object is needed")
            return {}
        for name in sorted(value.keys() - known):
            self.refuse(_at(place, str(name)), "is not known here")
        return value

    def text(self, fields: Mapping[str, Any], name: str, limit: int, place: str = "", *, needed: bool = True) -> str:
        value = fields.get(name, "" if not needed else None)
        where = _at(place, name)
        if not isinstance(value, str) or (needed and not value.strip()):
            self.refuse(where, "a text is needed")
            return ""
        if len(value) > limit:
            self.refuse(where, f"at most {limit} characters")
        if any((char < " " and char not in "\n\t") or "\ud800" <= char <= "\udfff" for char in value):
            self.refuse(where, "holds a character that cannot be shown")
        return value.strip()

    def matching(self, fields: Mapping[str, Any], name: str, pattern: re.Pattern[str], meant: str) -> str:
        value = fields.get(name)
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        self.refuse(name, f"{meant} is needed")
        return ""


def _base(reader: _Reader, key: object) -> Definition | None:
    base = LIBRARY.get(key) if isinstance(key, str) else None
    if base is None:
        reader.refuse("instrument", f"one of {', '.join(sorted(_packable()))} is needed")
    elif base.own_wording:
        reader.refuse("instrument", f"{key} is in Telek's own words and takes no pack")
        return None
    return base


def _packable() -> list[str]:
    return [key for key, definition in LIBRARY.items() if not definition.own_wording]


def _read_items(reader: _Reader, base: Definition, value: object) -> tuple[Item, ...]:
    """The library's items with the pack's words, in the library's order."""
    rows = value if isinstance(value, list) else []
    if not rows:
        reader.refuse("items", "a list of items is needed")
    found: dict[str, Item] = {}
    for index, row in enumerate(rows):
        place = f"items[{index}]"
        fields = reader.fields(row, place, _ITEM_FIELDS)
        item = base.item(fields["link_id"]) if isinstance(fields.get("link_id"), str) else None
        if item is None:
            reader.refuse(f"{place}.link_id", f"{base.title} has no such item: {', '.join(base.link_ids)}")
        elif item.link_id in found:
            reader.refuse(f"{place}.link_id", f"{item.link_id} comes twice")
        else:
            found[item.link_id] = _read_item(reader, place, item, fields)
    missing = [link_id for link_id in base.link_ids if link_id not in found]
    if missing and rows:
        reader.refuse("items", f"missing: {', '.join(missing)}")
    return tuple(found[link_id] for link_id in base.link_ids if link_id in found)


def _read_item(reader: _Reader, place: str, item: Item, fields: Mapping[str, Any]) -> Item:
    return dataclasses.replace(
        item,
        text=reader.text(fields, "text", TEXT_LIMIT, place),
        topic=reader.text(fields, "topic", LABEL_LIMIT, place, needed=False) or item.topic,
        options=_read_options(reader, place, item, fields.get("options")),
        low_label=reader.text(fields, "low_label", LABEL_LIMIT, place, needed=False) or item.low_label,
        high_label=reader.text(fields, "high_label", LABEL_LIMIT, place, needed=False) or item.high_label,
    )


def _read_options(reader: _Reader, place: str, item: Item, value: object) -> tuple[Option, ...]:
    where = f"{place}.options"
    if item.kind is not Kind.CHOICE:
        if value is not None:
            reader.refuse(where, "this item has no options")
        return item.options
    if not isinstance(value, list):
        reader.refuse(where, "a list of options is needed")
        return item.options
    labels = _read_labels(reader, where, item, value)
    missing = [str(option.value) for option in item.options if option.value not in labels]
    if missing:
        reader.refuse(where, f"missing values: {', '.join(missing)}")
    return tuple(dataclasses.replace(option, label=labels.get(option.value)) for option in item.options)


def _read_labels(reader: _Reader, where: str, item: Item, rows: Sequence[object]) -> dict[int, str]:
    known = {option.value for option in item.options}
    labels: dict[int, str] = {}
    for index, row in enumerate(rows):
        place = f"{where}[{index}]"
        fields = reader.fields(row, place, _OPTION_FIELDS)
        value = fields.get("value")
        label = reader.text(fields, "label", LABEL_LIMIT, place)
        if isinstance(value, bool) or not isinstance(value, int) or value not in known:
            reader.refuse(f"{place}.value", f"one of {', '.join(map(str, sorted(known)))} is needed")
        elif value in labels:
            reader.refuse(f"{place}.value", f"{value} comes twice")
        else:
            labels[value] = label
    return labels


def _item_document(item: Item) -> dict[str, Any]:
    shown: dict[str, Any] = {"link_id": item.link_id, "text": item.text or ""}
    if item.kind is Kind.CHOICE:
        shown["options"] = [{"value": option.value, "label": option.label or ""} for option in item.options]
    words = {"topic": item.topic, "low_label": item.low_label, "high_label": item.high_label}
    return shown | {name: text for name, text in words.items() if text}


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _no_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f'"{twice}" comes twice')
    return found
