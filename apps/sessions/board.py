"""What the board shows of a session, kept on its row; and the rows as live pages get them.

`take` folds one new event in; `reread` makes it anew from all events (after a correction, or when the dose changed).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject

from apps.accounts.clinic_settings import settings_of
from apps.accounts.models import User
from apps.core.db.kept import KeptQuery
from apps.sessions.dose_limits import Route
from apps.sessions.evidence import facts_of
from apps.sessions.models import DosingSession, HomeWatch, SessionWishes
from apps.sessions.treatment.checks import CheckLimits, next_check
from apps.sessions.treatment.facts import Fact

SIGNS = ("sbp", "dbp", "hr", "spo2", "rr")
KEPT = (*(f"last_{name}" for name in SIGNS), "last_vitals_at", "last_moaas", "last_moaas_at", "level", "next_check_at")
WISHES = ("touch", "calm", "words_to_avoid", "surroundings", "call", "music", "eye_mask")


def take(session: DosingSession, fact: Fact, level: str = "") -> None:
    """Fold one event in; an older one than what is shown changes nothing. Not saved."""
    if fact.kind == "vitals" and (session.last_vitals_at is None or fact.at >= session.last_vitals_at):
        for name in SIGNS:
            if (value := getattr(fact, name)) is not None:
                setattr(session, f"last_{name}", value)
        session.last_vitals_at, session.level = fact.at, level
    if fact.kind == "moaas" and (session.last_moaas_at is None or fact.at >= session.last_moaas_at):
        session.last_moaas, session.last_moaas_at = fact.score, fact.at


def reread(session: DosingSession) -> None:
    """From all events, with the level of the last reading as it stands. Not saved."""
    level = session.level
    for name in (*SIGNS, "vitals_at", "moaas", "moaas_at"):
        setattr(session, f"last_{name}", None)
    for fact in facts_of(session):
        take(session, fact, level)
    set_next_check(session)


def set_next_check(session: DosingSession, settings: dict[str, Any] | None = None) -> None:
    """When somebody must look next; None without a dose and after the session. Not saved.

    settings: the clinic's, from a caller who has read them.
    """
    if session.dose_started_at is None or not session.is_open:
        session.next_check_at = None
        return
    settings = settings or settings_of(session.clinic)
    limits = CheckLimits(during=settings["session_check_minutes"], after=settings["session_check_after_minutes"])
    session.next_check_at = next_check(
        Route(session.course.route),
        session.dose_started_at,
        session.dose_ended_at,
        session.last_vitals_at,
        alerted=bool(session.level),
        limits=limits,
    )
    due = _LOOK_IN.first(session.pk)
    session.next_check_at = min(session.next_check_at, due[0]) if due and due[0] else session.next_check_at


_LOOK_IN: KeptQuery[HomeWatch] = KeptQuery(
    lambda session: HomeWatch.objects.filter(session=session).values_list("look_in_due_at")
)


def on_the_board(user: User) -> QuerySet[DosingSession]:
    """Open sessions with all that a tile shows, in the order of the chairs: one query."""
    return with_wishes(user).filter(status="in-progress").order_by("chair", "opened_at", "id")


def with_wishes(user: User) -> QuerySet[DosingSession]:
    """Sessions, over or not, with all that a tile shows."""
    newest = SessionWishes.objects.filter(patient_id=OuterRef("patient_id")).order_by("-created_at", "-id")
    wishes = newest.values(all=JSONObject(**{name: name for name in WISHES}))[:1]
    rows = DosingSession.objects.visible_to(user).select_related("patient", "course", "clinic")
    return rows.annotate(wishes=Subquery(wishes))


def wishes_of(session: Any) -> str:
    """The annotated wishes in one line."""
    wishes: dict[str, str] | None = getattr(session, "wishes", None)
    return SessionWishes(**wishes).line if wishes else ""


def state_of(session: DosingSession, at: datetime) -> str:
    """act-now, overdue, waiting (no dose yet), on-time; words and colour follow from it."""
    if session.level == "P1":
        return "act-now"
    if session.dose_started_at is None:
        return "waiting"
    if session.next_check_at is not None and session.next_check_at < at:
        return "overdue"
    return "on-time"
