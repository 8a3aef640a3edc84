"""What a session at home says: its watch, what it still lacks before the dose and before its end."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.accounts.clinic_settings import settings_of
from apps.sessions.models import DosingSession, HomeWatch, LookIn, LookInKind, VisitSeat, VisitStatus
from apps.sessions.visit_rules import SEAT_FRESH

AT_HOME = "home"
HOME_ROUTES = frozenset({"sl", "oral"})
VIDEO_HOLDS = timedelta(minutes=30)  # product default
RECOVERY_HOLDS = timedelta(minutes=30)  # product default


def watch_of(session: DosingSession, *, lock: bool = False) -> HomeWatch | None:
    """The watch of that session, if it is at home."""
    rows = HomeWatch.objects.filter(session=session).select_related("link", "visit")
    return (rows.select_for_update(of=("self",)) if lock else rows).first()


def home_missing(session: DosingSession, at: datetime) -> frozenset[str]:
    """What a dose at home still lacks (clinical.md 2.5): the clinic's leave, a named adult, live video."""
    watch = watch_of(session) if session.place == AT_HOME else None
    if watch is None:
        return frozenset()
    found = set()
    if not settings_of(session.clinic)["home_sessions"]:
        found.add("home_not_allowed")
    if not watch.link.stands:
        found.add("home_nobody_there")
    if not (video_is_on(watch, at) or (watch.video_at is not None and at - watch.video_at <= VIDEO_HOLDS)):
        found.add("home_no_video")
    return frozenset(found)


def video_is_on(watch: HomeWatch, at: datetime) -> bool:
    """Are both sides in the session's own video visit now?"""
    if watch.visit_id is None:
        return False
    seats = VisitSeat.objects.filter(visit_id=watch.visit_id, visit__status=VisitStatus.IN_PROGRESS)
    return seats.filter(left_at__isnull=True, seen_at__gt=at - SEAT_FRESH).count() == 2


def recovery_missing(session: DosingSession, at: datetime) -> bool:
    """At home: did whoever is there say, lately and after the dose, that the person has recovered?"""
    if session.place != AT_HOME:
        return False
    rows = LookIn.objects.filter(session=session, how=LookInKind.RECOVERED, answered_at__gte=at - RECOVERY_HOLDS)
    if session.dose_ended_at is not None:
        rows = rows.filter(answered_at__gte=session.dose_ended_at)
    return not rows.exists()
