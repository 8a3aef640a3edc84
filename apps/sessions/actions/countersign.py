"""A second person confirms on the same screen, with a PIN or a passkey of their own. Never the one who does it.

The PIN is checked before anything is written, and a wrong one is counted: five tries in ten minutes.
"""

from datetime import timedelta
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import Clinic, Membership, User
from apps.accounts.permissions import CLINICIANS
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.models import RateCount
from apps.core.throttle import allow
from apps.sessions import passkeys
from apps.sessions.models import CountersignPin
from apps.sessions.record import clean
from apps.sessions.refusal import TreatmentRefused

PIN_MIN, PIN_MAX = 6, 12
TRIES, WITHIN = 5, timedelta(minutes=10)
TOO_EASY = frozenset({"123456", "654321", "012345"})


@transaction.atomic
def set_pin(*, pin: str, actor: User) -> CountersignPin:
    """Choose or change one's own PIN: six to twelve digits, not all the same. Raises TreatmentRefused pin."""
    if actor.membership is None or actor.membership.role not in CLINICIANS:
        raise TreatmentRefused("not-allowed", _("Only clinicians confirm for others."))
    if not (pin.isascii() and pin.isdigit() and PIN_MIN <= len(pin) <= PIN_MAX):
        raise TreatmentRefused("pin", _("Choose 6 to 12 digits."))
    if len(set(pin)) < 3 or pin in TOO_EASY:
        raise TreatmentRefused("pin", _("Choose digits that are harder to guess."))
    row, made = CountersignPin.objects.update_or_create(
        clinic_id=actor.membership.clinic_id,
        membership=actor.membership,
        defaults={"pin_hash": make_password(pin), "set_at": clock.now()},
    )
    audit.record(action=Action.CREATE if made else Action.UPDATE, actor_id=actor.pk, obj=row)
    return row


def may_confirm(clinic: Clinic, actor: User) -> QuerySet[Membership]:
    """Clinicians of the clinic other than this one, who have a PIN or a passkey."""
    rows = Membership.objects.filter(clinic=clinic, role__in=CLINICIANS, ended_at__isnull=True, user__is_active=True)
    pins = CountersignPin.objects.filter(clinic=clinic).values("membership_id")
    keys = Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN).values("user_id")
    return (
        rows.filter(Q(pk__in=pins) | Q(user_id__in=keys))
        .exclude(user_id=actor.pk)
        .select_related("user")
        .order_by("user__name")
    )


def colleague(member_id: UUID | None, *, actor: User) -> Membership:
    """Who is to confirm for this person. Raises TreatmentRefused second-person."""
    clinic = actor.membership.clinic if actor.membership else None
    member = may_confirm(clinic, actor).filter(pk=member_id).first() if clinic and member_id else None
    if member is None:
        raise TreatmentRefused("second-person", _("This person cannot confirm here."))
    return member


def confirmed_by(*, member_id: UUID | None, pin: str, clinic: Clinic, actor: User) -> Membership:
    """The second person, if the PIN, or the proof of a passkey, is theirs. Call it outside the transaction of what is confirmed.

    Raises TreatmentRefused: second-person, same-person, throttled, wrong-pin, wrong-passkey.
    """
    if member_id is None or not pin:
        raise TreatmentRefused("second-person", _("A second person must confirm with their PIN or passkey."))
    if actor.membership is not None and member_id == actor.membership.pk:
        raise TreatmentRefused("same-person", _("The second person must be somebody else."))
    member = may_confirm(clinic, actor).filter(pk=member_id).first()
    if member is None:
        raise TreatmentRefused("second-person", _("This person cannot confirm here."))
    if passkeys.is_proof(pin):
        passkeys.check_proof(pin, member.pk, actor)
        return member
    key = f"countersign:{member.pk}"
    if not allow(key, limit=TRIES, within=WITHIN):  # counted before it is looked at: many at once are many tries
        raise TreatmentRefused("throttled", _("Too many wrong PINs. Wait ten minutes."))
    stored = CountersignPin.objects.filter(membership=member).values_list("pin_hash", flat=True).first()
    if stored is None or not check_password(clean(pin, PIN_MAX + 1), stored):
        raise TreatmentRefused("wrong-pin", _("The PIN is not that of %(name)s.") % {"name": member.user.name})
    RateCount.objects.filter(key=key).update(count=F("count") - 1)  # a right one was no try
    return member
