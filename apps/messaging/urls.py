"""Pages of this app."""

from django.urls import URLPattern, path

from apps.messaging import views

urlpatterns: list[URLPattern] = [
    path("messages/", views.own_messages, name="messages"),
    path("messages/find/", views.find, name="message-find"),
    path("messages/<uuid:pk>/read/", views.read, name="messages-read"),
    path("desk/messages/", views.desk_messages, name="desk-messages"),
    path("desk/messages/<uuid:pk>/", views.desk_thread, name="desk-thread"),
    path("desk/messages/<uuid:pk>/take/", views.take, name="thread-take"),
    path("desk/messages/<uuid:pk>/hand-over/", views.hand_over, name="thread-hand-over"),
    path("desk/messages/<uuid:pk>/alert/<int:seq>/", views.make_alert, name="message-alert"),
]
