"""One form for each kind of rule: its words, and the parameters of its evaluator."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.alerts.rule_models import KINDS, Rule

PARAMETERS: dict[str, tuple[str, ...]] = {
    "item": ("instrument", "item", "at_least"),
    "score": ("instrument", "at_least"),
    "change": ("instrument", "points"),
    "slope": ("instrument", "points", "weeks"),
    "silence": ("instrument", "missed"),
    "vitals": ("code", "at_least", "at_most"),
    "phrase": ("phrases",),
    "missed-check": ("instrument", "hours"),
    "reliable": ("instrument", "points", "against"),
    "own-baseline": ("instrument", "method"),
    "off-track": ("instrument", "sessions"),
}
OPTIONAL = {("vitals", "at_least"), ("vitals", "at_most"), ("missed-check", "instrument")}


class RuleForm(forms.Form):
    """What it looks at, why, and how urgent it is. choices: of instruments and of codes, as (value, words)."""

    name = forms.CharField(label=_("Name, as the desk reads it"), max_length=80)
    why = forms.CharField(label=_("Why this matters"), max_length=300)
    source = forms.CharField(label=_("Source: guideline, study or who decided"), max_length=200)
    level = forms.ChoiceField(
        label=_("How urgent"), choices=[("P3", _("Soon")), ("P2", _("Today")), ("P1", _("Act now"))]
    )
    audience = forms.ChoiceField(label=_("Who sees it"), choices=Rule._meta.get_field("audience").flatchoices)
    instrument = forms.ChoiceField(label=_("Survey"))
    item = forms.CharField(label=_("Question, such as q9"), max_length=40)
    code = forms.ChoiceField(label=_("Reading"))
    at_least = forms.FloatField(label=_("At least"))
    at_most = forms.FloatField(label=_("At most"))
    points = forms.FloatField(label=_("Points more"), min_value=0.1, max_value=100)
    weeks = forms.IntegerField(label=_("Over how many weeks"), min_value=2, max_value=26)
    missed = forms.IntegerField(label=_("How many in a row"), min_value=1, max_value=30)
    hours = forms.IntegerField(label=_("Within how many hours after the dose"), min_value=1, max_value=336)
    against = forms.ChoiceField(
        label=_("Against which score"),
        choices=[("before-treatment", _("the last one before treatment")), ("answer-before", _("the one before"))],
    )
    method = forms.ChoiceField(
        label=_("By which chart"),
        choices=[("ewma", _("smoothed course (EWMA)")), ("cusum", _("sum of what is over the usual (CUSUM)"))],
    )
    sessions = forms.IntegerField(label=_("From which session on"), min_value=1, max_value=30, initial=3)
    phrases = forms.CharField(label=_("Words, one phrase a line"), max_length=2000, widget=forms.Textarea)

    def __init__(self, *args: Any, kind: str, instruments: Any, codes: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        wanted = PARAMETERS[kind]
        for name in {name for names in PARAMETERS.values() for name in names} - set(wanted):
            del self.fields[name]
        for name, choices in (("instrument", instruments), ("code", codes)):
            field = self.fields.get(name)
            if isinstance(field, forms.ChoiceField):
                field.choices = [*([("", _("any"))] if (kind, name) in OPTIONAL else []), *choices]
        for name in wanted:
            self.fields[name].required = (kind, name) not in OPTIONAL

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if self.kind == "vitals" and found.get("at_least") is None and found.get("at_most") is None:
            self.add_error("at_least", _("Enter at least one of the two limits."))
        return found

    def clean_phrases(self) -> list[str]:
        """Each line is a phrase."""
        lines = [" ".join(line.split()) for line in str(self.cleaned_data["phrases"]).splitlines()]
        phrases = [line for line in lines if line]
        if not phrases:
            raise forms.ValidationError(_("Enter at least one phrase."))
        return phrases

    def parameters(self) -> dict[str, Any]:
        """What the evaluator takes."""
        return {name: self.cleaned_data[name] for name in PARAMETERS[self.kind] if self.cleaned_data[name] is not None}

    def words(self) -> dict[str, str]:
        """Name, why, source, level, audience."""
        return {name: self.cleaned_data[name] for name in ("name", "why", "source", "level", "audience")}


__all__ = ["KINDS", "RuleForm"]
