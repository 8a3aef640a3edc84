"""What staff do with a conversation: take it, hand it over, make an alert of a message."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.messaging import actions
from apps.messaging.forms import AlertForm, HandOverForm
from apps.messaging.models import Message, Thread
from apps.messaging.refusal import MessageRefused
from apps.messaging.views.talk import LAST_SEQ, thread_with_patient_or_404


@door(Permission.CHAT)
@require_POST
def take(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """This person answers from now on."""
    thread = thread_with_patient_or_404(request, pk)
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
    thread = thread_with_patient_or_404(request, pk)
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
    thread = thread_with_patient_or_404(request, pk)
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
