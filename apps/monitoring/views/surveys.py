"""The form: all questions in one page, each answer sent as given, one submit without a script."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.clinic_settings import setting
from apps.alerts.actions import request_call
from apps.alerts.models import AlertOccurrence
from apps.audit import actions as audit
from apps.core import clock
from apps.core.private import private
from apps.monitoring import actions, notice
from apps.monitoring.access import Access, let_follow, survey_door
from apps.monitoring.actions import Saved, save_answer, submit_response
from apps.monitoring.actions.follow_on import follow_on_of
from apps.monitoring.answers import newest_rows, typed
from apps.monitoring.care import call_words, cover_of, promised_words, reminded_words
from apps.monitoring.findings import SUICIDAL
from apps.monitoring.forms import WhereaboutsForm
from apps.monitoring.instruments import AnswerRefused, Definition, Item, parse_form_value
from apps.monitoring.models import ItemAnswer, QuestionnaireResponse, Slot, SlotState
from apps.monitoring.published import definition_of
from apps.monitoring.refusals import SurveyRefused
from apps.monitoring.sheet import is_positive, make_sheet, unanswered
from apps.monitoring.wire import BadBody, device_time, read_object, text_field, uuid_field
from apps.patients import actions as patients

CARD_REMEMBERED = timedelta(hours=24)
PRESENTATIONS = ("pages", "list")


@require_http_methods(["GET", "POST"])
@survey_door
def survey(request: HttpRequest, access: Access) -> HttpResponseBase:
    """GET: the form. POST: the whole form, as a browser without a script sends it."""
    slot = access.slot
    if slot.state == SlotState.ANSWERED:
        return redirect("survey-done", slot.pk)
    if slot.state != SlotState.OPEN:
        return _not_open(request, access)
    if notice.is_due(slot.patient):
        return _show_notice(request, access)
    if request.method == "POST":
        return _whole_form(request, access)
    if slot.first_opened_at is None:
        Slot.objects.filter(pk=slot.pk, first_opened_at=None).update(first_opened_at=clock.now())
    return _show(request, access)


@require_POST
@survey_door
def agree(request: HttpRequest, access: Access) -> HttpResponseBase:
    """The notice was read."""
    clinic = access.slot.clinic
    patients.give_consent(
        patient=access.slot.patient,
        scope=notice.SCOPE,
        version=notice.VERSION,
        text=notice.as_text(clinic),
        actor=access.actor,
        auth_level=access.auth_level,
    )
    return redirect("survey", access.slot.pk)


@require_POST
@survey_door
def answer(request: HttpRequest, access: Access) -> HttpResponseBase:
    """One answer as given: {link_id, value, skipped, client_id, answered_at, presentation}, JSON both ways."""
    try:
        saved = _save(access, read_object(request))
    except BadBody as refusal:
        return _refused(refusal.code, refusal.message, refusal.status)
    except AnswerRefused as refusal:
        return _refused(refusal.code, _words_for(refusal.code), 422)
    except SurveyRefused as refusal:
        return _refused(refusal.code, refusal.message, 409)
    received = saved.answer.received_at
    return JsonResponse(
        {
            "saved": True,
            "received_at": received.isoformat(),
            "crisis": saved.suicidal,
            "late": saved.late,
            "message": _("This form is closed, but your answer has gone to your care team.") if saved.late else "",
        }
    )


def _save(access: Access, body: dict[str, Any]) -> Saved:
    presentation = text_field(body, "presentation", 10) or "pages"
    skipped = body.get("skipped", False)
    if presentation not in PRESENTATIONS or not isinstance(skipped, bool):
        raise BadBody("bad-field", "presentation is pages or list, skipped is true or false")
    return save_answer(
        slot=access.slot,
        link_id=text_field(body, "link_id", 40),
        value=body.get("value"),
        skipped=skipped,
        client_id=uuid_field(body, "client_id"),
        answered_at=device_time(body, "answered_at", clock.now()),
        actor=access.actor,
        auth_level=access.auth_level,
        presentation=presentation,
    )


@require_POST
@survey_door
def submit(request: HttpRequest, access: Access) -> HttpResponseBase:
    """A script has sent every answer: end the form. The same again is the same."""
    try:
        submit_response(slot=access.slot, actor=access.actor, auth_level=access.auth_level)
    except SurveyRefused as refusal:
        return _refused(refusal.code, refusal.message, 409)
    return JsonResponse({"submitted": True, "next": reverse("survey-done", args=[access.slot.pk])})


@require_GET
@survey_door
def done(request: HttpRequest, access: Access) -> HttpResponseBase:
    """Thanks; what the score says where the clinic shows it; the crisis card after a positive answer."""
    slot = access.slot
    response = QuestionnaireResponse.objects.filter(slot=slot).first()
    if response is None:
        return redirect("survey", slot.pk)
    definition = definition_of(slot.questionnaire)
    positive = is_positive(slot, definition)
    may_show = not access.via_link and not positive and setting(slot.clinic, "show_scores_to_patients")
    context = _context(access, positive=positive) | {
        "response": response,
        "definition": definition,
        "score": response if may_show and response.total is not None else None,
        "follow_on": _follow_on(request, access),
    }
    return _page(request, access, "monitoring/survey_done.html", context)


def _follow_on(request: HttpRequest, access: Access) -> Slot | None:
    """The screener that an answer has opened and that still waits."""
    found = follow_on_of(access.slot)
    if found is None or found.state != SlotState.OPEN:
        return None
    if access.via_link:
        let_follow(request, found)
    return found


@require_POST
@survey_door
def call(request: HttpRequest, access: Access) -> HttpResponseBase:
    """ "Ask my clinic to call me"; a second tap on the same form changes nothing."""
    definition = definition_of(access.slot.questionnaire)
    positive = is_positive(access.slot, definition) or request.POST.get("not_safe") == "yes"
    alert = request_call(
        patient=access.slot.patient,
        after_positive=positive,
        source_id=uuid5(access.slot.pk, "call"),
        synthetic=access.slot.synthetic,
    )
    words = promised_words(access.slot.patient, alert.call_promised_by)
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"message": words})
    messages.success(request, words)
    return _back(access)


@require_POST
@survey_door
def where(request: HttpRequest, access: Access) -> HttpResponseBase:
    """Where the person is, with whom, and how to call back."""
    form = WhereaboutsForm(request.POST)
    by_script = request.headers.get("Accept") == "application/json"
    if not form.is_valid():
        words = " ".join(str(error) for errors in form.errors.values() for error in errors)
        if by_script:
            return _refused("bad-field", words, 422)
        messages.error(request, words)
        return _back(access)
    patients.tell_whereabouts(patient=access.slot.patient, asked_in="survey", actor=access.actor, **form.cleaned_data)
    words = _("Thank you. Your clinic can see this.")
    if by_script:
        return JsonResponse({"message": words})
    messages.success(request, words)
    return _back(access)


@require_POST
@survey_door
def snooze(request: HttpRequest, access: Access) -> HttpResponseBase:
    """ "Remind me later": when=1h, 3h or evening."""
    when, slot = request.POST.get("when", ""), access.slot
    try:
        at = actions.snooze(slot=slot, choice=when, actor=access.actor, auth_level=access.auth_level)
    except SurveyRefused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, reminded_words(slot.patient, at))
    return _back(access) if access.via_link else redirect("patient-home")


def _back(access: Access) -> HttpResponse:
    return redirect("survey-done" if access.slot.state == SlotState.ANSWERED else "survey", access.slot.pk)


def _refused(code: str, message: str, status: int) -> JsonResponse:
    return JsonResponse({"code": code, "message": message}, status=status)


def _words_for(code: str) -> str:
    words = {
        "too_long": _("This note is too long. Please shorten it."),
        "bad_text": _("This note holds a character that cannot be stored."),
        "unknown_item": _("This form does not have that question. Please reload the page."),
    }
    return words.get(code, _("Please choose one of the answers."))


def _whole_form(request: HttpRequest, access: Access) -> HttpResponseBase:
    """Save whatever can be saved, then submit, or show again what is missing. Nothing typed is lost."""
    definition = definition_of(access.slot.questionnaire)
    errors = _save_fields(request, access, definition)
    raw = {item.link_id: request.POST[item.link_id] for item in definition.items if item.link_id in request.POST}
    rows = newest_rows(access.slot)
    answers = {link_id: typed(definition, row) for link_id, row in rows.items()}
    skipped = {link_id for link_id, row in rows.items() if row.skipped}
    missing = unanswered(definition, answers, skipped)
    if errors or (missing and request.POST.get("confirm") != "yes"):
        open_items = [item.link_id for item in missing]
        return _show(request, access, errors=errors, typed_in=raw, open_items=open_items, status=422)
    try:
        for item in missing:
            _save_one(request, access, item, None, skipped=True)
        submit_response(slot=access.slot, actor=access.actor, auth_level=access.auth_level)
    except SurveyRefused as refusal:
        messages.error(request, refusal.message)
    return redirect("survey-done", access.slot.pk)


def _save_fields(request: HttpRequest, access: Access, definition: Definition) -> dict[str, str]:
    """Words for each field that cannot be taken; every other one is saved, changed ones anew."""
    errors: dict[str, str] = {}
    rows = newest_rows(access.slot)
    for item in definition.items:
        raw = request.POST.get(item.link_id)
        if raw is None:
            continue
        try:
            value = parse_form_value(definition, item.link_id, raw)
            before = rows.get(item.link_id)
            if value is None if before is None else typed(definition, before) == value:
                continue
            _save_one(request, access, item, value)
        except AnswerRefused as refusal:
            errors[item.link_id] = _words_for(refusal.code)
        except SurveyRefused as refusal:
            errors[item.link_id] = refusal.message
    return errors


def _save_one(request: HttpRequest, access: Access, item: Item, value: Any, *, skipped: bool = False) -> Saved:
    sheet = _sheet_id(request)
    return save_answer(
        slot=access.slot,
        link_id=item.link_id,
        value=value,
        skipped=skipped,
        client_id=uuid5(sheet, f"{access.slot.pk}:{item.link_id}:{value}:{skipped}"),
        answered_at=clock.now(),
        actor=access.actor,
        auth_level=access.auth_level,
        presentation="list",
    )


def _sheet_id(request: HttpRequest) -> UUID:
    """The page that was sent: sent twice, it is the same sheet."""
    try:
        return UUID(request.POST.get("sheet", ""))
    except ValueError:
        return uuid4()


def _show(
    request: HttpRequest,
    access: Access,
    *,
    errors: dict[str, str] | None = None,
    typed_in: dict[str, str] | None = None,
    open_items: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    slot = access.slot
    definition = definition_of(slot.questionnaire)
    sheet = make_sheet(slot, definition, errors=errors, typed_in=typed_in, open_items=open_items)
    audit.record_seen([slot], actor_id=access.actor.pk, detail="form")
    context = _context(access, positive=is_positive(slot, definition)) | {"sheet": sheet, "sheet_id": uuid4()}
    return _page(request, access, "monitoring/survey_answer.html", context, status)


def _card_seen(slot: Slot) -> bool:
    """Was the whole crisis card shown in the last day, for another form? Then the shorter one is enough."""
    own = ItemAnswer.objects.filter(slot=slot).values("pk")
    rows = AlertOccurrence.objects.filter(
        alert__patient_id=slot.patient_id,
        alert__cause=SUICIDAL,
        source_kind="item-answer",
        created_at__gte=clock.now() - CARD_REMEMBERED,
    )
    return rows.exclude(source_id__in=own).exists()


def _context(access: Access, *, positive: bool) -> dict[str, Any]:
    patient = access.slot.patient
    return {
        "slot": access.slot,
        "via_link": access.via_link,
        "positive": positive,
        "seen_before": _card_seen(access.slot),
        "call_words": call_words(patient, after_positive=True),
        "cover": cover_of(access.slot.clinic),
        "clinic_phone": access.slot.clinic.phone,
        "where_form": WhereaboutsForm(initial={"call_back": "" if access.via_link else patient.phone}),
        "back_url": None if access.via_link else reverse("checkin"),
        "pause_url": None if access.via_link else reverse("patient-home"),
    }


def _show_notice(request: HttpRequest, access: Access) -> HttpResponse:
    context = {
        "slot": access.slot,
        "via_link": access.via_link,
        "paragraphs": notice.paragraphs(access.slot.clinic),
        "back_url": None if access.via_link else reverse("checkin"),
    }
    return _page(request, access, "monitoring/survey_notice.html", context)


def _not_open(request: HttpRequest, access: Access) -> HttpResponse:
    status = 409 if request.method == "POST" else 200
    context = {"slot": access.slot, "via_link": access.via_link}
    return _page(request, access, "monitoring/survey_closed.html", context, status)


def _page(
    request: HttpRequest, access: Access, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    response = render(request, template, context, status=status)
    return private(response, referrer="same-origin") if access.via_link else response
