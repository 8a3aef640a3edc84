"""The timeline of a person, printable."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.patients.models import Patient
from telek.timeline import SOURCES, entries

A_PAGE = 100


@door(Permission.SEE_CLINICAL)
@require_GET
def timeline(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """?kind= narrows it (several may be named); ?all=1 puts everything on one page, for printing."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user).exclude(status="entered-in-error"), pk=pk)
    wanted = frozenset(request.GET.getlist("kind")) & frozenset(SOURCES)
    found = entries(patient, request.user, wanted or frozenset(SOURCES))
    size = max(len(found), 1) if "all" in request.GET else A_PAGE
    audit.record_seen([patient], actor_id=request.user.pk, detail="timeline")
    words = {
        "dose": _("Doses"),
        "score": _("Scores"),
        "effect": _("Side effects"),
        "message": _("Messages"),
        "visit": _("Visits"),
        "alert": _("Alerts"),
        "paper": _("Papers"),
    }
    context = {
        "nav": "patients",
        "patient": patient,
        "page": Paginator(found, size).get_page(request.GET.get("page")),
        "kinds": [(kind, words[kind], kind in wanted) for kind in SOURCES],
        "keep": "".join(f"kind={kind}&" for kind in SOURCES if kind in wanted),
    }
    return render(request, "desk/timeline_show.html", context)
