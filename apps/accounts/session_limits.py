"""How long a session lives, when it locks, and who may not go on without a second factor.

Staff: 12 hours at most; after 15 idle minutes the session is locked: the pages ask for the password or the second
factor again while the live socket stays open and sounds alarms without content. Patients: 14 days on their own
device. Both middlewares act in `process_view`, where the membership is known and the transaction is open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.permissions import Role
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.live import publish

Handler = Callable[[HttpRequest], HttpResponse]
BEGAN_KEY, SEEN_KEY, LOCKED_KEY, FACTOR_KEY = "began_at", "seen_at", "locked", "second_factor"
SEEN_STEP_SECONDS = 30  # how often the last activity is written down
# What a locked session may still open: the ways to unlock it, to leave, and to reach help.
OPEN_WHEN_LOCKED = {
    "unlock",
    "session-state",
    "help-now",
    "account_logout",
    "account_reauthenticate",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "demo",
    "demo-sign-in",
    "demo-outbox",
}
# What somebody without a second factor may open: the ways to get one, to prove who they are, and to leave.
OPEN_WITHOUT_FACTOR = {
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_list_webauthn",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
    "account_logout",
    "account_reauthenticate",
    "account_email_verification_sent",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "unlock",
    "session-state",
    "help-now",
}


class SessionLimits:
    """Ends a staff session after 12 hours and locks it after 15 idle minutes."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        user = request.user
        if not user.is_authenticated or not is_staff_session(user):
            return None
        if session_is_over(request):
            return _end(request, user)
        lock_if_idle(request, user)
        name = request.resolver_match.url_name if request.resolver_match else ""
        if request.session.get(LOCKED_KEY) and name not in OPEN_WHEN_LOCKED:
            return _ask_to_unlock(request)
        if counts_as_activity(request, name):
            note_activity(request)
        return None


class SecondFactor:
    """Sends staff without a second factor to where they get one; the admin is no exception."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        user = request.user
        if not settings.SECOND_FACTOR_REQUIRED or not user.is_authenticated or not is_staff_session(user):
            return None
        name = request.resolver_match.url_name if request.resolver_match else ""
        if name in OPEN_WITHOUT_FACTOR or _has_factor(request, user):
            return None
        if _wants_data(request):
            return _problem(403, "second-factor-required", _("Set up a second factor first."))
        return _go(request, reverse("mfa_index"))


def is_staff_session(user: User) -> bool:
    """Platform admins and whoever works for a clinic."""
    return user.is_superuser or (user.membership is not None and user.membership.role != Role.PATIENT)


def begin_limits(request: HttpRequest) -> None:
    """Start counting; called at sign-in."""
    request.session[BEGAN_KEY] = request.session[SEEN_KEY] = _seconds()
    request.session.pop(LOCKED_KEY, None)


def session_is_over(request: HttpRequest) -> bool:
    """Older than 12 hours. A session that does not know its age starts now."""
    began = request.session.setdefault(BEGAN_KEY, _seconds())
    return bool(_seconds() - began > settings.STAFF_SESSION.total_seconds())


def idle_seconds(request: HttpRequest) -> float:
    """Since the last activity."""
    return _seconds() - float(request.session.setdefault(SEEN_KEY, _seconds()))


def lock_if_idle(request: HttpRequest, user: User) -> None:
    """Lock after 15 idle minutes; unlock what a fresh proof of identity has opened again."""
    locked = request.session.get(LOCKED_KEY)
    if locked and proofs_of_identity(request) >= locked:
        unlock(request, user=user, method="reauthentication")
    elif not locked and idle_seconds(request) > settings.STAFF_IDLE.total_seconds():
        lock(request, user=user)


def lock(request: HttpRequest, *, user: User) -> None:
    """Lock the session. The value is the number of proofs of identity that opens it."""
    request.session[LOCKED_KEY] = proofs_of_identity(request) + 1
    audit.record(action=Action.SIGN_OUT, actor_id=user.pk, obj=user, detail="locked")
    publish(f"user:{user.pk}", locked=True)


def unlock(request: HttpRequest, *, user: User, method: str) -> None:
    """Open a locked session again."""
    request.session.pop(LOCKED_KEY, None)
    request.session[SEEN_KEY] = _seconds()
    audit.record(action=Action.SIGN_IN, actor_id=user.pk, obj=user, detail=f"unlocked by {method}")
    publish(f"user:{user.pk}", locked=False)


def proofs_of_identity(request: HttpRequest) -> int:
    """How often the person has proven again, in this session, who they are."""
    user = request.user
    records = get_authentication_records(request, user) if user.is_authenticated else []
    return sum(1 for record in records if record.get("reauthenticated"))


def counts_as_activity(request: HttpRequest, name: str | None) -> bool:
    """A page opened or a form sent. What a page fetches by itself, and the question after the state, do not count."""
    by_itself = _by_htmx(request) and request.method == "GET"
    return not by_itself and name != "session-state"


def note_activity(request: HttpRequest) -> None:
    """Remember that the person is there; written at most every 30 seconds."""
    if idle_seconds(request) >= SEEN_STEP_SECONDS:
        request.session[SEEN_KEY] = _seconds()


def _has_factor(request: HttpRequest, user: User) -> bool:
    """Asked once a session: staff cannot remove their last factor, and a reset of it ends every session."""
    if request.session.get(FACTOR_KEY):
        return True
    types = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    if Authenticator.objects.filter(user=user, type__in=types).exists():
        request.session[FACTOR_KEY] = True
        return True
    return False


def _end(request: HttpRequest, user: User) -> HttpResponseBase:
    audit.record(action=Action.SIGN_OUT, actor_id=user.pk, obj=user, detail="session over")
    publish(f"user:{user.pk}", over=True)
    logout(request)
    if _wants_data(request):
        return _problem(401, "session-over", _("Your session is over. Sign in again."))
    response = redirect_to_login(request.get_full_path())
    return _go(request, response["Location"])


def _ask_to_unlock(request: HttpRequest) -> HttpResponseBase:
    if _wants_data(request) or _by_htmx(request):  # a fragment stays on its page, which then covers itself
        return _problem(423, "locked", _("The session is locked."))
    back = request.get_full_path() if request.method == "GET" else "/"
    return redirect(f"{reverse('unlock')}?{urlencode({'next': back})}")


def _go(request: HttpRequest, address: str) -> HttpResponseBase:
    """A redirect that htmx follows as a whole page."""
    if _by_htmx(request):
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)


def _by_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _wants_data(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") or request.headers.get("Accept", "").startswith("application/json")


def _problem(status: int, code: str, detail: str) -> JsonResponse:
    body = {"type": f"urn:telek:problem:{code}", "title": detail, "status": status, "detail": detail}
    return JsonResponse(body, status=status, content_type="application/problem+json")


def _seconds() -> float:
    return clock.now().timestamp()
