"""What is filled in about a clinician's hours."""

from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Membership, User
from apps.core.clock import zone_of
from apps.sessions.forms import clinic_of, offer_clinicians
from apps.sessions.models.hours import WEEKDAYS, HoursFor

DAY, TIME = forms.DateInput({"type": "date"}), forms.TimeInput({"type": "time"})


class HoursForm(forms.Form):
    """Hours that come back each week."""

    clinician = forms.ModelChoiceField(label=_("Who"), queryset=Membership.objects.none())
    purpose = forms.ChoiceField(label=_("For"), choices=HoursFor.choices, initial=HoursFor.VISITS, required=False)
    weekday = forms.TypedChoiceField(label=_("Every"), coerce=int, choices=WEEKDAYS)
    opens = forms.TimeField(label=_("From"), widget=TIME)
    closes = forms.TimeField(label=_("To"), widget=TIME)
    time_zone = forms.ChoiceField(label=_("Time zone"))
    first_on = forms.DateField(label=_("First day (empty: today)"), widget=DAY, required=False)
    last_on = forms.DateField(label=_("Last day (empty: no end)"), widget=DAY, required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_clinicians(self.fields["clinician"], user)
        zones = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
        self.fields["time_zone"].choices = [(zone, zone) for zone in zones]  # type: ignore[attr-defined]

    def clean_purpose(self) -> str:
        """Visits, unless said otherwise."""
        return self.cleaned_data["purpose"] or HoursFor.VISITS


class DifferentTimeForm(forms.Form):
    """One stretch of time, by the clinic's clock."""

    clinician = forms.ModelChoiceField(label=_("Who"), queryset=Membership.objects.none())
    kind = forms.ChoiceField(label=_("Is"), choices=[("away", _("away")), ("extra", _("there in addition"))])
    first_on = forms.DateField(label=_("From"), widget=DAY)
    begins = forms.TimeField(label=_("At"), widget=TIME)
    last_on = forms.DateField(label=_("To"), widget=DAY)
    ends = forms.TimeField(label=_("At"), widget=TIME)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "different_%s"} | kwargs)  # two forms on one page
        self.zone = zone_of(clinic_of(user).time_zone)
        offer_clinicians(self.fields["clinician"], user)

    def wanted(self) -> dict[str, Any]:
        """As add_different_time takes it."""
        data = self.cleaned_data
        return {
            "clinician": data["clinician"],
            "starts_at": datetime.combine(data["first_on"], data["begins"], self.zone),
            "ends_at": datetime.combine(data["last_on"], data["ends"], self.zone),
            "is_away": data["kind"] == "away",
        }
