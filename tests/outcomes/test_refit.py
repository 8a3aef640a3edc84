"""A clinic's own model is fitted once a month, one clinic a turn, by Celery's beat."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import transaction

from apps.accounts.models import Clinic
from apps.core import clock
from apps.core.db.roles import as_role
from apps.core.db.scope import use_clinic
from apps.outcomes import learning, refit
from apps.outcomes.learning import Learned
from apps.outcomes.models import ForecastClock
from telek.celery import app
from telek.tasks import refit_forecasts
from tests.cast import Cast
from tests.desk.conftest import answer_phq9, give_dose
from tests.outcomes.test_pages import spread

pytestmark = pytest.mark.django_db(transaction=True)


def begin(cast: Cast) -> None:
    with use_clinic(cast.clinic.pk), transaction.atomic():
        ForecastClock.objects.create(clinic=cast.clinic, next_at=clock.now())


def due_at(cast: Cast) -> datetime | None:
    with use_clinic(cast.clinic.pk), transaction.atomic():
        return ForecastClock.objects.get().refit_at


def test_beat_calls_the_refit_by_its_name() -> None:
    line = app.conf.beat_schedule["refit-forecasts"]
    assert line["task"] == refit_forecasts.name
    assert timedelta(seconds=line["schedule"]) < refit.LEASE < refit.EVERY


def test_each_clinic_is_fitted_once_a_month_in_the_pumps_own_role(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(cast)
    with cast.acting(cast.nurse), transaction.atomic():
        for days, total in ((40, 19), (15, 8), (8, 7)):
            answer_phq9(cast.patient, days, *spread(total))
        give_dose(cast.patient, 35)
    monkeypatch.setattr(learning, "ENOUGH_SCORES", 2)
    seen: list[int] = []
    real = learning.own_courses

    def own_courses(clinic: Clinic, at: datetime) -> list[learning.Course]:
        courses = real(clinic, at)
        seen.append(len(courses))
        return courses

    monkeypatch.setattr(learning, "own_courses", own_courses)
    with as_role("pump"):
        refit_forecasts()
        refit_forecasts()
        assert seen == [1]
    clock.shift(refit.EVERY + timedelta(minutes=1))
    with as_role("pump"):
        refit_forecasts()
    assert seen == [1, 1]


def test_a_fit_that_fails_is_tried_again_the_next_day_and_a_killed_one_after_its_lease(cast: Cast) -> None:
    begin(cast)
    leases: list[datetime | None] = []

    def failing(_clinic: Clinic, _at: datetime) -> Learned:
        leases.append(due_at(cast))
        raise ValueError("no course")

    with as_role("pump"):
        now = clock.now()
        assert [refit.refits_due(learn=failing) for _time in range(2)] == [1, 0]
    assert leases[0] is not None
    assert refit.LEASE <= leases[0] - now < refit.LEASE + timedelta(minutes=1)
    again = due_at(cast)
    assert again is not None
    assert refit.AGAIN <= again - now < refit.AGAIN + timedelta(minutes=1)
