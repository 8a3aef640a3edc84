"""Forms of people and clinics."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.catalogue import SettingDefinition
from apps.accounts.models import Clinic, ContactPoint, Membership
from apps.accounts.permissions import ASSIGNABLE, TABLE, Permission, Role


class AcceptForm(forms.Form):
    """What a newcomer sets: their name and a password."""

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Choose a password"),
        strip=False,
        max_length=512,
        help_text=_("At least 12 letters. A few words in a row are easy to remember."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class UnlockForm(forms.Form):
    """The password again."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=512,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, needed: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].required = needed


class TokenForm(forms.Form):
    """A new API token: no more permissions than its holder has."""

    label = forms.CharField(label=_("What is it for?"), max_length=80)
    scopes = forms.MultipleChoiceField(label=_("What may it do?"), widget=forms.CheckboxSelectMultiple)
    days = forms.IntegerField(label=_("Days until it ends"), min_value=1, max_value=365, initial=90)

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = sorted(TABLE[Role(membership.role)])
        self.fields["scopes"].choices = [(str(one), str(one).replace("-", " ")) for one in held]  # type: ignore[attr-defined]

    def clean_scopes(self) -> list[Permission]:
        return [Permission(one) for one in self.cleaned_data["scopes"]]


class BreakGlassForm(forms.Form):
    """Which clinic, and why."""

    clinic = forms.ModelChoiceField(label=_("Clinic"), queryset=Clinic.objects.filter(is_active=True).order_by("name"))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The clinic's administrators read it at once."),
    )


class InviteForm(forms.Form):
    """Somebody new at the clinic."""

    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("Email"))
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[(role.value, role.value.replace("-", " ")) for role in ASSIGNABLE if role is not Role.PATIENT],
    )
    licence = forms.CharField(label=_("Licence"), max_length=80, required=False)

    def __init__(self, *args: Any, roles: Iterable[Role] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if roles is not None:
            self.fields["role"].choices = [(str(role), str(role).replace("-", " ")) for role in roles]  # type: ignore[attr-defined]


class ContactForm(forms.ModelForm):
    """How a member of staff is reached, and, for a change, why."""

    reason = forms.CharField(label=_("Why?"), max_length=300, required=False)

    class Meta:
        model = ContactPoint
        fields = ("user", "channel", "address", "rank")

    def clean_reason(self) -> str:
        reason: str = self.cleaned_data["reason"].strip()
        if not reason and not self.instance._state.adding:
            raise forms.ValidationError(_("Say why."))
        return reason

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        user = given.get("user", self.instance.user_id)  # who is not asked again
        same = ContactPoint.objects.filter(user=user, channel=given.get("channel"), address=given.get("address"))
        if user and same.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("The person has this contact already."))
        return given


class SettingForm(forms.Form):
    """A new value of one setting, and why."""

    value = forms.CharField(label=_("Value"), max_length=200, required=False)
    reason = forms.CharField(label=_("Why?"), max_length=300)

    def __init__(self, *args: Any, definition: SettingDefinition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = {int: forms.IntegerField, float: forms.FloatField, bool: forms.BooleanField}
        make = fields.get(definition.kind)
        if make is not None:
            self.fields["value"] = make(label=_("Value"), required=definition.kind is not bool)
