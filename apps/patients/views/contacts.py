"""Somebody near the person: the same short editor for the person and for staff on the chart.

GET ?contact=ID fills the form with one of them; POST contact=ID changes it, do=remove takes it off, neither adds one.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.patients import actions
from apps.patients.forms import EmergencyContactForm, OwnContactForm
from apps.patients.models import EmergencyContact, Patient


@require_http_methods(["GET", "POST"])
@door(Permission.OWN_RECORD)
def own(request: ClinicRequest) -> HttpResponse:
    """The person's own list."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user))
    return _editor(request, patient, OwnContactForm, "patients/contact_edit.html", "more", redirect("my-contacts"))


@require_http_methods(["GET", "POST"])
@door(Permission.MANAGE_PATIENTS)
def of_patient(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """On the chart, as the person told it."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user), pk=pk)
    back = redirect("patient-emergency-contacts", pk)
    return _editor(request, patient, EmergencyContactForm, "patients/contact_desk.html", "patients", back)


def _editor(
    request: ClinicRequest, patient: Patient, kind: type[EmergencyContactForm], template: str, nav: str, back: Any
) -> HttpResponse:
    rows = EmergencyContact.objects.visible_to(request.user).filter(patient=patient).order_by("created_at")
    asked = request.POST.get("contact") or request.GET.get("contact")
    chosen = get_object_or_404(rows, pk=_uuid(asked)) if asked else None
    form = kind(request.POST if request.method == "POST" else None, instance=chosen)
    if request.method == "POST" and _change(request, patient, chosen, form):
        messages.success(request, _("Saved."))
        return back
    people = list(rows)
    audit.record_seen([patient, *people], actor_id=request.user.pk, detail="emergency contacts")
    context = {"nav": nav, "patient": patient, "people": people, "form": form, "chosen": chosen}
    return render(request, template, context, status=422 if form.errors else 200)


def _change(
    request: ClinicRequest, patient: Patient, chosen: EmergencyContact | None, form: EmergencyContactForm
) -> bool:
    if chosen is not None and request.POST.get("do") == "remove":
        actions.remove_contact(contact=chosen, actor=request.user)
        return True
    if not form.is_valid():
        return False
    try:
        actions.save_contact(patient=patient, actor=request.user, contact=chosen, **form.cleaned_data)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    return True


def _uuid(text: str) -> UUID:
    """A uuid's text, or one that no row has."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
