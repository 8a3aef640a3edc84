"""Pages of this app."""

from django.urls import URLPattern, path

from apps.therapy.views import journal, signs, workspace

urlpatterns: list[URLPattern] = [
    path("journal/", journal.journal, name="journal"),
    path("journal/words/", journal.words, name="journal-words"),
    path("journal/<uuid:pk>/", journal.entry, name="journal-entry"),
    path("journal/commitments/", journal.commitment, name="commitment-new"),
    path("journal/commitments/<uuid:pk>/", journal.settle, name="commitment-settle"),
    path("my-signs/", signs.own, name="my-signs"),
    path("my-signs/plan/", signs.plan, name="my-signs-plan"),
    path("my-signs/name/", signs.name, name="my-signs-name"),
    path("desk/patients/<uuid:pk>/signs/", signs.of_patient, name="patient-signs"),
    path("desk/therapy/", workspace.workspace, name="therapy"),
]
