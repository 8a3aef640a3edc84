"""Pages of this app."""

from django.urls import URLPattern, path

from apps.monitoring.views import links, portal, problems, ratings, readings, schedules, silence, surveys

urlpatterns: list[URLPattern] = [
    path("s/<str:token>/", links.start, name="survey-link"),
    path("survey/<uuid:slot>/", surveys.survey, name="survey"),
    path("survey/<uuid:slot>/notice/", surveys.agree, name="survey-notice"),
    path("survey/<uuid:slot>/answer/", surveys.answer, name="survey-answer"),
    path("survey/<uuid:slot>/submit/", surveys.submit, name="survey-submit"),
    path("survey/<uuid:slot>/call/", surveys.call, name="survey-call"),
    path("survey/<uuid:slot>/where/", surveys.where, name="survey-where"),
    path("survey/<uuid:slot>/snooze/", surveys.snooze, name="survey-snooze"),
    path("survey/<uuid:slot>/done/", surveys.done, name="survey-done"),
    path("check-in/", portal.checkin, name="checkin"),
    path("progress/", portal.progress, name="progress"),
    path("more/", portal.more, name="more"),
    path("problems/photos/<uuid:pk>/", problems.problem_photo, name="problem-photo"),
    path("desk/problems/", problems.desk_problems, name="desk-problems"),
    path("desk/problems/<uuid:pk>/", problems.problem_change, name="problem-change"),
    path("desk/silent/", silence.silent, name="silent"),
    path("readings/", readings.readings, name="readings"),
    path("desk/patients/<uuid:pk>/readings/", readings.patient_readings, name="patient-readings"),
    path("desk/devices/<uuid:pk>/end/", readings.device_end, name="device-end"),
    path("call-me/", portal.call_me, name="call-me"),
    path("desk/patients/<uuid:pk>/forms/", schedules.patient_forms, name="patient-forms"),
    path("desk/patients/<uuid:pk>/rate/", ratings.rate, name="patient-rate"),
    path("desk/patients/<uuid:pk>/forms/preview/", schedules.forms_preview, name="forms-preview"),
    path("desk/patients/<uuid:pk>/phase/", schedules.phase_switch, name="phase-switch"),
    path("desk/forms/<uuid:pk>/edit/", schedules.edit, name="assignment-edit"),
    path("desk/forms/<uuid:pk>/", schedules.change, name="assignment-change"),
]
