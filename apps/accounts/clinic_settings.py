"""Read and change a clinic's settings; every change is a new row with who and why."""

import re
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts import brand, pending
from apps.accounts.catalogue import CATALOGUE, COUNTRIES
from apps.accounts.models import Clinic, ClinicLogo, ClinicSetting, PendingChange, User
from apps.accounts.weakening import weakens
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core.db.kept import KeptQuery

_DAY, _DATE = "(mon|tue|wed|thu|fri|sat|sun)", "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
#: How the desk's hours are written: a page and a promise to a person hang on them.
_DESK = {
    "desk_opens": re.compile("([01][0-9]|2[0-3]):[0-5][0-9]"),
    "desk_closes": re.compile("([01][0-9]|2[0-3]):[0-5][0-9]"),
    "desk_days": re.compile(f"({_DAY}([ ,]+{_DAY})*)?"),
    "holidays": re.compile(f"({_DATE}([ ,]+{_DATE})*)?"),
}
_DESK_WORDS = {
    "desk_opens": gettext_lazy("Write the time as 08:00."),
    "desk_closes": gettext_lazy("Write the time as 18:00."),
    "desk_days": gettext_lazy("Write the days as mon tue wed thu fri."),
    "holidays": gettext_lazy("Write the days as 2026-12-25 2027-01-01."),
}


_CHANGED: KeptQuery[ClinicSetting] = KeptQuery(
    lambda clinic: (
        ClinicSetting.objects.filter(clinic=clinic)
        .order_by("name", "-created_at", "-id")
        .distinct("name")
        .values_list("name", "value")
    )
)


def setting(clinic: Clinic, name: str) -> Any:
    """The value in force: the newest row of that name, else the sourced default. Raises KeyError."""
    definition = CATALOGUE[name]
    row = ClinicSetting.objects.filter(clinic=clinic, name=name).order_by("-created_at", "-id").first()
    return definition.default if row is None else row.value


def settings_of(clinic: Clinic) -> dict[str, Any]:
    """All settings of a clinic in one query."""
    return with_defaults(dict(_CHANGED.rows(clinic.pk)))


def with_defaults(changed: dict[str, Any]) -> dict[str, Any]:
    """All settings, from those that a clinic has changed."""
    return {name: definition.default for name, definition in CATALOGUE.items()} | changed


def settings_during(request: HttpRequest, clinic: Clinic) -> dict[str, Any]:
    """All settings of a clinic, read once a request."""
    known: tuple[UUID, dict[str, Any]] | None = getattr(request, "clinic_settings", None)
    if known is None or known[0] != clinic.pk:
        known = clinic.pk, settings_of(clinic)
        request.clinic_settings = known  # type: ignore[attr-defined]
    return known[1]


def change_setting(*, clinic: Clinic, name: str, value: Any, actor: User | None, reason: str) -> ClinicSetting:
    """Write a new value. Raises ValidationError when it is of the wrong kind or outside its limits."""
    _check(clinic, name, value)
    row = ClinicSetting.objects.create(clinic=clinic, name=name, value=value, changed_by=actor, reason=reason)
    audit.record(action=Action.UPDATE, actor_id=actor.pk if actor else None, obj=row, detail=name)
    return row


def ask_for_setting(*, clinic: Clinic, name: str, value: Any, actor: User, reason: str) -> PendingChange | None:
    """Change it, or, where that makes the paging weaker, let it wait for a second person: then what waits.

    Raises ValidationError as change_setting does.
    """
    before = setting(clinic, name)
    _check(clinic, name, value)
    if not weakens(name, before, value):
        change_setting(clinic=clinic, name=name, value=value, actor=actor, reason=reason)
        return None
    return pending.ask(
        clinic=clinic, actor=actor, kind="setting", subject=name, name=name, before=before, after=value, reason=reason
    )


def confirmed_setting(change: PendingChange, actor: User) -> None:
    """What `pending.confirm` does for a setting. Raises ChangeRefused where it was changed meanwhile."""
    if setting(change.clinic, change.subject) != change.before:
        raise pending.ChangeRefused("changed", _("It was changed meanwhile. Ask again."))
    change_setting(
        clinic=change.clinic, name=change.subject, value=change.after, actor=change.asked_by, reason=change.reason
    )


def _check(clinic: Clinic, name: str, value: Any) -> None:
    definition = CATALOGUE.get(name)
    if definition is None or not _is_of_kind(value, definition.kind):
        raise ValidationError(_("There is no such setting, or its value is of the wrong kind."))
    if name in _DESK and not _DESK[name].fullmatch(value.strip()):
        raise ValidationError(_DESK_WORDS[name])
    if name == "brand_colour":
        _check_colour(value)
    if name == "logo":
        _check_logo(clinic, value)
    if definition.low is not None and not definition.low <= value <= (definition.high or value):
        raise ValidationError(
            _("%(name)s must lie between %(low)s and %(high)s.")
            % {"name": name, "low": definition.low, "high": definition.high},
        )


def _check_logo(clinic: Clinic, value: str) -> None:
    """Only a picture that was uploaded there, in its own size, or none."""
    said = brand.LOGO.fullmatch(value)
    kept = said and ClinicLogo.objects.filter(clinic=clinic, digest=said[1], width=said[2], height=said[3])
    if value and not (kept and kept.exists()):
        raise ValidationError(_("Upload the picture first."))


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
