"""Read and change a clinic's settings; every change is a new row with who and why."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.accounts import brand
from apps.accounts.catalogue import CATALOGUE, COUNTRIES
from apps.accounts.models import Clinic, ClinicSetting, User
from apps.audit import actions as audit
from apps.audit.models import Action


def setting(clinic: Clinic, name: str) -> Any:
    """The value in force: the newest row of that name, else the sourced default. Raises KeyError."""
    definition = CATALOGUE[name]
    row = ClinicSetting.objects.filter(clinic=clinic, name=name).order_by("-created_at", "-id").first()
    return definition.default if row is None else row.value


def settings_of(clinic: Clinic) -> dict[str, Any]:
    """All settings of a clinic in one query."""
    values = {name: definition.default for name, definition in CATALOGUE.items()}
    rows = ClinicSetting.objects.filter(clinic=clinic).order_by("name", "-created_at", "-id").distinct("name")
    return values | {row.name: row.value for row in rows}


def change_setting(*, clinic: Clinic, name: str, value: Any, actor: User | None, reason: str) -> ClinicSetting:
    """Write a new value. Raises ValidationError when it is of the wrong kind or outside its limits."""
    _check(name, value)
    row = ClinicSetting.objects.create(clinic=clinic, name=name, value=value, changed_by=actor, reason=reason)
    audit.record(action=Action.UPDATE, actor_id=actor.pk if actor else None, obj=row, detail=name)
    return row


def _check(name: str, value: Any) -> None:
    definition = CATALOGUE.get(name)
    if definition is None or not _is_of_kind(value, definition.kind):
        raise ValidationError(_("There is no such setting, or its value is of the wrong kind."))
    if name == "brand_colour":
        _check_colour(value)
    if definition.low is not None and not definition.low <= value <= (definition.high or value):
        raise ValidationError(
            _("%(name)s must lie between %(low)s and %(high)s.")
            % {"name": name, "low": definition.low, "high": definition.high},
        )


def _check_colour(value: str) -> None:
    """Readable on every surface, and not the red that means danger."""
    if not value:
        return
    if not brand.is_colour(value):
        raise ValidationError(_("Write the colour as # and six of 0-9 and a-f, such as #0b5f63."))
    ratio = brand.worst_contrast(value)
    if ratio < brand.AA:
        raise ValidationError(
            _("Too pale to be read: %(ratio)s to 1 on the lightest grounds, 4.5 to 1 is needed. Take a darker one.")
            % {"ratio": f"{ratio:.1f}"},
        )
    if brand.looks_like_danger(value):
        raise ValidationError(_("Red is kept for danger. Take another colour."))


def _is_of_kind(value: Any, kind: type) -> bool:
    return type(value) is kind  # exactly: True is no number of minutes


def adopt_country_lines(*, clinic: Clinic, actor: User | None) -> None:
    """Take the crisis numbers of the clinic's country as its settings, where the table has them."""
    lines = COUNTRIES.get(clinic.country)
    if lines is None:
        return
    for name, value in vars(lines).items():
        change_setting(clinic=clinic, name=name, value=value, actor=actor, reason=f"country table {clinic.country}")


def crisis_numbers_complete(values: dict[str, Any]) -> bool:
    """May surveys be published? Only with a number to call and an emergency number."""
    return bool(values["crisis_call_number"] and values["emergency_number"])
