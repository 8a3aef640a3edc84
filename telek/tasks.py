"""Celery's entry points. They carry no payload: what is due stands in PostgreSQL."""

from functools import cache

from celery import shared_task

from apps.monitoring import plans
from apps.outcomes import refit
from telek import heartbeat
from telek.pump import Pump
from telek.pump_loop import one_cycle


@cache
def _pump() -> Pump:
    return Pump("celery")


@shared_task
def pump() -> None:
    """Everything that is due, as `manage.py pump` does it."""
    one_cycle(_pump())


@shared_task
def make_slots() -> None:
    """The slots of the next fourteen days."""
    plans.make_slots()


@shared_task
def refit_forecasts() -> None:
    """One clinic's own forecast model, if one is due."""
    refit.refits_due()


@shared_task
def canary() -> None:
    """Proof that the worker consumes, not only that it is connected."""
    heartbeat.leave_canary()
