"""Pages of this app."""

from django.urls import URLPattern, path

from apps.outcomes import views

urlpatterns: list[URLPattern] = [
    path("desk/outcomes/", views.clinic_outcomes, name="outcomes"),
    path("desk/patients/<uuid:pk>/reviewed/", views.reviewed, name="patient-reviewed"),
    path("desk/outcomes.pdf", views.clinic_outcomes_pdf, name="outcomes-pdf"),
    path("desk/outcomes.csv", views.clinic_outcomes_csv, name="outcomes-csv"),
]
