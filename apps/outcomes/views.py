"""The clinic's outcomes: a page, and the same as CSV."""

import csv
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.doors import door
from apps.accounts.models import Clinic
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.core import clock
from apps.outcomes.clinic_outcomes import outcomes_of
from apps.outcomes.mathematics.disclosure import Shown, shown


@door(Permission.SEE_CLINICAL)
@require_GET
def clinic_outcomes(request: ClinicRequest) -> HttpResponse:
    """Response, remission, deterioration and how long a response lasts, with intervals."""
    found = _shown(request)
    words = _words()
    context = {
        "nav": "outcomes",
        "shown": found,
        "synthetic": _clinic(request).synthetic,
        "figures": [(words[each.name], each, _percents(each.share, each.interval)) for each in found.figures],
        "lasting": [(words[each.name], each, _percent(each.day28), _percent(each.day56)) for each in found.lasting],
    }
    return render(request, "outcomes/clinic_outcomes.html", context)


@door(Permission.SEE_CLINICAL)
@require_GET
def clinic_outcomes_csv(request: ClinicRequest) -> HttpResponse:
    """The page's figures; what is suppressed there is empty here."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="outcomes.csv"'
    writer = csv.writer(response)
    writer.writerow(["measure", "people", "of", "share", "low95", "high95"])
    found = _shown(request)
    for each in found.figures:
        writer.writerow([each.name, each.yes, each.of, each.share, *(each.interval or ("", ""))])
    writer.writerow(["lasting", "people", "day28", "day28_se", "day56", "day56_se", "median_days"])
    for one in found.lasting:
        writer.writerow([one.name, one.people, *(one.day28 or ("", "")), *(one.day56 or ("", "")), one.median])
    return response


def _clinic(request: ClinicRequest) -> Clinic:
    membership = request.user.membership
    if membership is None:  # the door let nobody in without one
        raise PermissionDenied
    return membership.clinic


def _shown(request: ClinicRequest) -> Shown:
    return shown(outcomes_of(_clinic(request), request.user, clock.now()))


def _words() -> dict[str, str]:
    return {
        "response_missing_as_nonresponse": _("Response, who did not answer counted as no response"),
        "response": _("Response: at most half the score before treatment"),
        "remission": _("Remission: below 5 points"),
        "deterioration": _("Worse by 5 points or more"),
        "treatment_policy": _("Whatever was given later"),
        "while_untreated": _("While no further session was given"),
    }


def _percents(share: float | None, interval: tuple[float, float] | None) -> dict[str, Any] | None:
    if share is None or interval is None:
        return None
    return {"share": round(100 * share), "low": round(100 * interval[0]), "high": round(100 * interval[1])}


def _percent(point: tuple[float, float] | None) -> dict[str, int] | None:
    return None if point is None else {"share": round(100 * point[0]), "error": round(100 * point[1])}
