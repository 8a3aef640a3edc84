"""The ledger at the desk: a lot that comes in, a line by hand, a count; each signed by two."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Clinic, Membership, User
from apps.sessions.actions.countersign import may_confirm
from apps.sessions.actions.stock import NewLot, Signed
from apps.sessions.models import Product

BY_HAND = [
    ("wasted", _("wasted")),
    ("returned", _("returned or sent for destruction")),
    ("received", _("more of this lot came")),
    ("broken", _("broken")),
    ("lost", _("lost")),
    ("found", _("found")),
]


class SecondField(forms.ModelChoiceField):
    """A colleague by name."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.user.name)


class SignedByTwo(forms.Form):
    """The second person on this screen."""

    second = SecondField(label=_("Second person"), queryset=Membership.objects.none(), required=False)
    pin = forms.CharField(
        label=_("Their PIN"),
        max_length=12,
        required=False,
        widget=forms.PasswordInput({"inputmode": "numeric", "autocomplete": "off", "data-pin": ""}),
    )
    passkey = forms.CharField(max_length=600, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, clinic: Clinic, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["second"].queryset = may_confirm(clinic, actor)  # type: ignore[attr-defined]

    def signed(self) -> Signed:
        """As the action takes it."""
        second = self.cleaned_data.get("second")
        pin = self.cleaned_data.get("passkey") or self.cleaned_data.get("pin", "")
        return Signed(second.pk if second else None, pin)


class LotForm(SignedByTwo):
    """What came, as it stands on the box."""

    product = forms.ChoiceField(label=_("Product"), choices=Product.choices)
    description = forms.CharField(label=_("What it is"), max_length=120, help_text=_("Ketamine 500 mg, 10 ml vial"))
    lot = forms.CharField(label=_("Lot number"), max_length=40)
    ndc = forms.CharField(label=_("NDC"), max_length=20, required=False)
    expires_on = forms.DateField(label=_("Expires on"), widget=forms.DateInput(attrs={"type": "date"}))
    unit_mg = forms.DecimalField(label=_("mg in each"), min_value=0, max_digits=8, decimal_places=2)
    units = forms.IntegerField(label=_("How many"), min_value=1, max_value=10_000)
    field_order = ("product", "description", "lot", "ndc", "expires_on", "unit_mg", "units", "second", "pin", "passkey")

    def new(self) -> NewLot:
        """As the action takes it."""
        names = ("product", "description", "lot", "ndc", "expires_on", "unit_mg")
        return NewLot(**{name: self.cleaned_data[name] for name in names})


class EntryForm(SignedByTwo):
    """A line by hand."""

    kind = forms.ChoiceField(label=_("What happened"), choices=BY_HAND)
    amount_mg = forms.DecimalField(label=_("mg"), min_value=0, max_digits=10, decimal_places=2)
    reason = forms.CharField(label=_("Why"), max_length=300, required=False)
    field_order = ("kind", "amount_mg", "reason", "second", "pin", "passkey")


class CountForm(SignedByTwo):
    """What is there."""

    counted_mg = forms.DecimalField(label=_("mg counted"), min_value=0, max_digits=10, decimal_places=2)
    field_order = ("counted_mg", "second", "pin", "passkey")


class CorrectForm(SignedByTwo):
    """Why a line was wrong."""

    reason = forms.CharField(label=_("Why it was wrong"), max_length=300)
    field_order = ("reason", "second", "pin", "passkey")
