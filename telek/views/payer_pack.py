"""One click: the summary for the payer as a PDF. Who took it is audited."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.patients.models import Patient
from telek.patient_facts import PatientFacts
from telek.payer_pack import payer_pack


@door(Permission.SEE_CLINICAL)
@require_GET
def payer_pack_pdf(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """For one person; nothing is sent to anybody."""
    rows = Patient.objects.visible_to(request.user).exclude(status="entered-in-error")
    patient = get_object_or_404(rows.select_related("treating__user", "clinic"), pk=pk)
    facts = PatientFacts(patient, request.user, clock.now())
    printed = _("Printed %(at)s by %(name)s") % {
        "at": f"{facts.at.astimezone(facts.zone):%Y-%m-%d %H:%M}",
        "name": request.user.name,
    }
    made, shown = payer_pack(facts, printed)
    audit.record_seen([patient, *shown], actor_id=request.user.pk, detail="payer pack")
    answer = HttpResponse(made, content_type="application/pdf")
    answer["Content-Disposition"] = 'attachment; filename="payer-summary.pdf"'
    return answer
