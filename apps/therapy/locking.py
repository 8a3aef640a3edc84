"""The lock of "only me": a key made of the person's own words, never stored.

The words are stretched (scrypt) into a key, which seals each entry (AES-256-GCM, bound to the row). The database holds
the salt and the sealed text. While a journal is open the key lies in a cookie of that browser, itself sealed under the
installation's key and bound to the person: neither the browser alone nor the server alone can open an entry. No door of
staff ever sees that cookie. Forgotten words cannot be replaced. What an operator can still do stands in docs/therapy.md.
"""

from __future__ import annotations

import base64
import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from apps.core import clock
from apps.core.encryption import KeyGone, open_secret, seal_secret

SALT_BYTES, NONCE_BYTES = 16, 12
KNOWN = b"telek journal"
WORDS_AT_LEAST = 8
COST = 2**14
OPEN_SECONDS = 30 * 60


class WrongWords(ValueError):
    """These are not the words, or the entry was tampered with."""


def fresh_salt() -> bytes:
    """Of one person's words."""
    return os.urandom(SALT_BYTES)


def key_of(words: str, salt: bytes) -> bytes:
    """32 bytes; the same for the same words, whatever the spaces around them."""
    plain = " ".join(words.split()).encode()
    return Scrypt(salt=salt, length=32, n=COST, r=8, p=1).derive(plain)


def seal(key: bytes, text: str, bound_to: str) -> str:
    """Base64 of nonce and ciphertext."""
    nonce = os.urandom(NONCE_BYTES)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, text.encode(), bound_to.encode())).decode()


def unseal(key: bytes, sealed: str, bound_to: str) -> str:
    """The text again. Raises WrongWords."""
    raw = base64.b64decode(sealed)
    try:
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound_to.encode()).decode()
    except InvalidTag:
        raise WrongWords from None


def check_value(key: bytes) -> bytes:
    """What tells right words from wrong ones."""
    return base64.b64decode(seal(key, KNOWN.decode(), "check"))


def fits(key: bytes, stored: bytes) -> bool:
    """Does this key open the check value?"""
    try:
        return unseal(key, base64.b64encode(stored).decode(), "check") == KNOWN.decode()
    except WrongWords:
        return False


def cookie_of(key: bytes, patient_id: UUID) -> str:
    """The key as that browser may carry it, with the moment at which it was opened. A person has one journal a clinic."""
    opened = int(clock.now().timestamp())
    return seal_secret(f"{opened}:{base64.b64encode(key).decode()}", bound_to=f"journal:{patient_id}")


def key_from(cookie: str, patient_id: UUID) -> bytes | None:
    """The key that the browser brought, or None when it is none, another journal's, or was opened too long ago."""
    try:
        opened, _colon, key = open_secret(cookie, bound_to=f"journal:{patient_id}").partition(":")
        is_fresh = 0 <= clock.now().timestamp() - int(opened) <= OPEN_SECONDS
        return base64.b64decode(key) if is_fresh else None
    except (KeyGone, ValueError):
        return None
