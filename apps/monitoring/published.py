"""A questionnaire as it was published: the definition as JSON, and back. Old answers keep their old version."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Any

from apps.alerts.levels import Level
from apps.monitoring.instruments.definition import (
    Definition,
    EnableWhen,
    Item,
    Kind,
    Option,
    Respondent,
    SafetyRule,
)


def to_json(definition: Definition) -> dict[str, Any]:
    """The definition as plain JSON values; `from_json` gives an equal one back."""
    plain: dict[str, Any] = _plain(definition)
    return plain


def digest(published: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    text = json.dumps(published, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def from_json(published: Mapping[str, Any]) -> Definition:
    """The definition that was published. Raises KeyError or ValueError for what is none."""
    return Definition(
        **{
            **published,
            "items": tuple(_item(item) for item in published["items"]),
            "respondent": Respondent(published["respondent"]),
            "safety": tuple(_rule(rule) for rule in published["safety"]),
        }
    )


def definition_of(questionnaire: Any) -> Definition:
    """The definition of a Questionnaire row, made once a process."""
    return _known(questionnaire.digest, json.dumps(questionnaire.definition))


@lru_cache(maxsize=256)
def _known(_digest: str, text: str) -> Definition:
    return from_json(json.loads(text))


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(int(key)): _plain(inner) for key, inner in value.items()}  # answers: true is 1
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    return value


def _item(item: Mapping[str, Any]) -> Item:
    rule = item["enable_when"]
    return Item(
        **{
            **item,
            "kind": Kind(item["kind"]),
            "options": tuple(Option(**option) for option in item["options"]),
            "enable_when": None if rule is None else EnableWhen(**rule),
        }
    )


def _rule(rule: Mapping[str, Any]) -> SafetyRule:
    return SafetyRule(
        code=rule["code"],
        link_id=rule["link_id"],
        levels={int(value): Level(level) for value, level in rule["levels"].items()},
        blank=None if rule["blank"] is None else Level(rule["blank"]),
    )
