"""Doors: every view, API view and admin says what it needs, or says why it is public. No door, no entry.

    @door(Permission.SEE_DESK)
    def worklist(request): ...

    @public("a person who is not signed in must be able to reach help")
    def help_now(request): ...

A test walks the URL tree and fails on a view with neither.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, NoReturn

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.accounts.permissions import Permission, Role, may
from apps.audit import actions as audit

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Door:
    """What a view asks for. needed: any one of these permissions; why: the reason for a public one."""

    needed: tuple[Permission, ...] = ()
    why: str = ""


def door(*needed: Permission) -> Callable[[View], View]:
    """Only for a signed-in person whose membership in force carries one of the permissions."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not any(request.user.may(permission) for permission in needed):
                refuse(request)
            return view(request, *args, **kwargs)

        guarded.door = Door(needed=needed)  # type: ignore[attr-defined]
        return guarded

    return wrap


def public(why: str) -> Callable[[View], View]:
    """Open to everybody, for the reason given."""

    def wrap(view: View) -> View:
        view.door = Door(why=why)  # type: ignore[attr-defined]
        return view

    return wrap


def signed_in(view: View) -> View:
    """For anybody who is signed in, whatever their role (home, language, sign-out)."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    guarded.door = Door(why="every signed-in person; shows only what is theirs")  # type: ignore[attr-defined]
    return guarded


def platform(view: View) -> View:
    """For platform admins: clinics and people, nothing clinical. For everybody else it does not exist."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not request.user.is_superuser:
            raise Http404
        return view(request, *args, **kwargs)

    guarded.door = Door(why="platform admins")  # type: ignore[attr-defined]
    return guarded


def refuse(request: HttpRequest | Request) -> NoReturn:
    """404 for a patient (what is not theirs does not exist), 403 for staff inside their own clinic; both written down."""
    note_refusal(request)
    membership = getattr(request.user, "membership", None)
    if membership is None or membership.role == Role.PATIENT:
        raise Http404
    raise PermissionDenied


def note_refusal(request: HttpRequest | Request) -> None:
    """One audit row: who knocked at which door. It stays, because the answer is no error of ours."""
    match = request.resolver_match
    name = (match.url_name or match.route) if match else ""
    audit.record_refusal(actor_id=request.user.pk, object_type="door", detail=f"{request.method} {name}")


class ApiDoor(BasePermission):
    """API views name `needed = {"GET": (Permission...), "POST": (...)}` or `needed = (Permission, ...)`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        method = "GET" if request.method in ("HEAD", "OPTIONS") else request.method
        needed = view.needed.get(method, ()) if isinstance(view.needed, dict) else view.needed
        membership = getattr(request.user, "membership", None)
        if membership is None:
            return False
        if request.method not in view.allowed_methods:
            raise MethodNotAllowed(str(request.method))
        held = [permission for permission in needed if may(membership.role, permission)]
        scopes = getattr(request.auth, "scopes", None)
        if any(scopes is None or permission in scopes for permission in held):
            return True
        if not held:
            refuse(request)
        note_refusal(request)
        return False
