"""The copy of a signed consent as a PDF: the person's own, and the clinic's."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.patients.models import Patient
from apps.sessions.consent_pdf import consent_pdf
from apps.sessions.models import TreatmentConsent
from apps.sessions.views.session_day import patient_of


@door(Permission.OWN_RECORD)
@require_GET
def own_copy(request: ClinicRequest) -> HttpResponse:
    """What the person signed last, withdrawn or not."""
    return _copy(request, patient_of(request))


@door(Permission.SEE_CLINICAL)
@require_GET
def desk_copy(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """The same at the desk."""
    rows = Patient.objects.visible_to(request.user).exclude(status="entered-in-error")
    return _copy(request, get_object_or_404(rows.select_related("clinic"), pk=pk))


def _copy(request: ClinicRequest, patient: Patient) -> HttpResponse:
    rows = TreatmentConsent.objects.visible_to(request.user).filter(patient=patient)
    held = rows.select_related("text", "clinic", "patient").order_by("-signed_at", "-id").first()
    if held is None:
        raise Http404
    audit.record_seen([held], actor_id=request.user.pk, detail="consent copy")
    at = clock.now().astimezone(clock.zone_of(patient.clinic.time_zone))
    made = _("Printed %(at)s by %(name)s") % {"at": f"{at:%Y-%m-%d %H:%M}", "name": request.user.name}
    answer = HttpResponse(consent_pdf(held, made), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="consent-{held.signed_at:%Y-%m-%d}.pdf"'
    return answer
