"""What can be done with people: roles, memberships, sessions, emergency access. Invitations: invitations.py."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from apps.accounts.models import BreakGlass, Clinic, ContactPoint, Membership, User, membership_in_force
from apps.accounts.permissions import ASSIGNABLE, Permission, Role
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.core.live import publish
from apps.notifications.actions import queue
from apps.notifications.models import Channel, Kind

BREAK_GLASS_MINUTES = 60
REASON_LETTERS = 10  # a reason is a sentence, not a key pressed


@transaction.atomic
def change_role(*, membership: Membership, role: Role, actor: User) -> Membership:
    """Give a member another role. Raises ValidationError (own role, last administrator, patients), PermissionDenied."""
    _require_manager(actor, membership.clinic_id)
    row = _locked(membership)
    if row.user_id == actor.pk:
        raise ValidationError(_("Nobody changes their own role. Ask another administrator."))
    if role not in ASSIGNABLE or Role.PATIENT in (role, row.role):
        raise ValidationError(_("A patient cannot become staff, nor staff a patient: invite them anew."))
    if role != Role.CLINIC_ADMIN:
        _refuse_last_administrator(row)
    before, row.role = row.role, role
    _raise_revision(row, "role")
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=row, detail=f"role {before} > {role}")
    return row


@transaction.atomic
def end_membership(*, membership: Membership, actor: User | None) -> Membership:
    """The person no longer belongs to the clinic, from now on, on every page and socket. Raises ValidationError."""
    if actor is not None:
        needed = Permission.MANAGE_PATIENTS if membership.role == Role.PATIENT else Permission.MANAGE_CLINIC
        _require(actor, membership.clinic_id, needed)
    row = _locked(membership)
    if row.ended_at is not None:
        raise ValidationError(_("This membership has ended already."))
    if actor is not None and row.user_id == actor.pk:
        raise ValidationError(_("Nobody ends their own membership. Ask another administrator."))
    _refuse_last_administrator(row)
    row.ended_at = clock.now()
    _raise_revision(row, "ended_at")
    audit.record(action=Action.UPDATE, actor_id=actor.pk if actor else None, obj=row, detail="membership ended")
    return row


@transaction.atomic
def sign_out_everywhere(*, user: User, actor: User | None) -> None:
    """End every session and socket of the person."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])
    audit.record(action=Action.SIGN_OUT, actor_id=actor.pk if actor else None, obj=user, detail="everywhere")
    publish(f"user:{user.pk}", over=True)


@transaction.atomic
def choose_language(*, language: str, actor: User) -> None:
    """The language of the person's own pages and messages, one of settings.LANGUAGES."""
    User.objects.filter(pk=actor.pk).update(language=language)
    actor.language = language
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=actor, detail="language")


@transaction.atomic
def reset_second_factor(*, membership: Membership, actor: User) -> None:
    """For somebody who lost theirs: remove all of them and end every session. The next sign-in enrols anew."""
    _require_manager(actor, membership.clinic_id)
    if membership.user_id == actor.pk:
        raise ValidationError(_("Nobody resets their own second factor. Ask another administrator."))
    Authenticator.objects.filter(user_id=membership.user_id).delete()
    sign_out_everywhere(user=membership.user, actor=actor)
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=membership, detail="second factor reset")


@transaction.atomic
def choose_clinic(*, clinic_id: UUID, actor: User) -> Membership:
    """The membership to work in from now on; needs `use_user`. Raises PermissionDenied for a clinic of others."""
    found = membership_in_force(actor.pk, clinic_id, clock.now())
    if found is None:
        raise PermissionDenied
    with use_clinic(found.clinic_id):
        audit.record(action=Action.SIGN_IN, actor_id=actor.pk, obj=found, detail="clinic chosen")
    publish(f"user:{actor.pk}", clinic=str(found.clinic_id))
    return found


@transaction.atomic
def break_glass(*, clinic: Clinic, reason: str, actor: User) -> BreakGlass:
    """An hour of reading for a platform admin; the clinic's administrators are told at once.

    Raises PermissionDenied for anybody else, ValidationError without a reason.
    """
    if not actor.is_superuser or not actor.is_active:
        raise PermissionDenied
    reason = " ".join(reason.split())
    if len(reason) < REASON_LETTERS:
        raise ValidationError(_("Write the reason in a sentence: the clinic's administrators will read it."))
    with use_clinic(clinic.pk):
        access = BreakGlass.objects.create(
            clinic=clinic, user=actor, reason=reason, expires_at=clock.now() + timedelta(minutes=BREAK_GLASS_MINUTES)
        )
        audit.record(action=Action.BREAK_GLASS, actor_id=actor.pk, obj=access, detail="opened")
        for membership in administrators(clinic.pk):
            _tell_of_emergency_access(access, membership)
    return access


def own_memberships(user: User) -> list[Membership]:
    """The person's memberships in force, in every clinic; needs `use_user`."""
    rows = Membership.objects.select_related("clinic").filter(user=user, clinic__is_active=True)
    return list(rows.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=clock.now())).order_by("clinic__name"))


def administrators(clinic_id: UUID) -> list[Membership]:
    """The clinic's administrators in force; needs the clinic in scope."""
    rows = Membership.objects.select_related("user").filter(
        clinic_id=clinic_id, role=Role.CLINIC_ADMIN, ended_at__isnull=True, user__is_active=True
    )
    return list(rows.order_by("user__name"))


def _tell_of_emergency_access(access: BreakGlass, membership: Membership) -> None:
    user = membership.user
    emails = ContactPoint.objects.filter(user=user, channel=Channel.EMAIL, opted_out_at__isnull=True)
    addresses = list(emails.values_list("address", flat=True)) or [user.email]
    for channel, address in [(Channel.IN_APP, ""), *((Channel.EMAIL, address) for address in addresses)]:
        queue(
            clinic_id=access.clinic_id,
            kind=Kind.ACCOUNT,
            dedupe_key=f"break-glass:{access.pk}:{user.pk}:{channel}:{address}"[:200],
            subject_kind="account",
            subject_id=access.pk,
            recipient_id=user.pk,
            channel=channel,
            address=address,
            template="emergency-access",
            context={"clinic": access.clinic.name, "link": "/admin/accounts/breakglass/"},
            language=user.language,
            synthetic=access.clinic.synthetic,
        )


def _locked(membership: Membership) -> Membership:
    """The row, locked; the administrators' rows first, so that two cannot demote each other at once."""
    admins = Membership.objects.filter(clinic_id=membership.clinic_id, role=Role.CLINIC_ADMIN, ended_at__isnull=True)
    list(admins.order_by("pk").select_for_update().values_list("pk", flat=True))
    return Membership.objects.select_related("user", "clinic").select_for_update(of=("self",)).get(pk=membership.pk)


def _refuse_last_administrator(row: Membership) -> None:
    others = [other for other in administrators(row.clinic_id) if other.pk != row.pk]
    if row.role == Role.CLINIC_ADMIN and row.ended_at is None and not others:
        raise ValidationError(_("A clinic keeps at least one administrator: appoint another one first."))


def _raise_revision(row: Membership, field: str) -> None:
    row.revision += 1
    row.save(update_fields=[field, "revision"])
    publish(f"user:{row.user_id}", revision=row.revision)


def _require_manager(actor: User, clinic_id: UUID) -> None:
    _require(actor, clinic_id, Permission.MANAGE_CLINIC)


def _require(actor: User, clinic_id: UUID, permission: Permission) -> None:
    membership = actor.membership
    if membership is None or membership.clinic_id != clinic_id or not actor.may(permission):
        raise PermissionDenied
