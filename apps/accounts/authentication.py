"""API tokens: scoped, revocable, stored as a hash."""

import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.accounts.models import ApiToken, User
from apps.core import clock
from apps.core.db.hot import hot_rows
from apps.core.db.kept import KeptQuery


def hash_token(token: str) -> str:
    """What is stored of a token: SHA-256 in hexadecimal (tokens are random, 256 bits)."""
    return hashlib.sha256(token.encode()).hexdigest()


USE_STEP = timedelta(minutes=1)  # how often the last use is written down


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`. The middleware has looked it up, since the clinic hangs on it."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        if bearer_text(request._request) is None:
            return None
        found: ApiToken | None = getattr(request._request, "api_token", None)
        if found is None:
            raise AuthenticationFailed
        user = found.membership.user
        user.membership = found.membership
        return user, found

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def bearer_text(request: HttpRequest) -> str | None:
    """The token that came with a request to the API; None without one."""
    if not request.path.startswith("/api/"):
        return None
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def scope_of_token(token: str) -> tuple[UUID, UUID] | None:
    """Clinic and holder of the token of that text, living or not; a function of the owner, since no clinic is known yet."""
    rows = hot_rows("select clinic_id, user_id from accounts_scope_of_token(%s::text)", [hash_token(token)])
    return (rows[0][0], rows[0][1]) if rows else None


_TOKEN: KeptQuery[ApiToken] = KeptQuery(
    lambda token_hash: ApiToken.objects.select_related("membership__user", "membership__clinic", "clinic").filter(
        token_hash=token_hash
    )
)


def living_token(token: str) -> Any:
    """The token of that text if it may be used now, else None. Needs the scope of the token."""
    at = clock.now()
    found = _TOKEN.first(hash_token(token))
    if found is None or found.revoked_at or found.expires_at <= at:
        return None
    if found.membership.ended_at and found.membership.ended_at <= at:
        return None
    if not found.membership.user.is_active or not found.membership.clinic.is_active:
        return None
    if found.last_used_at is None or at - found.last_used_at > USE_STEP:
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=at)
    return found
