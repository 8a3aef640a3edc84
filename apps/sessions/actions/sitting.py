"""The one way to change a dosing session: locked, counted up, audited, told to the board. And what refuses is audited."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.utils.translation import gettext as _

from apps.accounts.models import Membership, User
from apps.accounts.permissions import Permission
from apps.accounts.visible import VisibleQuery
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock, live
from apps.core.ids import new_id
from apps.sessions.models import DosingSession, SessionEvent, SessionEventKind
from apps.sessions.record import clean
from apps.sessions.refusal import TreatmentRefused

TOPIC = "sessions"
WITH = ("patient", "course", "clinic")
F = TypeVar("F", bound=Callable[..., Any])


def refusals_audited(verb: F) -> F:
    """A refusal changes nothing and is written down: who, what, why, in a savepoint of its own."""

    @functools.wraps(verb)
    def guarded(*, actor: User, **given: Any) -> Any:
        try:
            return verb(actor=actor, **given)
        except TreatmentRefused as refusal:
            audit.record_refusal(actor_id=actor.pk, object_type=verb.__name__, detail=refusal.code)
            raise

    return guarded  # type: ignore[return-value]


def member_of(actor: User, *needed: Permission) -> Membership:
    """The membership in force, if it carries one of the permissions."""
    if actor.membership is None or not any(actor.may(permission) for permission in needed):
        raise TreatmentRefused("not-allowed", _("This is for other staff of the clinic."))
    return actor.membership


def locked(session: DosingSession, actor: User, *, must_be_open: bool = True) -> DosingSession:
    """The session as it is now, locked. Raises TreatmentRefused not-found, over."""
    fresh = _LOCKED.first(actor, session.pk)
    if fresh is None:
        raise TreatmentRefused("not-found", _("There is no such session."))
    found: DosingSession = fresh
    if must_be_open and not found.is_open:
        raise TreatmentRefused("over", _("This session is over."))
    return found


_LOCKED: VisibleQuery[DosingSession] = VisibleQuery(
    DosingSession,
    lambda rows, pk: rows.filter(pk=pk).select_for_update(of=("self",)).select_related(*WITH).order_by(),
)


def note(
    session: DosingSession,
    kind: SessionEventKind,
    member: Membership | None,
    *,
    at: datetime | None = None,
    text: str = "",
    client_id: UUID | None = None,
) -> SessionEvent:
    """One line of the session's history, written by a verb."""
    return SessionEvent.objects.create(
        clinic_id=session.clinic_id,
        session=session,
        client_id=client_id or new_id(),
        kind=kind,
        occurred_at=at or clock.now(),
        actor=member,
        text=clean(text, 300),
    )


def keep(session: DosingSession, actor: User, detail: str) -> DosingSession:
    """Save, and say so after commit."""
    session.version += 1
    session.save()
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=session, detail=detail)
    announce(session)
    return session


def announce(session: DosingSession) -> None:
    """After commit, tell the boards."""
    live.publish(TOPIC, id=str(session.pk), version=session.version)
