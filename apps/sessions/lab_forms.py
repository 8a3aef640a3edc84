"""A laboratory result, as it is written down at the desk."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.sessions.actions.labs import Lab
from apps.sessions.models import LabCode, LabFinding

#: The usual unit of each (clinical.md 5).
UNITS = {"alt": "U/L", "ast": "U/L", "alp": "U/L", "ggt": "U/L", "bilirubin": "mg/dL", "creatinine": "mg/dL"}


class LabForm(forms.Form):
    """What, when, and the value with its limit or the finding in a word."""

    code = forms.ChoiceField(label=_("What"), choices=LabCode.choices)
    taken_on = forms.DateField(label=_("Taken on"), widget=forms.DateInput(attrs={"type": "date"}))
    value = forms.DecimalField(label=_("Value"), required=False, min_value=0, max_value=100_000, decimal_places=3)
    upper_limit = forms.DecimalField(
        label=_("Upper limit of normal, of that laboratory"),
        required=False,
        min_value=0,
        max_value=100_000,
        decimal_places=3,
    )
    finding = forms.ChoiceField(
        label=_("Or the finding"), required=False, choices=[("", _("a number")), *LabFinding.choices]
    )
    laboratory = forms.CharField(label=_("Laboratory"), max_length=120, required=False)
    note = forms.CharField(label=_("Note"), max_length=300, required=False)

    def lab(self) -> Lab:
        """As the action takes it."""
        data: dict[str, Any] = dict(self.cleaned_data)
        unit = UNITS.get(data["code"], "") if data["value"] is not None else ""
        return Lab(**data, unit=unit)
