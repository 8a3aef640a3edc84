"""What I take: the person's own list of medicines, and the doses that the clinic gave."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.patients.actions import HistoryRefused, end_entry, record_entry
from apps.patients.history_forms import OwnMedicineForm
from apps.patients.models import MedicationStatement, Patient
from apps.sessions.models import MedicationAdministration
from apps.sessions.views.session_day import patient_of


@door(Permission.OWN_RECORD)
@require_GET
def own_medicines(request: ClinicRequest) -> HttpResponse:
    """The list as it holds."""
    return _page(request, patient_of(request), OwnMedicineForm())


@door(Permission.OWN_RECORD)
@require_POST
def add(request: ClinicRequest) -> HttpResponse:
    """One more; staff look at it before the next dose."""
    patient = patient_of(request)
    form = OwnMedicineForm(request.POST)
    if form.is_valid():
        try:
            record_entry(patient=patient, told=form.told(), actor=request.user)
        except HistoryRefused as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("Thank you. Your team looks at it before your next dose."))
            return redirect("own-medicines")
    return _page(request, patient, form, HTTPStatus.UNPROCESSABLE_ENTITY)


@door(Permission.OWN_RECORD)
@require_POST
def stopped(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Not taken any more."""
    patient = patient_of(request)
    entry = get_object_or_404(MedicationStatement.objects.visible_to(request.user).filter(patient=patient), pk=pk)
    try:
        end_entry(entry=entry, status="completed", actor=request.user, reason=_("the person stopped it"))
    except HistoryRefused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("Thank you. Your team looks at it before your next dose."))
    return redirect("own-medicines")


def _page(
    request: ClinicRequest, patient: Patient, form: OwnMedicineForm, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    rows = MedicationStatement.objects.visible_to(request.user).standing().filter(patient=patient)
    medicines = list(rows.order_by("status", "name"))
    doses = list(
        MedicationAdministration.objects.visible_to(request.user)
        .known()
        .filter(patient=patient)
        .order_by("-started_at")[:50]
    )
    audit.record_seen([*medicines, *doses], actor_id=request.user.pk, detail="own medicines")
    context = {
        "nav": "more",
        "zone": patient.time_zone,
        "taken": [row for row in medicines if row.status == "active"],
        "past": [row for row in medicines if row.status != "active"],
        "doses": doses,
        "form": form,
    }
    return render(request, "sessions/own_medicines.html", context, status=status)
