"""What is written of conditions, allergies and medicines. The rules are the actions'; forms only read."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.patients.actions import AllergyTold, ConditionTold, MedicineTold
from apps.patients.models import AllergyIntolerance, Condition, HistoryRow, MedicationStatement
from apps.patients.words import FLAG_WORDS


def _day(label: Any) -> forms.DateField:
    return forms.DateField(label=label, required=False, widget=forms.DateInput({"type": "date"}))


def _choice(model: Any, name: str, label: Any, *, required: bool = True) -> forms.ChoiceField:
    choices = [pair for pair in model._meta.get_field(name).flatchoices if pair[0] != "entered-in-error"]
    return forms.ChoiceField(label=label, choices=choices if required else [("", "–"), *choices], required=required)


class EntryForm(forms.Form):
    """One entry; reason only where it takes the place of another."""

    kind: ClassVar[str]
    told_as: ClassVar[Any]
    reason = forms.CharField(label=_("Why it is changed"), max_length=300, required=False)

    def __init__(self, *args: Any, changes: HistoryRow | None = None, **kwargs: Any) -> None:
        if changes is not None:
            names = self.told_as.__dataclass_fields__
            kwargs["initial"] = {name: getattr(changes, name) for name in names}
        kwargs["prefix"] = self.kind
        super().__init__(*args, **kwargs)
        self.order_fields([name for name in self.fields if name != "reason"])
        if changes is None:
            del self.fields["reason"]
        else:
            self.fields["reason"].required = True

    def told(self) -> Any:
        """As the action takes it."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "reason"}
        if "flags" in given:
            given["flags"] = tuple(given["flags"])
        return self.told_as(**given)


class ConditionForm(EntryForm):
    """A diagnosis by its code."""

    kind = "conditions"
    told_as = ConditionTold
    code = forms.CharField(
        label=_("ICD-10 code"), max_length=10, widget=forms.TextInput({"list": "icd10", "autocomplete": "off"})
    )
    display = forms.CharField(
        label=_("What it means"), max_length=160, required=False, help_text=_("Known codes: empty.")
    )
    status = _choice(Condition, "status", _("State"))
    onset_on = _day(_("Since"))
    abated_on = _day(_("Until"))


class AllergyForm(EntryForm):
    """A substance and what it did."""

    kind = "allergies"
    told_as = AllergyTold
    substance = forms.CharField(label=_("Substance"), max_length=120)
    reaction = forms.CharField(label=_("What happened"), max_length=160, required=False)
    criticality = _choice(AllergyIntolerance, "criticality", _("Danger"))
    status = _choice(AllergyIntolerance, "status", _("State"))


class OwnMedicineForm(EntryForm):
    """A medicine as the person tells it."""

    kind = "medicines"
    told_as = MedicineTold
    name = forms.CharField(label=_("Medicine"), max_length=120, help_text=_("As it stands on the box."))
    dose = forms.CharField(label=_("How much and when"), max_length=80, required=False)
    route = _choice(MedicationStatement, "route", _("How"), required=False)
    since = _day(_("Since"))


class MedicineForm(OwnMedicineForm):
    """The same for staff, who may set a flag by hand."""

    ended_on = _day(_("Until"))
    status = _choice(MedicationStatement, "status", _("State"))
    flags = forms.MultipleChoiceField(
        label=_("Matters beside ketamine"),
        choices=[(flag.value, words) for flag, words in FLAG_WORDS.items()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Known names are marked by themselves. Tick what the name does not say."),
    )


FORMS: dict[str, type[EntryForm]] = {form.kind: form for form in (ConditionForm, AllergyForm, MedicineForm)}
