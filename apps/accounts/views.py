"""Pages of one's own account: coming in, choosing a clinic, unlocking, tokens, leaving everywhere."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts import actions, brand, invitations, session_limits, tokens
from apps.accounts.doors import platform, public, signed_in
from apps.accounts.forms import AcceptForm, BreakGlassForm, TokenForm, UnlockForm
from apps.accounts.middleware import CLINIC_KEY
from apps.accounts.models import ApiToken, Invitation, User
from apps.accounts.permissions import Role
from apps.accounts.requests import safe_next
from apps.accounts.sign_in import begin_session
from apps.core.throttle import allow

TRIES, TRIES_WITHIN = 10, timedelta(minutes=5)


@public("whoever holds the link has no account yet; the token is the key")
@require_http_methods(["GET", "POST"])
def accept_invitation(request: HttpRequest, token: str) -> HttpResponseBase:
    """GET shows who invites; POST takes the invitation up and signs the person in."""
    if not allow(f"invitation:{request.META.get('REMOTE_ADDR', '')}", limit=60, within=TRIES_WITHIN):
        return HttpResponse(_("Too many attempts. Try again in a few minutes."), status=429)
    invitation = invitations.find_invitation(token)
    if invitation is None:
        return render(request, "accounts/invitation_over.html", status=410)
    user = invitation.membership.user
    if invitations.is_newcomer(user):
        return _accept_as_newcomer(request, invitation)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if request.user.pk != user.pk:
        raise Http404
    return _accept_as_member(request, invitation)


def _accept_as_newcomer(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    form = AcceptForm(request.POST or None, initial={"name": invitation.membership.user.name})
    if request.method == "POST" and form.is_valid():
        try:
            membership = invitations.accept_invitation(invitation=invitation, **form.cleaned_data)
        except invitations.InvitationOver:
            return render(request, "accounts/invitation_over.html", status=410)
        except ValidationError as error:
            form.add_error("password", error)
        else:
            begin_session(request, user=membership.user, clinic=membership.clinic, method="invitation")
            return redirect("/")
    context = {"form": form, "invitation": invitation, "link_clinic": invitation.clinic}
    return render(request, "accounts/invitation_accept.html", context)


def _accept_as_member(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    if request.method == "POST":
        membership = invitations.accept_invitation(invitation=invitation, actor=_user(request))
        request.session[CLINIC_KEY] = str(membership.clinic_id)
        return redirect("/")
    return render(request, "accounts/invitation_accept.html", {"form": None, "invitation": invitation})


@signed_in
@require_http_methods(["GET", "POST"])
def choose_clinic(request: HttpRequest) -> HttpResponse:
    """In which clinic to work now."""
    if request.method == "POST":
        try:
            clinic_id = UUID(request.POST.get("clinic", ""))
            membership = actions.choose_clinic(clinic_id=clinic_id, actor=_user(request))
        except (ValueError, PermissionDenied):
            raise Http404 from None
        request.session[CLINIC_KEY] = str(membership.clinic_id)
        return redirect("/")
    return render(request, "accounts/clinic_choose.html", {"memberships": actions.own_memberships(_user(request))})


@signed_in
@require_http_methods(["GET", "POST"])
def unlock(request: HttpRequest) -> HttpResponse:
    """Open a locked session again by password. A passkey or a code: allauth's reauthentication pages."""
    back = safe_next(request)
    user = _user(request)
    form = UnlockForm(request.POST if request.method == "POST" else None, needed=not _is_demo_person(user))
    if request.method == "POST" and form.is_valid():
        if not allow(f"unlock:{user.pk}", limit=TRIES, within=TRIES_WITHIN):
            logout(request)
            return redirect(settings.LOGIN_URL)
        if user.check_password(form.cleaned_data["password"]) or _is_demo_person(user):
            reauthenticate_by_password(request)
            session_limits.unlock(request, user=user, method="password")
            return redirect(back)
        form.add_error("password", _("This is not your password."))
    context = {"form": form, "next": back, "has_password": user.has_usable_password()}
    context["password_needed"] = not _is_demo_person(user)
    return render(request, "accounts/session_unlock.html", context)


@public("says only whether this very session is locked; the page's overlay asks")
@require_http_methods(["GET", "POST"])
def session_state(request: HttpRequest) -> JsonResponse:
    """GET: {"locked", "idle_seconds", "limit_seconds"}. POST do=active (somebody is here) or do=lock (lock now)."""
    user = request.user
    if not user.is_authenticated:
        return JsonResponse({"over": True}, status=401)
    if not session_limits.is_staff_session(user):
        return JsonResponse({"locked": False, "idle_seconds": 0, "limit_seconds": 0})
    locked = bool(request.session.get(session_limits.LOCKED_KEY))
    if request.method == "POST" and not locked:
        if request.POST.get("do") == "lock":
            session_limits.lock(request, user=user)
        else:
            session_limits.note_activity(request)
    state = {
        "locked": bool(request.session.get(session_limits.LOCKED_KEY)),
        "idle_seconds": round(session_limits.idle_seconds(request)),
        "limit_seconds": round(settings.STAFF_IDLE.total_seconds()),
    }
    return JsonResponse(state)


@signed_in
@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """One's own account: second factor, clinics, tokens, leaving everywhere."""
    user = _user(request)
    context = {"memberships": actions.own_memberships(user), "tokens": _own_tokens(user)}
    return render(request, "accounts/account_show.html", context)


@signed_in
@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End every session of this person, this one included."""
    user = _user(request)
    actions.sign_out_everywhere(user=user, actor=user)
    logout(request)
    messages.success(request, _("You are signed out on every device."))
    return redirect(settings.LOGIN_URL)


@signed_in
@require_http_methods(["GET", "POST"])
def create_token(request: HttpRequest) -> HttpResponseBase:
    """Make an API token; its text is shown on this page and never again."""
    membership = _user(request).membership
    if membership is None:
        raise Http404
    if membership.role == Role.EMERGENCY:
        raise PermissionDenied
    return _create_token(request)


@reauthentication_required(allow_get=True)
def _create_token(request: HttpRequest) -> HttpResponse:
    user = _user(request)
    assert user.membership  # noqa: S101  (checked by the only caller)
    form = TokenForm(request.POST or None, membership=user.membership)
    shown = ""
    if request.method == "POST" and form.is_valid():
        _row, shown = tokens.create_token(actor=user, **form.cleaned_data)
    return render(request, "accounts/token_create.html", {"form": form, "token_text": shown})


@signed_in
@require_POST
def revoke_token(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End one of one's own tokens."""
    user = _user(request)
    tokens.revoke_token(token=get_object_or_404(_own_tokens(user), pk=pk), actor=user)
    messages.success(request, _("The token has ended."))
    return redirect("account")


@platform
@require_http_methods(["GET", "POST"])
@reauthentication_required(allow_get=True)
def break_glass(request: HttpRequest) -> HttpResponse:
    """Emergency access of a platform admin: a clinic, a reason, an hour."""
    form = BreakGlassForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        clinic = form.cleaned_data["clinic"]
        try:
            actions.break_glass(clinic=clinic, reason=form.cleaned_data["reason"], actor=_user(request))
        except ValidationError as error:
            form.add_error("reason", error)
        else:
            request.session[CLINIC_KEY] = str(clinic.pk)
            return redirect("/")
    return render(request, "accounts/break_glass.html", {"form": form})


def _is_demo_person(user: User) -> bool:
    """The demo's people have no password and no second factor: nothing that could be asked for."""
    return bool(settings.DEMO) and not user.has_usable_password()


def _user(request: HttpRequest) -> User:
    assert request.user.is_authenticated  # noqa: S101  (behind @signed_in)
    return request.user


def _own_tokens(user: User) -> QuerySet[ApiToken]:
    membership = user.membership
    rows = ApiToken.objects.filter(membership=membership) if membership else ApiToken.objects.none()
    return rows.filter(revoked_at__isnull=True).order_by("-created_at")


@require_GET
@public("a colour as a stylesheet; it holds nothing about anybody")
def brand_stylesheet(request: HttpRequest, digits: str) -> HttpResponse:
    """The tokens of a clinic's colour, named by the colour itself, so that it never changes and may be kept."""
    colour = f"#{digits}"
    if not brand.is_colour(colour):
        raise Http404
    response = HttpResponse(brand.stylesheet(colour), content_type="text/css")
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
