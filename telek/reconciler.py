"""Once a minute: is everything as it must be? Reads, changes nothing, and shouts.

Unsafe answers without an alert, alerts that were never paged, steps and leases past their time, timers that should be
off, letters stuck or held by the dead, canaries that came late. Each count must be 0. Any other number is told to the
administrators of the clinics (once an hour), and `/health/alerts` says 503, whose silence or alarm is the operator's.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from apps.accounts.models import Clinic
from apps.alerts import engine
from apps.alerts.warning import warn_administrators
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.monitoring.reconcile import unsafe_without_alert
from apps.notifications import late
from telek import reading_months
from telek.canary import late_canaries
from telek.heartbeat import my_turn

logger = logging.getLogger(__name__)

EVERY: Final = timedelta(minutes=1)
LATE: Final = timedelta(seconds=60)


def run_due(limit: int) -> int:
    """Compare, once a minute over all engines; how many differences there are. limit: of no meaning here."""
    if not my_turn("reconciler", EVERY):
        return 0
    found = {name: count for name, count in differences().items() if count}
    if found:
        _shout(found)
    return len(found)


def differences() -> dict[str, int]:
    """What should never be, by name; over all clinics, naming none."""
    pages = late.deliveries(LATE)
    return {
        "unsafe_without_alert": unsafe_without_alert(),
        "late_pages": pages.waiting,
        "lapsed_sends": pages.lapsed,
        "late_canaries": late_canaries(clock.now()),
        "reading_months": reading_months.missing(),
        **engine.reconcile(),
    }


def _shout(found: Mapping[str, int]) -> None:
    """Names and numbers into the log, a warning to every clinic's administrators."""
    why = ", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in sorted(found.items()))
    logger.error("the reconciler found differences: %s", why)
    key = f"reconciler-{clock.now():%Y%m%d%H}"
    for clinic in Clinic.objects.filter(is_active=True):
        with use_clinic(clinic.pk):
            warn_administrators(clinic, "paging-failing", key=key, words={"why": why})
