"""What bothers the person: reported at any time, with a photo if it helps, and what became of it."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.clinic_settings import setting
from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.core.throttle import allow
from apps.messaging.files import read_file
from apps.messaging.files.reading import MEGABYTE, PHOTO
from apps.messaging.refusal import MessageRefused
from apps.monitoring.actions.problems import Photo, report_problem
from apps.monitoring.models import Problem
from apps.monitoring.refusals import SurveyRefused
from apps.monitoring.views.portal import own_record
from apps.monitoring.views.problems import ProblemForm, lines_of, photos_alone
from apps.patients.models import Patient

CLOSED_SHOWN = timedelta(days=90)
PHOTOS_AN_HOUR = 20


@require_http_methods(["GET", "POST"])
@door(Permission.OWN_RECORD)
def problems(request: ClinicRequest) -> HttpResponse:
    """Report a problem; see where the others stand."""
    patient = own_record(request)
    form = ProblemForm(request.POST, request.FILES) if request.method == "POST" else ProblemForm()
    if request.method == "POST" and form.is_valid() and _report(request, patient, form):
        return redirect("problems")
    found = Problem.objects.visible_to(request.user).select_related("closed_by__user")
    rows = list(found.prefetch_related("notes", photos_alone()))
    audit.record_seen(rows, actor_id=request.user.pk, detail="list")
    shown = [row for row in rows if row.closed_at is None or row.closed_at > clock.now() - CLOSED_SHOWN]
    shown.sort(key=lambda row: (row.closed_at is not None, -row.last_reported_at.timestamp()))
    context = {"nav": "more", "form": form, "rows": lines_of(shown), "zone": patient.time_zone}
    return render(request, "monitoring/problem_list.html", context, status=422 if form.errors else 200)


def _report(request: ClinicRequest, patient: Patient, form: ProblemForm) -> bool:
    """The words are the form's still when the photo is refused: nothing is half reported."""
    told = {name: form.cleaned_data[name] for name in ("kind", "severity", "since", "text")}
    try:
        photo = _photo(request, patient, form.cleaned_data["photo"])
        report_problem(patient=patient, source="patient", actor=request.user, photo=photo, **told)
    except MessageRefused as refusal:
        form.add_error("photo", refusal.message)
        return False
    except SurveyRefused as refusal:
        form.add_error({"bad-date": "since", "photos": "photo"}.get(refusal.code), refusal.message)
        return False
    messages.success(request, _("Your team has it. It stays open until somebody has dealt with it."))
    return True


def _photo(request: ClinicRequest, patient: Patient, given: UploadedFile | None) -> Photo | None:
    """Decoded and written anew, as the photos of messages are. Raises MessageRefused."""
    if given is None:
        return None
    most = setting(patient.clinic, "message_file_megabytes")
    if (given.size or 0) > most * MEGABYTE:
        raise MessageRefused("too-large", _("The file is too large: %(n)s MB at most.") % {"n": most})
    if not allow(f"problem-photo:{request.user.pk}", limit=PHOTOS_AN_HOUR, within=timedelta(hours=1)):
        raise MessageRefused("too-many", _("Too many files in one hour. Please send the others later."))
    file = read_file(given.read(), given.name or "", most_megabytes=most)
    if file.kind != PHOTO:
        raise MessageRefused("no-photo", _("Only a photo can be sent here. Send a document as a message."))
    return Photo(file.content, file.width, file.height, file.given, file.scanned)
