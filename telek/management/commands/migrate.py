"""`manage.py migrate`, always as the owner of the tables: the application's role may not change them."""

from typing import Any

from django.core.management.commands import migrate

from apps.core.db.roles import as_role


class Command(migrate.Command):
    """Django's migrate in the owner's role."""

    def handle(self, *args: Any, **options: Any) -> None:
        with as_role("owner"):
            super().handle(*args, **options)
