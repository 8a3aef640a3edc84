"""The clinic's outcomes, and the forecast on the chart: in the shadow until the clinic turns it on."""

from __future__ import annotations

import csv
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from apps.accounts.clinic_settings import change_setting
from apps.alerts.models import Alert
from apps.core import clock
from apps.monitoring.models import Anchor, QuestionnaireResponse
from apps.outcomes.clinic_outcomes import outcomes_of
from apps.outcomes.people import course_of, dose_of
from apps.patients.models import Patient
from tests.cast import Cast
from tests.desk.conftest import answer_phq9, give_dose

pytestmark = pytest.mark.django_db


def spread(total: int) -> list[int]:
    """A total over nine items."""
    return [total // 9 + (item < total % 9) for item in range(9)]


@pytest.fixture
def treated(cast: Cast) -> Cast:
    """One person: 19 before, six doses, 8 after, and a score of today."""
    with cast.acting(cast.nurse):
        for days, total in ((40, 19), (15, 8), (8, 7), (1, 9)):
            answer_phq9(cast.patient, days, *spread(total))
        for days in (35, 32, 28, 25, 21, 18):
            give_dose(cast.patient, days)
    return cast


def show(cast: Cast) -> None:
    with cast.acting(cast.clinic_admin), transaction.atomic():
        change_setting(clinic=cast.clinic, name="show_forecasts", value=True, actor=cast.clinic_admin, reason="judged")


def chart(cast: Cast) -> str:
    page = cast.client(cast.nurse).get(f"/desk/patients/{cast.patient.pk}/")
    assert page.status_code == 200
    return page.content.decode()


def test_a_forecast_stays_in_the_shadow_until_the_clinic_turns_it_on(treated: Cast) -> None:
    assert "What may come" not in chart(treated)
    show(treated)
    text = chart(treated)
    for words in (
        "What may come",
        "Not validated on patients",
        "80 % of the time",
        "start-1",
        "simulated courses",
        "Proved here",
    ):
        assert words in text
    assert "style=" not in text


def test_a_forecast_changes_no_alert(treated: Cast) -> None:
    show(treated)
    with treated.acting(treated.nurse):
        before = list(Alert.objects.visible_to(treated.nurse).values())
    chart(treated)
    with treated.acting(treated.nurse):
        assert list(Alert.objects.visible_to(treated.nurse).values()) == before


def test_a_person_without_a_dose_has_no_forecast(cast: Cast) -> None:
    show(cast)
    assert "What may come" not in chart(cast)


def test_a_course_begins_with_the_first_dose_and_the_last_score_before_it(treated: Cast) -> None:
    with treated.acting(treated.nurse):
        responses = QuestionnaireResponse.objects.visible_to(treated.nurse)
        doses = Anchor.objects.visible_to(treated.nurse)

        course = course_of(responses, doses, (), clock.now(), ZoneInfo("UTC"))
        assert course is not None
        assert (course.baseline, course.threshold, course.last_day) == (19, 10, 35)
        assert sorted(course.scores) == [20, 27, 34]
        assert [dose_of(each) for each in doses] == [0.5] * 6


def test_synthetic_people_never_enter_a_real_clinics_outcomes(treated: Cast) -> None:
    with treated.acting(treated.nurse):
        assert outcomes_of(treated.clinic, treated.nurse, clock.now()).completed == 1
        Patient.objects.filter(pk=treated.patient.pk).update(synthetic=True)
        assert outcomes_of(treated.clinic, treated.nurse, clock.now()).people == 0


def test_a_synthetic_answer_of_a_real_person_is_not_counted(treated: Cast) -> None:
    with treated.acting(treated.nurse):
        QuestionnaireResponse.objects.filter(total=19).update(synthetic=True)
        assert outcomes_of(treated.clinic, treated.nurse, clock.now()).people == 0


def test_a_small_clinic_shows_no_figure_on_the_page_nor_in_the_file(treated: Cast) -> None:
    client = treated.client(treated.nurse)
    assert "Fewer than five people" in client.get("/desk/outcomes/").content.decode()
    lines = list(csv.reader(StringIO(client.get("/desk/outcomes.csv").content.decode())))
    assert [line[0] for line in lines] == ["measure", "lasting"]
