"""One alert: who, why, until when, what was done, where the person is, and every way to act."""

from decimal import Decimal
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from apps.accounts.context import crisis_lines
from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.alerts import actions
from apps.alerts.forms import ContactForm, HandOverForm, ReasonForm, ResolveForm
from apps.alerts.models import Alert, AlertState
from apps.alerts.rows import alert_row, clock_seconds, ladder_lines, with_people
from apps.audit import actions as audit
from apps.core import clock
from apps.monitoring.models import QuestionnaireResponse
from apps.monitoring.published import definition_of
from telek.alert_story import record_of, story
from telek.curves import dosed_curve
from telek.patient_facts import PatientFacts, answers_in_slot, item_lines


@door(Permission.SEE_DESK)
@require_GET
def alert_page(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """The page of an alert; its verbs are forms of their own, so that it works without JavaScript."""
    rows = with_people(Alert.objects.visible_to(request.user)).select_related(
        "resolved_by__user", "patient__treating__user"
    )
    alert = get_object_or_404(rows, pk=pk)
    facts = PatientFacts(alert.patient, request.user, clock.now())
    audit.record_seen([alert, *facts.seen()], actor_id=request.user.pk, detail="alert page")
    return render(request, "alerts/alert_show.html", _context(request, alert, facts))


def _context(request: ClinicRequest, alert: Alert, facts: PatientFacts) -> dict[str, object]:
    lines = ladder_lines(alert, facts.at)
    events = list(alert.events.select_related("actor__user"))
    return {
        "nav": "alerts",
        "alert": alert,
        "row": alert_row(alert, request.user),
        "facts": facts,
        "patient": alert.patient,
        "ladder": lines,
        "next": next((line for line in lines if line.state == "next"), None),
        "meter": clock_seconds(alert),
        "story": story(alert, events, facts.said_where(alert.raised_at, alert.resolved_at)),
        "record": record_of(events, alert.clinic),
        "attempts": alert.contact_attempts.select_related("actor__user").order_by("-created_at"),
        "curve": dosed_curve(facts.points, facts.doses, facts.at, (430, 190)),
        "item_nine": facts.item_nine(),
        "where": facts.whereabouts(),
        "contacts": facts.contacts(),
        "notes": facts.notes(),
        "local_number": alert.patient.emergency_number or crisis_lines(alert.clinic).emergency_number,
        "now": facts.at,
        **_answers(request, alert, facts),
        **_verbs(request, alert),
    }


def _answers(request: ClinicRequest, alert: Alert, facts: PatientFacts) -> dict[str, object]:
    """What was answered, beside the time before: the answers that raised the alert, submitted or not."""
    sources = alert.occurrences.filter(source_kind="item-answer").values_list("source_id", flat=True)
    found = answers_in_slot(request.user, list(sources))
    if found is None:
        return {"lines": []}
    survey, newest = found
    rows = QuestionnaireResponse.objects.visible_to(request.user).filter(patient=alert.patient, status="completed")
    latest = list(rows.filter(questionnaire__key=survey.key).order_by("-authored_at")[:2])
    submitted = bool(latest) and all(latest[0].answers.get(name) == value for name, value in newest.items())
    answered = latest.pop(0) if submitted else None
    before = latest[0] if latest else None
    return {
        "survey": survey,
        "lines": item_lines(newest, before.answers if before else None, definition_of(survey)),
        "answered": answered,
        "before": before,
        "change": _difference(answered, before),
    }


def _difference(answered: QuestionnaireResponse | None, before: QuestionnaireResponse | None) -> Decimal | None:
    if answered is None or before is None or answered.total is None or before.total is None:
        return None
    return answered.total - before.total


def _verbs(request: ClinicRequest, alert: Alert) -> dict[str, object]:
    """The forms that this person may send now, and what still stands between them and closing."""
    user = request.user
    may = user.may(Permission.HANDLE_ALERTS) and alert.state != AlertState.RESOLVED
    if not may:
        return {"may_handle": False, "missing": [], "closable": False}
    missing = actions.what_is_missing(alert, user)
    mine = alert.owner_id == user.membership.pk if user.membership else False
    return {
        "may_handle": True,
        "mine": mine and alert.state != AlertState.OPEN,
        "missing": missing,
        "closable": not missing,
        "contact_form": ContactForm(alert=alert, actor=user, prefix=None),
        "hand_over_form": HandOverForm(alert=alert, actor=user),
        "escalate_form": ReasonForm(alert=alert, actor=user),
        "resolve_form": ResolveForm(alert=alert, actor=user),
    }
