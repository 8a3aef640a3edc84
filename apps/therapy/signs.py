"""Own early signs: named by the person, agreed with a clinician, asked alone in a short check; a match opens the plan."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.alerts.actions import raise_alert
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.desk_words import for_the_desk
from apps.patients.models import Patient
from apps.therapy.actions import TherapyRefused
from apps.therapy.models import EarlySigns, SignCheck

MOST = 8


def newest(patient: Patient) -> EarlySigns | None:
    """The version that counts."""
    return EarlySigns.objects.filter(patient=patient).select_related("agreed_with__user").order_by("-version").first()


@transaction.atomic
def name_signs(*, patient: Patient, signs: str, plan: str, enough: int, actor: User) -> EarlySigns:
    """A new version, by the person or by staff with them; it is agreed anew. Raises TherapyRefused: empty, many, enough."""
    staff = actor.membership if patient.user_id != actor.pk else None
    lines = [" ".join(line.split())[:200] for line in signs.replace("\x00", "").splitlines() if line.strip()]
    if not lines:
        raise TherapyRefused("empty", _("Write at least one sign, each on a line of its own."))
    if len(lines) > MOST:
        raise TherapyRefused("many", _("At most %(n)s signs: the check stays short.") % {"n": MOST})
    if not 1 <= enough <= len(lines):
        raise TherapyRefused("enough", _("Say how many of them at once are a reason to act."))
    last = newest(patient)
    row = EarlySigns(
        clinic_id=patient.clinic_id,
        patient=patient,
        version=last.version + 1 if last else 1,
        signs="\n".join(lines),
        plan=plan.replace("\x00", "").strip()[:2000],
        enough=enough,
        agreed_with=staff,
        agreed_at=clock.now() if staff else None,
    )
    row.save(force_insert=True)
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row, detail="early signs")
    return row


@transaction.atomic
def agree_signs(*, signs: EarlySigns, version: int | None, actor: User) -> EarlySigns:
    """A clinician has talked the plan through with the person.

    version: of the signs that were read. Raises TherapyRefused: changed (the person wrote others meanwhile).
    """
    if version != signs.version:
        raise TherapyRefused("changed", _("The person has changed it meanwhile. Please read it again."))
    row = EarlySigns.objects.select_for_update(of=("self",)).get(pk=signs.pk)
    if row.agreed_at is None:
        row.agreed_with, row.agreed_at = actor.membership, clock.now()
        row.save(update_fields=["agreed_with", "agreed_at"])
        audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=row, detail="agreed")
    return row


@transaction.atomic
def check_signs(*, patient: Patient, present: Iterable[int], actor: User, version: int | None = None) -> SignCheck:
    """The short check. Enough signs at once: the team is told the same day (P2), the person sees their plan.

    version: of the signs that were shown. Raises TherapyRefused: not-yours, nothing (no signs are named), sign (there is none of that number).
    """
    if patient.user_id != actor.pk:
        raise TherapyRefused("not-yours", _("This is not your record."))
    signs = newest(patient)
    if signs is None:
        raise TherapyRefused("nothing", _("Name your signs first."))
    there = sorted(set(present))
    if version not in (None, signs.version) or any(not 0 <= place < len(signs.lines) for place in there):
        raise TherapyRefused("sign", _("Your signs have changed. Look at them again."))
    row = SignCheck(
        clinic_id=patient.clinic_id,
        patient=patient,
        of=signs,
        present=there,
        matched=len(there) >= signs.enough,
        answered_at=clock.now(),
        synthetic=patient.synthetic,
    )
    row.save(force_insert=True)
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row)
    if row.matched:
        _tell(row, signs)
    return row


@for_the_desk()
def _tell(row: SignCheck, signs: EarlySigns) -> None:
    words = _("Own early signs: %(n)s of %(all)s") % {"n": len(row.present), "all": len(signs.lines)}
    raise_alert(
        patient=row.patient,
        cause="early-signs",
        level="P2",
        title=words,
        source_kind="sign-check",
        source_id=row.pk,
        rule_code="early-signs",
        value=len(row.present),
        synthetic=row.synthetic,
    )
