"""What live pages show of a visit, as plain data (times ISO 8601, ids as text)."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.core import clock
from apps.sessions.guest_links import current_guest
from apps.sessions.models import LIVE, Visit, VisitGuest, VisitStatus
from apps.sessions.record import PEOPLE, is_patient
from apps.sessions.visit_rules import PAGE_CLOSED, expected_at

ROOM_BEFORE = timedelta(hours=12)  # of today's visits at the desk: so far back
ROOM_AHEAD = timedelta(hours=24)  # and so far ahead


def in_the_room(visits: QuerySet[Visit]) -> QuerySet[Visit]:
    """The live visits that the desk watches now: around the present, and whoever waits or is in a call."""
    now = clock.now()
    near = visits.filter(status=VisitStatus.PLANNED, ends_at__gt=now - ROOM_BEFORE, starts_at__lt=now + ROOM_AHEAD)
    there = visits.filter(status__in=(VisitStatus.ARRIVED, VisitStatus.IN_PROGRESS))
    return (near | there).select_related(*PEOPLE).order_by("starts_at", "id")


def desk_row(visit: Visit, user: User) -> dict[str, Any]:
    """One visit for the desk. Over: id and version only.

    level "knock": somebody waits to be let in or to be called; it is told to a locked screen as well.
    """
    if visit.status not in LIVE:
        return {"id": str(visit.pk), "version": visit.version}
    return {
        "id": str(visit.pk),
        "version": visit.version,
        "status": visit.status,
        "status_words": str(visit.get_status_display()),
        "level": "knock" if _knocks(visit) else "",
        "knocks": visit.status == VisitStatus.ARRIVED,
        "arrived_at": _iso(visit.arrived_at),
        "starts_at": _iso(visit.starts_at),
        "by_phone": visit.by_phone_at is not None,
        "patient": f"{visit.patient.given_name} {visit.patient.family_name}",
        "clinician": visit.clinician.user.name,
        "mine": user.membership is not None and visit.clinician_id == user.membership.pk,
        "path": visit.desk_path,
    }


def _knocks(visit: Visit) -> bool:
    return visit.status == VisitStatus.ARRIVED or (
        visit.status == VisitStatus.PLANNED and visit.by_phone_at is not None
    )


def away_since(visit: Visit) -> datetime | None:
    """Since when the waiting person's page is closed or asleep; None while it is open, and when nobody waits."""
    if visit.status != VisitStatus.ARRIVED or visit.arrived_at is None:
        return None
    seen = max([visit.arrived_at, *(seat.seen_at for seat in visit.seats.all() if seat.by_patient)])
    return seen if seen < clock.now() - PAGE_CLOSED else None


def side_row(visit: Visit, user: User) -> dict[str, Any]:
    """One visit for one of its two sides. seat: the token of the reader's own page in the call, or None."""
    calls = visit.status == VisitStatus.IN_PROGRESS
    seats = {seat.by_patient: seat for seat in visit.seats.all() if calls and seat.left_at is None}
    own, other = seats.get(is_patient(user)), seats.get(not is_patient(user))
    return {
        "id": str(visit.pk),
        "version": visit.version,
        "status": visit.status,
        "starts_at": _iso(visit.starts_at),
        "arrived_at": _iso(visit.arrived_at),
        "admitted_at": _iso(visit.admitted_at),
        "delay_minutes": visit.delay_minutes,
        "expected_at": _iso(expected_at(visit.starts_at, visit.delay_minutes)),
        "by_phone": visit.by_phone_at is not None,
        "cancel_reason": visit.cancel_reason,
        "clinician": visit.clinician.user.name,
        "seat": str(own.token) if own else None,
        "other_in": other is not None,
        "guest": guest_row(visit),
    }


def guest_row(visit: Visit) -> dict[str, Any] | None:
    """The third person, as both sides see them; None while nobody is invited. until: when the place in the call ends."""
    guest = current_guest(visit) if visit.is_live else None
    if guest is None:
        return None
    return {
        "id": str(guest.pk),
        "name": guest.name,
        "state": guest.state,
        "agreed": guest.agreed_at is not None,
        "until": _iso(guest.expires_at),
        "seat": str(guest.token) if guest.token else None,
    }


def own_guest_row(guest: VisitGuest) -> dict[str, Any]:
    """What a guest's page is told: whether the call is open to it, and until when. Nothing of anybody."""
    calls = guest.visit.status == VisitStatus.IN_PROGRESS
    return {
        "id": str(guest.pk),
        "version": guest.visit.version,
        "state": "in" if calls and guest.admitted_at is not None else "waits",
        "until": _iso(guest.expires_at),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
