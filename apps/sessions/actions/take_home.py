"""Hand out medicine for home, and take the person's count. What stands out is a conversation, never a punishment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.actions import raise_alert
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.desk_words import for_the_desk
from apps.patients.models import Patient
from apps.sessions.actions.sitting import member_of, refusals_audited
from apps.sessions.exposure import day_of
from apps.sessions.models import TakeHomeCount, TakeHomeSupply
from apps.sessions.record import clean
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.treatment.take_home import Count, Supply, to_talk_about
from apps.sessions.words import word


@dataclass(frozen=True, slots=True)
class HandedOut:
    """units of unit_mg each, for so many days; registry_checked_on: when the prescription registry was looked at."""

    description: str
    unit_mg: Decimal
    units: int
    days: int
    supplied_on: date
    registry_checked_on: date | None = None


@refusals_audited
@transaction.atomic
def hand_out(*, patient: Patient, handed: HandedOut, actor: User) -> TakeHomeSupply:
    """By a prescriber. An earlier one than planned is a conversation (P3). Raises TreatmentRefused: not-allowed, amount."""
    member = member_of(actor, Permission.PRESCRIBE)
    today = day_of(patient.clinic, clock.now())
    if not clean(handed.description, 120) or not (1 <= handed.units <= 1000 and 1 <= handed.days <= 365):
        raise TreatmentRefused("amount", _("Write what it is, how many, and for how many days."))
    if handed.supplied_on > today or not handed.unit_mg > 0:
        raise TreatmentRefused("amount", _("It was handed out today or before, with an amount in mg."))
    row = TakeHomeSupply.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        description=clean(handed.description, 120),
        unit_mg=handed.unit_mg,
        units=handed.units,
        days=handed.days,
        supplied_on=handed.supplied_on,
        registry_checked_on=handed.registry_checked_on,
        author=member,
        synthetic=patient.synthetic,
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row)
    _talk(patient, row.pk, "take-home-supply", to_talk_about(supplies_of(patient), None, today))
    return row


def supplies_of(patient: Patient) -> list[Supply]:
    """Oldest first."""
    rows = TakeHomeSupply.objects.filter(patient=patient).order_by("supplied_on", "created_at")
    return [Supply(row.supplied_on, row.units, row.days) for row in rows]


@refusals_audited
@transaction.atomic
def count_take_home(*, patient: Patient, units: int, lost: int, note: str, actor: User) -> TakeHomeCount:
    """What the person counts of the newest supply. Raises TreatmentRefused: not-yours, nothing, amount."""
    if patient.user_id != actor.pk:
        raise TreatmentRefused("not-yours", _("This is not your record."))
    supply = TakeHomeSupply.objects.filter(patient=patient).first()
    if supply is None:
        raise TreatmentRefused("nothing", _("Nothing was handed out to you for home."))
    if not (units >= 0 and lost >= 0 and units + lost <= supply.units):
        raise TreatmentRefused("amount", _("Together that is more than you were given."))
    today = day_of(patient.clinic, clock.now())
    found = to_talk_about(supplies_of(patient)[-1:], Count(today, units, lost), today)
    row = TakeHomeCount.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        supply=supply,
        units=units,
        lost=lost,
        note=clean(note, 300),
        counted_at=clock.now(),
        to_talk_about=list(found),
        synthetic=patient.synthetic,
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row)
    _talk(patient, row.pk, "take-home-count", found)
    return row


@for_the_desk()
def _talk(patient: Patient, source_id: object, kind: str, codes: tuple[str, ...]) -> None:
    for code in codes:
        raise_alert(
            patient=patient,
            cause="take-home",
            level="P3",
            title=word(f"take_home_{code}"),
            source_kind=kind,
            source_id=source_id,  # type: ignore[arg-type]
            rule_code=code,
            synthetic=patient.synthetic,
        )
