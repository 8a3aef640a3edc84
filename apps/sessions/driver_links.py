"""Links of drivers: found by their token, of which only the hash is stored. Reads only."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from django.db import connection

from apps.core import clock
from apps.notifications.models import Delivery
from apps.sessions.agreements import agreed_to
from apps.sessions.models import DosingSession, DriverLink, MorningCheck
from apps.sessions.treatment.driving import Driving, driving, morning_after

TOKEN_BYTES = 20  # 160 bits
SUBJECT = "driver-link"
PEER = "peer"  # the point of the consent: a helper may be told


def new_token() -> str:
    """For the address; given out once."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> str:
    """What is stored of it."""
    return hashlib.sha256(token.encode()).hexdigest()


def clinic_of(token: str) -> UUID | None:
    """The clinic whose link has that token; asked of a function of the owner, since no clinic is known yet."""
    with connection.cursor() as cursor:
        cursor.execute("select clinic_id from care_sessions_clinic_of_driver(%s)", [hash_token(token)])
        row = cursor.fetchone()
    return None if row is None else row[0]


def is_usable(link: DriverLink, at: datetime) -> bool:
    """Not revoked, not too old, and the person still agrees that a helper may be told."""
    if link.revoked_at is not None or at >= link.expires_at or not link.session.clinic.is_active:
        return False
    patient = link.session.patient
    return patient.status == "active" and agreed_to(patient, PEER)


def live_link(session: DosingSession, at: datetime) -> DriverLink | None:
    """The session's link that opens something now."""
    link = session.driver_links.filter(revoked_at__isnull=True).first()
    return link if link is not None and at < link.expires_at else None


def driving_of(session: DosingSession | None, at: datetime) -> Driving | None:
    """What holds about driving after the person's last session."""
    if session is None or session.dose_started_at is None:
        return None
    zone = clock.zone_of(session.patient.time_zone).key
    since = morning_after(session.dose_started_at, zone)
    said = MorningCheck.objects.filter(session=session, source="person", created_at__gte=since)
    newest = said.order_by("-created_at", "-id").first()
    released = newest is not None and newest.well and newest.slept is True
    return driving(session.dose_started_at, zone, at, released=released)


def still_wanted(delivery: Delivery) -> bool:
    """Asked just before the wire: does the link still open something?"""
    if delivery.subject_id is None:
        return False
    return DriverLink.objects.filter(pk=delivery.subject_id, revoked_at__isnull=True).exists()
