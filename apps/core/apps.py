from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class CoreConfig(AppConfig):
    default = True
    name = "apps.core"
    verbose_name = "Core"


class CollectedFiles(StaticFilesConfig):
    """Django's static files without what Telek never sends: htmx 4, and extensions with dangling imports."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "django_htmx/ext/*", "django_htmx/htm*-4*"]
