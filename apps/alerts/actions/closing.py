"""How an alert ends, or is put off, or needs no page next time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts import closing_record
from apps.alerts.actions.handling import locked, needed
from apps.alerts.levels import Level
from apps.alerts.models import Alert, AlertState, ContactAttempt, Disposition, EventKind, ReviewedLevel
from apps.alerts.refusal import AlertRefused
from apps.alerts.standing import keep, note, save, set_timer
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.notifications import actions as notifications
from apps.patients.models import Patient

ATTEMPTS_NEEDED = 2  # by different channels (clinical reference 4.2)
SNOOZE_AT_MOST = timedelta(days=14)
REVIEW_AT_MOST = timedelta(days=90)
DISMISSIBLE = frozenset({"phrase"})  # a hint for staff to confirm or dismiss: no contact is owed for a false one


@transaction.atomic
def resolve(
    *, alert: Alert, actor: User, disposition: str, text: str, record: Mapping[str, Any] | None = None
) -> Alert:
    """Close an alert with an outcome and a note; nothing closes one by itself.

    P1 and P2: licensed clinicians only, taken before, and the person reached or tried twice by different channels
    since it was raised or got worse, with what closing_record asks for. P3: whoever may close tasks.
    record: answers by name (closing_record.QUESTIONS), times aware.
    """
    alert, member = locked(alert, actor)
    if disposition not in Disposition.values:
        raise AlertRefused("disposition", _("Choose how this ended."))
    text = needed(text, _("Write a line about what was found and done."))
    missing = what_is_missing(alert, actor, disposition)
    if missing:
        raise AlertRefused("missing", " ".join(missing))
    written = _written(alert, disposition, record)
    alert.state, alert.next_step_at, alert.lease_until = AlertState.RESOLVED, None, None
    alert.resolved_at, alert.resolved_by = clock.now(), member
    alert.disposition, alert.note = disposition, text
    alert.quieted_step = alert.step_no
    notifications.cancel(subject_kind="alert", subject_id=alert.pk)
    note(alert, EventKind.CLOSED, member, str(Disposition(disposition).label), written)
    save(alert, member, detail=str(EventKind.CLOSED))
    return alert


def _written(alert: Alert, disposition: str, given: Mapping[str, Any] | None) -> dict[str, str]:
    """The record as it is kept. Raises AlertRefused with what is missing or wrong, field by field."""
    record = closing_record.tidied(given)
    wanted = closing_record.needed(alert.level, alert.cause, disposition, dismissed=_dismissed(alert, disposition))
    if faults := closing_record.faults(record, wanted, clock.now()):
        raise AlertRefused("record", closing_record.in_words(faults), faults)
    return record


def what_is_missing(alert: Alert, actor: User, disposition: str = "") -> list[str]:
    """In words, what stands between this person and closing this alert; empty when nothing does."""
    if alert.level == Level.P3.value:
        return [] if actor.may(Permission.CLOSE_TASKS) else [_("You may not close tasks.")]
    missing = []
    if not actor.may(Permission.CLOSE_ALERTS):
        missing.append(_("Only a licensed clinician can close this."))
    if alert.state == AlertState.OPEN:
        missing.append(_("Somebody must take it first."))
    if not contact_made(alert) and not _dismissed(alert, disposition):
        missing.append(_("Reach the person, or try twice in different ways."))
    return missing


def contact_made(alert: Alert) -> bool:
    """Reached, or tried twice by different channels, since the alert was raised or got worse."""
    if alert.state == AlertState.CONTACTED:
        return True
    tries = ContactAttempt.objects.filter(alert=alert, created_at__gte=alert.episode_began_at)
    return len(set(tries.values_list("channel", flat=True))) >= ATTEMPTS_NEEDED


def _dismissed(alert: Alert, disposition: str) -> bool:
    return alert.cause in DISMISSIBLE and disposition == Disposition.NO_CONCERN


@transaction.atomic
def snooze(*, alert: Alert, actor: User, until: datetime, reason: str) -> Alert:
    """Put a task off to a later time, with a reason. P1 and P2 cannot be put off."""
    alert, member = locked(alert, actor)
    if alert.level != Level.P3.value:
        raise AlertRefused("level", _("Only a task can be put off."))
    reason = needed(reason, _("Say why this can wait."))
    at = clock.now()
    if until <= at or until > at + clock.scaled(SNOOZE_AT_MOST):
        raise AlertRefused("until", _("Choose a time within the next 14 days."))
    if alert.state == AlertState.CONTACTED:
        raise AlertRefused("contacted", _("The person was reached: close this task instead."))
    alert.contact_due_at, alert.contact_overdue_paged_at = until, None
    alert.rung_entered_at, alert.paged_at = until, None
    if alert.lease_until is not None:
        alert.lease_until = max(alert.lease_until, until)
    set_timer(alert)
    keep(alert, EventKind.SNOOZED, member, f"{until.isoformat(timespec='minutes')}: {reason}")
    return alert


@transaction.atomic
def review_level(
    *,
    patient: Patient,
    cause: str,
    value: int,
    reason: str,
    expires_at: datetime,
    actor: User,
    alert: Alert | None = None,
) -> ReviewedLevel:
    """Sign that this person's known answer (this value or less) need not page until then; new or worse always does.

    Licensed clinicians only, a reason, at most 90 days. alert: where it was decided, for its history.
    """
    if actor.membership is None or not actor.may(Permission.CLOSE_ALERTS):
        raise AlertRefused("not-allowed", _("Only a licensed clinician can sign this."))
    reason = needed(reason, _("Say why this answer is known and expected."))
    at = clock.now()
    if value < 1 or expires_at <= at or expires_at > at + REVIEW_AT_MOST:
        raise AlertRefused("until", _("Sign a level of 1 or more, for at most 90 days."))
    row = ReviewedLevel.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        cause=cause,
        value=value,
        signed_by=actor.membership,
        reason=reason[:500],
        expires_at=expires_at,
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row, detail=cause)
    if alert is not None:
        fresh, member = locked(alert, actor)
        keep(fresh, EventKind.REVIEWED, member, reason)
    return row
