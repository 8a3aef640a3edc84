"""The package of a serious event: to print, or as JSON; with names, or without."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.sessions.models import AdverseEvent
from apps.sessions.serious_package import Package, package_json, sections

WITH = ("patient__clinic", "session__course", "session__clinic", "session__patient", "author__user", "replaces")


def _package(request: ClinicRequest, pk: UUID) -> Package:
    rows = AdverseEvent.objects.visible_to(request.user).exclude(seriousness="").select_related(*WITH)
    event = get_object_or_404(rows, pk=pk)
    named = request.GET.get("names", "1") != "0"
    audit.record_seen(
        [event, event.patient], actor_id=request.user.pk, detail="serious event" if named else "serious event, no names"
    )
    return Package(event, named)


@door(Permission.SEE_CLINICAL)
@require_GET
def show(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """?names=0: de-identified."""
    package = _package(request, pk)
    context = {
        "nav": "sessions",
        "event": package.event,
        "patient": package.event.patient,
        "named": package.named,
        "sections": sections(package),
    }
    return render(request, "sessions/serious_show.html", context)


@door(Permission.SEE_CLINICAL)
@require_GET
def as_json(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """The same as a file."""
    package = _package(request, pk)
    answer = HttpResponse(package_json(package), content_type="application/json")
    answer["Content-Disposition"] = 'attachment; filename="serious-event.json"'
    return answer
