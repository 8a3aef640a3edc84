"""Who may fill in a form: the person signed in, or the browser in which a one-tap link was started.

The link opens one slot and nothing else, for 30 minutes after the last touch. It signs nobody in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from apps.accounts.doors import Door, refuse
from apps.accounts.language import speak
from apps.accounts.models import Clinic, User
from apps.accounts.permissions import Permission
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.core.private import private
from apps.monitoring.models import AuthLevel, Slot, SurveyLink

SESSION_KEY = "survey_link"
WHY = "the patient signed in, or the browser in which a one-tap link was started: one form and help, nothing else"


@dataclass(frozen=True, slots=True)
class Access:
    """A form that this browser may fill in, for whom, and how sure we are of that."""

    slot: Slot
    actor: User
    auth_level: str

    @property
    def via_link(self) -> bool:
        """By a one-tap link: no name, no score, nothing but the form."""
        return self.auth_level == AuthLevel.LINK


View = Callable[..., HttpResponseBase]


def survey_door(view: View) -> View:
    """Hands the view an Access instead of the slot's id; a stranger's slot does not exist (404)."""

    @wraps(view)
    def guarded(request: HttpRequest, slot: UUID) -> HttpResponseBase:
        user = request.user
        if user.is_authenticated and user.may(Permission.OWN_RECORD):
            own = _slots().visible_to(user).filter(pk=slot).first()
            if own is not None:
                return view(request, Access(own, user, AuthLevel.SESSION))
        bound = request.session.get(SESSION_KEY)
        if bound and (bound.get("slot") == str(slot) or str(slot) in bound.get("followed", ())):
            return _by_link(request, view, bound, slot)
        if not user.is_authenticated:
            return _signed_out(request)
        refuse(request)
        raise Http404

    guarded.door = Door(why=WHY)  # type: ignore[attr-defined]
    return guarded


def bind(request: HttpRequest, link: SurveyLink) -> None:
    """Tie this browser to the link's form; nobody is signed in by it."""
    if not request.user.is_authenticated:
        request.session.cycle_key()
        request.session.set_expiry(int(settings.SURVEY_LINK_SESSION.total_seconds()))  # of rest, not in all
    request.session[SESSION_KEY] = {
        "link": str(link.pk),
        "slot": str(link.slot_id),
        "clinic": str(link.clinic_id),
        "seen": clock.now().timestamp(),
    }


def over(request: HttpRequest, why: str, status: int, *, said: str = "") -> HttpResponse:
    """The calm page of a link that opens nothing now. why: a key in link_over.html; said: words for "later"."""
    response = render(request, "monitoring/link_over.html", {"why": why, "said": said}, status=status)
    return private(response)


def _slots() -> Any:
    return Slot.objects.select_related("questionnaire", "patient__user", "clinic", "assignment")


def let_follow(request: HttpRequest, slot: Slot) -> None:
    """The form that an answer has opened may be filled in by the same browser, under the same link."""
    bound = request.session.get(SESSION_KEY)
    if bound:
        request.session[SESSION_KEY] = bound | {"followed": [*bound.get("followed", ()), str(slot.pk)]}


def _by_link(request: HttpRequest, view: View, bound: dict[str, Any], wanted: UUID) -> HttpResponseBase:
    if clock.now().timestamp() - bound["seen"] > settings.SURVEY_LINK_SESSION.total_seconds():
        del request.session[SESSION_KEY]
        return _signed_out(request, "idle")
    with use_clinic(UUID(bound["clinic"])), transaction.atomic():
        slots: QuerySet[Slot] = _slots()
        first = slots.filter(pk=UUID(bound["slot"]), links__pk=UUID(bound["link"]), links__revoked_at=None).first()
        slot = first and (first if first.pk == wanted else slots.filter(pk=wanted, patient=first.patient_id).first())
        if slot is None or not slot.clinic.is_active or slot.patient.links_off_at is not None:
            del request.session[SESSION_KEY]
            return _signed_out(request, "unknown")
        request.session[SESSION_KEY] = bound | {"seen": clock.now().timestamp()}
        request.link_clinic = slot.clinic  # type: ignore[attr-defined]
        speak(request, slot.patient.user)
        return view(request, Access(slot, slot.patient.user, AuthLevel.LINK))


def _signed_out(request: HttpRequest, why: str = "") -> HttpResponseBase:
    """The session is over: a script keeps what was typed and says so; a page explains."""
    if wants_json(request):
        words = _("Your session has ended. Your answers are saved on this phone. Sign in or tap your link again.")
        return JsonResponse({"code": "session-over", "message": words}, status=401)
    return over(request, why, 403) if why else redirect_to_login(request.get_full_path())


def wants_json(request: HttpRequest) -> bool:
    """Was this asked by a script?"""
    return request.content_type == "application/json"


def clinic_of(request: HttpRequest) -> Clinic | None:
    """The clinic of a link's page, or of the person signed in."""
    found: Clinic | None = getattr(request, "link_clinic", None)
    membership = getattr(request.user, "membership", None)
    return found or (membership.clinic if membership else None)
