"""What a person fills in about an alert. The rules are the actions'; forms only read."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.alerts import closing_record, roster
from apps.alerts.closing_record import PARTS, QUESTIONS, TEXT_LIMIT, Question
from apps.alerts.models import Alert, ContactAttempt, Disposition
from apps.alerts.refusal import AlertRefused
from apps.core import clock
from apps.patients.models import Whereabouts

NOTE_LIMIT = 4000
REASON_LIMIT = 400


class VerbForm(forms.Form):
    """A form of one verb on one alert, for one person."""

    def __init__(self, *args: Any, alert: Alert, actor: User, **kwargs: Any) -> None:
        self.alert, self.actor = alert, actor
        super().__init__(*args, **kwargs)

    def refuse(self, refusal: AlertRefused) -> None:
        """Show what the action said, at the fields that it named."""
        for name, words in refusal.fields.items():
            self.add_error(name if name in self.fields else None, words)
        if not set(refusal.fields) & set(self.fields):
            self.add_error(None, refusal.message)


class ConfirmForm(VerbForm):
    """Nothing to fill in."""


class ReasonForm(VerbForm):
    """Why."""

    reason = forms.CharField(label=_("Why"), max_length=REASON_LIMIT, widget=forms.Textarea({"rows": 3}))


class ContactForm(VerbForm):
    """A try to reach the person."""

    channel = forms.ChoiceField(label=_("How"), choices=ContactAttempt._meta.get_field("channel").choices or [])
    reached = forms.ChoiceField(
        label=_("Did you reach them?"), choices=[("yes", _("Yes")), ("no", _("No"))], widget=forms.RadioSelect
    )
    text = forms.CharField(label=_("Note"), max_length=REASON_LIMIT, required=False, widget=forms.Textarea({"rows": 2}))
    place = forms.CharField(label=_("Where they are now, if they said"), max_length=300, required=False)
    company = forms.ChoiceField(
        label=_("Who is with them"), choices=Whereabouts._meta.get_field("company").choices or [], required=False
    )


class HandOverForm(ReasonForm):
    """To whom, and why."""

    field_order = ["to", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = roster.handlers(self.alert.clinic_id, clock.now())
        if self.alert.owner_id:
            members = members.exclude(pk=self.alert.owner_id)
        self.fields["to"] = forms.ModelChoiceField(label=_("To"), queryset=members)
        self.order_fields(self.field_order)


class ResolveForm(VerbForm):
    """How it ended, a note, and what closing_record asks for at this level and cause."""

    disposition = forms.ChoiceField(label=_("How it ended"), choices=[("", "---------"), *Disposition.choices])
    text = forms.CharField(
        label=_("What was found and done"), max_length=NOTE_LIMIT, widget=forms.Textarea({"rows": 3})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = closing_record.needed(self.alert.level, self.alert.cause)
        if self.wanted:
            self.fields |= {name: _record_field(question) for name, question in QUESTIONS.items()}
            self.fields["follow_up_by"].initial = self.actor.name

    def part(self, name: str, wanted: bool) -> list[forms.BoundField]:
        """The fields of one part of the record: those that must be filled in, or the others."""
        names = [key for key, question in QUESTIONS.items() if question.part == name and key in self.fields]
        return [self[key] for key in names if (key in self._always()) == wanted]

    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        """What must be filled in, part by part, with headings."""
        found = [(str(words), self.part(name, True)) for name, words in PARTS.items()]
        return [(words, fields) for words, fields in found if fields]

    def rest(self) -> list[forms.BoundField]:
        """What may be filled in as well."""
        return [field for name in PARTS for field in self.part(name, False)]

    def clean_follow_up_at(self) -> datetime | None:
        """The time as it was meant: on the clinic's clock."""
        value: datetime | None = self.cleaned_data.get("follow_up_at")
        return value.replace(tzinfo=clock.zone_of(self.alert.clinic.time_zone)) if value else None

    def _always(self) -> frozenset[str]:
        return self.wanted | {"basis", "told", "follow_up_by"} if self.wanted else self.wanted


def _record_field(question: Question) -> forms.Field:
    if question.choices:
        widget = forms.RadioSelect({"class": "opts"})
        return forms.ChoiceField(label=question.label, choices=question.choices, required=False, widget=widget)
    if question.name == "follow_up_at":
        widget_at = forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        return forms.DateTimeField(label=question.label, required=False, widget=widget_at)
    rows = forms.Textarea({"rows": 2}) if question.name in {"why", "protective"} else forms.TextInput()
    return forms.CharField(label=question.label, max_length=TEXT_LIMIT, required=False, widget=rows)


class SnoozeForm(ReasonForm):
    """For how long a task can wait, and why."""

    hours = forms.IntegerField(label=_("Hours from now"), min_value=1, max_value=14 * 24)
    field_order = ["hours", "reason"]

    def until(self) -> timedelta:
        """From now."""
        return timedelta(hours=self.cleaned_data["hours"])


class ReviewForm(ReasonForm):
    """A known level: which answer, for how long, and why."""

    value = forms.IntegerField(label=_("Answers up to"), min_value=1, max_value=100)
    days = forms.IntegerField(label=_("Days from now"), min_value=1, max_value=90)
    field_order = ["value", "days", "reason"]
