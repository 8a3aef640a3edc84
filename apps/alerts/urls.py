"""Pages of this app: the verbs of an alert, each `alert-<verb>`, and the roster."""

from django.urls import URLPattern, path

from apps.alerts.views import VERBS, pager_hand_over, roster, verb_view

urlpatterns: list[URLPattern] = [
    *(path(f"desk/alerts/<uuid:pk>/{verb.name}/", verb_view(verb), name=f"alert-{verb.name}") for verb in VERBS),
    path("desk/roster/", roster, name="roster"),
    path("desk/roster/<uuid:pk>/hand-over/", pager_hand_over, name="pager-hand-over"),
]
