"""Pages of this app."""

from django.urls import URLPattern, path

from apps.messaging.views import answers, desk, files, own, record, verbs

urlpatterns: list[URLPattern] = [
    path("messages/", own.own_messages, name="messages"),
    path("messages/find/", own.find, name="message-find"),
    path("messages/<uuid:pk>/read/", own.read, name="messages-read"),
    path("messages/<uuid:pk>/print/", record.print_thread, name="thread-print"),
    path("messages/files/<uuid:pk>/", files.file, name="message-file"),
    path("desk/messages/answers/", answers.answers, name="ready-answers"),
    path("desk/messages/answers/<uuid:pk>/", answers.answer, name="ready-answer"),
    path("desk/messages/", desk.desk_messages, name="desk-messages"),
    path("desk/messages/<uuid:pk>/", desk.desk_thread, name="desk-thread"),
    path("desk/messages/<uuid:pk>/take/", verbs.take, name="thread-take"),
    path("desk/messages/<uuid:pk>/hand-over/", verbs.hand_over, name="thread-hand-over"),
    path("desk/messages/<uuid:pk>/alert/<int:seq>/", verbs.make_alert, name="message-alert"),
]
