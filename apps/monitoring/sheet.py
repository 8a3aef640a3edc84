"""A form as a page shows it: questions in order, what was answered, which answer opens the crisis card."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.alerts.levels import Level
from apps.monitoring.answers import newest_rows, typed
from apps.monitoring.findings import is_suicidal
from apps.monitoring.instruments import Answers, AnswerValue, Definition, Finding, Item, Kind, answer_findings
from apps.monitoring.models import Slot

#: Recall periods of our own and of published instruments, as a person reads them.
RECALL = {
    "today": gettext_lazy("Today"),
    "2 weeks": gettext_lazy("Over the last 2 weeks"),
    "1 month": gettext_lazy("Over the last month"),
    "past month": gettext_lazy("Over the last month"),
    "past week": gettext_lazy("Over the last week"),
    "1 week": gettext_lazy("Over the last week"),
    "7 days": gettext_lazy("Over the last 7 days"),
    "1 year": gettext_lazy("Over the last year"),
    "12 months": gettext_lazy("Over the last year"),
    "now": gettext_lazy("Right now"),
    "since last contact": gettext_lazy("Since we last asked you"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to choose. field value as the form sends it."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Question:
    """One item of the form. Values are as the form sends them: "" for unanswered."""

    number: int
    item: Item
    text: str
    choices: list[Choice]
    value: str
    skipped: bool
    enabled: bool
    unsafe: str  # answers that open the crisis card, separated by spaces
    urgent: str  # answers that open the urgent card
    shows_crisis: bool
    low_label: str
    high_label: str
    error: str = ""

    @property
    def field_id(self) -> str:
        """The id of its first control."""
        return f"i-{self.item.link_id}"

    @property
    def start(self) -> str:
        """Where the dot of a slider stands: at the answer, else in the middle."""
        low, high = self.item.bounds or (0, 0)
        return self.value or str((low + high) // 2)

    @property
    def needs(self) -> str:
        """The item that it hangs on, or ""."""
        return self.item.enable_when.link_id if self.item.enable_when else ""

    @property
    def needs_value(self) -> str:
        """The answer of that item with which it is asked, as the form sends it."""
        return form_value(self.item.enable_when.value) if self.item.enable_when else ""


@dataclass(slots=True)
class Sheet:
    """The whole form."""

    slot: Slot
    definition: Definition
    title: str
    recall: str
    questions: list[Question]
    errors: Mapping[str, str] = field(default_factory=dict)
    open_items: list[str] = field(default_factory=list)

    @property
    def language(self) -> str:
        """The instrument's own, where the page around it speaks another one; else ""."""
        own = self.definition.own_wording or self.slot.questionnaire.language == translation.get_language()
        return "" if own else self.slot.questionnaire.language

    @property
    def direction(self) -> str:
        """In which direction that language is written."""
        return "rtl" if self.language.partition("-")[0] in settings.LANGUAGES_BIDI else "ltr"

    @property
    def positive(self) -> bool:
        """An answer that was saved tells of thoughts of suicide."""
        return any(question.shows_crisis for question in self.questions)


def form_value(value: AnswerValue) -> str:
    """An answer as a form field: true and false as words, "" for none."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def title_for(definition: Definition) -> str:
    """What the form is called before the person: no name of a disease."""
    return _("Daily check-in") if definition.key == "check-in" else _("A few questions")


def make_sheet(
    slot: Slot,
    definition: Definition,
    *,
    errors: Mapping[str, str] | None = None,
    typed_in: Mapping[str, str] | None = None,
    open_items: list[str] | None = None,
) -> Sheet:
    """The form with what was saved so far. typed_in: raw values of a form that was refused, which win."""
    rows = newest_rows(slot)
    answers = {link_id: typed(definition, row) for link_id, row in rows.items()}
    skipped = {link_id for link_id, row in rows.items() if row.skipped}
    with _in_its_language(slot, definition):
        questions = [
            _question(definition, number, item, answers, skipped, errors or {}, typed_in or {})
            for number, item in enumerate(definition.items, start=1)
        ]
        recall = definition.stem or str(RECALL.get(definition.recall, definition.recall))
    return Sheet(slot, definition, title_for(definition), recall, questions, errors or {}, open_items or [])


def is_positive(slot: Slot, definition: Definition) -> bool:
    """Did any answer given in this slot, even one taken back, tell of thoughts of suicide?"""
    for row in slot.answers.all():
        if any(map(is_suicidal, answer_findings(definition, row.link_id, typed(definition, row)))):
            return True
    return False


def unanswered(definition: Definition, answers: Answers, skipped: set[str]) -> list[Item]:
    """Questions that are asked, needed, and neither answered nor skipped on purpose."""
    return [
        item
        for item in definition.items
        if item.required
        and item.is_enabled(answers)
        and answers.get(item.link_id) is None
        and item.link_id not in skipped
    ]


def _question(
    definition: Definition,
    number: int,
    item: Item,
    answers: Answers,
    skipped: set[str],
    errors: Mapping[str, str],
    typed_in: Mapping[str, str],
) -> Question:
    saved = answers.get(item.link_id)
    value = typed_in.get(item.link_id, form_value(saved))
    return Question(
        number=number,
        item=item,
        text=_own(definition, item.text or ""),
        choices=[Choice(raw, _own(definition, label), raw == value) for raw, label in _options(item)],
        value=value,
        skipped=item.link_id in skipped,
        enabled=item.is_enabled(answers),
        unsafe=_values(definition, item, suicidal=True),
        urgent=_values(definition, item, suicidal=False),
        shows_crisis=any(map(is_suicidal, answer_findings(definition, item.link_id, saved))),
        low_label=_in_sentence(_own(definition, item.low_label)),
        high_label=_in_sentence(_own(definition, item.high_label)),
        error=errors.get(item.link_id, ""),
    )


def _in_its_language(slot: Slot, definition: Definition) -> AbstractContextManager[None]:
    """A published instrument stays whole: its recall period and its "yes" too are of the language that it was given out in."""
    return nullcontext() if definition.own_wording else translation.override(slot.questionnaire.language)


def _own(definition: Definition, text: str) -> str:
    """Our own words are translated; those of a published instrument only by their owners."""
    return _(text) if definition.own_wording and text else text


def _in_sentence(words: str) -> str:
    """ "Worst I can imagine" after a number and a comma."""
    return words[:1].lower() + words[1:]


def _options(item: Item) -> list[tuple[str, str]]:
    if item.kind is Kind.BOOLEAN:
        return [("false", _("No")), ("true", _("Yes"))]
    return [(str(option.value), option.label or str(option.value)) for option in item.options]


def _values(definition: Definition, item: Item, *, suicidal: bool) -> str:
    """Answers that open a card at once. Of other problems only those that cannot wait for a call."""
    found = []
    for rule in definition.safety:
        if rule.link_id != item.link_id:
            continue
        for value, level in rule.levels.items():
            of_suicide = is_suicidal(Finding(rule.code, level, item.link_id, value))
            if of_suicide is suicidal and (suicidal or level is Level.P1):
                found.append(form_value(bool(value) if item.kind is Kind.BOOLEAN else value))
    return " ".join(found)
