"""A call's guest: what both sides see and decide about one, and the guest's own link and page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.doors import Door, door, public
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core.db.scope import use_clinic
from apps.core.throttle import allow
from apps.sessions import actions
from apps.sessions.guest_links import (
    LINK_HOLDS,
    SESSION_KEY,
    bind,
    by_token,
    clinic_in,
    clinic_of,
    current_guest,
    guest_in,
)
from apps.sessions.models import GUEST_ROLES, Visit, VisitGuest, VisitStatus
from apps.sessions.record import is_patient
from apps.sessions.refusal import VisitRefused
from apps.sessions.topics import visit_of
from apps.sessions.ways import way

TRIES, WITHIN = 30, timedelta(minutes=10)
ICE_AN_HOUR = 400


@door(Permission.HOLD_VISITS)
@require_http_methods(["GET", "POST"])
def desk_guest(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """The clinician's part. POST: do=invite (name, role), admit or remove (guest)."""
    return _panel(request, pk, {"invite": _invite, "admit": _admit, "remove": _remove})


@door(Permission.OWN_RECORD)
@require_http_methods(["GET", "POST"])
def own_guest(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """The patient's part: who joins. POST: do=agree or remove (guest)."""
    return _panel(request, pk, {"agree": _agree, "remove": _remove})


Verb = Callable[[ClinicRequest, Visit], str]


def _panel(request: ClinicRequest, pk: UUID, verbs: dict[str, Verb]) -> HttpResponse:
    """A fragment, for the visit's two sides alone."""
    visit = visit_of(request.user, str(pk))
    if visit is None:
        raise Http404
    link, refused, status = "", "", HTTPStatus.OK
    if request.method == "POST":
        try:
            verb = verbs[request.POST.get("do", "")]
            link = verb(request, visit)
        except KeyError:
            status = HTTPStatus.UNPROCESSABLE_ENTITY
        except VisitRefused as refusal:
            refused, status = refusal.message, HTTPStatus.CONFLICT
    context = {
        "visit": visit,
        "guest": current_guest(visit),
        "by_patient": is_patient(request.user),
        "roles": GUEST_ROLES,
        "link": link,
        "refused": refused,
        "hours": round(LINK_HOLDS.total_seconds() / 3600),
    }
    return render(request, "sessions/_guest.html", context, status=status)


def _invite(request: ClinicRequest, visit: Visit) -> str:
    name, role = request.POST.get("name", ""), request.POST.get("role", "")
    _guest, token = actions.invite_guest(visit=visit, name=name, role=role, actor=request.user)
    return f"{settings.PUBLIC_URL}{reverse('guest-link', args=[token])}"


def _admit(request: ClinicRequest, visit: Visit) -> str:
    actions.admit_guest(visit=visit, guest_id=_named(request), actor=request.user)
    return ""


def _remove(request: ClinicRequest, visit: Visit) -> str:
    actions.remove_guest(visit=visit, guest_id=_named(request), actor=request.user)
    return ""


def _agree(request: ClinicRequest, visit: Visit) -> str:
    actions.agree_to_guest(visit=visit, guest_id=_named(request), actor=request.user)
    return ""


def _named(request: ClinicRequest) -> UUID:
    try:
        return UUID(request.POST.get("guest", ""))
    except ValueError:
        raise Http404 from None


# --- the guest ------------------------------------------------------------------------------------------------


# As with the one-tap link of a form: without a referrer a browser sends "Origin: null", which the usual check refuses;
# the token in the path, unknown to any other site, takes its place.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@public("whoever holds the link may look at it; it says that there is a call, and nothing of whose")
def link(request: HttpRequest, token: str) -> HttpResponse:
    """GET: the clinic's name and a button; it uses nothing up. POST: this browser asks to be let in."""
    clinic_id = clinic_of(token)
    if clinic_id is None:
        return _guessed(request, "unknown link")
    with use_clinic(clinic_id), transaction.atomic():
        return _opened(request, token)


def _opened(request: HttpRequest, token: str) -> HttpResponse:
    guest = by_token(token, str((request.session.get(SESSION_KEY) or {}).get("browser", "")))
    if guest is None:
        return _guessed(request, "link is over")
    request.link_clinic = guest.clinic  # type: ignore[attr-defined]
    if request.method != "POST":
        return _private(render(request, "sessions/guest_start.html", {"token": token, "until": guest.expires_at}))
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        return _refused(request, "from another site")
    try:
        actions.ask_in(guest=guest, browser=bind(request.session, guest, signed_in=request.user.is_authenticated))
    except VisitRefused:
        return _refused(request, "opened elsewhere")
    return _private(redirect("guest"))


def guest_door(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Hands the view the guest that this browser is; for everybody else there is nothing here (404)."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponseBase:
        clinic = clinic_in(request.session)
        if clinic is None:
            return _nothing(request, HTTPStatus.NOT_FOUND)
        with use_clinic(clinic), transaction.atomic():
            guest = guest_in(request.session)
            if guest is None:
                return _refused(request, "not a guest any more")
            request.link_clinic = guest.clinic  # type: ignore[attr-defined]
            return _private(view(request, guest), referrer="same-origin")  # its address is no key

    guarded.door = Door(why="the browser in which a guest's link was started: one call, nothing else")  # type: ignore[attr-defined]
    return guarded


@guest_door
@require_GET
def guest_page(request: HttpRequest, guest: VisitGuest) -> HttpResponse:
    """Waiting, then the call."""
    audit.record(action=Action.READ, actor_id=None, obj=guest.visit, detail="guest")
    calls = guest.visit.status == VisitStatus.IN_PROGRESS and guest.admitted_at is not None
    return render(request, "sessions/guest_show.html", {"guest": guest, "state": "in" if calls else "waits"})


@guest_door
@require_POST
def guest_ice(request: HttpRequest, guest: VisitGuest) -> HttpResponse:
    """Servers and credentials of this guest for this call; only while admitted and while the call goes on."""
    if guest.admitted_at is None or guest.visit.status != VisitStatus.IN_PROGRESS:
        return JsonResponse({"title": "Not admitted"}, status=HTTPStatus.CONFLICT)
    if not allow(f"guest-ice:{guest.pk}", limit=ICE_AN_HOUR, within=timedelta(hours=1)):
        return JsonResponse({"title": "Too many"}, status=HTTPStatus.TOO_MANY_REQUESTS)
    audit.record(action=Action.READ, actor_id=None, obj=guest.visit, detail="guest ice")
    return JsonResponse(way(guest.visit, guest.pk))


def _guessed(request: HttpRequest, why: str) -> HttpResponse:
    """Tries that open nothing are limited by address; a link that opens is never held up by somebody else's."""
    if not allow(f"visit-guest:{request.META.get('REMOTE_ADDR', '')}", limit=TRIES, within=WITHIN):
        return _nothing(request, HTTPStatus.TOO_MANY_REQUESTS)
    return _refused(request, why)


def _refused(request: HttpRequest, why: str) -> HttpResponse:
    audit.record_refusal(actor_id=request.user.pk, object_type="guest-link", detail=why)
    return _nothing(request, HTTPStatus.NOT_FOUND)


def _nothing(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    """One page for forged, foreign, expired, used elsewhere and removed: it does not say which."""
    slow = status == HTTPStatus.TOO_MANY_REQUESTS
    return _private(render(request, "sessions/guest_over.html", {"slow": slow}, status=status))


def _private(response: HttpResponse, *, referrer: str = "no-referrer") -> HttpResponse:
    """No copy, no trace in a referrer (the link's address is its key) or a search engine."""
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = referrer
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
