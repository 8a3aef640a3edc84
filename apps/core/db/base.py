"""Django's PostgreSQL engine, plus the scope of apps.core.db.scope at the start of each transaction."""

from django.db.backends.postgresql import base

from apps.core.db.scope import TELL, Scope, current_scope


class DatabaseWrapper(base.DatabaseWrapper):
    """Sends the scope as transaction-local settings right after BEGIN."""

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]
        scope = current_scope()
        if autocommit or scope == Scope():
            return
        with self.wrap_database_errors, self.connection.cursor() as cursor:
            cursor.execute(TELL, scope.settings())
