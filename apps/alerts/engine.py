"""Claim alerts whose time has come and make their step: the second, independent line of escalation.

Any number of engines may run at once (pump and Celery call the same function). Each alert is claimed, stepped and
committed by itself: a row is locked for milliseconds, and a crash loses no more than the step it was making, which
the next claim makes again. The clock is the database's.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from apps.alerts import ladder
from apps.alerts.ladder import Reason
from apps.alerts.models import Alert, EventKind
from apps.alerts.paging import page_administrators, page_owner, page_rung
from apps.alerts.standing import note, policy_of, put, save, set_timer, standing_of
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.core.failpoints import failpoint
from apps.notifications.models import Delivery

logger = logging.getLogger(__name__)

POISON_PAUSE = timedelta(seconds=30)
FAILURE_TOLD_EVERY = timedelta(hours=1)
_WORDS = {Reason.CONTACT_OVERDUE: EventKind.CONTACT_OVERDUE, Reason.LEASE_ENDED: EventKind.LEASE_ENDED}


def fire_due(limit: int = 50) -> int:
    """Make the step of every due alert, most urgent first, at most `limit`; how many were made or put off.

    Runs as telek_pump, which sees the due alerts of all clinics; not inside a transaction.
    """
    clock.refresh()
    made = 0
    while made < limit and _fire_one():
        made += 1
        failpoint("step.after-commit")
    return made


@transaction.atomic
def _fire_one() -> bool:
    """Claim and step one alert. False when none is due that nobody else holds."""
    at = clock.now()
    due = Alert.objects.due(at).order_by("level", "next_step_at").select_for_update(skip_locked=True)
    claimed = due.values_list("pk", "clinic_id").first()
    if claimed is None:
        return False
    failpoint("step.after-claim")
    pk, clinic_id = claimed
    with use_clinic(clinic_id):
        try:
            with transaction.atomic():
                step(Alert.objects.select_related("patient", "clinic").get(pk=pk), at)
        except Exception as error:  # one bad row must not stop the others; it is put off and told
            logger.exception("step of alert %s failed", pk)
            _put_off(pk, at, type(error).__name__)
    failpoint("step.before-commit")
    return True


def step(alert: Alert, at: datetime) -> None:
    """Make the step that is due. The alert is locked."""
    move = ladder.decide(policy_of(alert), standing_of(alert), at)
    if move is None:  # an earlier step already moved the time on
        set_timer(alert)
        alert.save(update_fields=["next_step_at"])
        return
    put(alert, move.after)
    if move.reason is Reason.CONTACT_OVERDUE:
        alert.contact_overdue_paged_at = at
    if move.reason in _WORDS:
        note(alert, _WORDS[move.reason])
    page = page_owner if move.to_owner else page_rung
    page(alert, at)
    save(alert, detail=str(move.reason))


def _put_off(pk: UUID, at: datetime, error: str) -> None:
    """A step that cannot be made comes again shortly, and the clinic's administrators are paged at most once an hour."""
    Alert.objects.filter(pk=pk).update(next_step_at=at + POISON_PAUSE, version=F("version") + 1)
    try:
        with transaction.atomic():
            alert = Alert.objects.select_related("clinic").get(pk=pk)
            told = _told_within_the_hour(alert, at)
            note(alert, EventKind.STEP_FAILED, text=error)
            if not told:
                page_administrators(alert, at, template="alert_failed", key=f"failed-{at:%Y%m%d%H%M%S}")
    except Exception:  # whatever is wrong with it, it is out of the way of the others
        logger.exception("alert %s: nobody could be told that its step failed", pk)


def _told_within_the_hour(alert: Alert, at: datetime) -> bool:
    pages = Delivery.objects.filter(clinic_id=alert.clinic_id, subject_kind="alert", subject_id=alert.pk)
    return pages.filter(dedupe_key__contains=":failed-", not_before__gt=at - FAILURE_TOLD_EVERY).exists()


def reconcile() -> dict[str, int]:
    """What should never be: counts over all clinics, without naming any. Works in every role.

    overdue_alerts: open and more than 60 s past their time; lapsed_leases: taken and more than 60 s past their
    lease; stray_timers: contacted or resolved, and still with a timer.
    """
    with connection.cursor() as cursor:
        cursor.execute("select overdue, lapsed, timers from alerts_late()")
        overdue, lapsed, timers = cursor.fetchone()
    return {"overdue_alerts": overdue, "lapsed_leases": lapsed, "stray_timers": timers}
