"""Who has a delivery, and what became of it: each step one statement, compared by the database's clock.

pending > leased > sending > sent > delivered. A lease belongs to one process; a process that lost it (it was
stopped, its machine stalled) changes nothing more, because every step asks for the lease again.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import F, Q

from apps.core.failpoints import failpoint
from apps.notifications.models import Delivery, Kind, State
from apps.notifications.transports import Accepted

# A repeat is better than silence for these, and for no others.
REPEATED: Final = (Kind.ALERT, Kind.ACCOUNT, Kind.CANARY)
ONCE: Final = tuple(kind for kind in Kind if kind not in REPEATED)
BACK_OFF_SECONDS: Final = (5, 15, 30, 60)
MOST_ATTEMPTS: Final = 8
SWEEP_ROWS: Final = 200


class Now(models.Func):
    """telek_now(): the database's clock, so that no two hosts disagree about a lease."""

    function = "telek_now"
    output_field = models.DateTimeField()


def lease_time() -> timedelta:
    """How long a taken row waits for its turn. It was not on the wire, so that its loss costs only this wait."""
    return timedelta(seconds=settings.SEND_TIMEOUT_SECONDS)


def sending_time() -> timedelta:
    """How long a row may be on the wire: three times what a transport may take."""
    return 3 * lease_time()


def due_by_channel(channels: Sequence[str], most: int, kinds: Sequence[str] | None = None) -> dict[str, int]:
    """Channel -> how many rows are due on it now, counted up to `most`; channels with nothing due are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select c.channel, d.due from unnest(%s::text[]) as c (channel), lateral (
              select count(*) as due from (
                select from notifications_delivery r
                 where r.state = 'pending' and r.channel = c.channel and r.not_before <= telek_now()
                   and (r.expires_at is null or r.expires_at > telek_now())
                   and (%s::text[] is null or r.kind = any(%s)) limit %s) as first_few) as d
             where d.due > 0
            """,
            [list(channels), wanted := list(kinds) if kinds is not None else None, wanted, most],
        )
        return dict(cursor.fetchall())


# One statement and one commit a batch. `array` keeps the planner at "pick a few through the index of what is due, then
# change those rows": as a join it may read the whole table once it has grown.
LEASE: Final = """
update notifications_delivery set state = 'leased', lease_owner = %(owner)s, lease_until = telek_now() + %(time)s
 where id = any(array(
   select id from notifications_delivery
    where state = 'pending' and channel = %(channel)s and not_before <= telek_now()
      and (expires_at is null or expires_at > telek_now()) and (%(kinds)s::text[] is null or kind = any(%(kinds)s))
    order by kind, not_before limit %(limit)s for update skip locked))
returning *
"""


def lease(owner: UUID, *, channel: str, limit: int, kinds: Sequence[str] | None = None) -> list[Delivery]:
    """T1: take due rows of a channel, life-safety first, oldest first; those of other processes are stepped over."""
    words = {"owner": owner, "time": lease_time(), "channel": channel, "limit": limit}
    rows = list(Delivery.objects.raw(LEASE, words | {"kinds": list(kinds) if kinds is not None else None}))
    return sorted(rows, key=lambda row: (row.kind, row.not_before))


def begin_sending(row: Delivery, owner: UUID) -> bool:
    """T2: the last word before the wire. False when the lease has ended, or the row was taken back or expired."""
    mine = Delivery.objects.filter(pk=row.pk, state=State.LEASED, lease_owner=owner, lease_until__gt=Now())
    mine = mine.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=Now()))
    changed = mine.update(state=State.SENDING, lease_until=Now() + sending_time(), attempt=F("attempt") + 1)
    row.attempt += changed
    return changed == 1


BEGIN: Final = """
update notifications_delivery set state = 'sending', lease_until = telek_now() + %(time)s, attempt = attempt + 1
 where id = any(%(ids)s) and state = 'leased' and lease_owner = %(owner)s and lease_until > telek_now()
   and (expires_at is null or expires_at > telek_now())
returning id
"""


def begin_sending_together(rows: Sequence[Delivery], owner: UUID) -> list[Delivery]:
    """T2 for several in one statement: those that may go to the wire now."""
    with connection.cursor() as cursor:
        words: dict[str, Any] = {"time": sending_time(), "ids": [row.pk for row in rows], "owner": owner}
        cursor.execute(BEGIN, words)
        marked = {found for (found,) in cursor.fetchall()}
    held = [row for row in rows if row.pk in marked]
    for row in held:
        row.attempt += 1
    return held


def record_sent(row: Delivery, owner: UUID, accepted: Accepted) -> bool:
    """T3. False when the lease was lost meanwhile: the row is somebody else's by now."""
    arrived = {"state": State.DELIVERED, "delivered_at": Now()} if accepted.delivered else {"state": State.SENT}
    return _end_sending(row, owner, sent_at=Now(), provider_id=accepted.provider_id, last_error="", **arrived)


RECORD: Final = """
update notifications_delivery d
   set state = case when u.arrived then 'delivered' else 'sent' end,
       delivered_at = case when u.arrived then telek_now() else d.delivered_at end,
       sent_at = telek_now(), provider_id = u.number, last_error = '', lease_owner = null, lease_until = null
  from unnest(%s::uuid[], %s::text[], %s::boolean[]) as u (id, number, arrived)
 where d.id = u.id and d.state = 'sending' and d.lease_owner = %s
returning d.id
"""


def record_sent_together(sent: Sequence[tuple[Delivery, Accepted]], owner: UUID) -> set[UUID]:
    """T3 for several in one statement; the ids of those that were still ours."""
    with connection.cursor() as cursor:
        cursor.execute(
            RECORD,
            [
                [row.pk for row, _ in sent],
                [accepted.provider_id for _, accepted in sent],
                [accepted.delivered for _, accepted in sent],
                owner,
            ],
        )
        return {found for (found,) in cursor.fetchall()}


def record_retry(row: Delivery, owner: UUID, reason: str) -> bool:
    """T3 after a failure: again later, 5, 15, 30, then 60 s."""
    wait = BACK_OFF_SECONDS[min(max(row.attempt, 1), len(BACK_OFF_SECONDS)) - 1]
    later = Now() + timedelta(seconds=wait)
    return _end_sending(row, owner, state=State.PENDING, not_before=later, last_error=reason[:200])


def record_end(row: Delivery, owner: UUID, state: State, reason: str) -> bool:
    """T3 after the last failure: `dead` (it did not go out) or `unknown` (perhaps it did)."""
    return _end_sending(row, owner, state=state, last_error=reason[:200])


def withdraw(row: Delivery, owner: UUID, reason: str) -> None:
    """Nobody wants it any more."""
    Delivery.objects.filter(pk=row.pk, lease_owner=owner, state=State.LEASED).update(
        state=State.CANCELLED, last_error=reason, lease_owner=None, lease_until=None
    )


def give_back(rows: Sequence[Delivery], owner: UUID) -> None:
    """Leased rows whose turn did not come: due again at once."""
    Delivery.objects.filter(pk__in=[row.pk for row in rows], lease_owner=owner, state=State.LEASED).update(
        state=State.PENDING, lease_owner=None, lease_until=None
    )


def cancel_expired() -> int:
    """Reminders whose time has passed are cancelled with a reason, never sent in a burst after an outage."""
    late = Delivery.objects.filter(state=State.PENDING, not_before__lte=Now(), expires_at__lte=Now())
    return late.update(state=State.CANCELLED, last_error="expired before it could be sent")


@transaction.atomic
def sweep() -> list[Delivery]:
    """Rows whose process died. Taken ones are due again; those on the wire are returned, locked no longer.

    Of those, alerts and the like are due again under the same key; for the rest nobody can know: `unknown`. An
    alert that was on the wire for the last allowed time is returned in state `dead`.
    """
    lapsed = Delivery.objects.filter(lease_until__lte=Now())
    taken = lapsed.filter(state=State.LEASED).select_for_update(skip_locked=True)[:SWEEP_ROWS]
    _free([row.pk for row in taken], State.PENDING)
    failpoint("sweep.after-free")
    on_wire = list(lapsed.filter(state=State.SENDING).select_for_update(skip_locked=True)[:SWEEP_ROWS])
    for row in on_wire:
        row.state = _after_lapse(row)
    for state in {row.state for row in on_wire}:
        _free([row.pk for row in on_wire if row.state == state], State(state), "the sender ended while sending")
    return on_wire


def _after_lapse(row: Delivery) -> State:
    if row.kind not in REPEATED:
        return State.UNKNOWN
    return State.PENDING if row.attempt < MOST_ATTEMPTS else State.DEAD


def _free(ids: Sequence[UUID], state: State, reason: str = "") -> None:
    Delivery.objects.filter(pk__in=ids).update(state=state, lease_owner=None, lease_until=None, last_error=reason)


def _end_sending(row: Delivery, owner: UUID, **changes: object) -> bool:
    mine = Delivery.objects.filter(pk=row.pk, state=State.SENDING, lease_owner=owner)
    return mine.update(lease_owner=None, lease_until=None, **changes) == 1
