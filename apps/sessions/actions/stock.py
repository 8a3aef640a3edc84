"""The ledger of controlled substances: every milligram by a line, two signatures, counts; nothing is ever changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.clinic_settings import settings_of
from apps.accounts.models import Clinic, Membership, User
from apps.accounts.permissions import Permission
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock, live
from apps.sessions.actions.countersign import confirmed_by
from apps.sessions.actions.sitting import member_of, refusals_audited
from apps.sessions.models import MedicationAdministration, StockDifference, StockEntry, StockLot
from apps.sessions.record import clean
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.treatment.stock import Entry, change_of

CENT = Decimal("0.01")
MOST = Decimal(10_000_000)
BY_HAND = frozenset({"received", "found", "wasted", "broken", "lost", "returned"})
NEEDS_REASON = BY_HAND - {"received"}


@dataclass(frozen=True, slots=True)
class NewLot:
    """As it stands on the box."""

    product: str
    description: str
    lot: str
    expires_on: date
    unit_mg: Decimal
    ndc: str = ""


@dataclass(frozen=True, slots=True)
class Signed:
    """The second person on the same screen. Not needed where the clinic works solo."""

    second_id: UUID | None = None
    pin: str = ""


@refusals_audited
def add_lot(*, clinic: Clinic, new: NewLot, units: int, signed: Signed, actor: User) -> StockLot:
    """A lot arrives: units vials, devices or tablets. Raises TreatmentRefused: lot, amount, and of confirmed_by."""
    member = member_of(actor, Permission.GIVE_DOSES)
    second = _second(clinic, signed, actor)
    if not clean(new.lot, 40) or not clean(new.description, 120) or units <= 0:
        raise TreatmentRefused("lot", _("Write what came, its lot number and how many."))
    with transaction.atomic():
        try:
            with transaction.atomic():
                lot = StockLot.objects.create(
                    clinic=clinic,
                    product=new.product,
                    description=clean(new.description, 120),
                    ndc=clean(new.ndc, 20),
                    lot=clean(new.lot, 40),
                    expires_on=new.expires_on,
                    unit_mg=_amount(new.unit_mg),
                )
        except IntegrityError:
            raise TreatmentRefused("lot", _("This lot is in the ledger already: add to it there.")) from None
        audit.record(action=Action.CREATE, actor_id=actor.pk, obj=lot)
        _enter(lot, Entry.RECEIVED, lot.unit_mg * units, member, second)
    return lot


def _second(clinic: Clinic, signed: Signed, actor: User) -> Membership | None:
    if settings_of(clinic)["solo_dosing"] and signed.second_id is None:
        return None
    return confirmed_by(member_id=signed.second_id, pin=signed.pin, clinic=clinic, actor=actor)


@refusals_audited
def enter_stock(
    *, lot: StockLot, kind: str, amount_mg: Decimal, signed: Signed, actor: User, reason: str = ""
) -> StockEntry:
    """A line by hand: received, found, wasted, broken, lost, returned. Two sign.

    Raises TreatmentRefused: not-allowed, kind, amount, reason, too-little, and those of confirmed_by.
    """
    member = member_of(actor, Permission.GIVE_DOSES)
    if kind not in BY_HAND:
        raise TreatmentRefused("kind", _("Choose what happened."))
    if kind in NEEDS_REASON and not clean(reason):
        raise TreatmentRefused("reason", _("Say why."))
    second = _second(lot.clinic, signed, actor)
    with transaction.atomic():
        return _enter(_locked(lot), Entry(kind), _amount(amount_mg), member, second, reason=reason)


def _amount(value: Decimal) -> Decimal:
    if not value.is_finite() or not 0 < value <= MOST or value != value.quantize(CENT):
        raise TreatmentRefused("amount", _("An amount in mg, more than 0, with at most two decimals."))
    return value.quantize(CENT)


def _locked(lot: StockLot) -> StockLot:
    return StockLot.objects.select_for_update(of=("self",)).select_related("clinic").get(pk=lot.pk)


def balance_of(lot: StockLot) -> Decimal:
    """mg that should be there."""
    return lot.entries.order_by("-seq").values_list("balance_mg", flat=True).first() or Decimal(0)


def _enter(
    lot: StockLot,
    kind: Entry,
    amount: Decimal,
    member: Membership,
    second: Membership | None,
    *,
    reason: str = "",
    dose: MedicationAdministration | None = None,
    corrects: StockEntry | None = None,
    counted: Decimal | None = None,
) -> StockEntry:
    """The next line; the lot is locked by the caller."""
    last = lot.entries.order_by("-seq").first()
    balance = (last.balance_mg if last else Decimal(0)) + change_of(kind, amount)
    if balance < 0:
        raise TreatmentRefused("too-little", _("There is not so much in this lot."))
    row = StockEntry.objects.create(
        clinic_id=lot.clinic_id,
        lot=lot,
        seq=last.seq + 1 if last else 1,
        kind=kind.value,
        amount_mg=amount,
        balance_mg=balance,
        counted_mg=counted,
        reason=clean(reason, 300),
        occurred_at=clock.now(),
        actor=member,
        second=second,
        dose=dose,
        corrects=corrects,
    )
    audit.record(action=Action.CREATE, actor_id=member.user_id, obj=row, detail=kind.value)
    return row


@refusals_audited
def correct_entry(*, entry: StockEntry, reason: str, signed: Signed, actor: User) -> StockEntry:
    """Turned round by a new line; the right one is entered anew. Raises TreatmentRefused: reason, corrects, too-little."""
    member = member_of(actor, Permission.GIVE_DOSES)
    if not clean(reason):
        raise TreatmentRefused("reason", _("Say why."))
    second = _second(entry.lot.clinic, signed, actor)
    with transaction.atomic():
        return _turn_round(_locked(entry.lot), entry, member, second, reason)


def _turn_round(
    lot: StockLot, entry: StockEntry, member: Membership, second: Membership | None, reason: str
) -> StockEntry:
    if entry.kind == "counted" or entry.corrects_id or lot.entries.filter(corrects=entry).exists():
        raise TreatmentRefused("corrects", _("This line cannot be corrected (any more)."))
    amount = -entry.amount_mg
    return _enter(lot, Entry(entry.kind), amount, member, second, reason=reason, corrects=entry, dose=entry.dose)


@refusals_audited
def count_stock(*, lot: StockLot, counted_mg: Decimal, signed: Signed, actor: User) -> StockEntry:
    """What is there, counted by two. Another amount than the ledger's is told until somebody has explained it."""
    member = member_of(actor, Permission.GIVE_DOSES)
    if not counted_mg.is_finite() or not 0 <= counted_mg <= MOST:
        raise TreatmentRefused("amount", _("An amount in mg, 0 or more."))
    second = _second(lot.clinic, signed, actor)
    with transaction.atomic():
        lot = _locked(lot)
        counted = counted_mg.quantize(CENT)
        row = _enter(lot, Entry.COUNTED, Decimal(0), member, second, counted=counted)
        if row.balance_mg != counted:
            note_difference(lot, row.balance_mg, counted, member)
    return row


def note_difference(lot: StockLot, expected: Decimal, found: Decimal, member: Membership) -> StockDifference:
    """Told at once by the pump, and again every hour."""
    row = StockDifference.objects.create(
        clinic_id=lot.clinic_id,
        lot=lot,
        expected_mg=expected,
        found_mg=found,
        found_at=clock.now(),
        found_by=member,
        next_step_at=clock.now(),
    )
    audit.record(action=Action.CREATE, actor_id=member.user_id, obj=row)
    live.wake_pump()
    return row


@refusals_audited
@transaction.atomic
def explain_difference(*, difference: StockDifference, resolution: str, actor: User) -> StockDifference:
    """By a prescriber: what became of it (found again, form 106 filed). The ledger is put right by its own lines."""
    member = member_of(actor, Permission.PRESCRIBE)
    row = StockDifference.objects.select_for_update(of=("self",)).get(pk=difference.pk)
    if row.resolved_at is not None:
        raise TreatmentRefused("nothing", _("It is explained already."))
    if not clean(resolution):
        raise TreatmentRefused("reason", _("Say what became of it."))
    row.resolved_at, row.resolved_by, row.next_step_at = clock.now(), member, None
    row.resolution = clean(resolution, 500)
    row.save(update_fields=["resolved_at", "resolved_by", "next_step_at", "resolution"])
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=row, detail="explained")
    return row


def take_dose_from_stock(dose: MedicationAdministration, member: Membership, second: Membership | None) -> None:
    """A dose and its waste leave the lot that it names, if the ledger knows that lot. A dose is never refused for it."""
    lot = StockLot.objects.select_for_update(of=("self",)).filter(lot=dose.lot, product=dose.session.course.product)
    found = lot.first()
    if found is None:
        return
    wanted, there = dose.dose_mg + dose.wasted_mg, balance_of(found)
    if wanted > there:
        note_difference(found, wanted, there, member)
        return
    _enter(found, Entry.GIVEN, dose.dose_mg, member, second, dose=dose)
    if dose.wasted_mg:
        words = _("left over from a dose")
        _enter(found, Entry.WASTED, dose.wasted_mg, member, second, dose=dose, reason=words)


def put_dose_back(dose: MedicationAdministration, member: Membership, reason: str) -> None:
    """The dose was entered in error: its lines are turned round."""
    standing = StockEntry.objects.filter(dose=dose, corrects__isnull=True).order_by("-seq").select_related("lot")
    turned = set(StockEntry.objects.filter(dose=dose, corrects__isnull=False).values_list("corrects_id", flat=True))
    for entry in [one for one in standing if one.pk not in turned]:
        _turn_round(_locked(entry.lot), entry, member, None, reason)


def tell_difference(row: StockDifference) -> None:
    """The next time is an hour on."""
    row.told += 1
    row.next_step_at = clock.now() + clock.scaled(timedelta(hours=1))
    row.save(update_fields=["told", "next_step_at"])
