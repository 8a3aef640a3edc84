"""`manage.py migrate`, always as the owner of the tables: the application's role may not change them."""

from typing import Any

from django.core.management.commands import migrate

from apps.core.db.growing_state import GrowingExecutor
from apps.core.db.roles import as_role

# Django's command takes its executor from its own module and offers no other place to give one.
migrate.MigrationExecutor = GrowingExecutor  # type: ignore[attr-defined]


class Command(migrate.Command):
    """Django's migrate in the owner's role, with models that grow instead of being rendered again and again."""

    def handle(self, *args: Any, **options: Any) -> None:
        with as_role("owner"):
            super().handle(*args, **options)
