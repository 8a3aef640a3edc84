"""The beginning of a session, whatever the way in."""

from __future__ import annotations

from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import EmailAddress
from django.contrib.auth import login
from django.http import HttpRequest

from apps.accounts.middleware import CLINIC_KEY, resolve_membership
from apps.accounts.models import Clinic, User
from apps.accounts.session_limits import begin_limits
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core.db.scope import use_clinic, use_user

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def begin_session(request: HttpRequest, *, user: User, clinic: Clinic | None, method: str) -> None:
    """Sign a person in who was let in some other way than by password: an invitation, the demo.

    method is written to the audit trail and counts as a fresh proof of identity.
    """
    login(request, user, backend=BACKEND)
    record_authentication(request, user, method=method, reauthenticated=True)
    begin_limits(request)
    if clinic is not None:
        request.session[CLINIC_KEY] = str(clinic.pk)
    note_sign_in(request, user=user, method=method)


def note_sign_in(request: HttpRequest, *, user: User, method: str) -> None:
    """One audit row, in the clinic that the person now works in (or in none)."""
    membership = with_membership(user, request.session.get(CLINIC_KEY)).membership
    if membership is None:
        audit.record(action=Action.SIGN_IN, actor_id=user.pk, obj=user, detail=method)
        return
    with use_clinic(membership.clinic_id):
        audit.record(action=Action.SIGN_IN, actor_id=user.pk, obj=user, detail=method)


def with_membership(user: User, clinic_id: str | None = None) -> User:
    """The same user with `membership` set, as a door would set it."""
    with use_user(user.pk):
        user.membership = resolve_membership(user, clinic_id)
    return user


def verify_address(user: User) -> None:
    """The person's address counts as verified: they opened a link that was sent there (or are invented)."""
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
