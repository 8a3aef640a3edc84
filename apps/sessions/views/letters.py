"""My doctor elsewhere: the person's page, and the page that their doctor sees, without an account."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.monitoring import curves
from apps.patients.guest_doors import guest_door, nothing
from apps.patients.guest_links import send_link
from apps.patients.models import GuestLink, LinkPurpose
from apps.sessions.actions.letters import (
    consent_text,
    has_consent,
    invite_prescriber,
    take_reply,
    withdraw_prescriber,
)
from apps.sessions.evidence import newest_screening
from apps.sessions.exposure import standing_of
from apps.sessions.models import Course, MedicationAdministration
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.views.session_day import patient_of


class InviteForm(forms.Form):
    """Who, and where the link goes."""

    name = forms.CharField(label=_("Their name"), max_length=120)
    address = forms.EmailField(
        label=_("Their email"),
        required=False,
        help_text=_("We send them the link. Leave it empty to pass it on yourself."),
    )
    agreed = forms.BooleanField(label=_("I agree"), required=False)

    def clean_address(self) -> str:
        """A mail address, or nothing."""
        found = str(self.cleaned_data["address"]).strip()
        if found:
            validate_email(found)
        return found


@door(Permission.OWN_RECORD)
@require_http_methods(["GET", "POST"])
def doctors(request: ClinicRequest) -> HttpResponse:
    """Whom I let see a summary; one more; take it back."""
    patient = patient_of(request)
    form = InviteForm(request.POST if request.method == "POST" else None)
    made = None
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        try:
            link, path = invite_prescriber(
                patient=patient, name=data["name"], agreed=data["agreed"], actor=request.user
            )
        except (TreatmentRefused, ValidationError) as refusal:
            form.add_error(None, str(refusal.message))
        else:
            to = data["address"]
            sent = bool(to) and send_link(link=link, path=path, address=to) is not None
            made = {"name": link.name, "url": f"{settings.PUBLIC_URL}{path}", "sent": to if sent else ""}
    links = list(
        GuestLink.objects.visible_to(request.user).filter(patient=patient, purpose=LinkPurpose.PRESCRIBER)[:20]
    )
    audit.record_seen(links, actor_id=request.user.pk, detail="doctors")
    context = {
        "nav": "more",
        "zone": patient.time_zone,
        "links": links,
        "form": InviteForm() if made else form,
        "made": made,
        "consent_text": consent_text(),
    }
    return render(request, "sessions/doctor_list.html", context, status=422 if form.errors else 200)


@door(Permission.OWN_RECORD)
@require_POST
def withdraw(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """From now on they see nothing."""
    rows = GuestLink.objects.visible_to(request.user).filter(purpose=LinkPurpose.PRESCRIBER)
    link = get_object_or_404(rows.select_related("patient"), pk=pk)
    withdraw_prescriber(link=link, actor=request.user)
    messages.success(request, _("From now on they see nothing."))
    return redirect("doctors")


@require_http_methods(["GET", "POST"])
@guest_door(LinkPurpose.PRESCRIBER)
def letter(request: HttpRequest, link: GuestLink, token: str) -> HttpResponse:
    """/letter/<token>/: the summary, and an answer into the thread."""
    if not has_consent(link):
        return nothing(request)
    refused, sent = "", False
    if request.method == "POST":
        try:
            take_reply(link=link, text=request.POST.get("text", ""), client_id=_uuid(request.POST.get("client_id", "")))
            sent = True
        except TreatmentRefused as refusal:
            refused = refusal.message
    audit.record_seen([link.patient], actor_id=None, detail="summary by link")
    context = _summary(link) | {"link": link, "refused": refused, "sent": sent, "client_id": uuid4()}
    return render(request, "sessions/letter_show.html", context, status=422 if refused else 200)


def _summary(link: GuestLink) -> dict[str, Any]:
    patient = link.patient
    doses = MedicationAdministration.objects.known().filter(patient=patient).order_by("-started_at")
    scores = curves.scores_of(patient)
    screened = newest_screening(patient)
    return {
        "patient": patient,
        "course": Course.objects.filter(patient=patient).order_by("-started_at").first(),
        "last_dose": doses.first(),
        "sums": standing_of(patient, clock.now()).exposure,
        "newest": scores.newest,
        "sentence": curves.score_sentence(scores) if scores.newest else "",
        "medicines": screened.medicines if screened else "",
        "treating": patient.treating.user.name if patient.treating else "",
    }


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return uuid4()
