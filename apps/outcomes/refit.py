"""When a clinic's own model is fitted again: the row is the timer, one clinic a turn.

A fit takes a minute or two of one core. It is no work of the pump, which has alerts to see to: Celery's worker does it
beside the tick (telek/celery.py), `manage.py refit_forecasts --due` from any scheduler.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db import Error, transaction
from django.db.models import F, Q

from apps.accounts.models import Clinic
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.outcomes.learning import Learned, learn_from
from apps.outcomes.models import ForecastClock

logger = logging.getLogger(__name__)

EVERY: Final = timedelta(days=30)
AGAIN: Final = timedelta(days=1)  # after a failure
LEASE: Final = timedelta(hours=2)  # of one fit; a process that was killed leaves the clinic due again after it

Learn = Callable[[Clinic, datetime], Learned]


def refits_due(limit: int = 1, learn: Learn = learn_from) -> int:
    """Fit at most so many clinics that are due, the longest due first; how many were looked at."""
    looked_at = 0
    while looked_at < limit and (timer := _claimed(clock.now())) is not None:
        _fit(timer, learn)
        looked_at += 1
    return looked_at


def _claimed(now: datetime) -> ForecastClock | None:
    """A due clinic, leased to this process: nothing stays locked during the fit."""
    with transaction.atomic():
        due = ForecastClock.objects.filter(Q(refit_at__isnull=True) | Q(refit_at__lte=now), clinic__is_active=True)
        longest_first = due.select_related("clinic").order_by(F("refit_at").asc(nulls_first=True), "id")
        timer = longest_first.select_for_update(skip_locked=True, of=("self",)).first()
        if timer is not None:
            _set(timer, now + LEASE)
        return timer


def _fit(timer: ForecastClock, learn: Learn) -> None:
    try:
        with use_clinic(timer.clinic_id):
            found = learn(timer.clinic, clock.now())
        pause = EVERY
        logger.info("clinic %s: %d courses, own model taken: %s", timer.clinic_id, found.people, found.taken)
    except (Error, LookupError, TypeError, ValueError, ArithmeticError):
        logger.exception("clinic %s: its model cannot be fitted", timer.clinic_id)
        pause = AGAIN
    _set(timer, clock.now() + pause)


def _set(timer: ForecastClock, at: datetime) -> None:
    with use_clinic(timer.clinic_id), transaction.atomic():
        ForecastClock.objects.filter(pk=timer.pk).update(refit_at=at)
