"""The demo's own pages: sign in as anybody with one click, and read what would have been sent.

Only where settings.DEMO is on, and only for a browser on this very machine: anything that came through a proxy,
under another name, or from another address gets 404.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.doors import public
from apps.accounts.models import Clinic, User
from apps.accounts.sign_in import begin_session, verify_address
from apps.notifications.models import DemoMessage
from telek.demo_personas import PERSONAS

View = Callable[..., HttpResponse]
LOCAL_NAMES = {"localhost", "127.0.0.1", "[::1]"}
SHOWN = 200


def demo_only(view: View) -> View:
    """404 unless this is the demo and the browser sits on this machine."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        if not (settings.DEMO and from_this_machine(request)):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def from_this_machine(request: HttpRequest) -> bool:
    """A loopback peer that asked for a loopback name, and nobody in between."""
    forwarded = any(name.startswith("HTTP_X_FORWARDED") or name == "HTTP_FORWARDED" for name in request.META)
    host = request.META.get("HTTP_HOST", "").lower()
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return not forwarded and name in LOCAL_NAMES and _is_loopback(request.META.get("REMOTE_ADDR", ""))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


@public("the demo's choice of people; 404 outside the demo and for every other machine")
@demo_only
@require_GET
def choose_persona(request: HttpRequest) -> HttpResponse:
    """GET /demo/"""
    present = set(User.objects.filter(email__in=[p.email for p in PERSONAS.values()]).values_list("email", flat=True))
    rows = [(persona, persona.email in present) for persona in PERSONAS.values()]
    return render(request, "demo/persona_choose.html", {"personas": rows})


@public("the demo's one-click sign-in; 404 outside the demo and for every other machine")
@demo_only
@require_POST
def sign_in(request: HttpRequest, persona: str) -> HttpResponse:
    """POST /demo/sign-in/<persona>/"""
    chosen = PERSONAS.get(persona)
    if chosen is None:
        raise Http404
    user = get_object_or_404(User, email=chosen.email, is_active=True)
    clinic = get_object_or_404(Clinic, slug=chosen.clinic) if chosen.clinic else None
    verify_address(user)
    begin_session(request, user=user, clinic=clinic, method="demo")
    return redirect(chosen.lands_on)


@public("what the demo would have sent; 404 outside the demo and for every other machine")
@demo_only
@require_GET
def outbox(request: HttpRequest) -> HttpResponse:
    """GET /demo/outbox/, newest first."""
    messages = DemoMessage.objects.order_by("-id")[:SHOWN]
    return render(request, "demo/outbox_list.html", {"messages_sent": messages})
