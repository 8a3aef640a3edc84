"""Outcomes and forecasts: what became of people, what may come, and how sure Telek is of it."""

from django.apps import AppConfig


class OutcomesConfig(AppConfig):
    name = "apps.outcomes"
    label = "outcomes"
