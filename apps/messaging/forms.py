"""What a person fills in about messages. The rules are the actions'; forms only read."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Membership
from apps.alerts.models import LEVELS
from apps.messaging.models import ANSWERING, Thread


class MessageForm(forms.Form):
    """A message as a plain form sends it; seen: the last message that stood on the page."""

    client_id = forms.UUIDField(widget=forms.HiddenInput)
    body = forms.CharField(required=False, strip=False)
    seen = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)
    file = forms.FileField(required=False, allow_empty_file=True)


class SeenForm(forms.Form):
    """How far somebody has read."""

    seq = forms.IntegerField(min_value=0, max_value=2**63 - 1)


class HandOverForm(forms.Form):
    """To whom, and why."""

    def __init__(self, *args: Any, thread: Thread, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = Membership.objects.filter(clinic_id=thread.clinic_id, role__in=ANSWERING, ended_at__isnull=True)
        members = members.filter(user__is_active=True).select_related("user")
        if thread.owner_id:
            members = members.exclude(pk=thread.owner_id)
        self.fields["to"] = forms.ModelChoiceField(label=_("To"), queryset=members.order_by("user__name"))
        self.fields["reason"] = forms.CharField(label=_("Why"), max_length=300, widget=forms.Textarea({"rows": 3}))


class AlertForm(forms.Form):
    """How urgent a message is, and why."""

    level = forms.ChoiceField(label=_("How urgent"), choices=LEVELS, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Why this needs somebody"),
        help_text=_("For the desk. Paged people see no word of it."),
        max_length=180,
        widget=forms.Textarea({"rows": 3}),
    )


class ReadyAnswerForm(forms.Form):
    """An answer kept ready."""

    title = forms.CharField(label=_("Name"), help_text=_("How colleagues find it."), max_length=80)
    body = forms.CharField(
        label=_("Words"),
        help_text=_("Plain words, as you would say them. Nothing about one person: it is for everybody."),
        max_length=2000,
        widget=forms.Textarea({"rows": 5}),
    )
