"""From a finding to an alert: which cause it counts onto, and how the desk reads it in one line."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.monitoring.instruments import AnswerValue, Definition, Finding

#: One cause an alert: the same cause counts onto the open alert, another cause is an alert of its own.
CAUSES = {
    "phq9-item-9": "suicidal-thoughts",
    "qids-item-12": "suicidal-thoughts",
    "madrs-item-10": "suicidal-thoughts",
    "check-in-problem-severe": "severe-problem",
    "misuse-outside-clinic": "use-outside-clinic",
    "moaas-sedated": "sedation",
}
_BY_KIND = {8: "blood-in-urine", 9: "mania", 10: "psychosis", 11: "chest-pain"}
#: Answers of these count as thoughts of suicide: the crisis card, the hidden score, the more urgent call.
SUICIDAL = "suicidal-thoughts"


def cause_of(finding: Finding) -> str:
    """The cause of a positive or blank finding, at most 40 characters."""
    if finding.value is None:
        return "not-assessed"
    if finding.code == "check-in-problem-kind":
        return _BY_KIND.get(int(finding.value), "reported-problem")
    return SUICIDAL if finding.code.startswith("cssrs-") else CAUSES.get(finding.code, finding.code)


def is_suicidal(finding: Finding) -> bool:
    """Does the answer tell of thoughts of death or of self-harm?"""
    return cause_of(finding) == SUICIDAL


def ordinal(finding: Finding) -> int | None:
    """The answer where a greater one is a worse one; None for a list of kinds."""
    if finding.value is None or finding.code == "check-in-problem-kind":
        return None
    return int(finding.value)


def title_of(definition: Definition, finding: Finding, before: AnswerValue = None) -> str:
    """One line for the desk: "PHQ-9 item 9 = 2, was 0", "Reported: Blood in my urine"."""
    item = definition.item(finding.link_id)
    if finding.value is None or item is None:
        return _("%(survey)s: %(item)s not assessed") % {"survey": definition.title, "item": _name(definition, finding)}
    if definition.own_wording and item.options:
        return _("Reported: %(what)s") % {"what": _(item.label_of(finding.value) or item.topic)}
    words = {"survey": definition.title, "item": _name(definition, finding), "value": int(finding.value)}
    if before is None:
        return _("%(survey)s %(item)s = %(value)s") % words
    return _("%(survey)s %(item)s = %(value)s, was %(before)s") % {**words, "before": int(before)}


def _name(definition: Definition, finding: Finding) -> str:
    return _("item %(number)s") % {"number": definition.link_ids.index(finding.link_id) + 1}
