"""From the key that a message carried back to its row: of a provider's receipt, and of a page's one-tap link.

The link's token is computed from the row and the installation's secret when the letter is written; no table keeps it.
"""

import base64
import binascii
from hashlib import sha256
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils.crypto import constant_time_compare, salted_hmac

SALT: Final = "telek.one-tap"
MARK_BYTES: Final = 16


def clinic_of(delivery_id: UUID) -> UUID | None:
    """Whose delivery that is; None for a key that nobody has. Needs no clinic in scope."""
    with connection.cursor() as cursor:
        cursor.execute("select notifications_clinic_of(%s)", [delivery_id])
        found: tuple[UUID | None] = cursor.fetchone()
    return found[0]


def one_tap_token(delivery_id: UUID) -> str:
    """43 letters that are good for one address: the row and a mark that only this installation can make."""
    return _letters(delivery_id.bytes + _mark(delivery_id, settings.SECRET_KEY))


def delivery_of_token(token: str) -> UUID | None:
    """The row that the token names; None for anything that this installation did not make."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        return None
    if len(raw) != MARK_BYTES * 2 or _letters(raw) != token:
        return None
    delivery_id, mark = UUID(bytes=raw[:16]), raw[16:]
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    good = [constant_time_compare(mark, _mark(delivery_id, secret)) for secret in secrets]
    return delivery_id if any(good) else None


def _mark(delivery_id: UUID, secret: str) -> bytes:
    return salted_hmac(SALT, str(delivery_id), secret, algorithm=sha256().name).digest()[:MARK_BYTES]


def _letters(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
