"""What every template may show: the clinic in force, the person, the crisis numbers."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.brand import LOGO
from apps.accounts.catalogue import COUNTRIES, CountryLines
from apps.accounts.clinic_settings import settings_during, settings_of
from apps.accounts.models import Clinic
from apps.core import clock


def clinic(request: HttpRequest) -> dict[str, Any]:
    """`clinic`, `membership`, `crisis`, `brand_colour`, `clinic_logo`, `server_now`; without a clinic the crisis numbers are left out."""
    membership = getattr(request.user, "membership", None) if hasattr(request, "user") else None
    found = getattr(request, "link_clinic", None) or (membership.clinic if membership else None)
    values = settings_during(request, found) if found else {}
    return {
        "clinic": found,
        "membership": membership,
        "crisis": _lines(found, values) if found else None,
        "brand_colour": values.get("brand_colour", ""),
        "clinic_logo": _logo(found, values.get("logo", "")) if found else None,
        "server_now": clock.now(),
    }


def _logo(clinic: Clinic, value: str) -> dict[str, str] | None:
    """Of the setting "logo": "digest 160x80 what it says"; its height on the screen is the stylesheet's."""
    shown = LOGO.fullmatch(value)
    if shown is None:  # none; or unreadable, and no page goes down for a picture
        return None
    digest, width, height, words = shown.groups()
    address = reverse("clinic-logo", args=[clinic.pk, digest])
    return {"address": address, "words": words, "width": width, "height": height}


def crisis_lines(clinic: Clinic) -> CountryLines:
    """The clinic's own numbers; where it has none, its country's."""
    return _lines(clinic, settings_of(clinic))


def _lines(clinic: Clinic, values: dict[str, Any]) -> CountryLines:
    country = COUNTRIES.get(clinic.country)
    fallback = vars(country) if country else dict.fromkeys(CountryLines.__annotations__, "")
    return CountryLines(**{name: values[name] or fallback[name] for name in CountryLines.__annotations__})
