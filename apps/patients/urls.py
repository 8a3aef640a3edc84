"""Pages of this app."""

from django.urls import URLPattern, path

from apps.patients.views import own

urlpatterns: list[URLPattern] = [
    path("help/", own.help_now, name="help-now"),
    path("sw.js", own.service_worker, name="service-worker"),
    path("safety-plan/", own.safety_plan, name="safety-plan"),
]
