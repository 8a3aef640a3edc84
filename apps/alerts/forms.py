"""What a person fills in about an alert. The rules are the actions'; forms only read."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.alerts import roster
from apps.alerts.models import Alert, ContactAttempt, Disposition
from apps.core import clock

NOTE_LIMIT = 4000
REASON_LIMIT = 400


class VerbForm(forms.Form):
    """A form of one verb on one alert, for one person."""

    def __init__(self, *args: Any, alert: Alert, actor: User, **kwargs: Any) -> None:
        self.alert, self.actor = alert, actor
        super().__init__(*args, **kwargs)


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
    text = forms.CharField(label=_("Note"), max_length=REASON_LIMIT, required=False, widget=forms.Textarea({"rows": 3}))


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
    """How it ended, and a note."""

    disposition = forms.ChoiceField(label=_("How it ended"), choices=[("", "---------"), *Disposition.choices])
    text = forms.CharField(
        label=_("What was found and done"), max_length=NOTE_LIMIT, widget=forms.Textarea({"rows": 5})
    )


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
