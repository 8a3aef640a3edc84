"""`manage.py makemigrations`, which compares models with files and needs no database."""

from typing import Any

from django.core.management.commands import makemigrations
from django.db import connection


class Command(makemigrations.Command):
    """Django's makemigrations without its look at the applied migrations: only `migrate` needs those."""

    def handle(self, *args: Any, **options: Any) -> None:
        engine = connection.settings_dict["ENGINE"]
        connection.settings_dict["ENGINE"] = "django.db.backends.dummy"
        try:
            super().handle(*args, **options)
        finally:
            connection.settings_dict["ENGINE"] = engine
