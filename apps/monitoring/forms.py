"""Forms of the patient's portal and of the desk's schedules."""

from __future__ import annotations

from typing import Any
from uuid import uuid4
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Clinic
from apps.core import clock
from apps.monitoring.actions.library import on_offer
from apps.monitoring.instruments import AnswerValue, Definition, Item, Kind, parse_form_value
from apps.monitoring.instruments.definition import Option, Respondent
from apps.monitoring.models import PHASE_CHOICES, Questionnaire
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


OFFSET_WORDS = (
    ("240", _("4 hours")),
    ("1440", _("24 hours")),
    ("4320", _("72 hours")),
    ("10080", _("7 days")),
    ("20160", _("14 days")),
)


class RhythmForm(forms.Form):
    """How often a form comes. Times left out are the usual ones."""

    rhythm = forms.ChoiceField(
        label=_("How often"),
        choices=[
            ("daily", _("every day")),
            ("weekly", _("every week")),
            ("once", _("once")),
            ("anchored", _("after each dose")),
        ],
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
    every = forms.IntegerField(
        label=_("Every so many days or weeks"), required=False, initial=1, min_value=1, max_value=26
    )
    offsets = forms.TypedMultipleChoiceField(
        label=_("After a dose, at"),
        coerce=int,
        required=False,
        choices=OFFSET_WORDS,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Only with “after each dose”; none chosen means all."),
    )
    opens_time = forms.TimeField(
        label=_("Opens at, by the person's clock"),
        required=False,
        initial="08:00",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    open_hours = forms.IntegerField(label=_("Open for, hours"), required=False, initial=16, min_value=1, max_value=336)

    def settings(self) -> dict[str, Any]:
        """What `assign` and `change_schedule` take; what was left out is as usual."""
        found = dict(self.cleaned_data)
        usual = {name: found.pop(name) for name in ("opens_time", "open_hours", "every")}
        return found | {name: value for name, value in usual.items() if value is not None}


class AssignForm(RhythmForm):
    """Give a person a form in a rhythm."""

    questionnaire = forms.ModelChoiceField(label=_("Form"), queryset=Questionnaire.objects.none())
    field_order = ("questionnaire",)

    def __init__(self, *args: Any, clinic: Clinic, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown = [row.pk for row in on_offer(clinic) if _may_be_shown(row)]
        field = self.fields["questionnaire"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  (declared above)
        field.queryset = Questionnaire.objects.filter(pk__in=shown).order_by("title", "-created_at")


class PhaseForm(forms.Form):
    """The phase of a person's course."""

    phase = forms.ChoiceField(label=_("Phase"), choices=PHASE_CHOICES)


def _may_be_shown(row: Questionnaire) -> bool:
    definition = definition_of(row)
    return definition.has_wording and definition.respondent is Respondent.PATIENT


class RatingForm(forms.Form):
    """A scale of staff: a field an item, what may be left out is left out on purpose, and when it was rated."""

    def __init__(self, *args: Any, definition: Definition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.definition = definition
        for number, item in enumerate(definition.items, start=1):
            self.fields[item.link_id] = _rating_field(definition, item, number)
        self.fields["rated_at"] = forms.DateTimeField(
            label=_("When"),
            initial=clock.now,
            widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        )
        self.fields["sheet"] = forms.UUIDField(initial=uuid4, widget=forms.HiddenInput)
        self.fields["incomplete"] = forms.BooleanField(
            label=_("Store it although something is left out"),
            required=False,
            widget=forms.HiddenInput if not self.is_bound else forms.CheckboxInput,
        )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        missing = [str(self.fields[item.link_id].label) for item in self._asked(found) if found.get(item.link_id) == ""]
        if missing and not found.get("incomplete"):
            raise forms.ValidationError(_("Left out: %(items)s."), params={"items": "; ".join(missing)})
        return found

    def _asked(self, found: dict[str, Any]) -> list[Item]:
        answers = {name: parsed(self.definition, name, value) for name, value in found.items()}
        return [item for item in self.definition.items if item.required and item.is_enabled(answers)]

    def rating(self) -> dict[str, Any]:
        """What `record_rating` takes."""
        found = self.cleaned_data
        names = self.definition.link_ids
        return {
            "answers": {name: parsed(self.definition, name, found[name]) for name in names},
            "client_id": found["sheet"],
            "rated_at": found["rated_at"],
        }


def parsed(definition: Definition, name: str, value: Any) -> AnswerValue:
    """The answer that a field of the form stands for; None for a blank one or for a field that is no item."""
    return parse_form_value(definition, name, str(value)) if definition.item(name) is not None else None


def _rating_field(definition: Definition, item: Item, number: int) -> forms.Field:
    own = definition.own_wording
    words = item.text or item.topic
    label = f"{number}. {gettext(words) if own and words else words}" if words else gettext("Item %s") % number
    if item.kind is Kind.BOOLEAN:
        choices = [("false", gettext("No")), ("true", gettext("Yes"))]
    else:
        choices = [(str(one.value), _option_words(one, own=own)) for one in item.options]
    hint = gettext("Only after yes to question 2.") if item.enable_when and item.enable_when.link_id == "q2" else ""
    return forms.ChoiceField(label=label, choices=choices, required=False, widget=forms.RadioSelect, help_text=hint)


def _option_words(option: Option, *, own: bool) -> str:
    if not option.label:
        return str(option.value)
    return f"{option.value} · {gettext(option.label) if own else option.label}"
