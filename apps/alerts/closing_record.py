"""What must be written down when an alert is closed (clinical reference 4.4), by level, cause and ending.

A P3 needs an ending and a note. A P2 or P1 about something bodily needs in addition who looks after it, when and
with which treatment. Where thoughts of death or self-harm are in play a P2 needs the short assessment and a P1 the
whole of it. Whoever could not be reached could not be asked: then it is written who was told instead. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

SELF_HARM = frozenset({"suicidal-thoughts", "call-request", "phrase", "not-assessed"})
NOT_REACHED = frozenset({"welfare-check", "not-reached"})
FOLLOW_UP_AT_MOST = timedelta(days=90)
TEXT_LIMIT = 2000
NOBODY = "nobody"
_NOT_SAID = ("not-said", gettext_lazy("not known"))


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to write down. part: asked, judged, done or next; no choices: free text."""

    name: str
    part: str
    label: Any
    choices: tuple[tuple[str, Any], ...] = ()

    def words(self, value: str) -> str:
        """The answer as a person reads it."""
        return str(dict(self.choices).get(value, value))


_t = gettext_lazy
QUESTIONS = {
    question.name: question
    for question in (
        Question("ideation", "asked", _t("Thoughts"), (
            ("none", _t("none")), ("passive", _t("wishes to be dead")), ("active", _t("of ending their life")), _NOT_SAID)),
        Question("plan", "asked", _t("Plan"), (
            ("none", _t("none")), ("some", _t("thought of how")), ("clear", _t("how, when or where")), _NOT_SAID)),
        Question("intent", "asked", _t("Intent"), (("none", _t("none")), ("unsure", _t("unsure")), ("yes", _t("some")), _NOT_SAID)),
        Question("means", "asked", _t("Means, such as medicines or firearms"), (
            ("none", _t("not at hand")), ("at-hand", _t("at hand")), ("secured", _t("at hand, locked away")), _NOT_SAID)),
        Question("past", "asked", _t("Past behaviour"), (
            ("never", _t("never")), ("earlier", _t("earlier")), ("recent", _t("in the last 3 months")), _NOT_SAID)),
        Question("intoxication", "asked", _t("Alcohol or drugs now"), (
            ("no", _t("no")), ("yes", _t("yes")), ("unclear", _t("unclear")), _NOT_SAID)),
        Question("protective", "asked", _t("What protects, what warns")),
        Question("acute", "judged", _t("Risk now, your judgement"), (
            ("low", _t("low")), ("moderate", _t("moderate")), ("high", _t("high")), ("imminent", _t("imminent")))),
        Question("chronic", "judged", _t("Risk over the long term"), (
            ("low", _t("low")), ("moderate", _t("moderate")), ("high", _t("high")))),
        Question("why", "judged", _t("Why this level")),
        Question("care", "done", _t("Level of care"), (
            ("as-before", _t("as before")), ("with-someone", _t("at home, somebody stays")), ("same-day", _t("seen the same day")),
            ("emergency", _t("emergency department")), ("inpatient", _t("taken into hospital")))),
        Question("safety_plan", "done", _t("Safety plan"), (
            ("reviewed", _t("gone through")), ("made", _t("made")), ("updated", _t("updated")), ("not-now", _t("not possible now")))),
        Question("means_safety", "done", _t("Safety of means"), (
            ("nothing", _t("nothing to secure")), ("done", _t("secured")), ("agreed", _t("agreed, to be checked")), ("refused", _t("not agreed")))),
        Question("basis", "done", _t("Who else was told, and on what basis"), (
            (NOBODY, _t("nobody")), ("agreed", _t("the person agreed")), ("contact", _t("a contact who may be told")),
            ("danger", _t("serious danger, without consent")), ("law", _t("another legal duty")))),
        Question("told", "done", _t("Who was told")),
        Question("follow_up_at", "next", _t("Next contact")),
        Question("follow_up_by", "next", _t("By whom")),
        Question("treatment", "next", _t("Treatment"), (
            ("continue", _t("continue")), ("forward", _t("bring the next dose forward")), ("hold", _t("hold")),
            ("stop", _t("stop")), ("none", _t("no treatment runs")))),
    )
}  # fmt: skip
PARTS = {
    "asked": gettext_lazy("What was asked"),
    "judged": gettext_lazy("Judgement"),
    "done": gettext_lazy("Done"),
    "next": gettext_lazy("Next"),
}
_ASKED = tuple(name for name, question in QUESTIONS.items() if question.part == "asked")
_CARE = ("care", "follow_up_at", "treatment")
_SHORT = ("ideation", "plan", "intent", "acute", "why", "safety_plan", *_CARE)
_UNREACHED = ("acute", "why", "basis", "follow_up_at", "treatment")


def needed(level: str, cause: str, disposition: str = "", *, dismissed: bool = False) -> frozenset[str]:
    """Names of what cannot be left out. disposition: of Disposition; dismissed: a false hint, nothing is owed."""
    if level == "P3" or dismissed:
        return frozenset()
    if disposition in NOT_REACHED:
        return frozenset(_UNREACHED)
    if cause not in SELF_HARM:
        return frozenset(_CARE)
    if level == "P2":
        return frozenset(_SHORT)
    return frozenset(QUESTIONS) - {"told", "follow_up_by"}


def tidied(given: Mapping[str, Any] | None) -> dict[str, str]:
    """Known names with something in them, as text; times as ISO 8601."""
    found: dict[str, str] = {}
    for name in QUESTIONS:
        value = (given or {}).get(name)
        text = value.isoformat() if isinstance(value, datetime) else str(value or "")
        if text := text.replace("\x00", "").strip():
            found[name] = text[:TEXT_LIMIT]
    return found


def faults(record: Mapping[str, str], wanted: frozenset[str], at: datetime) -> dict[str, str]:
    """What is wrong with a tidied record, by name, in words; empty when nothing is."""
    found = {name: _("This is still missing.") for name in wanted if name not in record}
    for name, value in record.items():
        question = QUESTIONS[name]
        if question.choices and value not in dict(question.choices):
            found[name] = _("Choose one of the answers.")
    if record.get("basis", NOBODY) != NOBODY and "told" not in record:
        found["told"] = _("Write who was told.")
    if "follow_up_at" in record and (fault := _fault_of_time(record["follow_up_at"], at)):
        found["follow_up_at"] = fault
    return {name: found[name] for name in QUESTIONS if name in found}


def _fault_of_time(text: str, at: datetime) -> str:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return _("This is no date and time.")
    if when.tzinfo is None or not at < when <= at + FOLLOW_UP_AT_MOST:
        return _("Choose a time within the next 90 days.")
    return ""


def in_words(faults_found: Mapping[str, str]) -> str:
    """One sentence with the names of what is wrong."""
    names = ", ".join(str(QUESTIONS[name].label).lower() for name in faults_found)
    return _("To close this, still look at: %(names)s.") % {"names": names}
