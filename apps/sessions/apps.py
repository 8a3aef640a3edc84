from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "apps.sessions"
    label = "care_sessions"  # Django has a "sessions" of its own
    verbose_name = "Visits"
