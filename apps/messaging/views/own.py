"""The person's own conversation with the care team, and what both sides do with theirs: reading on, finding."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.core import clock
from apps.messaging import actions
from apps.messaging.conversation import conversation
from apps.messaging.forms import SeenForm
from apps.messaging.models import Thread
from apps.messaging.phrases import PHRASES
from apps.messaging.search import find_messages
from apps.messaging.views.talk import before, send, thread_context, thread_or_404, wants_json
from apps.patients.models import Patient


@door(Permission.OWN_RECORD)
@require_http_methods(["GET", "POST"])
def own_messages(request: ClinicRequest) -> HttpResponse:
    """The patient's conversation with the care team."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user).known().select_related("clinic"))
    thread = thread_or_404(request, actions.open_thread(patient=patient).pk)
    if request.method == "POST":
        return send(request, thread, reverse("messages"), _page)
    return _page(request, thread)


def _page(request: ClinicRequest, thread: Thread, **more: Any) -> HttpResponse:
    zone = clock.zone_of(thread.patient.time_zone)
    talk = conversation(thread, request.user, zone, before(request))
    context = thread_context(request, thread, talk, zone) | {
        "nav": "messages",
        "phrases": PHRASES,
        "send_url": reverse("messages"),
    }
    return render(request, "messaging/thread_show.html", context | more, status=more.get("status", HTTPStatus.OK))


@door(Permission.OWN_RECORD, Permission.CHAT)
@require_POST
def read(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Somebody has read so far; without a script by a button."""
    thread = thread_or_404(request, pk)
    form = SeenForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"code": "seq", "message": _("That is no message.")}, status=HTTPStatus.BAD_REQUEST)
    mark = actions.mark_read(thread=thread, seq=form.cleaned_data["seq"], actor=request.user)
    if wants_json(request):
        return JsonResponse({"thread": str(thread.pk), "seq": mark})
    return redirect("desk-thread", pk) if request.user.may(Permission.CHAT) else redirect("messages")


@door(Permission.OWN_RECORD, Permission.CHAT)
@require_GET
def find(request: ClinicRequest) -> HttpResponse:
    """Words in the messages that the person may see."""
    words = request.GET.get("q", "")[:200]
    staff = request.user.may(Permission.CHAT)
    clinic = request.user.membership.clinic if request.user.membership else None
    thread = thread_or_404(request, _uuid_or_404(request.GET["in"])) if request.GET.get("in") else None
    page = find_messages(words, request.user, thread=thread, after=request.GET.get("after", ""))
    context = {
        "nav": "messages",
        "words": words,
        "page": page,
        "thread": thread,
        "further": urlencode({"q": words, "after": page.further} | ({"in": thread.pk} if thread else {})),
        "is_first": not request.GET.get("after"),
        "zone": (clinic.time_zone if clinic else "UTC") if staff else request.user.time_zone,
    }
    return render(request, f"messaging/{'desk_message' if staff else 'message'}_find.html", context)


def _uuid_or_404(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
