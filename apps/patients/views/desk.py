"""People in care, for the desk: find, register, reach, note what bears on risk."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.forms import Form, ModelForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.patients import actions
from apps.patients.forms import ContactsForm, RegisterForm, SafetyNoteForm, SafetyPlanForm
from apps.patients.models import Patient, SafetyPlan
from apps.patients.views.own import plan_headings

PAGE = 50
LONGEST_SEARCH = 80
STATES = ("active", "discharged", "all")


def found_patients(user: Any, words: str, state: str = "active", whose: str = "") -> QuerySet[Patient]:
    """Patients that this person may see, by every word of name or number."""
    rows = Patient.objects.visible_to(user).exclude(status="entered-in-error").select_related("treating__user")
    if state in ("active", "discharged"):
        rows = rows.filter(status=state)
    if whose == "mine" and user.membership:
        rows = rows.filter(treating_id=user.membership.pk)
    for word in words.replace("\x00", "").replace(",", " ").split():
        rows = rows.filter(Q(family_name__icontains=word) | Q(given_name__icontains=word) | Q(number__iexact=word))
    return rows


@require_GET
@door(Permission.SEE_CLINICAL)
def patient_list(request: ClinicRequest) -> HttpResponse:
    """?q= words, ?state= active, discharged or all, ?whose= mine, ?page=."""
    words = request.GET.get("q", "")[:LONGEST_SEARCH].strip()
    state = request.GET.get("state", "active")
    state = state if state in STATES else "active"
    whose = request.GET.get("whose", "")
    page = Paginator(found_patients(request.user, words, state, whose), PAGE).get_page(request.GET.get("page"))
    audit.record_seen(page.object_list, actor_id=request.user.pk, detail="list")
    context = {
        "nav": "patients",
        "page": page,
        "words": words,
        "state": state,
        "whose": whose,
        "states": [("active", _("In care")), ("discharged", _("Discharged")), ("all", _("All"))],
        "may_register": request.user.may(Permission.MANAGE_PATIENTS),
    }
    return render(request, "patients/patient_list.html", context)


@require_http_methods(["GET", "POST"])
@door(Permission.MANAGE_PATIENTS)
def register(request: ClinicRequest) -> HttpResponse:
    """Register a person and send them an invitation."""
    user = request.user
    form = RegisterForm(request.POST if request.method == "POST" else None, user=user)
    if request.method == "POST" and form.is_valid() and user.membership:
        fields = dict(form.cleaned_data)
        treating = fields.pop("treating")
        try:
            patient = actions.register(
                clinic=user.membership.clinic, new=actions.NewPatient(**fields), treating=treating, actor=user
            )
        except ValidationError as refusal:
            _add(form, refusal)
        else:
            messages.success(request, _("Registered. An invitation is on its way."))
            return redirect("patient-contacts", patient.pk)
    return _form_page(request, form, _("Register a person"), _("Register and invite"), back="patients")


@require_http_methods(["GET", "POST"])
@door(Permission.MANAGE_PATIENTS)
def contacts(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Change how a person is reached, and who treats them."""
    user = request.user
    patient = _patient(request, pk)
    form = ContactsForm(request.POST if request.method == "POST" else None, instance=patient, user=user)
    if request.method == "POST" and form.is_valid():
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        patient.refresh_from_db()  # the form has written into this instance; the action compares with what is stored
        actions.update_record(patient=patient, actor=user, **changes)
        messages.success(request, _("Saved."))
        return redirect("patient-contacts", pk)
    audit.record_seen([patient], actor_id=user.pk, detail="contacts")
    return _form_page(request, form, _("Contacts"), _("Save"), patient=patient)


@require_http_methods(["GET", "POST"])
@door(Permission.HANDLE_ALERTS)
def safety_note(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Write down what bears on risk; signed notes are never changed."""
    user = request.user
    patient = _patient(request, pk)
    form = SafetyNoteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        actions.write_safety_note(patient=patient, text=form.cleaned_data["text"], actor=user)
        messages.success(request, _("Saved."))
        return redirect("patient-safety-note", pk)
    audit.record_seen([patient], actor_id=user.pk, detail="safety note")
    return _form_page(request, form, _("What bears on risk"), _("Save"), patient=patient)


@require_http_methods(["GET", "POST"])
@door(Permission.CLOSE_ALERTS)
def write_plan(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """A new version of the safety plan, written together with the person; the old ones stay."""
    user = request.user
    patient = _patient(request, pk)
    newest = SafetyPlan.objects.visible_to(user).filter(patient=patient).order_by("-version").first()
    initial = {name: getattr(newest, name) for name in actions.PLAN_STEPS} if newest else {}
    form = SafetyPlanForm(request.POST if request.method == "POST" else None, headings=plan_headings(), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.write_safety_plan(patient=patient, actor=user, steps=form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("Saved as a new version."))
            return redirect("patient-safety-plan", pk)
    audit.record_seen([patient, *([newest] if newest else [])], actor_id=user.pk, detail="safety plan")
    return _form_page(request, form, _("Safety plan"), _("Save as a new version"), patient=patient)


def _patient(request: ClinicRequest, pk: UUID) -> Patient:
    return get_object_or_404(Patient.objects.visible_to(request.user).select_related("clinic", "user"), pk=pk)


def _add(form: Form, refusal: ValidationError) -> None:
    """The words of an action, beside their field where they name one."""
    if not hasattr(refusal, "error_dict"):
        form.add_error(None, refusal)
        return
    for name, errors in refusal.message_dict.items():
        form.add_error(name if name in form.fields else None, errors)


def _form_page(
    request: ClinicRequest,
    form: Form | ModelForm,
    title: str,
    verb: str,
    *,
    patient: Patient | None = None,
    back: str = "",
) -> HttpResponse:
    context = {"nav": "patients", "form": form, "title": title, "verb": verb, "patient": patient, "back": back}
    return render(request, "patients/patient_form.html", context, status=422 if form.errors else 200)
