"""The API, /api/v1/: every app's rows under one router, its description, and a 404 that is a problem document."""

from typing import Any, ClassVar

from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from apps.accounts.permissions import Permission
from apps.alerts.api import AlertViewSet
from apps.messaging.api import ThreadViewSet
from apps.monitoring.api import (
    AssignmentViewSet,
    ItemAnswerViewSet,
    ObservationViewSet,
    ResponseViewSet,
    SlotViewSet,
)
from apps.monitoring.phases_api import PhaseViewSet
from apps.monitoring.views.devices import way_in
from apps.patients.api import PatientViewSet
from apps.patients.history_api import AllergyViewSet, ConditionViewSet, MedicineViewSet
from apps.sessions.actions import take_home_readings
from apps.sessions.api import VisitViewSet
from apps.sessions.lab_api import LabResultViewSet
from apps.sessions.session_api import DosingSessionViewSet
from telek import openapi

router = SimpleRouter(use_regex_path=False)
router.register("patients", PatientViewSet)
router.register("conditions", ConditionViewSet)
router.register("allergies", AllergyViewSet)
router.register("medicines", MedicineViewSet)
router.register("assignments", AssignmentViewSet)
router.register("phases", PhaseViewSet)
router.register("slots", SlotViewSet)
router.register("item-answers", ItemAnswerViewSet)
router.register("questionnaire-responses", ResponseViewSet)
router.register("observations", ObservationViewSet)
router.register("alerts", AlertViewSet)
router.register("threads", ThreadViewSet)
router.register("visits", VisitViewSet)
router.register("dosing-sessions", DosingSessionViewSet)
router.register("lab-results", LabResultViewSet)


@extend_schema(exclude=True)
class Nothing(APIView):
    """Whatever else is asked of the API."""

    needed: ClassVar = tuple(Permission)

    def nothing(self, request: Request, **kwargs: Any) -> None:
        """There is nothing here."""
        raise NotFound

    get = post = put = patch = delete = nothing


urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "device-readings/",
        way_in(lambda done: take_home_readings(stored=[row.id for row in done.created])),
        name="device-readings",
    ),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("", include(router.urls)),
    re_path(r"^.*$", Nothing.as_view(), name="api-nothing"),
]

__all__ = ["openapi", "router", "urlpatterns"]
