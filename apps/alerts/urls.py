"""Pages of this app: the verbs of an alert, each `alert-<verb>`, and the roster."""

from django.urls import URLPattern, path

from apps.alerts.views import VERBS, roster, verb_view

urlpatterns: list[URLPattern] = [
    *(path(f"desk/alerts/<uuid:pk>/{verb.name}/", verb_view(verb), name=f"alert-{verb.name}") for verb in VERBS),
    path("desk/roster/", roster, name="roster"),
]
