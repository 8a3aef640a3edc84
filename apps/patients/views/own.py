"""What every person may reach at once: help, also without a network, and their own safety plan."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.catalogue import COUNTRIES
from apps.accounts.doors import door, public
from apps.accounts.permissions import Permission
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.patients.actions import PLAN_STEPS
from apps.patients.models import Patient, SafetyPlan

#: What the help page and the frame of every page need without a network.
OFFLINE_FILES = (
    "css/tokens.css",
    "css/print.css",
    "css/patient/base.css",
    "css/patient/frame.css",
    "css/patient/form.css",
    "css/patient/wide.css",
    "img/mark.svg",
    "js/ui/theme.js",
    "js/survey/plan.js",
    "js/survey/offline.js",
    "js/survey/forget_plan.js",
)


@require_GET
@public("a person in danger must reach help without signing in")
def help_now(request: HttpRequest) -> HttpResponse:
    """Numbers and first steps. Of the person's clinic where it is known, else of every country in the table."""
    signed_in = request.user.is_authenticated and request.user.may(Permission.OWN_RECORD)
    if signed_in and request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate":  # not the worker's copy
        _note_opened(request)
    context = {"signed_in": signed_in, "countries": sorted(COUNTRIES.items())}
    return render(request, "patients/help_now.html", context)


def _note_opened(request: HttpRequest) -> None:
    """So that whoever works on an alert sees that the person looked for help."""
    patient = Patient.objects.visible_to(request.user).first()
    if patient is not None:
        audit.record(
            action=Action.READ,
            actor_id=request.user.pk,
            object_type="patients.help",
            detail="help page",
            patient_id=patient.pk,
            clinic_id=patient.clinic_id,
        )


@require_GET
@public("a script for the browser; it holds nothing about anybody")
def service_worker(request: HttpRequest) -> HttpResponse:
    """The service worker, at the root, so that it covers every page."""
    files = [static(path) for path in OFFLINE_FILES]
    context = {
        "files": files,
        "version": hashlib.sha256("".join(files).encode()).hexdigest()[:12],
        "static_url": settings.STATIC_URL,
    }
    response = render(request, "patients/sw.js", context, content_type="text/javascript")
    response["Cache-Control"] = "no-cache"
    return response


def plan_headings() -> dict[str, str]:
    """The six steps in own words."""
    return {
        "warning_signs": _("How I notice that it is getting hard"),
        "alone": _("What I can do by myself"),
        "people_and_places": _("People and places that take my mind off it"),
        "ask_for_help": _("People I can ask for help"),
        "professionals": _("Professionals and places that help"),
        "safer_surroundings": _("How I make my surroundings safer"),
    }


@require_GET
@door(Permission.OWN_RECORD)
def safety_plan(request: HttpRequest) -> HttpResponse:
    """The newest version of the person's own plan, to read; it is written together with a clinician."""
    patient = get_object_or_404(Patient.objects.visible_to(request.user))
    plans = SafetyPlan.objects.visible_to(request.user).select_related("reviewed_with__user")
    plan = plans.order_by("-version").first()
    audit.record_seen([plan] if plan else [], actor_id=request.user.pk, detail="own plan")
    headings = plan_headings()
    context = {
        "nav": "more",
        "plan": plan,
        "zone": patient.time_zone,
        "steps": [(headings[name], getattr(plan, name) if plan else "") for name in PLAN_STEPS] if plan else [],
    }
    return render(request, "patients/safety_plan_show.html", context)
