"""The pump of treatment: forms that are owed, doses that one person gave alone. The row is the timer.

Runs as telek_pump over all clinics; a row is claimed with SKIP LOCKED and worked on in a savepoint of its own.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import Error, transaction
from django.utils.translation import gettext as _

from apps.accounts.permissions import Role
from apps.alerts.actions import raise_alert
from apps.alerts.warning import warn_administrators, warn_members
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.sessions.actions.home import tell_missed
from apps.sessions.actions.integration import ask_after
from apps.sessions.actions.reports import step_moment
from apps.sessions.actions.stock import tell_difference
from apps.sessions.check_reminders import remind_of_check
from apps.sessions.evidence import local_day
from apps.sessions.models import (
    DriverLink,
    HomeWatch,
    IntegrationWindow,
    MedicationAdministration,
    PlannedDose,
    RemsForm,
    SafetyCheck,
    StockDifference,
)
from apps.sessions.rems_form import step_day
from apps.sessions.words import word

logger = logging.getLogger(__name__)

POISON_DELAY = timedelta(minutes=10)
REVIEW_AGAIN = timedelta(hours=24)


def escalate_forms_due(limit: int = 50) -> int:
    """Tell somebody of each form that is owed and due for it, louder as its day comes; how many."""
    return _drain(RemsForm.objects.all(), _escalate, limit)


def review_doses_due(limit: int = 50) -> int:
    """A task for each dose that was given by one person alone and is not reviewed; every day again."""
    return _drain(MedicationAdministration.objects.all(), _ask_review, limit)


def all_clears_due(limit: int = 50) -> int:
    """A task for each driver who has not said by now that all is well; once."""
    return _drain(DriverLink.objects.all(), _ask_driver, limit)


def _drain(rows: Any, work: Callable[[Any, datetime], None], limit: int) -> int:
    """The rows alone: what they hang on is behind the wall until their clinic is in scope."""
    now = clock.now()
    with transaction.atomic():
        due = rows.filter(next_step_at__lte=now).order_by("next_step_at", "id")
        claimed = list(due.select_for_update(skip_locked=True)[:limit])
        for row in claimed:
            _alone(row, work, now)
    return len(claimed)


def _alone(row: Any, work: Callable[[Any, datetime], None], now: datetime) -> None:
    with use_clinic(row.clinic_id):
        try:
            with transaction.atomic():
                work(row, now)
        except (Error, LookupError, TypeError, ValueError):
            logger.exception("%s %s cannot be worked on", row._meta.model_name, row.pk)
            type(row).objects.filter(pk=row.pk).update(next_step_at=now + POISON_DELAY)


def _escalate(form: RemsForm, now: datetime) -> None:
    """After a pause of the pump only the newest step is told."""
    step = form.steps
    while step_moment(form.session, step + 1) <= now:
        step += 1
    form.steps, form.next_step_at = step + 1, step_moment(form.session, step + 1)
    form.save(update_fields=["steps", "next_step_at"])
    begun = form.session.dose_started_at or form.session.opened_at
    level = step_day(local_day(form.session, begun), step)[1]
    overdue = local_day(form.session, now) > form.due_on
    words = _("REMS form overdue since %(on)s") if overdue else _("REMS form due on %(on)s")
    raise_alert(
        patient=form.session.patient,
        cause="rems-form",
        level=level,
        title=words % {"on": form.due_on.isoformat()},
        source_kind="rems-form",
        source_id=form.pk,
        rule_code=f"step-{step}",
        synthetic=form.synthetic,
    )


def _ask_review(dose: MedicationAdministration, now: datetime) -> None:
    dose.next_step_at = now + clock.scaled(REVIEW_AGAIN)
    dose.save(update_fields=["next_step_at"])
    raise_alert(
        patient=dose.patient,
        cause="dose-review",
        level="P3",
        title=_("A dose given by one person alone waits for review"),
        source_kind="dose",
        source_id=dose.pk,
        rule_code=now.date().isoformat(),
        synthetic=dose.synthetic,
    )


def _ask_driver(link: DriverLink, now: datetime) -> None:
    link.next_step_at = None
    link.save(update_fields=["next_step_at"])
    raise_alert(
        patient=link.session.patient,
        cause="no-all-clear",
        level="P3",
        title=_("No all-clear on the morning after a session"),
        source_kind="driver-link",
        source_id=link.pk,
        rule_code="no-all-clear",
        synthetic=link.synthetic,
    )


def tell_checks_overdue(limit: int = 50) -> int:
    """A task for each long-term check whose days of grace are over; once, until it moves. How many."""
    return _drain(SafetyCheck.objects.all(), _tell_check, limit)


def _tell_check(check: SafetyCheck, now: datetime) -> None:
    check.next_step_at = None
    check.save(update_fields=["next_step_at"])
    raise_alert(
        patient=check.patient,
        cause=f"check-overdue-{check.kind}",
        level="P3",
        title=word(f"{check.kind}_check_overdue"),
        source_kind="safety-check",
        source_id=check.pk,
        rule_code=check.due_on.isoformat(),
        synthetic=check.synthetic,
    )


def tell_missed_look_ins(limit: int = 50) -> int:
    """Sessions at home whose look-in nobody answered in time; how many."""
    return _drain(HomeWatch.objects.all(), _tell_missed, limit)


def _tell_missed(watch: HomeWatch, now: datetime) -> None:
    tell_missed(watch, now)


def tell_differences(limit: int = 50) -> int:
    """Stock that does not match, to prescribers and administrators by every way, every hour until it is explained."""
    return _drain(StockDifference.objects.all(), _tell_difference, limit)


def _tell_difference(row: StockDifference, now: datetime) -> None:
    tell_difference(row)
    warn_administrators(row.clinic, "stock-difference", key=f"stock-{row.pk}-{row.told}")
    warn_members(row.clinic, Role.PRESCRIBER, "stock-difference", key=f"stock-{row.pk}-{row.told}")


def ask_after_windows(limit: int = 50) -> int:
    """Integration windows that open without a talk booked, or end: measured, and a task for each that failed."""
    return _drain(IntegrationWindow.objects.all(), ask_after, limit)


def remind_of_checks(limit: int = 50) -> int:
    """People who are to answer the check before a planned session; how many planned doses were worked on."""
    return _drain(PlannedDose.objects.all(), remind_of_check, limit)
