"""Between the row and the ladder: read a standing off an alert, put one back, and the one way to save an alert."""

import json
from collections.abc import Mapping

from apps.accounts.models import Membership
from apps.alerts import ladder
from apps.alerts.ladder import Policy, Standing
from apps.alerts.models import Alert, AlertEvent, EventKind
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock, live

TEXT_LIMIT = 500


def policy_of(alert: Alert) -> Policy:
    """The alert's own ladder, at this installation's speed. Raises ValueError when the snapshot is damaged."""
    return ladder.policy_from(alert.policy_snapshot, clock.scaled)


def standing_of(alert: Alert) -> Standing:
    """The row as the ladder sees it."""
    return Standing(
        state=alert.state,
        cycle=alert.cycle,
        step_no=alert.step_no,
        rung=alert.rung,
        rung_entered_at=alert.rung_entered_at or alert.raised_at,
        contact_due_at=alert.contact_due_at,
        last_page_at=alert.paged_at,
        lease_until=alert.lease_until,
        contact_overdue_paged=alert.contact_overdue_paged_at is not None,
    )


def put(alert: Alert, standing: Standing) -> None:
    """The ladder's standing back onto the row, timer included. The contact limit's own fields stay the caller's."""
    alert.state = standing.state
    alert.cycle, alert.step_no, alert.rung = standing.cycle, standing.step_no, standing.rung
    alert.rung_entered_at = standing.rung_entered_at
    alert.paged_at = standing.last_page_at
    alert.lease_until = standing.lease_until
    set_timer(alert)


def set_timer(alert: Alert) -> None:
    """When the engine must look at the alert again, from the row as it now is."""
    alert.next_step_at = ladder.next_step_at(policy_of(alert), standing_of(alert))


def note(
    alert: Alert,
    kind: EventKind,
    actor: Membership | None = None,
    text: str = "",
    record: Mapping[str, str] | None = None,
) -> None:
    """One line of the alert's history. record: what was written down at closing."""
    AlertEvent.objects.create(
        clinic_id=alert.clinic_id,
        alert=alert,
        kind=kind,
        actor=actor,
        text=text.replace("\x00", "")[:TEXT_LIMIT],
        record=json.dumps(record) if record else "",
    )


def keep(alert: Alert, kind: EventKind, actor: Membership | None = None, text: str = "") -> None:
    """Save a changed alert with its history, its audit row and the word to everybody who looks at it."""
    note(alert, kind, actor, text)
    save(alert, actor, detail=str(kind))


def save(alert: Alert, actor: Membership | None = None, *, detail: str) -> None:
    """Save a changed alert whose history is written already. detail: for the audit trail, a code."""
    alert.version += 1
    alert.save()
    audit.record(action=Action.UPDATE, actor_id=actor.user_id if actor else None, obj=alert, detail=detail)
    announce(alert)


def announce(alert: Alert) -> None:
    """After commit, tell the desk and whoever has the alert open."""
    live.publish("alerts", id=str(alert.pk), version=alert.version)
    live.publish(f"alert:{alert.pk}", id=str(alert.pk), version=alert.version)
    live.wake_pump()
