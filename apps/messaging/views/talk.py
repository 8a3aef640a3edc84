"""What the pages of a conversation share: which thread, what stands on the page, and sending.

Everything works as a plain form. A script asks for JSON (`Accept: application/json`) and gets the same answers as on
the live socket.
"""

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from apps.accounts.clinic_settings import setting
from apps.accounts.requests import ClinicRequest
from apps.core import clock
from apps.core.ids import new_id
from apps.core.throttle import allow
from apps.messaging import actions
from apps.messaging.files import NewFile, read_file
from apps.messaging.files.reading import MEGABYTE
from apps.messaging.forms import MessageForm
from apps.messaging.models import Message, Thread
from apps.messaging.presence import presence_of
from apps.messaging.refusal import MessageRefused
from apps.messaging.rows import sent_row, sent_with_file

LAST_SEQ = 2**63 - 1
FILES_AN_HOUR = 30  # of one person
Page = Callable[..., HttpResponse]


def thread_or_404(request: ClinicRequest, pk: UUID) -> Thread:
    """A thread of either kind that the person may see."""
    rows = Thread.every.visible_to(request.user).select_related("patient__user", "clinic", "owner__user")
    found: Thread = get_object_or_404(rows, pk=pk)
    return found


def thread_with_patient_or_404(request: ClinicRequest, pk: UUID) -> Thread:
    """A conversation with a patient: what is among staff has no owner and makes no alert."""
    rows = Thread.objects.visible_to(request.user).select_related("patient__user", "clinic", "owner__user")
    found: Thread = get_object_or_404(rows, pk=pk)
    return found


def thread_context(request: ClinicRequest, thread: Thread, talk: Any, zone: ZoneInfo) -> dict[str, Any]:
    """What both sides' pages show of a thread."""
    return {
        "thread": thread,
        "patient": thread.patient,
        "talk": talk,
        "zone": zone.key,
        "can_write": thread.staff_only or thread.patient.status == "active",
        "presence": presence_of(thread.clinic, clock.now()),
        "client_id": new_id(),
        "takes_files": setting(thread.clinic, "message_files"),
        "blank_own": {"own": True, "state": "sent", "at": None},
        "blank_other": {"own": False, "at": None},
    }


def send(request: ClinicRequest, thread: Thread, back: str, page: Page) -> HttpResponse:
    """Once a client id, however often the form is sent; what is refused stays in the form."""
    form = MessageForm(request.POST, request.FILES)
    try:
        sent = _sent(request, thread, form)
    except MessageRefused as refused:
        if wants_json(request):
            answer = {"code": refused.code, "message": refused.message}
            return JsonResponse(answer, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        typed = request.POST.get("body", "")
        return page(request, thread, error=refused.message, typed=typed, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if wants_json(request):
        return JsonResponse(sent_with_file(sent) if request.FILES else sent_row(sent))
    return redirect(f"{back}#m{sent.seq}")


def _sent(request: ClinicRequest, thread: Thread, form: MessageForm) -> Message:
    if not form.is_valid():
        raise MessageRefused("invalid", " ".join(str(words) for found in form.errors.values() for words in found))
    data = form.cleaned_data
    if data["seen"]:
        actions.mark_read(thread=thread, seq=data["seen"], actor=request.user)
    return actions.send_message(
        thread=thread,
        body=data["body"],
        client_id=data["client_id"],
        actor=request.user,
        file=_file(request, thread, data["file"]),
    )


def _file(request: ClinicRequest, thread: Thread, given: UploadedFile | None) -> NewFile | None:
    """What was sent along, read and checked before a row is locked. Raises MessageRefused."""
    if given is None:
        return None
    if not setting(thread.clinic, "message_files"):
        raise MessageRefused("no-files", _("Files cannot be sent here."))
    most = setting(thread.clinic, "message_file_megabytes")
    if (given.size or 0) > most * MEGABYTE:
        raise MessageRefused("too-large", _("The file is too large: %(n)s MB at most.") % {"n": most})
    if not allow(f"file:{request.user.pk}", limit=FILES_AN_HOUR, within=timedelta(hours=1)):
        raise MessageRefused("too-many", _("Too many files in one hour. Please send the others later."))
    return read_file(given.read(), given.name or "", most_megabytes=most)


def before(request: ClinicRequest) -> int | None:
    """The number before which older messages are asked for."""
    asked = request.GET.get("before", "")
    return min(int(asked), LAST_SEQ) if asked.isascii() and asked.isdigit() and len(asked) < 20 else None


def wants_json(request: ClinicRequest) -> bool:
    """A script asks."""
    return request.headers.get("Accept", "").startswith("application/json")
