"""Pages of this app."""

from django.urls import URLPattern, path

from apps.patients.views import contacts, desk, helpers_asked, history, own

urlpatterns: list[URLPattern] = [
    path("help/", own.help_now, name="help-now"),
    path("sw.js", own.service_worker, name="service-worker"),
    path("safety-plan/", own.safety_plan, name="safety-plan"),
    path("my-contacts/", contacts.own, name="my-contacts"),
    path("my-helpers/", helpers_asked.helpers, name="helpers"),
    path("links/<uuid:pk>/take-back/", helpers_asked.take_back, name="link-take-back"),
    path("desk/patients/<uuid:pk>/links/", helpers_asked.of_patient, name="patient-links"),
    path("desk/patients/", desk.patient_list, name="patients"),
    path("desk/patients/new/", desk.register, name="patient-register"),
    path("desk/patients/<uuid:pk>/contacts/", desk.contacts, name="patient-contacts"),
    path("desk/patients/<uuid:pk>/emergency-contacts/", contacts.of_patient, name="patient-emergency-contacts"),
    path("desk/patients/<uuid:pk>/history/", history.history, name="patient-history"),
    path("desk/patients/<uuid:pk>/history/write/", history.write, name="patient-history-write"),
    path("desk/patients/<uuid:pk>/safety-note/", desk.safety_note, name="patient-safety-note"),
    path("desk/patients/<uuid:pk>/safety-plan/", desk.write_plan, name="patient-safety-plan"),
]
