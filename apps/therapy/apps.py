"""The therapy around the doses: journal, commitments, the therapist's workspace."""

from django.apps import AppConfig


class TherapyConfig(AppConfig):
    name = "apps.therapy"
    label = "therapy"
