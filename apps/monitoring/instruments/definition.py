"""What a questionnaire is: items, answers allowed, codes, licence, and which answer is unsafe. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from apps.alerts.levels import Level

#: A raw answer as stored: an integer, true/false, a text, or None for unanswered (never 0).
AnswerValue = int | bool | str | None
Answers = Mapping[str, AnswerValue]

LOCAL_SYSTEM = "urn:telek:instrument"
LOINC_SYSTEM = "http://loinc.org"


def gettext_noop(text: str) -> str:
    """Mark our own wording for translation without importing Django; the door translates it.

    Wording of published instruments is never marked: only official translations may be shown.
    """
    return text


class Kind(Enum):
    """What an item accepts."""

    CHOICE = "choice"
    RANGE = "range"
    BOOLEAN = "boolean"
    TEXT = "text"


class Respondent(Enum):
    """Who answers."""

    PATIENT = "patient"
    CLINICIAN = "clinician"


@dataclass(frozen=True, slots=True)
class Option:
    """One possible answer. ``label`` is None where the wording isn't shipped; ``code`` is a LOINC answer."""

    value: int
    label: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class EnableWhen:
    """An item that is asked only when another item has this answer."""

    link_id: str
    value: int | bool


@dataclass(frozen=True, slots=True)
class Item:
    """One question. ``text`` is None where the licence forbids to ship the wording.

    ``topic`` is a short name in our own words for staff screens; ``loinc`` is the item's LOINC code.
    """

    link_id: str
    kind: Kind = Kind.CHOICE
    text: str | None = None
    topic: str = ""
    loinc: str | None = None
    options: tuple[Option, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    low_label: str = ""
    high_label: str = ""
    max_length: int | None = None
    required: bool = True
    enable_when: EnableWhen | None = None

    @property
    def bounds(self) -> tuple[int, int] | None:
        """Lowest and highest integer accepted; None for true/false and text."""
        if self.kind is Kind.CHOICE:
            values = [option.value for option in self.options]
            return min(values), max(values)
        if self.kind is Kind.RANGE and self.minimum is not None and self.maximum is not None:
            return self.minimum, self.maximum
        return None

    def label_of(self, value: AnswerValue) -> str | None:
        """The wording of the chosen option, where it is shipped."""
        return next((option.label for option in self.options if option.value == value), None)

    def is_enabled(self, answers: Answers) -> bool:
        """Whether the question is asked, given the other answers."""
        rule = self.enable_when
        return rule is None or same_answer(answers.get(rule.link_id), rule.value)


@dataclass(frozen=True, slots=True)
class SafetyRule:
    """The level that an answer of one item demands by itself, whatever the rest says.

    ``blank`` is the level when the survey is submitted, or its slot closes, with the item unanswered.
    """

    code: str
    link_id: str
    levels: Mapping[int, Level]
    blank: Level | None = Level.P3

    def level_of(self, value: AnswerValue) -> Level | None:
        """The level of an answer; None for a harmless or missing one."""
        return self.levels.get(value) if isinstance(value, int) else None


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of a questionnaire; answers are pinned to ``url`` and ``version``.

    ``code`` and ``total_code`` are LOINC where ``system`` says so, else local codes.
    """

    key: str
    version: str
    title: str
    items: tuple[Item, ...]
    licence: str
    attribution: str
    source_url: str
    recall: str
    respondent: Respondent = Respondent.PATIENT
    system: str = LOCAL_SYSTEM
    code: str = ""
    total_code: str | None = None
    stem: str | None = None
    safety: tuple[SafetyRule, ...] = ()
    own_wording: bool = False
    max_total: int | None = None

    @property
    def url(self) -> str:
        """Canonical address of the questionnaire, without its version."""
        return f"{LOCAL_SYSTEM}:{self.key}"

    @property
    def has_wording(self) -> bool:
        """False: scoring and history work, but it is never shown to a patient."""
        return all(item.text is not None for item in self.items)

    @property
    def safety_items(self) -> tuple[str, ...]:
        """Link ids of the items that can demand an alert by themselves."""
        return tuple(dict.fromkeys(rule.link_id for rule in self.safety))

    @property
    def link_ids(self) -> tuple[str, ...]:
        """Link ids in questionnaire order."""
        return tuple(item.link_id for item in self.items)

    def item(self, link_id: str) -> Item | None:
        """The item of that link id, or None."""
        return next((item for item in self.items if item.link_id == link_id), None)


def same_answer(left: AnswerValue, right: AnswerValue) -> bool:
    """Equality that keeps true apart from 1."""
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def coded_options(low: int, high: int) -> tuple[Option, ...]:
    """Options low..high without wording."""
    return tuple(Option(value) for value in range(low, high + 1))


def coded_items(count: int, low: int, high: int, *, prefix: str = "q") -> tuple[Item, ...]:
    """Items prefix1..prefixN, integers low..high, without wording."""
    return tuple(Item(f"{prefix}{number}", options=coded_options(low, high)) for number in range(1, count + 1))
