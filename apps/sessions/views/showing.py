"""What a call's pages send about the thing that both look at: show, an answer, hand in. JSON; the call's page stays."""

from http import HTTPStatus
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.monitoring.actions import on_offer, scales_for_visits
from apps.monitoring.instruments import AnswerRefused
from apps.monitoring.refusals import SurveyRefused
from apps.sessions import actions
from apps.sessions.models import Visit
from apps.sessions.refusal import VisitRefused
from apps.sessions.topics import as_uuid
from apps.sessions.views.call import problem


@door(Permission.HOLD_VISITS)
@require_POST
def show(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """what: "curve", "scale" (then questionnaire: its id) or "" for nothing."""
    visit = get_object_or_404(Visit.objects.visible_to(request.user), pk=pk)
    wanted = request.POST.get("questionnaire", "")
    scale = next((row for row in scales_for_visits(visit.clinic) if str(row.pk) == wanted), None)
    try:
        actions.show(visit=visit, what=request.POST.get("what", ""), questionnaire=scale, actor=request.user)
    except (VisitRefused, SurveyRefused) as refusal:
        return problem(HTTPStatus.CONFLICT, refusal.message)
    return JsonResponse({"shown": request.POST.get("what", "")})


@door(Permission.OWN_RECORD, Permission.HOLD_VISITS)
@require_POST
def answer(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """One answer: link_id, value as the form has it ("" for none), client_id."""
    visit = get_object_or_404(Visit.objects.visible_to(request.user), pk=pk)
    link_id, raw = request.POST.get("link_id", "")[:40], request.POST.get("value", "")[:4000]
    client_id = as_uuid(request.POST.get("client_id")) or uuid4()
    try:
        crisis = actions.answer_together(visit=visit, link_id=link_id, raw=raw, client_id=client_id, actor=request.user)
    except AnswerRefused as refusal:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, refusal.code)
    except (VisitRefused, SurveyRefused) as refusal:
        return problem(HTTPStatus.CONFLICT, refusal.message)
    return JsonResponse({"saved": True, "crisis": crisis})


@door(Permission.HOLD_VISITS)
@require_POST
def hand_in(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Score the scale."""
    visit = get_object_or_404(Visit.objects.visible_to(request.user), pk=pk)
    try:
        response = actions.hand_in_together(visit=visit, actor=request.user)
    except (VisitRefused, SurveyRefused) as refusal:
        return problem(HTTPStatus.CONFLICT, refusal.message)
    return JsonResponse({"total": None if response.total is None else float(response.total)})


@door(Permission.HOLD_VISITS)
@require_POST
def order(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Give the visit's patient a form now (questionnaire: its id). A script is answered in JSON, a plain form goes back."""
    visit = get_object_or_404(Visit.objects.visible_to(request.user).select_related("clinic"), pk=pk)
    wanted = request.POST.get("questionnaire", "")
    form = next((row for row in on_offer(visit.clinic) if str(row.pk) == wanted), None)
    refused = "" if form else _("Choose a form.")
    if form is not None:
        try:
            actions.order_form(visit=visit, questionnaire=form, actor=request.user)
        except (VisitRefused, SurveyRefused) as refusal:
            refused = refusal.message
    if "application/json" in request.headers.get("Accept", ""):
        return problem(HTTPStatus.CONFLICT, refused) if refused else JsonResponse({"ordered": True})
    if refused:
        messages.error(request, refused)
    else:
        messages.success(request, _("Ordered. It opens for the person now."))
    return redirect(visit.desk_path)


@door(Permission.OWN_RECORD)
@require_POST
def rate(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """How picture and sound were."""
    visit = get_object_or_404(Visit.objects.visible_to(request.user), pk=pk)
    try:
        actions.rate(visit=visit, rating=request.POST.get("rating", ""), actor=request.user)
    except VisitRefused as refusal:
        messages.error(request, refusal.message)
    return redirect(visit.path)
