"""The copy of a signed consent on paper: the text as it was signed, each item, the signature, the hash."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from apps.core import clock
from apps.core.pdf import paper_of, pdf_of
from apps.sessions.models import TreatmentConsent


def consent_pdf(consent: TreatmentConsent, printed: str) -> bytes:
    """printed: when and by whom, in words."""
    return pdf_of("sessions/consent.typ", _data(consent, printed))


def _data(consent: TreatmentConsent, printed: str) -> dict[str, Any]:
    text, patient = consent.text, consent.patient
    path = consent.signature_path
    return {
        "title": text.title,
        "version": f"{consent.clinic.name} · " + _("Version %(n)s") % {"n": text.version},
        "body": [line for line in text.body.splitlines() if line.strip()],
        "items_title": _("Agreed to"),
        "items": [[_("Yes") if item["code"] in consent.agreed else _("No"), item["words"]] for item in text.items],
        "signed_title": _("Signed"),
        "signed": _signed(consent, f"{patient.given_name} {patient.family_name}"),
        "picture": render_to_string("sessions/_signature.html", {"path": path}) if path else "",
        "picture_words": _("Drawn signature"),
        "mark": f"SHA-256 {consent.digest}",
        "footer": printed,
        "paper": paper_of(consent.clinic.country),
        "language": (translation.get_language() or "en")[:2],
    }


def _signed(consent: TreatmentConsent, name: str) -> list[str]:
    lines = [
        _("%(name)s, born %(on)s") % {"name": name, "on": date_format(consent.patient.birth_on, "j M Y")},
        _("Signed as %(name)s, %(at)s") % {"name": consent.signed_name, "at": _at(consent, consent.signed_at)},
    ]
    if consent.withdrawn_at:
        lines.append(_("Withdrawn %(at)s") % {"at": _at(consent, consent.withdrawn_at)})
    elif consent.status != "active":
        lines.append(_("Replaced by a later signature."))
    return lines


def _at(consent: TreatmentConsent, at: datetime) -> str:
    there = localtime(at, clock.zone_of(consent.clinic.time_zone))
    return f"{date_format(there, 'j M Y H:i')} {there.tzname()}"
