"""Every page of Telek: each app's own, and those composed of several apps here."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("", include("apps.accounts.urls")),
    path("", include("apps.patients.urls")),
    path("", include("apps.alerts.urls")),
    path("", include("apps.monitoring.urls")),
    path("", include("apps.messaging.urls")),
    path("", include("apps.sessions.urls")),
]
