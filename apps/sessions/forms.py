"""What a person fills in about a visit. The rules are the actions'; forms only read."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Clinic, Membership, User
from apps.alerts.models import Alert
from apps.core import clock
from apps.messaging.models import Message
from apps.patients.models import Patient
from apps.sessions.models import Visit, VisitNote
from apps.sessions.open_times import HOLDERS, OpenTime

LENGTHS = (10, 15, 20, 30, 45, 60)


class ArriveForm(forms.Form):
    """Before the waiting room: where, with whom, and how to call back."""

    where = forms.ChoiceField(choices=[("home", _("At home")), ("else", _("Somewhere else"))])
    place = forms.CharField(label=_("Address where you are now"), max_length=300, required=False)
    company = forms.ChoiceField(
        label=_("Can anyone hear you?"), choices=[("alone", _("No")), ("someone", _("Yes"))], widget=forms.RadioSelect
    )
    call_back = forms.CharField(label=_("Number to call if the video drops"), max_length=40)

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        self.patient = patient
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        """`place` is where they are, whichever way it was said."""
        data = super().clean() or {}
        if data.get("where") == "home" and self.patient.address:
            data["place"] = self.patient.address
        elif not data.get("place", "").strip():
            self.add_error("place", _("Say where you are, so that help could find you."))
        return data


class WishForm(forms.Form):
    """Asking for a visit, or for another time."""

    wish = forms.CharField(
        label=_("Which days and times suit you?"), max_length=300, widget=forms.Textarea({"rows": 3})
    )


class CancelForm(forms.Form):
    """Why; the person reads what staff write."""

    reason = forms.CharField(label=_("Why"), max_length=200, required=False)


class DelayForm(forms.Form):
    """How late it will be."""

    minutes = forms.IntegerField(label=_("Minutes late"), min_value=0, max_value=240)


class BookForm(forms.Form):
    """A visit at a time of the clinic's clock."""

    patient = forms.ModelChoiceField(label=_("Patient"), queryset=Patient.objects.none())
    clinician = forms.ModelChoiceField(label=_("With"), queryset=Membership.objects.none())
    day = forms.DateField(label=_("Day"), widget=forms.DateInput({"type": "date"}))
    time = forms.TimeField(label=_("Time"), widget=forms.TimeInput({"type": "time"}))
    minutes = forms.TypedChoiceField(
        label=_("Length"), coerce=int, choices=[(n, _("%(n)s minutes") % {"n": n}) for n in LENGTHS], initial=20
    )
    reason = forms.CharField(label=_("Reason"), max_length=120, required=False)
    alert = forms.ModelChoiceField(queryset=Alert.objects.none(), required=False, widget=forms.HiddenInput)
    message = forms.ModelChoiceField(queryset=Message.objects.none(), required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = clock.zone_of(clinic_of(user).time_zone)
        patients = Patient.objects.visible_to(user).filter(status="active")
        self.fields["patient"].queryset = patients  # type: ignore[attr-defined]
        self.fields["alert"].queryset = Alert.objects.visible_to(user)  # type: ignore[attr-defined]
        theirs = Message.objects.visible_to(user).filter(from_patient=True).select_related("thread")
        self.fields["message"].queryset = theirs  # type: ignore[attr-defined]
        offer_clinicians(self.fields["clinician"], user)

    def clean(self) -> dict[str, Any]:
        """An alert or message of somebody else is no reason for this visit."""
        data = super().clean() or {}
        alert, patient = data.get("alert"), data.get("patient")
        if alert is not None and patient is not None and alert.patient_id != patient.pk:
            data["alert"] = None
        message = data.get("message")
        if message is not None and patient is not None and message.thread.patient_id != patient.pk:
            data["message"] = None
        return data

    def starts_at(self) -> datetime:
        """The moment meant, by the clinic's clock."""
        return datetime.combine(self.cleaned_data["day"], self.cleaned_data["time"], self.zone)


class ChangeForm(BookForm):
    """Another time, length, clinician or reason for the same person."""

    field_order = ["clinician", "day", "time", "minutes", "reason"]

    def __init__(self, *args: Any, visit: Visit, user: User, **kwargs: Any) -> None:
        local = visit.starts_at.astimezone(clock.zone_of(clinic_of(user).time_zone))
        kwargs.setdefault(
            "initial",
            {
                "clinician": visit.clinician_id,
                "day": local.date(),
                "time": local.strftime("%H:%M"),
                "minutes": visit.minutes,
                "reason": visit.reason,
            },
        )
        super().__init__(*args, user=user, **kwargs)
        del self.fields["patient"], self.fields["alert"]
        if visit.minutes not in LENGTHS:
            length = self.fields["minutes"]
            length.choices = [*length.choices, (visit.minutes, f"{visit.minutes}")]  # type: ignore[attr-defined]


class NoteForm(forms.ModelForm[VisitNote]):
    """The note and its next step."""

    class Meta:
        model = VisitNote
        fields = ("text", "for_patient", "next_step", "next_step_on")
        widgets = {
            "text": forms.Textarea({"rows": 8, "class": "in", "maxlength": 20_000}),
            "for_patient": forms.Textarea({"rows": 3, "class": "in", "maxlength": 2_000}),
            "next_step": forms.RadioSelect,
            "next_step_on": forms.DateInput({"type": "date", "class": "in"}),
        }


class OwnTimeForm(forms.Form):
    """One of the open times, as the page offered it: "<moment, ISO 8601> <membership>"."""

    time = forms.CharField(max_length=80, error_messages={"required": _("Choose a time.")})

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        self.patient = patient
        super().__init__(*args, **kwargs)

    def clean_time(self) -> OpenTime:
        """The moment and the clinician. Whether it is still open is the action's to say."""
        moment, _space, member = self.cleaned_data["time"].partition(" ")
        try:
            starts_at, pk = datetime.fromisoformat(moment), UUID(member)
        except ValueError as error:
            raise forms.ValidationError(_("Choose a time.")) from error
        members = Membership.objects.filter(clinic_id=self.patient.clinic_id, role__in=HOLDERS)
        clinician = members.select_related("user").filter(pk=pk).first()
        if clinician is None or starts_at.tzinfo is None:
            raise forms.ValidationError(_("Choose a time."))
        return OpenTime(starts_at, clinician)


def offer_clinicians(field: forms.Field, user: User) -> None:
    """Give a ModelChoiceField everybody who holds visits in the person's clinic, by name."""
    members = Membership.objects.filter(clinic=clinic_of(user), role__in=HOLDERS, ended_at__isnull=True)
    field.queryset = members.select_related("user").order_by("user__name")  # type: ignore[attr-defined]
    field.label_from_instance = lambda member: member.user.name  # type: ignore[attr-defined]


def clinic_of(user: User) -> Clinic:
    """The clinic in force. Raises PermissionDenied without one."""
    if user.membership is None:
        raise PermissionDenied
    return user.membership.clinic


def faults(form: forms.BaseForm) -> str:
    """Everything that is wrong with a form, in one line."""
    return " ".join(str(message) for messages in form.errors.values() for message in messages)


def today_words(zone: str) -> str:
    """Today in that zone, as a date field's smallest value."""
    return clock.now().astimezone(clock.zone_of(zone)).date().isoformat()
