"""What staff fill in about reports. The rules are the actions'; forms only read."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.sessions.actions import Happened
from apps.sessions.models import SERIOUS


class SubmissionForm(forms.Form):
    """How it was handed in."""

    how = forms.ChoiceField(
        label=_("Handed in by"), choices=[("portal", _("REMS website")), ("fax", _("fax")), ("phone", _("phone"))]
    )
    reference = forms.CharField(label=_("Confirmation number"), max_length=80, required=False)


class AdverseEventForm(forms.Form):
    """What happened, by the clock of the session's day."""

    term = forms.CharField(label=_("What"), max_length=60)
    grade = forms.TypedChoiceField(
        label=_("Grade"),
        coerce=int,
        choices=[
            (1, _("1 mild")),
            (2, _("2 moderate")),
            (3, _("3 severe")),
            (4, _("4 life-threatening")),
            (5, _("5 death")),
        ],
    )
    onset = forms.TimeField(label=_("From"), widget=forms.TimeInput({"type": "time"}))
    offset = forms.TimeField(label=_("Until"), required=False, widget=forms.TimeInput({"type": "time"}))
    action = forms.CharField(label=_("What was done"), max_length=300)
    follow_up = forms.CharField(label=_("Follow-up"), max_length=300, required=False)
    seriousness = forms.ChoiceField(
        label=_("Serious because"), choices=[("", _("not serious")), *SERIOUS], required=False
    )

    def happened(self, day: datetime) -> Happened:
        """On that day, in its zone."""
        data = self.cleaned_data
        return Happened(
            term=data["term"],
            grade=data["grade"],
            onset_at=datetime.combine(day.date(), data["onset"], day.tzinfo),
            offset_at=datetime.combine(day.date(), data["offset"], day.tzinfo) if data["offset"] else None,
            action=data["action"],
            follow_up=data["follow_up"],
            seriousness=data["seriousness"],
        )
