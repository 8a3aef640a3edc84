"""A scale that staff fill in for a person, from the chart."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.monitoring import actions
from apps.monitoring.actions.ratings import RATED
from apps.monitoring.forms import RatingForm
from apps.monitoring.instruments import AnswerRefused
from apps.monitoring.published import definition_of
from apps.monitoring.refusals import SurveyRefused
from apps.patients.models import Patient


@require_http_methods(["GET", "POST"])
@door(Permission.WRITE_OBSERVATIONS)
def rate(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """?scale=madrs. GET: the scale, by its wording or by item codes alone. POST: store, score, alert."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user).select_related("clinic", "user"), pk=pk)
    key = request.GET.get("scale", RATED[0])
    if key not in RATED:
        raise Http404
    questionnaire = actions.newest(key, patient.clinic)
    definition = definition_of(questionnaire)
    with timezone.override(clock.zone_of(patient.clinic.time_zone)):
        form = RatingForm(request.POST if request.method == "POST" else None, definition=definition)
        if request.method == "POST" and form.is_valid():
            try:
                response = actions.record_rating(
                    patient=patient, questionnaire=questionnaire, actor=request.user, **form.rating()
                )
            except (SurveyRefused, AnswerRefused) as refusal:
                form.add_error(None, refusal.message)
            else:
                messages.success(request, _said(definition.title, response.total))
                return redirect(f"{reverse('chart', args=[pk])}?tab=answers")
        audit.record_seen([patient], actor_id=request.user.pk, detail=f"rating {key}")
        context = {"nav": "patients", "patient": patient, "form": form, "definition": definition}
        status = 422 if form.errors else 200
        return render(request, "monitoring/rating_form.html", context, status=status)


def _said(title: str, total: object) -> str:
    if total is None:
        return _("%(scale)s is stored, without a total.") % {"scale": title}
    return _("%(scale)s is stored: %(total).0f.") % {"scale": title, "total": total}
