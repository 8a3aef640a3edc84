"""Whether a clinic's forecasts still hold: bands by the self-test, the middle by the drift alarm; kept on its clock."""

from __future__ import annotations

import logging
from datetime import datetime

from apps.accounts.models import Clinic
from apps.outcomes.actions import errors_of, standing
from apps.outcomes.mathematics.selftest import drift
from apps.outcomes.models import ForecastClock

logger = logging.getLogger(__name__)


def note_standing(timer: ForecastClock, now: datetime) -> None:
    """Keep the first moment of each break, and take it back when a new model version begins afresh."""
    broken = standing(timer.clinic).broken_at is not None
    drifted = drift(errors_of(timer.clinic)).broken_at is not None
    for name, found in (("broken_at", broken), ("drifted_at", drifted)):
        before = getattr(timer, name)
        if found != (before is not None):
            setattr(timer, name, now if found else None)
            if found:
                logger.warning("clinic %s: its forecasts no longer hold (%s)", timer.clinic_id, name)
    timer.save(update_fields=["broken_at", "drifted_at"])


def forecasts_hold(clinic: Clinic) -> bool:
    """Nothing is known against them. Needs the clinic in scope."""
    return not ForecastClock.objects.filter(clinic=clinic, broken_at__isnull=False).exists()
