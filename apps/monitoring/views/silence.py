"""Silence is a finding: who stopped answering, the most worrying first, and whose task it is."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.monitoring.silence import responsible, silent_people
from apps.patients.models import Patient


@require_GET
@door(Permission.SEE_CLINICAL)
def silent(request: ClinicRequest) -> HttpResponse:
    """The ranked queue."""
    people = Patient.objects.visible_to(request.user).filter(status="active").select_related("treating__user")
    rows = silent_people(people)
    audit.record_seen([row.patient for row in rows], actor_id=request.user.pk, detail="silent")
    now = clock.now()
    lines = [
        {
            "row": row,
            "who": responsible(row.patient),
            "dose_days": (now - row.last_dose).days if row.last_dose else None,
        }
        for row in rows
    ]
    return render(request, "monitoring/silent_list.html", {"nav": "patients", "lines": lines})
