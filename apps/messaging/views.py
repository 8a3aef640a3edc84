"""Pages of messages: the patient's one conversation, and the desk's list with its threads.

Everything works as a plain form. A script asks for JSON (`Accept: application/json`) and gets the same answers as on
the live socket.
"""

from http import HTTPStatus
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.alerts.models import Alert
from apps.audit import actions as audit
from apps.core import clock
from apps.core.ids import new_id
from apps.messaging import actions
from apps.messaging.conversation import by_owner, conversation, search
from apps.messaging.forms import AlertForm, HandOverForm, MessageForm, SeenForm
from apps.messaging.models import Message, Thread
from apps.messaging.phrases import PHRASES
from apps.messaging.presence import presence_of
from apps.messaging.refusal import MessageRefused
from apps.messaging.rows import sent_row, with_state
from apps.patients.models import EmergencyContact, Patient, SafetyPlan

LISTED = 200
LAST_SEQ = 2**63 - 1


@door(Permission.OWN_RECORD)
@require_http_methods(["GET", "POST"])
def own_messages(request: ClinicRequest) -> HttpResponse:
    """The patient's conversation with the care team."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user).known().select_related("clinic"))
    thread = _whole(request, actions.open_thread(patient=patient).pk)
    if request.method == "POST":
        return _send(request, thread, reverse("messages"), _patient_page)
    return _patient_page(request, thread)


def _patient_page(request: ClinicRequest, thread: Thread, **more: Any) -> HttpResponse:
    zone = clock.zone_of(thread.patient.time_zone)
    talk = conversation(thread, request.user, zone, _before(request))
    context = _thread_context(request, thread, talk, zone) | {
        "nav": "messages",
        "can_write": thread.patient.status == "active",
        "phrases": PHRASES,
        "send_url": reverse("messages"),
    }
    return render(request, "messaging/thread_show.html", context | more, status=more.get("status", HTTPStatus.OK))


@door(Permission.CHAT)
@require_GET
def desk_messages(request: ClinicRequest) -> HttpResponse:
    """All threads; `?patient=<id>` opens that person's, `?show=all` lists the answered ones too."""
    if "patient" in request.GET:
        return redirect("desk-thread", _thread_with(request, request.GET["patient"]).pk)
    return render(request, _list_template(request), _list_context(request, None))


@door(Permission.CHAT)
@require_http_methods(["GET", "POST"])
def desk_thread(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """One thread beside the list."""
    thread = _whole(request, pk)
    if request.method == "POST":
        return _send(request, thread, reverse("desk-thread", args=[pk]), _desk_page)
    return _desk_page(request, thread)


def _desk_page(request: ClinicRequest, thread: Thread, **more: Any) -> HttpResponse:
    if "part" in request.GET:
        return render(request, _list_template(request), _list_context(request, thread))
    zone = clock.zone_of(thread.clinic.time_zone)
    talk = conversation(thread, request.user, zone, _before(request))
    plans = SafetyPlan.objects.visible_to(request.user).filter(patient=thread.patient).order_by("-version")
    context = (
        _list_context(request, thread)
        | _thread_context(request, thread, talk, zone)
        | {
            "can_write": thread.patient.status == "active",
            "send_url": reverse("desk-thread", args=[thread.pk]),
            "last_heard": next((row for row in reversed(talk.rows) if row["from_patient"]), None),
            "plan": plans.only("id", "created_at", "version").first(),
            "contacts": EmergencyContact.objects.visible_to(request.user).filter(patient=thread.patient),
            "transfers": thread.transfers.select_related("actor__user", "to__user").order_by("-created_at")[:5],
            "open_alerts": Alert.objects.visible_to(request.user).unresolved().filter(patient=thread.patient)[:5],
        }
    )
    return render(request, "messaging/thread_list.html", context | more, status=more.get("status", HTTPStatus.OK))


def _list_template(request: ClinicRequest) -> str:
    return "messaging/_threads.html" if "part" in request.GET else "messaging/thread_list.html"


def _list_context(request: ClinicRequest, thread: Thread | None) -> dict[str, Any]:
    threads = with_state(Thread.objects.visible_to(request.user), request.user)
    waiting = threads.filter(waiting_since__isnull=False)
    shows_all = request.GET.get("show") == "all"
    listed: list[Any] = list((threads.filter(last_seq__gt=0) if shows_all else waiting)[:LISTED])
    audit.record_seen(listed, actor_id=request.user.pk, detail="message list")
    return {
        "nav": "messages",
        "groups": by_owner(listed, request.user, clock.now()),
        "shows_all": shows_all,
        "waiting": len(listed) if not shows_all else sum(row.waiting_since is not None for row in listed),
        "flagged": sum(row.flagged for row in listed),
        "thread": thread,
    }


def _thread_context(request: ClinicRequest, thread: Thread, talk: Any, zone: ZoneInfo) -> dict[str, Any]:
    now = clock.now()
    return {
        "thread": thread,
        "patient": thread.patient,
        "talk": talk,
        "zone": zone.key,
        "presence": presence_of(thread.clinic, now),
        "client_id": new_id(),
        "blank_own": {"own": True, "state": "sent", "at": None},
        "blank_other": {"own": False, "at": None},
    }


def _send(request: ClinicRequest, thread: Thread, back: str, page: Any) -> HttpResponse:
    """Once a client id, however often the form is sent; what is refused stays in the form."""
    form = MessageForm(request.POST)
    try:
        if not form.is_valid():
            raise MessageRefused("invalid", " ".join(str(words) for found in form.errors.values() for words in found))
        data = form.cleaned_data
        if data["seen"]:
            actions.mark_read(thread=thread, seq=data["seen"], actor=request.user)
        sent = actions.send_message(thread=thread, body=data["body"], client_id=data["client_id"], actor=request.user)
    except MessageRefused as refused:
        if _wants_json(request):
            answer = {"code": refused.code, "message": refused.message}
            return JsonResponse(answer, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        return page(
            request,
            thread,
            error=refused.message,
            typed=request.POST.get("body", ""),
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
        )
    return JsonResponse(sent_row(sent)) if _wants_json(request) else redirect(f"{back}#m{sent.seq}")


@door(Permission.OWN_RECORD, Permission.CHAT)
@require_POST
def read(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Somebody has read so far; without a script by a button."""
    thread = _whole(request, pk)
    form = SeenForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"code": "seq", "message": _("That is no message.")}, status=HTTPStatus.BAD_REQUEST)
    mark = actions.mark_read(thread=thread, seq=form.cleaned_data["seq"], actor=request.user)
    if _wants_json(request):
        return JsonResponse({"thread": str(thread.pk), "seq": mark})
    return redirect("desk-thread", pk) if request.user.may(Permission.CHAT) else redirect("messages")


@door(Permission.OWN_RECORD, Permission.CHAT)
@require_GET
def find(request: ClinicRequest) -> HttpResponse:
    """Words in the messages that the person may see."""
    words = request.GET.get("q", "")[:200]
    staff = request.user.may(Permission.CHAT)
    clinic = request.user.membership.clinic if request.user.membership else None
    context = {
        "nav": "messages",
        "words": words,
        "found": search(words, request.user),
        "zone": (clinic.time_zone if clinic else "UTC") if staff else request.user.time_zone,
    }
    return render(request, f"messaging/{'desk_message' if staff else 'message'}_find.html", context)


@door(Permission.CHAT)
@require_POST
def take(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """This person answers from now on."""
    thread = _whole(request, pk)
    try:
        actions.claim(thread=thread, actor=request.user)
    except MessageRefused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("It is yours."))
    return redirect("desk-thread", pk)


@door(Permission.CHAT)
@require_http_methods(["GET", "POST"])
def hand_over(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Give the thread to a colleague."""
    thread = _whole(request, pk)
    form = HandOverForm(request.POST if request.method == "POST" else None, thread=thread)
    if form.is_valid():
        try:
            actions.hand_over(thread=thread, actor=request.user, **form.cleaned_data)
        except MessageRefused as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, _("Handed over."))
            return redirect("desk-thread", pk)
    return _verb_page(request, thread, form, _("Hand over the conversation"), _("Hand over"))


@door(Permission.HANDLE_ALERTS)
@require_http_methods(["GET", "POST"])
def make_alert(request: ClinicRequest, pk: UUID, seq: int) -> HttpResponse:
    """Make an alert of what the patient wrote."""
    thread = _whole(request, pk)
    rows = Message.objects.visible_to(request.user).filter(thread=thread, from_patient=True, seq=min(seq, LAST_SEQ))
    message = get_object_or_404(rows.select_related("thread__patient__clinic"))
    form = AlertForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            alert = actions.make_alert(message=message, actor=request.user, **form.cleaned_data)
        except MessageRefused as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, _("The alert stands on the worklist."))
            return redirect(alert.path)
    audit.record_seen([message], actor_id=request.user.pk, detail="alert of it")
    return _verb_page(request, thread, form, _("Make an alert of this message"), _("Make the alert"), message)


def _verb_page(
    request: ClinicRequest, thread: Thread, form: Any, title: str, button: str, message: Message | None = None
) -> HttpResponse:
    context = {"nav": "messages", "thread": thread, "form": form, "title": title, "button": button, "message": message}
    refused = form.is_bound and not form.is_valid()
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    return render(request, "messaging/verb_form.html", context, status=status)


def _whole(request: ClinicRequest, pk: UUID) -> Thread:
    rows = Thread.objects.visible_to(request.user).select_related("patient__user", "clinic", "owner__user")
    return get_object_or_404(rows, pk=pk)


def _thread_with(request: ClinicRequest, patient: str) -> Thread:
    """The thread with that patient, made when there is none."""
    try:
        wanted = UUID(patient)
    except ValueError:
        raise Http404 from None
    found = get_object_or_404(Patient.objects.visible_to(request.user).known(), pk=wanted)
    return actions.open_thread(patient=found)


def _before(request: ClinicRequest) -> int | None:
    """The number before which older messages are asked for."""
    asked = request.GET.get("before", "")
    return min(int(asked), LAST_SEQ) if asked.isascii() and asked.isdigit() and len(asked) < 20 else None


def _wants_json(request: ClinicRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")
