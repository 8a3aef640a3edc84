"""The pump of visits: each reminder once, at its time. The row is the timer (Visit.next_step_at).

Runs as telek_pump over all clinics; a visit is claimed with SKIP LOCKED and worked on in a savepoint of its own.
"""

import logging
from datetime import datetime, timedelta

from django.db import Error, transaction

from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.sessions.models import Visit, VisitStatus
from apps.sessions.notices import tell_soon
from apps.sessions.visit_rules import next_reminder, reminder_name

logger = logging.getLogger(__name__)

POISON_DELAY = timedelta(minutes=10)


def remind_due(limit: int = 50) -> int:
    """Queue the reminders that are due, and set each visit's next; how many visits were worked on."""
    now = clock.now()
    with transaction.atomic():
        due = Visit.objects.filter(next_step_at__lte=now).order_by("next_step_at", "id")
        claimed = list(due.select_for_update(skip_locked=True)[:limit])
        for visit in claimed:
            _remind_alone(visit, now)
    return len(claimed)


def _remind_alone(visit: Visit, now: datetime) -> None:
    with use_clinic(visit.clinic_id):
        try:
            with transaction.atomic():
                _remind(visit, now)
        except (Error, LookupError, TypeError, ValueError):
            logger.exception("visit %s: its reminder cannot be made", visit.pk)
            Visit.objects.filter(pk=visit.pk).update(next_step_at=now + POISON_DELAY)


def _remind(visit: Visit, now: datetime) -> None:
    """After a pause of the pump only the newest reminder is sent, and none once the visit's time has come."""
    due_at, visit.next_step_at = visit.next_step_at, next_reminder(visit.starts_at, now)
    visit.save(update_fields=["next_step_at"])
    if due_at is not None and visit.status == VisitStatus.PLANNED and now < visit.starts_at:
        tell_soon(visit, reminder_name(visit.starts_at, due_at))
