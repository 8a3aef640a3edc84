"""The clinician's page of one visit: the call, the person's curve, answers and place beside it, the note below."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.doors import door
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.alerts.models import Alert, AlertState
from apps.audit import actions as audit
from apps.core import clock
from apps.monitoring.actions import scales_for_visits
from apps.sessions.forms import NoteForm
from apps.sessions.models import Visit, VisitStatus
from apps.sessions.record import PEOPLE
from apps.sessions.rows import away_since
from telek.patient_facts import PatientFacts
from telek.visit_beside import beside

ASKED_BEFORE = timedelta(hours=1)  # what was said longer before the start is not where they are now
DELAYS = (5, 10, 15, 30)  # minutes, offered with one tap


@door(Permission.SEE_CLINICAL)
@require_GET
def desk_visit(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Everything here is the caller's: the chart is locked to the visit's patient."""
    visit = get_object_or_404(Visit.objects.visible_to(request.user).select_related(*PEOPLE), pk=pk)
    facts = PatientFacts(visit.patient, request.user, clock.now())
    events = list(visit.events.select_related("actor__user").order_by("created_at", "id"))
    where = facts.whereabouts()
    notes = _notes(visit, request.user, facts)
    context = {
        "nav": "visits",
        "visit": visit,
        "open_visit": visit,
        "patient": visit.patient,
        "facts": facts,
        "now": facts.at,
        "mine": visit.clinician == request.user.membership,
        "may_hold": request.user.may(Permission.HOLD_VISITS),
        "delays": DELAYS,
        "away": away_since(visit),
        "may_book": request.user.may(Permission.BOOK_VISITS),
        "where": where,
        "where_now": where is not None and where.created_at >= visit.starts_at - ASKED_BEFORE,
        "contacts": facts.contacts(),
        "events": events,
        "checked": next((event for event in reversed(events) if event.kind == "device-check"), None),
        "open_alerts": list(_open_alerts(visit, request.user)),
        "scales": scales_for_visits(visit.clinic) if visit.status == VisitStatus.IN_PROGRESS else [],
        **beside(visit, facts, request.user),
        **notes,
    }
    shown = [visit, *facts.seen(), *notes["signed"]]
    audit.record_seen(shown, actor_id=request.user.pk, detail="visit")
    return render(request, "sessions/desk_show.html", context)


def _open_alerts(visit: Visit, user: User) -> QuerySet[Alert]:
    rows: QuerySet[Alert] = Alert.objects.visible_to(user).filter(patient=visit.patient)
    return rows.exclude(state=AlertState.RESOLVED).order_by("level", "created_at")


def _notes(visit: Visit, user: User, facts: PatientFacts) -> dict[str, Any]:
    notes = list(visit.notes.select_related("author__user").order_by("created_at"))
    draft = next((note for note in notes if note.status == "preliminary" and note.author == user.membership), None)
    signed = [note for note in notes if note.status != "preliminary"]
    current = next((note for note in reversed(signed) if note.status == "final"), None)
    return {
        "signed": signed,
        "current": current,
        "form": NoteForm(instance=draft) if draft else NoteForm(initial={"text": prefilled(visit, facts)}),
        "draft": draft,
        "may_write": visit.admitted_at is not None and visit.clinician == user.membership and current is None,
    }


def prefilled(visit: Visit, facts: PatientFacts) -> str:
    """The first lines of a note: what the record knows already."""
    if visit.admitted_at is None or visit.status == VisitStatus.CANCELLED:
        return ""
    begun = visit.admitted_at.astimezone(facts.zone)
    how = _("Phone call") if visit.by_phone_at else _("Video visit")
    lines = [f"{how}, {begun:%H:%M}, {visit.clinician.user.name}, {visit.patient}."]
    where = facts.whereabouts()
    if where is not None and where.place:
        company = where.get_company_display() or _("not said who is there")
        lines.append(_("Place: %(place)s (%(company)s).") % {"place": where.place, "company": company})
    if facts.points:
        lines.append(_("Last PHQ-9: %(score)s.") % {"score": f"{facts.points[-1].value:g}"})
    return "\n".join(lines) + "\n\n"
