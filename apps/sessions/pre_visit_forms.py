"""The check before a session, in the person's words."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.monitoring.vital_signs import PLAUSIBLE
from apps.sessions.treatment.pre_visit import Told

YES_NO = [("yes", _("Yes")), ("no", _("No"))]


def _question(label: Any, help_text: Any = "") -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label, choices=YES_NO, coerce=lambda text: text == "yes", widget=forms.RadioSelect, help_text=help_text
    )


class PreVisitForm(forms.Form):
    """Short: seven taps and a few words."""

    when = forms.ChoiceField(
        label=_("When is your session?"),
        choices=[("before", _("Tomorrow")), ("morning", _("Today"))],
        widget=forms.RadioSelect,
    )
    ride = _question(_("Does somebody take you home?"))
    ride_name = forms.CharField(label=_("Who?"), max_length=120, required=False)
    fasting = _question(_("Will you eat nothing for 2 hours and drink nothing for 30 minutes before?"))
    medicines_as_told = _question(_("Do you take your medicines as your team told you?"))
    something_new = _question(_("Is anything new?"), _("An illness, a new medicine, a fall, a possible pregnancy."))
    new_text = forms.CharField(label=_("What is new?"), max_length=500, required=False)
    sbp = forms.IntegerField(label=_("Blood pressure, upper number"), required=False)
    dbp = forms.IntegerField(label=_("Blood pressure, lower number"), required=False)
    feeling = forms.IntegerField(
        label=_("How do you feel, from 0 (very bad) to 10 (very good)?"), min_value=0, max_value=10
    )
    wants_to_talk = _question(_("Do you want to talk with somebody before?"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("sbp", "dbp"):
            self.fields[name].min_value, self.fields[name].max_value = PLAUSIBLE[name]  # type: ignore[attr-defined]
            self.fields[name].widget.attrs["inputmode"] = "numeric"

    def told(self) -> Told:
        """As the rules take it."""
        return Told(**{name: self.cleaned_data[name] for name in Told.__slots__})
