"""Whom a person asked for help by link: their own page, the desk's list, and the page that the helper sees."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.patients.guest_links import answer_link, give_link, revoke_link, send_link
from apps.patients.link_forms import OWN_PURPOSES, AskHelperForm
from apps.patients.models import GuestLink, LinkPurpose, Patient


@require_http_methods(["GET", "POST"])
@door(Permission.OWN_RECORD)
def helpers(request: ClinicRequest) -> HttpResponse:
    """People whom I asked; ask one more. The link is shown once, on the answer to the form."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user).select_related("clinic"))
    form = AskHelperForm(request.POST if request.method == "POST" else None)
    made = _ask(request, patient, form) if form.is_bound and form.is_valid() else None
    links = list(GuestLink.objects.visible_to(request.user).filter(patient=patient, purpose__in=OWN_PURPOSES)[:20])
    audit.record_seen(links, actor_id=request.user.pk, detail="helpers")
    context: dict[str, Any] = {
        "nav": "more",
        "zone": patient.time_zone,
        "links": links,
        "form": AskHelperForm() if made else form,
        "made": made,
    }
    return render(request, "patients/helper_list.html", context, status=422 if form.errors else 200)


def _ask(request: ClinicRequest, patient: Patient, form: AskHelperForm) -> dict[str, str] | None:
    data = form.cleaned_data
    until = clock.now() + timedelta(days=data["days"])
    try:
        link, path = give_link(
            patient=patient, purpose=LinkPurpose.PEER, name=data["name"], expires_at=until, actor=request.user
        )
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return None
    sent = bool(data["address"]) and send_link(link=link, path=path, address=data["address"]) is not None
    return {"name": link.name, "url": f"{settings.PUBLIC_URL}{path}", "sent": data["address"] if sent else ""}


@require_POST
@door(Permission.OWN_RECORD, Permission.MANAGE_PATIENTS)
def take_back(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """The link opens nothing from now on; by the person or by staff."""
    link = get_object_or_404(GuestLink.objects.visible_to(request.user), pk=pk)
    revoke_link(link=link, actor=request.user)
    messages.success(request, _("The link to %(name)s is dead now.") % {"name": link.name})
    if request.user.may(Permission.OWN_RECORD):
        return redirect("helpers")
    return redirect("patient-links", link.patient_id)


@require_http_methods(["GET"])
@door(Permission.SEE_CLINICAL)
def of_patient(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Every link that was given out about a person, with its use."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user).select_related("clinic"), pk=pk)
    links = list(GuestLink.objects.visible_to(request.user).filter(patient=patient)[:100])
    audit.record_seen([patient, *links], actor_id=request.user.pk, detail="links")
    context = {
        "nav": "patients",
        "patient": patient,
        "links": links,
        "may_revoke": request.user.may(Permission.MANAGE_PATIENTS),
    }
    return render(request, "patients/link_list.html", context)


def answer_page(request: HttpRequest, link: GuestLink, token: str, *, unheard: bool = False) -> HttpResponse:
    """What is asked of the helper, and their yes or no. unheard: something was sent that reached nobody; it is said."""
    if request.method == "POST" and request.POST.get("do") in ("yes", "no"):
        link = answer_link(link=link, yes=request.POST["do"] == "yes")
        link = GuestLink.objects.select_related("patient__clinic", "clinic").get(pk=link.pk)
    context = {"link": link, "patient": link.patient, "token": token, "unheard": unheard}
    return render(request, "patients/guest_answer.html", context, status=409 if unheard else 200)
