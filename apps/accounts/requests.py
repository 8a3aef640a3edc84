"""The request as views behind a door see it: a person who is signed in, in a clinic."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from apps.accounts.models import Clinic, User


class ClinicRequest(HttpRequest):
    """For annotations: `def page(request: ClinicRequest)`. link_clinic is set by one-tap links only."""

    user: User
    htmx: HtmxDetails
    link_clinic: Clinic | None
