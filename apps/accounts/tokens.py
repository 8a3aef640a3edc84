"""API tokens of a person in a clinic: shown once, never wider than their holder's role."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.authentication import hash_token
from apps.accounts.models import ApiToken, User
from apps.accounts.permissions import TABLE, Permission, Role
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock

LONGEST_DAYS = 365


@transaction.atomic
def create_token(*, label: str, scopes: Iterable[Permission], days: int, actor: User) -> tuple[ApiToken, str]:
    """The row, and the text that is shown this once. Raises ValidationError, PermissionDenied."""
    membership = actor.membership
    if membership is None or membership.role == Role.EMERGENCY:
        raise PermissionDenied
    wanted = sorted(set(scopes))
    if not wanted or not set(wanted) <= TABLE[Role(membership.role)]:
        raise ValidationError(_("A key allows at least one thing, and nothing that you may not do."))
    if not label.strip() or not 1 <= days <= LONGEST_DAYS:
        raise ValidationError(_("Name the key, and let it live between 1 and %(days)s days.") % {"days": LONGEST_DAYS})
    text = secrets.token_urlsafe(32)
    row = ApiToken.objects.create(
        clinic=membership.clinic,
        membership=membership,
        label=label.strip()[:80],
        token_hash=hash_token(text),
        scopes=[str(scope) for scope in wanted],
        expires_at=clock.now() + timedelta(days=days),
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row, detail=",".join(row.scopes))
    return row, text


@transaction.atomic
def revoke_token(*, token: ApiToken, actor: User) -> None:
    """The token ends now. Its holder and whoever manages the clinic may do so. Raises PermissionDenied."""
    membership = actor.membership
    if membership is None or membership.clinic_id != token.clinic_id:
        raise PermissionDenied
    if token.membership_id != membership.pk and not actor.may(Permission.MANAGE_CLINIC):
        raise PermissionDenied
    if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=clock.now()):
        audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=token, detail="revoked")
