"""Four eyes: one person asks for a change that weakens the paging, another confirms it, and only then it is made.

Each kind of change has its own verb, which the caller of `confirm` passes; it is made in the transaction of the decision.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import Clinic, Membership, PendingChange, User
from apps.accounts.pending_models import Outcome
from apps.accounts.permissions import TABLE, Permission, Role
from apps.audit import actions as audit
from apps.audit.models import Action, AuditEvent
from apps.core import clock
from apps.notifications.actions import queue
from apps.notifications.models import Channel, Kind

WAITS: Final = timedelta(days=7)
#: Who may be the second person: whoever runs the clinic, and whoever answers for its patients.
CONFIRMS: Final = (Permission.MANAGE_CLINIC, Permission.CLOSE_ALERTS)
_ROLES: Final = [role for role in Role if any(need in TABLE[role] for need in CONFIRMS)]


class ChangeRefused(Exception):
    """It cannot be done now. code: for machines; message: for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@transaction.atomic
def ask(
    *, clinic: Clinic, actor: User, kind: str, subject: str, name: str, before: Any, after: Any, reason: str
) -> PendingChange:
    """Let a change wait for a second person; one that waits for the same subject is withdrawn. They are told by mail."""
    with connection.cursor() as cursor:  # two who ask at once: the second sees and withdraws what the first asked
        key = f"pending:{clinic.pk}:{kind}:{subject}"
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
    earlier = PendingChange.objects.filter(clinic=clinic, kind=kind, subject=subject, outcome="")
    for row in earlier.select_for_update():
        _decide(row, actor, Outcome.WITHDRAWN)
    row = PendingChange.objects.create(
        clinic=clinic,
        kind=kind,
        subject=subject,
        name=name[:120],
        before=before,
        after=after,
        reason=reason.replace("\x00", "").strip()[:300],
        asked_by=actor,
        expires_at=clock.now() + WAITS,
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row, detail=kind)
    for member in second_persons(clinic, actor):
        _tell(row, member)
    return row


@transaction.atomic
def confirm(*, change: PendingChange, actor: User, do: Callable[[PendingChange, User], None]) -> PendingChange:
    """Make the change and write down who confirmed it, both or neither. do: raises ChangeRefused where it cannot be made.

    Nobody is invited, or given the role, to confirm what one asked for oneself: the second person was a member before it
    was asked, in the role of then.
    Raises ChangeRefused: decided, expired, same-person, not-allowed, too-new.
    """
    row = _waiting(change)
    if actor.pk == row.asked_by_id:
        raise ChangeRefused("same-person", _("You asked for this yourself. Somebody else must confirm it."))
    if not any(actor.may(need) for need in CONFIRMS):
        raise ChangeRefused("not-allowed", _("Only an administrator or a licensed clinician confirms this."))
    if actor.membership is not None and _came_or_rose_since(actor.membership, row.created_at):
        raise ChangeRefused(
            "too-new", _("Whoever confirms must have worked here, in the same role, before it was asked.")
        )
    if row.expires_at <= clock.now():
        raise ChangeRefused("expired", _("This was asked more than seven days ago. Ask again."))
    do(row, actor)
    return _decide(row, actor, Outcome.CONFIRMED)


@transaction.atomic
def refuse(*, change: PendingChange, actor: User) -> PendingChange:
    """Refuse it, or, by whoever asked, withdraw it: nothing changes. Raises ChangeRefused: decided, not-allowed."""
    row = _waiting(change)
    if actor.pk == row.asked_by_id:
        return _decide(row, actor, Outcome.WITHDRAWN)
    if not any(actor.may(need) for need in CONFIRMS):
        raise ChangeRefused("not-allowed", _("Only an administrator or a licensed clinician refuses this."))
    return _decide(row, actor, Outcome.REFUSED)


def waiting(clinic: Clinic) -> QuerySet[PendingChange]:
    """What waits for a second person, the oldest first."""
    rows = PendingChange.objects.filter(clinic=clinic, outcome="", expires_at__gt=clock.now())
    return rows.select_related("asked_by").order_by("created_at")


def second_persons(clinic: Clinic, asked_by: User) -> list[Membership]:
    """Who could confirm what this person asks for."""
    rows = Membership.objects.filter(clinic=clinic, role__in=_ROLES, user__is_active=True).exclude(user=asked_by)
    in_force = rows.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=clock.now()))
    return list(in_force.select_related("user").order_by("user__name"))


def _came_or_rose_since(member: Membership, at: datetime) -> bool:
    """A member, or in this role, only since then. The trail of changes holds it: nobody edits that."""
    if member.created_at >= at:
        return True
    changes = AuditEvent.objects.filter(object_type="accounts.membership", object_id=member.pk, created_at__gte=at)
    return changes.filter(action=Action.UPDATE, detail__startswith="role ").exists()


def _waiting(change: PendingChange) -> PendingChange:
    row = PendingChange.objects.select_for_update().get(pk=change.pk)
    if row.outcome:
        raise ChangeRefused("decided", _("This was decided already. Look again."))
    return row


def _decide(row: PendingChange, actor: User, outcome: Outcome) -> PendingChange:
    row.outcome, row.decided_by, row.decided_at = outcome, actor, clock.now()
    row.save(update_fields=["outcome", "decided_by", "decided_at"])
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=row, detail=f"{row.kind} {outcome}")
    return row


def _tell(row: PendingChange, member: Membership) -> None:
    queue(
        clinic_id=row.clinic_id,
        kind=Kind.ACCOUNT,
        dedupe_key=f"second-person:{row.pk}:{member.user_id}",
        subject_kind="account",
        subject_id=member.user_id,
        recipient_id=member.user_id,
        channel=Channel.EMAIL,
        address=member.user.email,
        template="second-person",
        context={"clinic": row.clinic.name, "name": str(row.asked_by), "link": "/desk/second-person/"},
        language=member.user.language,
        synthetic=row.clinic.synthetic,
    )
