"""A guest's link and the browser it was started in. Nobody is signed in by it; it leads to one call and nothing else."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.contrib.sessions.backends.base import SessionBase
from django.db import connection
from django.db.models import QuerySet

from apps.core import clock
from apps.sessions.models import LIVE, Visit, VisitGuest

SESSION_KEY: Final = "visit_guest"
TOKEN_BYTES: Final = 20  # 160 bits
LINK_HOLDS: Final = timedelta(hours=1)
STAYS: Final = timedelta(hours=1)  # an admitted guest may stay so long after the visit's planned end
LONGEST_TOKEN: Final = 64


def new_token() -> str:
    """A fresh one; it is shown once and never stored."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> str:
    """What is stored of it."""
    return hashlib.sha256(token.encode()).hexdigest()


def clinic_of(token: str) -> UUID | None:
    """The clinic whose guest has that token; asked of a function of the owner, since no clinic is known yet."""
    if not 0 < len(token) <= LONGEST_TOKEN:
        return None
    with connection.cursor() as cursor:
        cursor.execute("select clinic_id from care_sessions_clinic_of_guest(%s)", [hash_token(token)])
        row = cursor.fetchone()
    return None if row is None else row[0]


def in_force() -> QuerySet[VisitGuest]:
    """Guests whose invitation still means something: not ended, not expired, the visit not over, the clinic active."""
    rows = VisitGuest.objects.filter(ended_at__isnull=True, expires_at__gt=clock.now())
    rows = rows.filter(visit__status__in=LIVE, clinic__is_active=True)
    return rows.select_related("visit__clinic", "clinic")


def current_guest(visit: Visit) -> VisitGuest | None:
    """Who is invited to the visit now, whether or not there yet."""
    return in_force().filter(visit_id=visit.pk).first()


def by_token(token: str, browser: str) -> VisitGuest | None:
    """The guest of that link, if this browser may still use it: a link that was started elsewhere opens nothing here."""
    guest = in_force().filter(token_hash=hash_token(token)).first()
    if guest is None or (guest.browser is not None and str(guest.browser) != browser):
        return None
    return guest


def bind(session: SessionBase, guest: VisitGuest, *, signed_in: bool) -> UUID:
    """Tie this browser to that guest; returns the name it is known by."""
    known = browser_of(session, guest.pk)
    browser = UUID(known) if known else uuid4()
    if not signed_in:
        session.cycle_key()
        stays = max(guest.visit.ends_at - clock.now(), timedelta()) + LINK_HOLDS + STAYS
        session.set_expiry(int(stays.total_seconds()))
    session[SESSION_KEY] = {"clinic": str(guest.clinic_id), "guest": str(guest.pk), "browser": str(browser)}
    return browser


def browser_of(session: Mapping[str, Any] | SessionBase, guest_id: UUID) -> str:
    """The name under which this browser started that guest's link, or ""."""
    bound = session.get(SESSION_KEY) or {}
    return str(bound.get("browser", "")) if bound.get("guest") == str(guest_id) else ""


def clinic_in(session: Mapping[str, Any] | SessionBase) -> UUID | None:
    """The clinic of the guest that this browser is, or None."""
    bound = session.get(SESSION_KEY)
    return UUID(bound["clinic"]) if bound else None


def guest_in(session: Mapping[str, Any] | SessionBase) -> VisitGuest | None:
    """The guest that this browser is, if the invitation is in force. Needs the clinic in scope."""
    bound = session.get(SESSION_KEY)
    if not bound:
        return None
    return in_force().filter(pk=bound["guest"], browser=bound["browser"]).first()
