"""The chart of a patient: curve and doses, answers by date, messages, visits, alerts, safety, who opened it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.doors import door
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.alerts.models import Alert
from apps.alerts.rows import with_people
from apps.audit import actions as audit
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.charts import Point
from apps.monitoring.actions import ratable
from apps.monitoring.instruments import LIBRARY
from apps.monitoring.instruments.recall import overlapping
from apps.monitoring.instruments.scales import Scale
from apps.monitoring.models import QuestionnaireResponse
from apps.monitoring.published import definition_of
from apps.outcomes.models import Review
from apps.patients.models import Patient
from apps.sessions.models import Visit
from telek.curves import INSTRUMENT, PHQ9, Total, band_words, curve_table, dosed_curve, points_of, whole_curve
from telek.dose_curve import DoseCurve, dose_curve
from telek.outlook_card import outlook_card
from telek.patient_facts import PatientFacts, item_lines
from telek.person_forecast import PersonForecast
from telek.score_lines import Scored, ScoreLine, score_lines, scored

TABS = ("summary", "answers", "alerts", "visits", "safety", "opened")
A_PAGE = 20
AFTER_DOSE = (620, 300)
TABLE_ROWS = 120  # of the curve's own table; all answers have a tab of their own


@door(Permission.SEE_CLINICAL)
@require_GET
def chart(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """One tab of the chart (?tab=)."""
    rows = (
        Patient.objects.visible_to(request.user)
        .exclude(status="entered-in-error")
        .select_related("treating__user", "clinic")
    )
    patient = get_object_or_404(rows, pk=pk)
    tab = request.GET.get("tab", "summary")
    tab = tab if tab in TABS else "summary"
    facts = PatientFacts(patient, request.user, clock.now())
    shown = SHOWN[tab](request, patient, facts)
    context = {
        "nav": "patients",
        "patient": patient,
        "facts": facts,
        "tab": tab,
        "tabs": _tabs(request, patient, facts),
        "now": facts.at,
        **shown,
    }
    audit.record_seen(
        [*facts.seen(), *cast(list[Any], shown.get("seen", []))], actor_id=request.user.pk, detail=f"chart {tab}"
    )
    return render(request, f"desk/chart_{tab}.html", context)


def _tabs(request: ClinicRequest, patient: Patient, facts: PatientFacts) -> list[dict[str, object]]:
    answers = QuestionnaireResponse.objects.visible_to(request.user).filter(patient=patient).count()
    open_alerts = Alert.objects.visible_to(request.user).filter(patient=patient).unresolved().count()
    return [
        {"name": "summary", "words": _("Summary")},
        {"name": "answers", "words": _("Answers"), "count": answers},
        {"name": "alerts", "words": _("Alerts"), "count": open_alerts},
        {"name": "visits", "words": _("Visits")},
        {"name": "safety", "words": _("Safety")},
        {"name": "opened", "words": _("Who opened this")},
    ]


def _summary(request: ClinicRequest, patient: Patient, facts: PatientFacts) -> dict[str, object]:
    totals = scored(_responses(request.user, patient))
    scores = score_lines(totals, facts.doses)
    scale = _scale(request.GET.get("curve"), scores)
    points = facts.points
    if scale.key != INSTRUMENT:
        points = points_of(_totals(totals, scale), facts.zone, facts.at, scale)
    open_alerts = with_people(Alert.objects.visible_to(request.user).filter(patient=patient).unresolved())
    forecast = PersonForecast(facts)
    return {
        "dose_curve": _dose_curve(points, forecast, scale),
        "whole": whole_curve(points, facts.doses, facts.at, facts.zone, scale),
        "table": curve_table(points, facts.doses, scale)[:TABLE_ROWS],
        "card": outlook_card(forecast),
        "last_review": _last_review(request.user, patient),
        "scale": scale,
        "scores": scores,
        "alerts": open_alerts,
        "next_visits": _visits(request.user, patient).filter(ends_at__gte=facts.at).order_by("starts_at")[:3],
        "contacts": facts.contacts(),
        "may_review": request.user.may(Permission.HANDLE_ALERTS),
        "may_manage": request.user.may(Permission.MANAGE_PATIENTS),
        "seen": list(open_alerts),
    }


def _last_review(user: User, patient: Patient) -> Review | None:
    rows = Review.objects.visible_to(user).filter(patient=patient).select_related("by__user")
    return rows.order_by("-at").first()


def _dose_curve(points: list[Point], forecast: PersonForecast, scale: Scale) -> DoseCurve:
    """Of the PHQ-9 with what was expected; forecasts are of no other scale."""
    if scale.key == INSTRUMENT:
        return dose_curve(forecast, AFTER_DOSE)
    facts = forecast.facts
    return DoseCurve(dosed_curve(points, facts.doses, facts.at, AFTER_DOSE, scale))


def _scale(wanted: str | None, scores: list[ScoreLine]) -> Scale:
    """The instrument whose curve is asked for, if it has one here; else the PHQ-9."""
    found = next((line.scale for line in scores if line.scale and line.scale.key == wanted), None)
    return found or PHQ9


def _totals(rows: Iterable[Scored], scale: Scale) -> list[Total]:
    """When and how much, of one instrument."""
    return [(row.authored_at, row.total) for row in rows if row.key == scale.key]


def _answers(request: ClinicRequest, patient: Patient, facts: PatientFacts) -> dict[str, object]:
    rows = _responses(request.user, patient).select_related("questionnaire").order_by("-authored_at")
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    before: dict[str, dict[str, object]] = {}
    shown = []
    for response in reversed(list(page)):
        key = response.questionnaire.key
        lines = item_lines(response.answers, before.get(key), definition_of(response.questionnaire))
        shown.append((response, lines, band_words(response.severity)))
        before[key] = response.answers
    rates = ratable(patient.clinic) if request.user.may(Permission.WRITE_OBSERVATIONS) else []
    overlaps = {pk for rows in _by_key(page).values() for pk in rows}
    return {"page": page, "shown": list(reversed(shown)), "rates": rates, "seen": list(page), "overlaps": overlaps}


def _by_key(rows: Iterable[QuestionnaireResponse]) -> dict[str, set[UUID]]:
    """By instrument, the surveys that ask about much the same days as the one before."""
    found: dict[str, list[tuple[UUID, datetime]]] = {}
    for row in rows:
        found.setdefault(row.questionnaire.key, []).append((row.pk, row.authored_at))
    return {key: overlapping(asked, LIBRARY[key].recall) for key, asked in found.items() if key in LIBRARY}


def _alerts(request: ClinicRequest, patient: Patient, facts: PatientFacts) -> dict[str, object]:
    rows = with_people(Alert.objects.visible_to(request.user).filter(patient=patient)).order_by("-raised_at")
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    return {"page": page, "seen": list(page)}


def _visit_rows(request: ClinicRequest, patient: Patient, facts: PatientFacts) -> dict[str, object]:
    page = Paginator(_visits(request.user, patient).order_by("-starts_at"), A_PAGE).get_page(request.GET.get("page"))
    return {"page": page, "seen": list(page)}


def _safety(request: ClinicRequest, patient: Patient, facts: PatientFacts) -> dict[str, object]:
    notes = facts.notes()
    return {
        "notes": notes,
        "contacts": facts.contacts(),
        "where": facts.whereabouts(),
        "steps": facts.plan_steps(),
        "seen": notes,
    }


def _opened(request: ClinicRequest, patient: Patient, facts: PatientFacts) -> dict[str, object]:
    rows = AuditEvent.objects.filter(clinic_id=patient.clinic_id, patient_id=patient.pk).order_by("-created_at", "-id")
    page = Paginator(rows, 50).get_page(request.GET.get("page"))
    names = dict(User.objects.filter(pk__in={row.actor_id for row in page if row.actor_id}).values_list("pk", "name"))
    return {"page": page, "lines": [(row, names.get(row.actor_id, "") if row.actor_id else "") for row in page]}


def _responses(user: User, patient: Patient) -> QuerySet[QuestionnaireResponse]:
    return QuestionnaireResponse.objects.visible_to(user).filter(patient=patient, status="completed")


def _visits(user: User, patient: Patient) -> QuerySet[Visit]:
    return Visit.objects.visible_to(user).filter(patient=patient).select_related("clinician__user")


SHOWN = {
    "summary": _summary,
    "answers": _answers,
    "alerts": _alerts,
    "visits": _visit_rows,
    "safety": _safety,
    "opened": _opened,
}
