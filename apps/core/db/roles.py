"""Change the database role of this process: migrations work as the owner of the tables."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection
from django.db.transaction import TransactionManagementError


@contextmanager
def as_role(role: str) -> Iterator[None]:
    """Reconnect as `app`, `owner` or `pump` for the length of the block; not inside a transaction."""
    if connection.in_atomic_block:
        raise TransactionManagementError("as_role reconnects; in a test: django_db(transaction=True)")
    wanted = settings.DATABASE_ROLES[role]
    before = dict(connection.settings_dict)
    _reconnect_with(wanted)
    try:
        yield
    finally:
        _reconnect_with(before)


def _reconnect_with(config: dict[str, object]) -> None:
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()
    for key in ("USER", "PASSWORD", "HOST", "PORT"):
        connection.settings_dict[key] = config.get(key, "")
