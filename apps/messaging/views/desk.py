"""The desk: all threads by owner, and one of them beside the list."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.alerts.models import Alert
from apps.audit import actions as audit
from apps.core import clock
from apps.messaging import actions
from apps.messaging.conversation import by_owner, conversation
from apps.messaging.models import Thread
from apps.messaging.rows import with_state
from apps.messaging.views.answers import offered
from apps.messaging.views.talk import before, send, thread_context, thread_or_404
from apps.patients.models import EmergencyContact, Patient, SafetyPlan

LISTED = 200
READY = 200  # answers offered beside the composer


@door(Permission.CHAT)
@require_GET
def desk_messages(request: ClinicRequest) -> HttpResponse:
    """All threads; `?patient=<id>` opens that person's (`&team` the one among staff), `?show=all` lists answered ones."""
    if "patient" in request.GET:
        return redirect("desk-thread", _thread_about(request, request.GET["patient"]).pk)
    return render(request, _list_template(request), _list_context(request, None))


@door(Permission.CHAT)
@require_http_methods(["GET", "POST"])
def desk_thread(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """One thread beside the list."""
    thread = thread_or_404(request, pk)
    if request.method == "POST":
        return send(request, thread, reverse("desk-thread", args=[pk]), _page)
    return _page(request, thread)


def _page(request: ClinicRequest, thread: Thread, **more: Any) -> HttpResponse:
    if "part" in request.GET:
        return render(request, _list_template(request), _list_context(request, thread))
    zone = clock.zone_of(thread.clinic.time_zone)
    talk = conversation(thread, request.user, zone, before(request))
    context = (
        _list_context(request, thread)
        | thread_context(request, thread, talk, zone)
        | _side_context(request, thread)
        | {
            "send_url": reverse("desk-thread", args=[thread.pk]),
            "answers": (ready := list(offered(request.user)[:READY])),
            "typed": next((one.body for one in ready if str(one.pk) == request.GET.get("answer")), ""),
            "last_heard": next((row for row in reversed(talk.rows) if row["from_patient"]), None),
        }
    )
    return render(request, "messaging/thread_list.html", context | more, status=more.get("status", HTTPStatus.OK))


def _side_context(request: ClinicRequest, thread: Thread) -> dict[str, Any]:
    """Who this is about, and how many words among staff are new."""
    plans = SafetyPlan.objects.visible_to(request.user).filter(patient=thread.patient).order_by("-version")
    twins = Thread.every.visible_to(request.user).filter(patient=thread.patient).exclude(pk=thread.pk)
    return {
        "plan": plans.only("id", "created_at", "version").first(),
        "contacts": EmergencyContact.objects.visible_to(request.user).filter(patient=thread.patient),
        "transfers": thread.transfers.select_related("actor__user", "to__user").order_by("-created_at")[:5],
        "open_alerts": Alert.objects.visible_to(request.user).unresolved().filter(patient=thread.patient)[:5],
        "twin": with_state(twins, request.user).first(),
    }


def _list_template(request: ClinicRequest) -> str:
    return "messaging/_threads.html" if "part" in request.GET else "messaging/thread_list.html"


def _list_context(request: ClinicRequest, thread: Thread | None) -> dict[str, Any]:
    """Who waits, and what is new among staff; or everything."""
    threads = with_state(Thread.every.visible_to(request.user), request.user)
    wanted = threads.filter(Q(waiting_since__isnull=False) | Q(staff_only=True, unread__gt=0))
    shows_all = request.GET.get("show") == "all"
    listed: list[Any] = list((threads.filter(last_seq__gt=0) if shows_all else wanted)[:LISTED])
    audit.record_seen(listed, actor_id=request.user.pk, detail="message list")
    return {
        "nav": "messages",
        "groups": by_owner(listed, request.user, clock.now()),
        "shows_all": shows_all,
        "waiting": sum(row.waiting_since is not None for row in listed),
        "flagged": sum(row.flagged for row in listed),
        "thread": thread,
    }


def _thread_about(request: ClinicRequest, patient: str) -> Thread:
    """The thread with that patient, or with `team` the one about them; made when there is none."""
    try:
        wanted = UUID(patient)
    except ValueError:
        raise Http404 from None
    found = get_object_or_404(Patient.objects.visible_to(request.user).known(), pk=wanted)
    if "team" in request.GET:
        return actions.open_team_thread(patient=found, actor=request.user)
    return actions.open_thread(patient=found)
