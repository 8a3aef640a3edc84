"""The door of a page that a link opens: no account, one purpose, nothing else.

A forged, foreign, ended or revoked link, and one for another purpose, is a page that does not exist (404). Each use is
counted and audited. Tries that open nothing are limited by address; a link that opens is never held up by them: behind
one address there may be many people, and one of them presses "Help now". GET changes nothing but the count: mail
programs open links. The token in the path, unknown to any other site, takes the place of a CSRF token (a browser that
keeps no cookies must reach the clinic too); a post that another site started is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from apps.accounts.doors import Door
from apps.audit import actions as audit
from apps.core.db.scope import use_clinic
from apps.core.private import private
from apps.core.throttle import allow
from apps.patients.guest_links import clinic_of, note_use, open_link
from apps.patients.models import LinkPurpose

TRIES, WITHIN = 60, timedelta(minutes=10)
View = Callable[..., HttpResponse]


def guest_door(purpose: LinkPurpose) -> Callable[[View], Callable[..., HttpResponseBase]]:
    """Hands the view the open link instead of the token: `def page(request, link, token)`."""

    def wrap(view: View) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponseBase:
            clinic_id = clinic_of(token)
            if clinic_id is None:
                return _refused(request, f"unknown {purpose}")
            with use_clinic(clinic_id), transaction.atomic():
                link = open_link(token, purpose)
                if link is None:
                    return _refused(request, f"closed {purpose}")
                if not posted_here(request):
                    return _refused(request, f"from another site {purpose}")
                request.link_clinic = link.clinic  # type: ignore[attr-defined]
                note_use(link)
                return private(view(request, link, token, **kwargs), referrer="same-origin")

        guarded.csrf_exempt = True  # type: ignore[attr-defined]
        guarded.door = Door(why=f"whoever holds a link for: {purpose}; it opens this page and nothing else")  # type: ignore[attr-defined]
        return guarded

    return wrap


def posted_here(request: HttpRequest) -> bool:
    """Not a post that another site started."""
    return request.method != "POST" or request.headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none")


def _refused(request: HttpRequest, why: str) -> HttpResponse:
    if not allow(f"guest-link:{request.META.get('REMOTE_ADDR', '')}", limit=TRIES, within=WITHIN):
        return nothing(request, status=429)
    audit.record_refusal(actor_id=None, object_type="patients.guestlink", detail=why)
    return nothing(request)


def nothing(request: HttpRequest, *, status: int = 404) -> HttpResponse:
    """The calm page of a link that opens nothing."""
    return private(render(request, "patients/guest_over.html", {"slow": status == 429}, status=status))
