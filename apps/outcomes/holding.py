"""Whether a clinic's forecasts still hold: bands and probabilities by their self-tests, the middle by the drift alarm.

Kept on the clinic's clock.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from apps.accounts.models import Clinic
from apps.outcomes.actions import errors_of, standing
from apps.outcomes.chance_grades import chances_of
from apps.outcomes.mathematics.chances import Kept
from apps.outcomes.mathematics.selftest import drift
from apps.outcomes.models import ForecastClock

logger = logging.getLogger(__name__)


def note_standing(timer: ForecastClock, now: datetime) -> None:
    """Keep the first moment of each break, and take it back when a new model version begins afresh."""
    broken = standing(timer.clinic).broken_at is not None or not chances_hold(chances_of(timer.clinic))
    drifted = drift(errors_of(timer.clinic)).broken_at is not None
    for name, found in (("broken_at", broken), ("drifted_at", drifted)):
        before = getattr(timer, name)
        if found != (before is not None):
            setattr(timer, name, now if found else None)
            if found:
                logger.warning("clinic %s: its forecasts no longer hold (%s)", timer.clinic_id, name)
    timer.save(update_fields=["broken_at", "drifted_at"])


def chances_hold(chances: Mapping[str, Kept]) -> bool:
    """No probability has switched the forecasts off."""
    return all(each.broken_at is None for each in chances.values())


def forecasts_hold(clinic: Clinic) -> bool:
    """Nothing is known against them. Needs the clinic in scope."""
    return not ForecastClock.objects.filter(clinic=clinic, broken_at__isnull=False).exists()
