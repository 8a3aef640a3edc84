"""The API of alerts alone, as telek/api_urls.py registers it among the others."""

from django.urls import include, path
from rest_framework.routers import DefaultRouter

from apps.alerts.api import AlertViewSet

router = DefaultRouter()
router.register("alerts", AlertViewSet, basename="alert")
urlpatterns = [path("api/v1/", include(router.urls))]
