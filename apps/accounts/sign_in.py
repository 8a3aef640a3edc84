"""The beginning and the length of a session."""

from __future__ import annotations

from allauth.account.internal.flows.login import record_authentication
from django.contrib.auth import login
from django.http import HttpRequest

from apps.accounts.middleware import CLINIC_KEY
from apps.accounts.models import Clinic, User
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core.db.scope import use_clinic

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def begin_session(request: HttpRequest, *, user: User, clinic: Clinic | None, method: str) -> None:
    """Sign a person in who has been let in some other way than by password: an invitation, the demo.

    method is written to the audit trail and counts as a recent authentication.
    """
    login(request, user, backend=BACKEND)
    record_authentication(request, user, method=method)
    if clinic is None:
        audit.record(action=Action.SIGN_IN, actor_id=user.pk, obj=user, detail=method)
        return
    request.session[CLINIC_KEY] = str(clinic.pk)
    with use_clinic(clinic.pk):
        audit.record(action=Action.SIGN_IN, actor_id=user.pk, obj=user, detail=method)
