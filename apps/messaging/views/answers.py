"""Answers kept ready: those who answer write, change and remove them."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.messaging import ready_answers
from apps.messaging.forms import ReadyAnswerForm
from apps.messaging.models import ReadyAnswer, Thread
from apps.messaging.refusal import MessageRefused

LISTED = 200


def offered(user: Any) -> QuerySet[ReadyAnswer]:
    """What may be put into a message now."""
    return ReadyAnswer.objects.visible_to(user).filter(retired_at__isnull=True)


@door(Permission.CHAT)
@require_http_methods(["GET", "POST"])
def answers(request: ClinicRequest) -> HttpResponse:
    """All of them, those with the words of `?q=`; `?for=<thread>` offers to use one there."""
    if "first" in request.POST:
        ready_answers.write_first_answers(clinic=_clinic(request), actor=request.user)
        return redirect("ready-answers")
    return _edit(request, None)


@door(Permission.CHAT)
@require_http_methods(["GET", "POST"])
def answer(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Change one, or remove it."""
    found = get_object_or_404(offered(request.user), pk=pk)
    if "retire" in request.POST:
        try:
            ready_answers.retire_answer(answer=found, actor=request.user)
        except MessageRefused as refused:
            messages.error(request, refused.message)
        else:
            messages.success(request, _("Removed."))
        return redirect("ready-answers")
    return _edit(request, found)


def _edit(request: ClinicRequest, found: ReadyAnswer | None) -> HttpResponse:
    before = {"title": found.title, "body": found.body} if found else None
    form = ReadyAnswerForm(request.POST if request.method == "POST" else None, initial=before)
    if form.is_valid():
        try:
            ready_answers.write_answer(clinic=_clinic(request), actor=request.user, replaces=found, **form.cleaned_data)
        except MessageRefused as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, _("Kept."))
            return redirect("ready-answers")
    return _page(request, form, found)


def _page(request: ClinicRequest, form: ReadyAnswerForm, found: ReadyAnswer | None) -> HttpResponse:
    words = request.GET.get("q", "")[:80].replace("\x00", "")
    rows = offered(request.user).select_related("author__user")
    for word in words.split():
        rows = rows.filter(Q(title__icontains=word) | Q(body__icontains=word))
    listed = list(rows[:LISTED])
    audit.record_seen(listed, actor_id=request.user.pk, detail="ready answers")
    context = {
        "nav": "messages",
        "answers": listed,
        "words": words,
        "answer": found,
        "form": form,
        "thread": _thread(request),
    }
    refused = form.is_bound and not form.is_valid()
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    return render(request, "messaging/ready_answers.html", context, status=status)


def _thread(request: ClinicRequest) -> Thread | None:
    try:
        wanted = UUID(request.GET.get("for", ""))
    except ValueError:
        return None
    found: Thread | None = Thread.every.visible_to(request.user).filter(pk=wanted).first()
    return found


def _clinic(request: ClinicRequest) -> Any:
    return request.user.membership.clinic if request.user.membership else None  # the door has asked
