"""Keys of rows: UUID version 7, so that they sort by time and carry no secret."""

from uuid import UUID

import uuid6


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562)."""
    return UUID(int=uuid6.uuid7().int)
