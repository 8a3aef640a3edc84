"""Conditions, allergies and medicines at the desk: three lists, each entry with what it replaced.

?change=ID fills the form of that list. Written: do=keep (kind, perhaps change), do=end (entry, status), do=checked (kind).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.patients import actions, icd10
from apps.patients.history_forms import FORMS, EntryForm
from apps.patients.models import (
    AllergyIntolerance,
    Condition,
    HistoryKind,
    HistoryReview,
    HistoryRow,
    MedicationStatement,
    Patient,
)

MODELS: dict[str, Any] = {
    HistoryKind.CONDITIONS.value: Condition,
    HistoryKind.ALLERGIES.value: AllergyIntolerance,
    HistoryKind.MEDICINES.value: MedicationStatement,
}


@require_GET
@door(Permission.SEE_CLINICAL)
def history(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """What the person has, must not get, and takes."""
    patient = _patient(request, pk)
    return _page(request, patient, _entry(patient, request.GET.get("change")))


@require_POST
@door(Permission.WRITE_OBSERVATIONS)
def write(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Keep an entry, end one, or say that a list was gone through."""
    patient = _patient(request, pk)
    chosen = _entry(patient, request.POST.get("change"))
    try:
        form = _act(request, patient, chosen)
    except actions.HistoryRefused as refusal:
        messages.error(request, refusal.message)
        return redirect("patient-history", pk)
    if form is not None:
        return _page(request, patient, chosen, form)
    messages.success(request, _("Kept."))
    return redirect("patient-history", pk)


def _patient(request: ClinicRequest, pk: UUID) -> Patient:
    return get_object_or_404(Patient.objects.visible_to(request.user).exclude(status="entered-in-error"), pk=pk)


def _act(request: ClinicRequest, patient: Patient, chosen: HistoryRow | None) -> EntryForm | None:
    """Do what was asked; a form comes back when it has faults. Raises HistoryRefused, Http404."""
    do = request.POST.get("do", "keep")
    if do == "checked":
        seen = request.POST.getlist("seen")
        actions.review_history(patient=patient, kind=request.POST.get("kind", ""), actor=request.user, seen=seen)
        return None
    if do == "end":
        entry = _entry(patient, request.POST.get("entry"))
        if entry is None:
            raise actions.HistoryRefused("not-found", _("There is no such entry."))
        status = request.POST.get("status", "")
        actions.end_entry(entry=entry, status=status, actor=request.user, reason=request.POST.get("reason", ""))
        return None
    kind = FORMS.get(request.POST.get("kind", ""))
    if kind is None:
        raise actions.HistoryRefused("kind", _("There is no such list."))
    form = kind(request.POST, changes=chosen)
    if not form.is_valid():
        return form
    reason = form.cleaned_data.get("reason", "")
    try:
        actions.record_entry(patient=patient, told=form.told(), actor=request.user, replaces=chosen, reason=reason)
    except actions.HistoryRefused as refusal:
        form.add_error(None, refusal.message)
        return form
    return None


def _entry(patient: Patient, named: str | None) -> HistoryRow | None:
    """One of the person's entries, of any list; 404 for what is none."""
    if not named:
        return None
    try:
        key = UUID(named)
    except ValueError:
        raise Http404 from None
    for model in MODELS.values():
        found = model._default_manager.filter(patient=patient, clinic_id=patient.clinic_id, pk=key).first()
        if found is not None:
            return found
    raise Http404


def _page(
    request: ClinicRequest, patient: Patient, chosen: HistoryRow | None, wrong: EntryForm | None = None
) -> HttpResponse:
    may_write = request.user.may(Permission.WRITE_OBSERVATIONS)
    lists = [_list(patient, kind, chosen, wrong) for kind in HistoryKind]
    shown = [row for one in lists for row in one["rows"]]
    audit.record_seen([patient, *shown], actor_id=request.user.pk, detail="history")
    context = {
        "nav": "patients",
        "patient": patient,
        "lists": lists,
        "may_write": may_write,
        "chosen": chosen,
        "codes": icd10.SHIPPED.items(),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong is not None else HTTPStatus.OK
    return render(request, "patients/history_show.html", context, status=status)


def _list(patient: Patient, kind: HistoryKind, chosen: HistoryRow | None, wrong: EntryForm | None) -> dict[str, Any]:
    """One list: what holds, what was (struck through), when staff went through it, its form."""
    rows = list(
        MODELS[kind]
        ._default_manager.filter(patient=patient, clinic_id=patient.clinic_id)
        .select_related("author__user")
        .prefetch_related("replaced_by")
        .order_by("-created_at", "-id")
    )
    past = [row for row in rows if row.replaced_by.all() or row.status == "entered-in-error"]
    mine = chosen if isinstance(chosen, MODELS[kind]) else None
    reviews = HistoryReview.objects.filter(patient=patient, kind=kind).select_related("author__user")
    return {
        "kind": kind,
        "rows": rows,
        "now": [row for row in rows if row not in past],
        "past": past,
        "form": wrong if wrong is not None and wrong.kind == kind else FORMS[kind](changes=mine),
        "open": mine is not None or (wrong is not None and wrong.kind == kind),
        "chosen": mine,
        "review": reviews.order_by("-created_at").first(),
    }
