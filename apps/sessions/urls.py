"""Pages of visits. `desk-visit` itself is composed in telek."""

from django.urls import URLPattern, path

from apps.sessions.views import call, desk, patient

urlpatterns: list[URLPattern] = [
    path("visits/", patient.visits, name="visits"),
    path("visits/ask/", patient.ask, name="visit-ask"),
    path("visits/<uuid:pk>/", patient.visit, name="visit"),
    path("visits/<uuid:pk>/arrive/", patient.arrive, name="visit-arrive"),
    path("visits/<uuid:pk>/by-phone/", patient.by_phone, name="visit-by-phone"),
    path("visits/<uuid:pk>/cancel/", patient.cancel, name="visit-cancel"),
    path("visits/<uuid:pk>/visit.ics", patient.calendar, name="visit-calendar"),
    path("visits/<uuid:pk>/check/", call.check, name="visit-check"),
    path("visits/<uuid:pk>/ice/", call.ice, name="visit-ice"),
    path("desk/visits/", desk.visits, name="desk-visits"),
    path("desk/visits/book/", desk.book, name="desk-visit-book"),
    path("desk/visits/<uuid:pk>/change/", desk.change, name="desk-visit-change"),
    path("desk/visits/<uuid:pk>/admit/", desk.admit, name="desk-visit-admit"),
    path("desk/visits/<uuid:pk>/take-over/", desk.take_over, name="desk-visit-take-over"),
    path("desk/visits/<uuid:pk>/by-phone/", desk.hold_by_phone, name="desk-visit-by-phone"),
    path("desk/visits/<uuid:pk>/delay/", desk.delay, name="desk-visit-delay"),
    path("desk/visits/<uuid:pk>/cancel/", desk.cancel, name="desk-visit-cancel"),
    path("desk/visits/<uuid:pk>/finish/", desk.finish, name="desk-visit-finish"),
    path("desk/visits/<uuid:pk>/note/", call.draft, name="desk-visit-note"),
    path("desk/visits/<uuid:pk>/sign/", desk.sign, name="desk-visit-sign"),
    path("desk/visits/<uuid:pk>/correct/", desk.correct, name="desk-visit-correct"),
]
