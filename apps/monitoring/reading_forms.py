"""Readings typed by a person or by staff, devices, and a person's own limits."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core import clock
from apps.monitoring.observations.limits import NAMES
from apps.monitoring.observations.reading import Reading
from apps.monitoring.plausibility import MEASURABLE, ReadingRefused, check_reading
from apps.monitoring.reading_models import PHASES

#: Field -> code and unit; where the unit is chosen, the field that names it.
FIELDS = {
    "systolic": ("8480-6", "mm[Hg]"),
    "diastolic": ("8462-4", "mm[Hg]"),
    "pulse": ("8867-4", "/min"),
    "oxygen": ("59408-5", "%"),
    "breaths": ("9279-1", "/min"),
    "temperature": ("8310-5", "temperature_unit"),
    "weight": ("29463-7", "weight_unit"),
}
LABS = ("1742-6", "1920-8", "6768-6", "2324-2", "1975-2", "2160-0")


def _number(label: Any, places: int = 0) -> forms.DecimalField:
    widget = forms.NumberInput(
        attrs={"inputmode": "decimal" if places else "numeric", "step": "0.1" if places else "1"}
    )
    return forms.DecimalField(label=label, required=False, decimal_places=places, max_digits=6, widget=widget)


class ReadingForm(forms.Form):
    """What was measured at one time; whatever is left out was not measured."""

    systolic = _number(_("Blood pressure, upper number"))
    diastolic = _number(_("Blood pressure, lower number"))
    pulse = _number(_("Pulse, beats a minute"))
    oxygen = _number(_("Oxygen, %"))
    temperature = _number(_("Temperature"), 1)
    temperature_unit = forms.ChoiceField(label=_("Temperature in"), choices=[("Cel", "°C"), ("[degF]", "°F")])
    weight = _number(_("Weight"), 1)
    weight_unit = forms.ChoiceField(label=_("Weight in"), choices=[("kg", "kg"), ("[lb_av]", "lb")])
    measured_at = forms.DateTimeField(
        label=_("When, if it was not just now"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    device = forms.CharField(max_length=50, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = clock.zone_of(zone)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        self.at = self._moment(found)
        self.readings = [reading for name in self._measured() if (reading := self._reading(name, found))]
        if not self.readings and not self.errors:
            raise forms.ValidationError(_("Enter at least one number."))
        return found

    def _measured(self) -> list[str]:
        return [name for name in FIELDS if name in self.fields]

    def _moment(self, found: dict[str, Any]) -> datetime:
        """In the person's own zone: a browser's datetime-local names none."""
        at: datetime | None = found.get("measured_at")
        return clock.now() if at is None else at.replace(tzinfo=None).replace(tzinfo=self.zone)

    def _reading(self, name: str, found: dict[str, Any]) -> Reading | None:
        value = found.get(name)
        if value is None:
            return None
        code, unit = FIELDS[name]
        return self._checked(name, code, value, found.get(unit, unit))

    def _checked(self, field: str, code: str, value: Decimal, unit: str) -> Reading | None:
        try:
            check_reading(code, value, unit, self.at, clock.now())
        except ReadingRefused as refusal:
            late = refusal.code in ("in_the_future", "too_old")
            words = _("This time cannot be right.") if late else _("This number cannot be right. Please look again.")
            self.add_error("measured_at" if late else field, words)
            return None
        return Reading(code, value, unit, self.at)


class StaffReadingForm(ReadingForm):
    """The same, with what is measured in a clinic, and one laboratory value."""

    breaths = _number(_("Breaths a minute"))
    lab = forms.ChoiceField(
        label=_("Laboratory value"),
        required=False,
        choices=[("", "—"), *((code, f"{MEASURABLE[code].name}, {MEASURABLE[code].unit}") for code in LABS)],
    )
    lab_value = _number(_("Result"), 1)
    field_order = ("systolic", "diastolic", "pulse", "oxygen", "breaths")

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        if bool(found.get("lab")) != (found.get("lab_value") is not None):
            self.add_error("lab_value", _("Choose the laboratory value and enter its result."))
        return super().clean()

    def _measured(self) -> list[str]:
        return [*super()._measured(), *(["lab"] if self.cleaned_data.get("lab") else [])]

    def _reading(self, name: str, found: dict[str, Any]) -> Reading | None:
        if name != "lab":
            return super()._reading(name, found)
        value = found.get("lab_value")
        return None if value is None else self._checked("lab_value", found["lab"], value, MEASURABLE[found["lab"]].unit)


class DeviceForm(forms.Form):
    """A device that sends by itself."""

    identifier = forms.CharField(label=_("Serial number"), max_length=60)
    label = forms.CharField(label=_("What it is"), max_length=80, required=False)


class LimitsForm(forms.Form):
    """A person's own limits in one phase; what is left out is the clinic's."""

    phase = forms.ChoiceField(label=_("When they count"), choices=PHASES)
    reason = forms.CharField(label=_("Why they differ"), max_length=300)

    def __init__(self, *args: Any, words: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in NAMES:
            self.fields[name] = forms.IntegerField(label=words[name], required=False, min_value=1, max_value=300)

    def limits(self) -> dict[str, int]:
        """Those that were entered."""
        return {name: self.cleaned_data[name] for name in NAMES if self.cleaned_data.get(name) is not None}
