"""The worklist, the side panel of its selected row, and the list of alerts."""

from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.core.paginator import Paginator
from django.db.models import Max, OuterRef
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.doors import door
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.alerts import actions
from apps.alerts.models import Alert, AlertState
from apps.alerts.rows import alert_row, ladder_lines, with_people
from apps.audit import actions as audit
from apps.core import clock
from apps.core.models import EngineBeat
from apps.monitoring.models import Assignment, ItemAnswer, Slot, SlotState
from apps.patients.models import Patient
from telek.curves import dosed_curve
from telek.desk_rows import on_track_html, rows_html
from telek.patient_facts import PatientFacts
from telek.worklist import Worklist, worklist

WHOSE = ("team", "mine")
FILTERS = ("open", "mine", "closed")
PALETTE_ROWS = 8


@door(Permission.SEE_DESK)
@require_GET
def desk(request: ClinicRequest) -> HttpResponse:
    """Who first and why."""
    whose = request.GET.get("whose", "team")
    now = clock.now()
    listed = worklist(request.user, now, whose if whose in WHOSE else "team")
    shown = [entry.source for entry in listed.entries if entry.source]
    audit.record_seen([*shown, *_without_alert(listed)], actor_id=request.user.pk, detail="worklist")
    context = {
        "nav": "desk",
        "list": listed,
        "buckets": [bucket | {"rows": rows_html(bucket["entries"], request)} for bucket in listed.buckets],
        "on_track": on_track_html(listed.on_track),
        "now": now,
        "nav_counts": listed.open_items,
        "may_chat": request.user.may(Permission.CHAT),
        "may_see_clinical": request.user.may(Permission.SEE_CLINICAL),
    }
    if not listed.entries:
        context["proof"] = proof(request, listed)
    return render(request, "desk/worklist_show.html", context)


def _without_alert(listed: Worklist) -> list[Patient]:
    with_one = {entry.person.patient.pk for entry in listed.entries if entry.alert}
    return list(
        {e.person.patient.pk: e.person.patient for e in listed.entries if e.person.patient.pk not in with_one}.values()
    )


def proof(request: ClinicRequest, listed: Worklist) -> dict[str, object]:
    """An empty list is good news only if everything behind it works: the newest signs that it does."""
    user = request.user
    slots = Slot.objects.visible_to(user)
    due = slots.filter(state=SlotState.OPEN)
    return {
        "answer": ItemAnswer.objects.visible_to(user).aggregate(at=Max("received_at"))["at"],
        "beat": EngineBeat.objects.aggregate(at=Max("finished_ok_at"))["at"],
        "overdue": Alert.objects.visible_to(user).filter(next_step_at__lt=clock.now()).count(),
        "open_surveys": due.count(),
        "silent": silent_people(user),
        "people": listed.people,
        "closed": with_people(Alert.objects.visible_to(user).filter(state=AlertState.RESOLVED)).order_by(
            "-resolved_at"
        )[:5],
    }


def silent_people(user: User) -> int:
    """People in care who left the last two surveys of a running schedule unanswered."""
    ended = Slot.objects.visible_to(user).filter(
        assignment=OuterRef("pk"), state__in=[SlotState.MISSED, SlotState.ANSWERED]
    )
    last_two = ArraySubquery(ended.order_by("-opens_at").values("state")[:2])
    running = Assignment.objects.visible_to(user).filter(status="active", patient__status="active")
    rows = running.annotate(last_two=last_two).values_list("patient_id", "last_two")
    return len({patient for patient, states in rows if states == [SlotState.MISSED, SlotState.MISSED]})


@door(Permission.SEE_DESK)
@require_GET
def alert_panel(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """The side panel of an alert's row: who, why, until when, and the ways to act."""
    alert = get_object_or_404(with_people(Alert.objects.visible_to(request.user)), pk=pk)
    facts = PatientFacts(alert.patient, request.user, clock.now())
    audit.record_seen([alert, *facts.seen()], actor_id=request.user.pk, detail="panel")
    return render(request, "desk/_panel.html", panel_context(request, alert, facts))


def panel_context(request: ClinicRequest, alert: Alert, facts: PatientFacts) -> dict[str, object]:
    """What the panel shows."""
    lines = ladder_lines(alert, facts.at)
    return {
        "alert": alert,
        "row": alert_row(alert, request.user),
        "facts": facts,
        "next": next((line for line in lines if line.state == "next"), None),
        "curve": dosed_curve(facts.points, facts.doses, facts.at, (330, 150)),
        "where": facts.whereabouts(),
        "contacts": facts.contacts(),
        "may_take": request.user.may(Permission.HANDLE_ALERTS) and alert.state == AlertState.OPEN,
        "taken": "" if alert.state == AlertState.OPEN else actions.what_is_missing(alert, request.user),
    }


@door(Permission.SEE_DESK)
@require_GET
def alerts(request: ClinicRequest) -> HttpResponse:
    """Alerts: open, mine or closed; 25 a page."""
    chosen = request.GET.get("show", "open")
    chosen = chosen if chosen in FILTERS else "open"
    visible = with_people(Alert.objects.visible_to(request.user)).select_related("resolved_by__user")
    rows = {
        "open": visible.unresolved().order_by("level", "raised_at", "pk"),
        "mine": visible.unresolved().filter(owner=request.user.membership).order_by("level", "raised_at", "pk"),
        "closed": visible.filter(state=AlertState.RESOLVED).order_by("-resolved_at", "pk"),
    }[chosen]
    page = Paginator(rows, 25).get_page(request.GET.get("page"))
    audit.record_seen(list(page), actor_id=request.user.pk, detail="alert list")
    filters = [("open", _("Open")), ("mine", _("Mine")), ("closed", _("Closed"))]
    context = {"nav": "alerts", "page": page, "show": chosen, "filters": filters, "now": clock.now()}
    return render(request, "alerts/alert_list.html", context)


@door(Permission.SEE_DESK)
@require_GET
def palette(request: ClinicRequest) -> HttpResponse:
    """What the command palette finds: pages of the desk, and patients by name or number (JSON)."""
    words = request.GET.get("q", "").strip()[:80]
    rows = [{"words": name, "href": href} for name, href in _pages(request) if words.lower() in name.lower()]
    return JsonResponse({"rows": [*_people(request, words), *rows][: PALETTE_ROWS * 2]})


def _people(request: ClinicRequest, words: str) -> list[dict[str, str]]:
    if not words or "\x00" in words or not request.user.may(Permission.SEE_CLINICAL):
        return []
    found = Patient.objects.visible_to(request.user).exclude(status="entered-in-error")
    for word in words.split():
        found = (
            found.filter(family_name__icontains=word)
            | found.filter(given_name__icontains=word)
            | found.filter(number=word)
        )
    people = list(found.distinct()[:PALETTE_ROWS])
    audit.record_seen(people, actor_id=request.user.pk, detail="search")
    return [
        {"words": str(p), "more": f"{p.birth_on:%Y-%m-%d} · {p.number}", "href": reverse("chart", args=[p.pk])}
        for p in people
    ]


def _pages(request: ClinicRequest) -> list[tuple[str, str]]:
    """Pages of the desk that this person may open."""
    user = request.user
    wanted = [
        ("desk", _("Worklist"), Permission.SEE_DESK),
        ("alerts", _("Alerts"), Permission.SEE_DESK),
        ("desk-messages", _("Messages"), Permission.CHAT),
        ("desk-visits", _("Visits"), Permission.SEE_CLINICAL),
        ("patients", _("Patients"), Permission.SEE_CLINICAL),
        ("roster", _("Roster"), Permission.SEE_DESK),
    ]
    found = []
    for name, words, needed in wanted:
        try:
            address = reverse(name)
        except NoReverseMatch:
            continue
        if user.may(needed):
            found.append((words, address))
    return found
