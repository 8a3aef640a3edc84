"""Field encryption with a key per person: AES-256-GCM, bound to table, column and row.

A person's data key is random, wrapped by the installation's key (TELEK_ENCRYPTION_KEYS, newest first) and
stored as a DataKey row; deleting that row makes everything encrypted under it unreadable for ever.
Stored form: 12 bytes nonce + ciphertext with tag.
"""

import base64
import os
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models

NONCE_BYTES = 12


class KeyGone(LookupError):
    """The person's data key was destroyed, or no installation key opens it."""


def _seal(key: bytes, plain: bytes, bound_to: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def _open(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)


def _installation_keys() -> list[bytes]:
    return [base64.b64decode(text) for text in settings.ENCRYPTION_KEYS]


def _unwrap(person: UUID, wrapped: bytes) -> bytes:
    for key in _installation_keys():
        try:
            return _open(key, wrapped, person.bytes)
        except InvalidTag:
            continue
    raise KeyGone(str(person))


def data_key(person: UUID, clinic_id: UUID) -> bytes:
    """The person's key, made on first use. Raises KeyGone."""
    from apps.core.models import DataKey

    row = DataKey.objects.filter(person_id=person).first()
    if row is None:
        fresh = AESGCM.generate_key(bit_length=256)
        wrapped = _seal(_installation_keys()[0], fresh, person.bytes)
        row, _made = DataKey.objects.get_or_create(
            person_id=person, defaults={"clinic_id": clinic_id, "wrapped": wrapped}
        )
    if row.destroyed_at is not None:
        raise KeyGone(str(person))
    return _unwrap(person, bytes(row.wrapped))


def seal_secret(text: str, *, bound_to: str) -> str:
    """A secret that belongs to no person's record (a TOTP seed), under the installation's key; base64 text."""
    return base64.b64encode(_seal(_installation_keys()[0], text.encode(), bound_to.encode())).decode()


def open_secret(sealed: str, *, bound_to: str) -> str:
    """The text of `seal_secret`. Raises KeyGone when no installation key opens it."""
    for key in _installation_keys():
        try:
            return _open(key, base64.b64decode(sealed), bound_to.encode()).decode()
        except InvalidTag:
            continue
    raise KeyGone(bound_to)


class Clear(bytes):
    """Bytes that are not sealed: the value of an EncryptedBytesField as the application has it."""


def _is_sealed(value: object) -> bool:
    return isinstance(value, (bytes, memoryview)) and not isinstance(value, Clear)


class _Lazy:
    """Decrypts on first read of the attribute, so that lists never pay for what they do not show."""

    def __init__(self, field: "EncryptedTextField") -> None:
        self.field = field

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        value = instance.__dict__.get(self.field.attname, "")
        if _is_sealed(value):
            value = self.field.decrypt(instance, bytes(value))
            instance.__dict__[self.field.attname] = value
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(models.BinaryField):
    """Text that only the application can read. `person`: the attribute that names whose key seals it."""

    def __init__(self, *args: Any, person: str = "patient_id", **kwargs: Any) -> None:
        self.person = person
        kwargs.setdefault("default", b"")
        kwargs["editable"] = True
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        kwargs["person"] = self.person
        return name, path, args, kwargs

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, _Lazy(self))

    def _bound_to(self, instance: models.Model) -> bytes:
        return f"{instance._meta.db_table}.{self.column}.{instance.pk}".encode()

    def decrypt(self, instance: Any, sealed: bytes) -> Any:
        """The text of a stored value. Raises KeyGone, or InvalidTag when the row was tampered with."""
        if not sealed:
            return self.of(b"")
        key = data_key(getattr(instance, self.person), instance.clinic_id)
        return self.of(_open(key, sealed, self._bound_to(instance)))

    def of(self, plain: bytes) -> Any:
        """The value of what was sealed."""
        return plain.decode()

    def pre_save(self, model_instance: Any, add: bool) -> bytes:
        value = model_instance.__dict__.get(self.attname, "")
        if _is_sealed(value):
            return bytes(value)
        if not value:
            return b""
        key = data_key(getattr(model_instance, self.person), model_instance.clinic_id)
        return _seal(key, value if isinstance(value, Clear) else value.encode(), self._bound_to(model_instance))

    def get_default(self) -> Any:
        return self.of(b"")

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """The empty default is empty bytes, also for a column that a migration adds."""
        return super().get_db_prep_value(value or b"", connection, prepared)

    def value_to_string(self, obj: models.Model) -> str:
        return ""


class EncryptedBytesField(EncryptedTextField):
    """The same for what is no text (a photo); give it `Clear(data)`."""

    def of(self, plain: bytes) -> Any:
        return Clear(plain)
