"""What the desk shows of an alert: its row as plain data, and its ladder with names and times."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.utils.translation import get_language

from apps.accounts.models import User
from apps.alerts import ladder, roster
from apps.alerts.levels import Level
from apps.alerts.models import LEVELS, Alert, AlertQuerySet, AlertState, AlertStep, EscalationRung
from apps.alerts.standing import policy_of, standing_of

HELD = (AlertState.ACKED, AlertState.CONTACTED)


@dataclass(frozen=True, slots=True)
class RungLine:
    """One rung: who, when, how. state: done (paged), next or later (if nobody takes it). people: names, maybe none."""

    rung: int
    target: str
    state: str
    at: datetime
    people: list[str]
    channels: list[str]
    pages: int


def with_people(alerts: AlertQuerySet) -> AlertQuerySet:
    """Everything that a row shows, in the same query."""
    return alerts.select_related("patient", "owner__user")


def alert_row(alert: Alert, user: User) -> dict[str, Any]:
    """One alert as JSON-safe data (times ISO 8601, ids as text). A closed alert is its id and version only.

    clock: what the desk counts down to, {"kind": acknowledge, lease, contact or due, "at"}, or None once contacted.
    owner: who has it, None while it is open; "mine" says whether that is the reader.
    """
    if alert.state == AlertState.RESOLVED:
        return {"id": str(alert.pk), "version": alert.version}
    words = _words(get_language())
    return {
        "id": str(alert.pk),
        "version": alert.version,
        "level": alert.level,
        "level_words": words[alert.level],
        "state": alert.state,
        "state_words": words[alert.state],
        "code": alert.code,
        "cause": alert.cause,
        "why": alert.title,
        "count": alert.count,
        "patient": _patient(alert),
        "raised_at": alert.raised_at.isoformat(),
        "clock": _clock(alert),
        "contact_due_at": alert.contact_due_at.isoformat(),
        "contact_overdue": alert.contact_overdue_paged_at is not None and alert.state != AlertState.CONTACTED,
        "call_promised_by": alert.call_promised_by.isoformat() if alert.call_promised_by else None,
        "owner": _owner(alert, user),
        "path": alert.path,
        "synthetic": alert.synthetic,
    }


def clock_seconds(alert: Alert) -> int | None:
    """How long the running clock is as a whole, for a meter beside it; None where no clock runs."""
    running = _clock(alert) if alert.state != AlertState.RESOLVED else None
    if running is None:
        return None
    began = {"acknowledge": alert.rung_entered_at or alert.raised_at, "contact": alert.episode_began_at}
    end = datetime.fromisoformat(running["at"])
    return max(1, round((end - began.get(running["kind"], alert.raised_at)).total_seconds()))


@cache
def _words(_language: str | None) -> dict[str, str]:
    """Levels and states in the language in force, which is the one named; get_..._display asks anew for every row."""
    return {str(value): str(label) for value, label in [*LEVELS, *AlertState.choices]}


def ladder_lines(alert: Alert, at: datetime) -> list[RungLine]:
    """The rungs already paged, oldest first, and those ahead with who would be paged as things stand now."""
    targets = dict(EscalationRung._meta.get_field("target").flatchoices)
    policy = policy_of(alert)
    lines = [_done(steps, policy.rungs, targets) for steps in _by_visit(alert)]
    if alert.state != AlertState.OPEN and alert.next_step_at is None:
        return lines
    for place, (rung, when) in enumerate(ladder.rung_times(policy, standing_of(alert))):
        people = roster.people_on(policy.rungs[rung], alert.patient, at)
        label = str(targets.get(policy.rungs[rung], policy.rungs[rung]))
        lines.append(RungLine(rung, label, "later" if place else "next", when, [str(p.user) for p in people], [], 0))
    return lines


def _patient(alert: Alert) -> dict[str, str]:
    patient = alert.patient
    return {
        "id": str(patient.pk),
        "name": f"{patient.given_name} {patient.family_name}",
        "initials": patient.initials,
        "number": patient.number,
    }


def _owner(alert: Alert, user: User) -> dict[str, Any] | None:
    if alert.owner is None or alert.state not in HELD:
        return None
    person = alert.owner.user
    return {
        "id": str(alert.owner_id),
        "name": person.name,
        "initials": person.initials,
        "since": alert.acked_at.isoformat() if alert.acked_at else None,
        "mine": user.membership is not None and alert.owner_id == user.membership.pk,
    }


def _clock(alert: Alert) -> dict[str, str] | None:
    if alert.state == AlertState.CONTACTED:
        return None
    if alert.level == Level.P3.value:
        return {"kind": "due", "at": alert.contact_due_at.isoformat()}
    if alert.state == AlertState.ACKED:
        return {"kind": "contact", "at": alert.contact_due_at.isoformat()}
    entered = alert.rung_entered_at or alert.raised_at
    return {"kind": "acknowledge", "at": (entered + policy_of(alert).acknowledge).isoformat()}


def _by_visit(alert: Alert) -> Iterable[list[AlertStep]]:
    """Pages in a row on the same rung of the same cycle are one line."""
    visit: list[AlertStep] = []
    for step in alert.steps.order_by("step_no"):
        if visit and (step.cycle, step.rung) != (visit[0].cycle, visit[0].rung):
            yield visit
            visit = []
        visit.append(step)
    if visit:
        yield visit


def _done(steps: list[AlertStep], rungs: tuple[str, ...], targets: dict[str, Any]) -> RungLine:
    first = steps[0]
    target = rungs[first.rung] if first.rung < len(rungs) else ""
    people = list(dict.fromkeys(str(who["name"]) for step in steps for who in step.targets))
    used = list(dict.fromkeys(str(way) for step in steps for who in step.targets for way in who["channels"]))
    return RungLine(first.rung, str(targets.get(target, target)), "done", first.fired_at, people, used, len(steps))
