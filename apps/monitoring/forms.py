"""Forms of the patient's portal and of the desk's schedules."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Clinic
from apps.monitoring.actions.library import on_offer
from apps.monitoring.instruments.definition import Respondent
from apps.monitoring.models import Questionnaire
from apps.monitoring.published import definition_of


class WhereaboutsForm(forms.Form):
    """Asked after a positive answer, so that help can find the person. Everything may be left out, not all of it."""

    place = forms.CharField(
        label=_("Where are you now?"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
    )
    company = forms.ChoiceField(
        label=_("Is someone with you?"),
        required=False,
        choices=[("someone", _("Someone is with me")), ("alone", _("I am alone"))],
        widget=forms.RadioSelect,
    )
    call_back = forms.CharField(
        label=_("Which number reaches you?"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not any(found.get(name) for name in ("place", "company", "call_back")):
            raise forms.ValidationError(_("Tell us at least one of these, or leave them."))
        return found


class ReachabilityForm(forms.Form):
    """When the person may be reached. Quiet hours: equal times mean none."""

    time_zone = forms.ChoiceField(label=_("My time zone"), choices=lambda: [(z, z) for z in _zones()])
    quiet_from = forms.TimeField(
        label=_("No messages from"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(label=_("until"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))


def _zones() -> list[str]:
    """Places, sorted: what a person recognises."""
    regions = (
        "Africa/",
        "America/",
        "Antarctica/",
        "Asia/",
        "Atlantic/",
        "Australia/",
        "Europe/",
        "Indian/",
        "Pacific/",
    )
    return [*sorted(zone for zone in available_timezones() if zone.startswith(regions)), "UTC"]


class PauseForm(forms.Form):
    """No forms before that day."""

    until = forms.DateField(label=_("Begin again on"), widget=forms.DateInput(attrs={"type": "date"}))


class AssignForm(forms.Form):
    """Give a person a form in a rhythm."""

    questionnaire = forms.ModelChoiceField(label=_("Form"), queryset=Questionnaire.objects.none())
    rhythm = forms.ChoiceField(
        label=_("How often"), choices=[("daily", _("every day")), ("weekly", _("every week")), ("once", _("once"))]
    )
    weekday = forms.TypedChoiceField(
        label=_("Day of the week"),
        coerce=int,
        empty_value=None,
        required=False,
        choices=[
            ("", "—"),
            (0, _("Monday")),
            (1, _("Tuesday")),
            (2, _("Wednesday")),
            (3, _("Thursday")),
            (4, _("Friday")),
            (5, _("Saturday")),
            (6, _("Sunday")),
        ],
    )

    opens_time = forms.TimeField(
        label=_("Opens at, by the person's clock"),
        required=False,
        initial="08:00",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    open_hours = forms.IntegerField(label=_("Open for, hours"), required=False, initial=16, min_value=1, max_value=336)

    def __init__(self, *args: Any, clinic: Clinic, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown = [row.pk for row in on_offer(clinic) if _may_be_shown(row)]
        field = self.fields["questionnaire"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  (declared above)
        field.queryset = Questionnaire.objects.filter(pk__in=shown).order_by("title", "-created_at")

    def settings(self) -> dict[str, Any]:
        """What `assign` takes; times left out are the usual ones."""
        found = dict(self.cleaned_data)
        times = {name: found.pop(name) for name in ("opens_time", "open_hours")}
        return found | {name: value for name, value in times.items() if value is not None}


def _may_be_shown(row: Questionnaire) -> bool:
    definition = definition_of(row)
    return definition.has_wording and definition.respondent is Respondent.PATIENT
