"""How allauth behaves here: people come in by invitation, sign-ins are audited, second factors are encrypted."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest

from apps.accounts.models import User
from apps.accounts.session_limits import begin_limits, is_staff_session
from apps.accounts.sign_in import note_sign_in, with_membership
from apps.core.encryption import open_secret, seal_secret

BOUND_TO = "mfa_authenticator.data"


class ClosedDoorAdapter(DefaultAccountAdapter):
    """No open sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: User) -> None:
        """Starts the session's clock and writes the audit row, whatever the way in."""
        super().login(request, user)
        methods = [record.get("method", "") for record in get_authentication_records(request, user)]
        begin_limits(request)
        note_sign_in(request, user=user, method="+".join(dict.fromkeys(methods)) or "password")

    def format_email_subject(self, subject: str) -> str:
        """Without the host in brackets: it says nothing to a person, and comes from the request."""
        return subject

    def get_client_ip(self, request: HttpRequest) -> str:
        """The peer's own address. Behind a proxy the server sets it from a header that it trusts."""
        return str(request.META.get("REMOTE_ADDR", ""))


class SecondFactorAdapter(DefaultMFAAdapter):
    """TOTP secrets are encrypted at rest; staff keep at least one factor."""

    def encrypt(self, text: str) -> str:
        return seal_secret(text, bound_to=BOUND_TO)

    def decrypt(self, encrypted_text: str) -> str:
        return open_secret(encrypted_text, bound_to=BOUND_TO)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Not the last one of somebody who must have one."""
        user = with_membership(authenticator.user)
        if not settings.SECOND_FACTOR_REQUIRED or not is_staff_session(user):
            return True
        types = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
        others = Authenticator.objects.filter(user=user, type__in=types).exclude(pk=authenticator.pk)
        return others.exists()
