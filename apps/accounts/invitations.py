"""Invitations: the only way in. A one-time link, valid for 7 days, of which only the hash is stored."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.authentication import hash_token
from apps.accounts.models import Clinic, ContactPoint, Invitation, Membership, User
from apps.accounts.permissions import ASSIGNABLE, Permission, Role
from apps.accounts.sign_in import verify_address
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.notifications.actions import cancel, queue
from apps.notifications.models import Channel, Kind

VALID_DAYS = 7


class InvitationOver(ValidationError):
    """The link was used, taken back, replaced, or is too old."""


@transaction.atomic
def invite(*, clinic: Clinic, email: str, name: str, role: Role, actor: User | None, licence: str = "") -> Invitation:
    """Make the person (if new) and their membership, and send them a link. `invitation.membership.user` is who.

    Needs the clinic in scope. actor None is the system (the seed). Raises ValidationError, PermissionDenied.
    """
    _require_may_invite(actor, clinic, role)
    email, name = email.strip().lower(), " ".join(name.split())
    validate_email(email)
    if not name:
        raise ValidationError(_("Write the person's name."))
    user = User.objects.filter(email=email).first() or User.objects.create_user(
        email, name=name, time_zone=clinic.time_zone
    )
    if Membership.objects.filter(clinic=clinic, user=user, ended_at__isnull=True).exists():
        raise ValidationError(_("Somebody with this address belongs to the clinic already."))
    membership = Membership.objects.create(clinic=clinic, user=user, role=role, licence=licence)
    ContactPoint.objects.get_or_create(
        clinic=clinic, user=user, channel=Channel.EMAIL, address=email, defaults={"rank": 2}
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk if actor else None, obj=membership, detail=f"invited {role}")
    return _send(membership, actor)


@transaction.atomic
def resend_invitation(*, membership: Membership, actor: User | None) -> Invitation:
    """A new link; every earlier one is void. Raises ValidationError when the person has come in already."""
    _require_may_invite(actor, membership.clinic, Role(membership.role))
    if membership.ended_at is not None or membership.invitations.filter(accepted_at__isnull=False).exists():
        raise ValidationError(_("This person has accepted already, or no longer belongs to the clinic."))
    _void(membership)
    return _send(membership, actor)


@transaction.atomic
def revoke_invitation(*, membership: Membership, actor: User | None) -> None:
    """The links are void, and the membership that nobody took up has ended."""
    _require_may_invite(actor, membership.clinic, Role(membership.role))
    if _void(membership) == 0:
        raise ValidationError(_("There is no open invitation for this person."))
    Membership.objects.filter(pk=membership.pk, ended_at__isnull=True).update(ended_at=clock.now())
    audit.record(action=Action.UPDATE, actor_id=actor.pk if actor else None, obj=membership, detail="invitation void")


def find_invitation(token: str) -> Invitation | None:
    """The open invitation of a link. A function of the owner tells its clinic, since none is known yet."""
    with connection.cursor() as cursor:
        cursor.execute("select clinic_id from accounts_clinic_of_invitation(%s)", [hash_token(token)])
        row = cursor.fetchone()
    if row is None:
        return None
    with use_clinic(row[0]), transaction.atomic():
        rows = Invitation.objects.select_related("membership__user", "membership__clinic", "clinic")
        found = rows.filter(token_hash=hash_token(token)).first()
    return found if found is not None and found.is_open() and found.membership.ended_at is None else None


@transaction.atomic
def accept_invitation(
    *, invitation: Invitation, name: str = "", password: str = "", actor: User | None = None
) -> Membership:
    """Take up the membership, once. A newcomer sets name and password; who has an account must be signed in as `actor`.

    Raises InvitationOver, ValidationError (weak password), PermissionDenied (somebody else's invitation).
    """
    with use_clinic(invitation.clinic_id):
        row = Invitation.objects.select_for_update(of=("self",)).select_related("membership__user", "clinic")
        found = row.get(pk=invitation.pk)
        if not found.is_open() or found.membership.ended_at is not None:
            raise InvitationOver(_("This invitation is no longer valid. Ask for a new one."))
        user = found.membership.user
        if is_newcomer(user):
            _set_up(user, name, password)
        elif actor is None or actor.pk != user.pk:
            raise PermissionDenied
        found.accepted_at = clock.now()
        found.save(update_fields=["accepted_at"])
        cancel(subject_kind="invitation", subject_id=found.pk)
        verify_address(user)
        audit.record(action=Action.UPDATE, actor_id=user.pk, obj=found, detail="accepted")
    return found.membership


def is_newcomer(user: User) -> bool:
    """Has never set a password nor signed in: the link alone may decide both."""
    return not user.has_usable_password() and user.last_login is None


def _set_up(user: User, name: str, password: str) -> None:
    user.name = " ".join(name.split()) or user.name
    validate_password(password, user)
    user.set_password(password)
    user.save(update_fields=["name", "password"])


def _send(membership: Membership, actor: User | None) -> Invitation:
    token = secrets.token_urlsafe(32)
    expires_at = clock.now() + timedelta(days=VALID_DAYS)
    invitation = Invitation.objects.create(
        clinic=membership.clinic,
        membership=membership,
        token_hash=hash_token(token),
        expires_at=expires_at,
        invited_by=actor,
    )
    queue(
        clinic_id=membership.clinic_id,
        kind=Kind.ACCOUNT,
        dedupe_key=f"invitation:{invitation.pk}",
        subject_kind="invitation",
        subject_id=invitation.pk,
        recipient_id=membership.user_id,
        channel=Channel.EMAIL,
        address=membership.user.email,
        template="invitation",
        context={"clinic": membership.clinic.name, "link": f"/invitation/{token}/"},
        language=membership.user.language,
        expires_at=expires_at,
        synthetic=membership.clinic.synthetic,
    )
    return invitation


def _void(membership: Membership) -> int:
    rows = Invitation.objects.filter(Q(accepted_at__isnull=True) & Q(revoked_at__isnull=True), membership=membership)
    for row in rows:
        cancel(subject_kind="invitation", subject_id=row.pk)
    return rows.update(revoked_at=clock.now())


def _require_may_invite(actor: User | None, clinic: Clinic, role: Role) -> None:
    """Staff of any role: who manages the clinic. Patients: who manages patients. The first administrator: the platform."""
    if role not in ASSIGNABLE:
        raise ValidationError(_("There is no such role."))
    if actor is None or (actor.is_superuser and role == Role.CLINIC_ADMIN):
        return
    needed = Permission.MANAGE_PATIENTS if role == Role.PATIENT else Permission.MANAGE_CLINIC
    membership = actor.membership
    if membership is None or membership.clinic_id != clinic.pk or not actor.may(needed):
        raise PermissionDenied
