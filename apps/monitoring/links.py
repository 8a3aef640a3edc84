"""One-tap links: made for a slot, found by their token. Only the hash of a token is stored."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from apps.accounts.clinic_settings import setting
from apps.monitoring.models import Slot, SurveyLink

TOKEN_BYTES = 20  # 160 bits


def hash_token(token: str) -> str:
    """What is stored of a token: SHA-256 in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def issue(slot: Slot, at: datetime) -> str:
    """A fresh token for that slot, valid for the clinic's `survey_link_hours`. It is returned once, never stored."""
    return issue_all([(slot, at, None)])[slot.pk]


def issue_all(wanted: Sequence[tuple[Slot, datetime, UUID | None]]) -> dict[UUID, str]:
    """Slot -> its fresh token, valid from that moment on, for the message with that id. All slots are of one clinic."""
    if not wanted:
        return {}
    hours: int = setting(wanted[0][0].clinic, "survey_link_hours")
    tokens = {slot.pk: secrets.token_urlsafe(TOKEN_BYTES) for slot, _at, _message in wanted}
    SurveyLink.objects.bulk_create(
        SurveyLink(
            clinic_id=slot.clinic_id,
            slot=slot,
            token_hash=hash_token(tokens[slot.pk]),
            expires_at=at + timedelta(hours=hours),
            delivery_id=message,
        )
        for slot, at, message in wanted
    )
    return tokens


def prolong(path: str, slot: Slot, at: datetime) -> None:
    """The link of a message that goes out at another time: valid for as long, counted from then."""
    SurveyLink.objects.filter(slot=slot, token_hash=_hash_in(path)).update(
        expires_at=at + timedelta(hours=setting(slot.clinic, "survey_link_hours"))
    )


def _hash_in(path: str) -> str:
    return hash_token(path.strip("/").rpartition("/")[2])


def clinic_of(token: str) -> UUID | None:
    """The clinic whose link has that token; asked of a function of the owner, since no clinic is known yet."""
    with connection.cursor() as cursor:
        cursor.execute("select clinic_id from monitoring_clinic_of_link(%s)", [hash_token(token)])
        row = cursor.fetchone()
    return None if row is None else row[0]
