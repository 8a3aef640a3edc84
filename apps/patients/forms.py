"""Forms of the record, for the desk."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Membership, User
from apps.accounts.permissions import CLINICIANS
from apps.core import clock
from apps.patients.actions import CONTACT_FIELDS, CONTACT_PERSON_FIELDS, PLAN_STEPS, check_zone
from apps.patients.models import EmergencyContact, Patient

OLDEST = 120  # years
DIGITS_AT_LEAST = 3  # 112 is a number, too


def _check_zone(value: str) -> None:
    try:
        check_zone(value)
    except ValidationError as refusal:
        raise ValidationError(refusal.messages) from None


class TreatingField(forms.ModelChoiceField):
    """One of the clinic's licensed people."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.user.name)


def _treating() -> TreatingField:
    return TreatingField(label=_("Treating clinician"), queryset=Membership.objects.none(), required=False)


def clinicians_seen_by(user: User) -> Any:
    """Licensed members of the clinic that this person works in."""
    rows = Membership.objects.visible_to(user).filter(ended_at__isnull=True, role__in=CLINICIANS)
    return rows.select_related("user").order_by("user__name")


class RegisterForm(forms.Form):
    """A new person in care; they get an invitation to the portal."""

    given_name = forms.CharField(label=_("Given name"), max_length=80)
    family_name = forms.CharField(label=_("Family name"), max_length=80)
    birth_on = forms.DateField(label=_("Birth date"), widget=forms.DateInput(attrs={"type": "date"}))
    sex = forms.ChoiceField(label=_("Sex"), choices=Patient._meta.get_field("sex").flatchoices, initial="unknown")
    number = forms.CharField(label=_("Number in your clinic"), max_length=20)
    email = forms.EmailField(label=_("Email, for the invitation"))
    phone = forms.CharField(label=_("Mobile phone, for reminders"), max_length=40, required=False)
    time_zone = forms.CharField(
        label=_("Time zone"),
        max_length=64,
        required=False,
        validators=[_check_zone],
        help_text=_("Where the person lives, such as America/New_York. Empty: your clinic's."),
    )
    treating = _treating()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["treating"].queryset = clinicians_seen_by(user)  # type: ignore[attr-defined]

    def clean_birth_on(self) -> date:
        """A day that a living person can be born on."""
        found: date = self.cleaned_data["birth_on"]
        today = clock.now().date()
        if not today.year - OLDEST <= found.year or found > today:
            raise ValidationError(_("This cannot be a birth date."))
        return found


class ContactsForm(forms.ModelForm):
    """How to reach the person, where they live, who treats them."""

    time_zone = forms.CharField(label=_("Time zone"), max_length=64, validators=[_check_zone])
    treating = _treating()

    class Meta:
        model = Patient
        fields = [*CONTACT_FIELDS, "treating"]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["treating"].queryset = clinicians_seen_by(user)  # type: ignore[attr-defined]


class EmergencyContactForm(forms.ModelForm):
    """Somebody near the person, and whether they may be told."""

    class Meta:
        model = EmergencyContact
        fields = CONTACT_PERSON_FIELDS
        labels = {
            "name": _("Name"),
            "relation": _("Who they are to the person, such as sister or friend"),
            "phone": _("Phone"),
            "may_be_told": _("May be told when there is danger"),
            "note": _("Anything to know, such as ten minutes away"),
        }
        widgets = {"phone": forms.TextInput({"inputmode": "tel"})}

    def clean_phone(self) -> str:
        """Something that can be called."""
        found = str(self.cleaned_data["phone"])
        if sum(character.isdigit() for character in found) < DIGITS_AT_LEAST:
            raise ValidationError(_("Write a phone number that can be called."))
        return found


class OwnContactForm(EmergencyContactForm):
    """The same in the person's own words."""

    class Meta(EmergencyContactForm.Meta):
        labels = EmergencyContactForm.Meta.labels | {
            "relation": _("Who they are to you, such as sister or friend"),
            "may_be_told": _("My clinic may tell this person when I am in danger"),
        }


class SafetyNoteForm(forms.Form):
    """What bears on risk."""

    text = forms.CharField(label=_("What bears on risk"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))


class SafetyPlanForm(forms.Form):
    """The six steps, written together with the person."""

    def __init__(self, *args: Any, headings: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in PLAN_STEPS:
            self.fields[name] = forms.CharField(
                label=headings[name], max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
            )
