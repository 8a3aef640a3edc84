"""Which consent text is in force, and how a person stands to it. Reads only; the starter text is the clinic's to change."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.models import Clinic
from apps.patients.models import Patient
from apps.sessions.models import ConsentText, TreatmentConsent

TREATMENT = "treatment"


def text_in_force(clinic: Clinic) -> ConsentText:
    """The newest version that the clinic published, else the starter (not saved yet)."""
    newest = ConsentText.objects.filter(clinic=clinic, key=TREATMENT).order_by("-version").first()
    return newest or starter(clinic)


def starter(clinic: Clinic) -> ConsentText:
    """A first text in plain words, for the medical director to replace."""
    title = _("Consent to treatment with ketamine")
    body = _(
        "Ketamine is a medicine used for anaesthesia. Giving it for depression or pain is common, but the drug "
        "authority has not approved that use (esketamine nasal spray is approved for some kinds of depression). "
        "It can raise your blood pressure, make you feel far away from your body, sleepy or sick for some hours. "
        "Used often it can harm the bladder and the liver, and some people begin to want it too much. "
        "It does not help everybody, and its effect may fade. Other treatments exist; your team explains them. "
        "You stay until the team says that you can go, somebody takes you home, and you do not drive or use "
        "machines until the next day, after a night of sleep. You may stop at any time, and it does not change how "
        "you are treated here."
    )
    items = [
        {"code": "treatment", "words": _("I agree to the treatment."), "required": True},
        {"code": "off-label", "words": _("I know that this use may not be approved (off label)."), "required": True},
        {
            "code": "ride",
            "words": _("Somebody takes me home, and I do not drive until the next day."),
            "required": True,
        },
        {"code": "take-home", "words": _("I agree to take doses at home, if my clinic offers it."), "required": False},
        {"code": "video", "words": _("I agree to visits by video."), "required": False},
        {"code": "peer", "words": _("A helper I name may be told when I can be fetched."), "required": False},
        {"code": "research", "words": _("My data may be used for research, without my name."), "required": False},
    ]
    return ConsentText(
        clinic=clinic,
        key=TREATMENT,
        version=1,
        title=title,
        body=body,
        items=items,
        digest=digest_of(title, body, items),
    )


def digest_of(*parts: Any) -> str:
    """SHA-256 over the parts in order."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def consent_digest(consent: TreatmentConsent) -> str:
    """The hash over what was signed. Drawn strokes are a part of it; a typed signature has the parts that it always had."""
    parts = [consent.text.digest, consent.agreed, consent.signed_name, consent.signed_at.astimezone(UTC).isoformat()]
    return digest_of(*parts, *([consent.strokes] if consent.strokes is not None else []))


def consent_holds(consent: TreatmentConsent) -> bool:
    """Does the kept hash fit what is kept: this text, these items, this name and hand, this moment?"""
    text = consent.text
    as_published = digest_of(text.title, text.body, text.items) == text.digest
    return as_published and consent_digest(consent) == consent.digest


def consent_in_force(patient: Patient) -> TreatmentConsent | None:
    """The newest active one."""
    rows = TreatmentConsent.objects.filter(patient=patient, status="active").select_related("text")
    return rows.order_by("-signed_at", "-id").first()


def consent_state(patient: Patient) -> str:
    """active, missing, withdrawn (the last word was to withdraw) or outdated (a newer text is in force)."""
    consent = consent_in_force(patient)
    if consent is None:
        last = TreatmentConsent.objects.filter(patient=patient).order_by("-signed_at", "-id").first()
        return "withdrawn" if last is not None and last.withdrawn_at is not None else "missing"
    newest = ConsentText.objects.filter(clinic_id=patient.clinic_id, key=TREATMENT).order_by("-version").first()
    return "active" if newest is None or newest.pk == consent.text_id else "outdated"


def agreed_to(patient: Patient, code: str) -> bool:
    """Has the person agreed to this item, in the consent that holds?"""
    consent = consent_in_force(patient)
    return consent is not None and code in consent.agreed
