"""The driver's link, without sign-in: GET shows buttons, POST does one thing. It names nobody and shows nothing of them."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.doors import door, public
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.core.throttle import allow
from apps.sessions import actions
from apps.sessions.driver_links import clinic_of, hash_token, is_usable
from apps.sessions.models import DosingSession, DriverLink
from apps.sessions.refusal import TreatmentRefused

TRIES, WITHIN = 30, timedelta(minutes=10)
LONGEST_TOKEN = 64


# As with a form's link: the token in the path takes the place of a CSRF token, and another site's post is refused.
@public("whoever holds the link is the driver; it names nobody and shows nothing of anybody")
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def driver(request: HttpRequest, token: str) -> HttpResponse:
    """/d/<token>/. POST do=took-over, well, worried. 404 a token nobody made, 410 one that is over, 429 too many tries."""
    clinic_id = clinic_of(token) if len(token) <= LONGEST_TOKEN else None
    if clinic_id is None:
        return _over(request, "unknown", HTTPStatus.NOT_FOUND)
    with use_clinic(clinic_id), transaction.atomic():
        return _opened(request, token)


def _opened(request: HttpRequest, token: str) -> HttpResponse:
    links = DriverLink.objects.select_related("session__patient", "session__clinic")
    link = links.get(token_hash=hash_token(token))
    request.link_clinic = link.session.clinic  # type: ignore[attr-defined]
    if not is_usable(link, clock.now()):
        return _over(request, "gone", HTTPStatus.GONE)
    if request.method != "POST":
        return _page(request, link, token)
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        return _plain(request, "unknown", HTTPStatus.FORBIDDEN)
    try:
        link = actions.use_driver_link(link=link, what=request.POST.get("do", ""))
    except TreatmentRefused as refusal:
        return _page(request, link, token, refused=refusal.message)
    return _page(request, link, token, said=request.POST.get("do", ""))


def _page(request: HttpRequest, link: DriverLink, token: str, *, said: str = "", refused: str = "") -> HttpResponse:
    context = {
        "link": link,
        "token": token,
        "clinic": link.session.clinic,
        "zone": link.session.patient.time_zone,
        "is_morning": clock.now() >= link.opens_at,
        "said": said,
        "refused": refused,
    }
    status = HTTPStatus.CONFLICT if refused else HTTPStatus.OK
    return _private(render(request, "sessions/driver_show.html", context, status=status))


def _over(request: HttpRequest, why: str, status: HTTPStatus) -> HttpResponse:
    """Tries that open nothing are limited by address; a driver who is worried is never held up by somebody else's."""
    if not allow(f"driver-link:{request.META.get('REMOTE_ADDR', '')}", limit=TRIES, within=WITHIN):
        return _plain(request, "slow", HTTPStatus.TOO_MANY_REQUESTS)
    return _plain(request, why, status)


def _plain(request: HttpRequest, why: str, status: HTTPStatus) -> HttpResponse:
    return _private(render(request, "sessions/driver_over.html", {"why": why}, status=status))


def _private(response: HttpResponse) -> HttpResponse:
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response


@door(Permission.GIVE_DOSES)
@require_POST
def revoke(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Take the link back."""
    session = get_object_or_404(DosingSession.objects.visible_to(request.user), pk=pk)
    for link in session.driver_links.filter(revoked_at__isnull=True):
        actions.revoke_driver_link(link=link, actor=request.user)
    messages.success(request, _("The link opens nothing any more."))
    return redirect(session.path)


@door(Permission.OWN_RECORD)
@require_POST
def own_morning(request: ClinicRequest) -> HttpResponse:
    """The person says whether they slept and are as usual."""
    rows = DosingSession.objects.visible_to(request.user).select_related("patient", "clinic")
    session = get_object_or_404(rows.order_by("-opened_at")[:1])
    answers = [request.POST.get(name) for name in ("slept", "well")]
    try:
        if not all(answer in ("yes", "no") for answer in answers):
            raise TreatmentRefused("answer", _("Please answer both questions."))
        slept, well = (answer == "yes" for answer in answers)
        actions.say_own_morning(session=session, slept=slept, well=well, actor=request.user)
    except TreatmentRefused as refusal:
        messages.error(request, refusal.message)
        return redirect("session-day")
    if slept and well:
        messages.success(request, _("Good. You may drive again when you feel fit for it."))
    else:
        messages.warning(request, _("Please do not drive yet. Your team is told. Answer again when it is better."))
    return redirect("session-day")
