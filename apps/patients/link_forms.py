"""Whom a person asks to be with them."""

from __future__ import annotations

import re

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from apps.patients.models import LinkPurpose

PHONE = re.compile(r"\+?[0-9 ()./-]{5,24}")
DAYS = [(2, _("2 days")), (7, _("a week")), (30, _("a month")), (180, _("half a year"))]
#: What a person may ask for by themselves; the others are given out where their page is.
OWN_PURPOSES = (LinkPurpose.PEER,)


class AskHelperForm(forms.Form):
    """Name, how long; where the clinic sends the link, if it should."""

    name = forms.CharField(label=_("Their name"), max_length=120)
    days = forms.TypedChoiceField(label=_("How long does the link work?"), coerce=int, choices=DAYS, initial=7)
    address = forms.CharField(
        label=_("Their mobile number or email"),
        max_length=200,
        required=False,
        help_text=_("We send them the link. Leave it empty to pass the link on yourself."),
    )

    def clean_address(self) -> str:
        """A number or a mail address, or nothing."""
        found = str(self.cleaned_data["address"]).strip()
        if "@" in found:
            validate_email(found)
        elif found and not PHONE.fullmatch(found):
            raise ValidationError(_("Write a mobile number or an email address."))
        return found if "@" in found else re.sub(r"[ ()./-]", "", found)
