"""The clinic's outcomes, and the forecast on the chart: in the shadow until the clinic turns it on."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from apps.accounts.clinic_settings import change_setting
from apps.alerts.actions import raise_alert
from apps.alerts.models import Alert
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.monitoring.models import Anchor, Assignment, QuestionnaireResponse, Slot, SlotState
from apps.outcomes.actions import store_forecast
from apps.outcomes.clinic_outcomes import ClinicOutcomes, Person, people_of, tables_of
from apps.outcomes.mathematics.courses import Course
from apps.outcomes.mathematics.disclosure import shown
from apps.outcomes.mathematics.report import Treated, outcomes
from apps.outcomes.models import ForecastClock
from apps.outcomes.outcome_words import group_tables
from apps.outcomes.people import course_of, dose_of
from apps.outcomes.planned import plan_of
from apps.outcomes.prior import starting_model
from apps.outcomes.protocol.answering import CASE_COLUMNS, answer_cases
from apps.outcomes.protocol.reading import read_cases
from apps.patients.models import Patient
from apps.sessions.actions import start_course
from apps.sessions.models import Course as TreatmentCourse
from apps.sessions.models import SafetyCheck
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
        "start-2",
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
        assert len(people_of(treated.clinic, treated.nurse, clock.now())) == 1
        Patient.objects.filter(pk=treated.patient.pk).update(synthetic=True)
        assert people_of(treated.clinic, treated.nurse, clock.now()) == []


def test_a_synthetic_answer_of_a_real_person_is_not_counted(treated: Cast) -> None:
    with treated.acting(treated.nurse):
        QuestionnaireResponse.objects.filter(total=19).update(synthetic=True)
        assert people_of(treated.clinic, treated.nurse, clock.now()) == []


def test_the_table_by_site_is_left_out_where_it_tells_a_few_people_apart_from_another_table() -> None:
    def person(site: str, route: str) -> Person:
        return Person(Treated(20, 11, ((14, 8.0),), (0, 2, 4, 7, 9, 11), ()), "depression", route, site)

    apart = [person(site, route) for site in ("North", "South") for route in ("iv", "im") for _each in range(6)]
    words = [table.words for table in group_tables(ClinicOutcomes(shown(outcomes([])), tables_of(apart), None))]
    assert words == ["By route", "By site"]
    nested = [*(person("North", "iv") for _each in range(8)), *(person("South", "im") for _each in range(8))]
    assert tables_of([*nested, *(person("North", "im") for _each in range(6))])["site"].groups
    assert tables_of([*nested, *(person("North", "im") for _each in range(3))])["site"].groups == ()


def test_a_small_clinic_shows_no_figure_on_the_page_nor_in_the_file(treated: Cast) -> None:
    client = treated.client(treated.nurse)
    assert "Fewer than five people" in client.get("/desk/outcomes/").content.decode()
    lines = list(csv.reader(StringIO(client.get("/desk/outcomes.csv").content.decode())))
    assert [line[0] for line in lines] == ["table"]
    found = client.get("/desk/outcomes.pdf")
    assert found.content.startswith(b"%PDF")


def test_the_curve_after_each_dose_shows_what_was_expected_with_its_window_and_never_a_date(treated: Cast) -> None:
    assert "expected after the last dose" not in chart(treated)
    show(treated)
    text = chart(treated)
    for words in ("expected after the last dose", "Effect of a session", "Window for the next session", "off by"):
        assert words in text
    assert 'class="fan2"' in text
    assert "Expected, 80 %" in text


def test_one_click_makes_the_payers_summary_and_leaves_a_trace(treated: Cast) -> None:
    found = treated.client(treated.nurse).get(f"/desk/patients/{treated.patient.pk}/payer-summary.pdf")
    assert found.content.startswith(b"%PDF")
    with treated.acting(treated.nurse):
        assert AuditEvent.objects.filter(patient_id=treated.patient.pk, detail="payer pack").exists()


def test_who_looked_stands_on_the_chart_and_on_the_worklist(treated: Cast) -> None:
    assert "Not marked as looked at yet" in chart(treated)
    answer = treated.client(treated.nurse).post(f"/desk/patients/{treated.patient.pk}/reviewed/")
    assert answer.status_code == 302
    assert "Last looked at on" in chart(treated)
    assert "reviewed" in treated.client(treated.nurse).get("/desk/").content.decode()


def test_a_window_that_opens_soon_puts_a_person_without_an_alert_into_the_bucket_fading(treated: Cast) -> None:
    show(treated)
    with treated.acting(treated.nurse), transaction.atomic():
        store_forecast(patient=treated.patient, course=near_the_threshold(), at=clock.now(), zone=ZoneInfo("UTC"))
    page = treated.client(treated.nurse).get("/desk/").content.decode()
    assert "Effect fades: the window opens" in page
    assert "#book" in page
    with treated.acting(treated.nurse), transaction.atomic():
        clock_of, _made = ForecastClock.objects.get_or_create(clinic=treated.clinic, defaults={"next_at": clock.now()})
        ForecastClock.objects.filter(pk=clock_of.pk).update(broken_at=clock.now())
    assert "Effect fades" not in treated.client(treated.nurse).get("/desk/").content.decode()


def test_a_check_that_is_due_soon_and_the_tasks_of_late_checks_and_talks_have_buckets_of_their_own(cast: Cast) -> None:
    def desk() -> str:
        return cast.client(cast.nurse).get("/desk/").content.decode()

    assert 'data-bucket="labs" hidden' in desk()
    with cast.acting(cast.nurse), transaction.atomic():
        now = clock.now()
        due = (now + timedelta(days=5)).date()
        check = SafetyCheck.objects.create(
            clinic=cast.clinic, patient=cast.patient, kind="liver", due_on=due, why="monthly", next_step_at=now
        )
    page = desk()
    assert 'data-bucket="labs" hidden' not in page
    assert "Check due: liver" in page
    with cast.acting(cast.nurse), transaction.atomic():
        SafetyCheck.objects.create(
            clinic=cast.clinic, patient=cast.patient, kind="pregnancy", due_on=due, why="monthly", next_step_at=now
        )
    page = desk()
    assert "Checks due: " in page
    assert "Check due: " not in page, "one row a person"
    with cast.acting(cast.nurse), transaction.atomic():
        SafetyCheck.objects.filter(kind="pregnancy").update(next_step_at=None)
    with cast.acting(cast.nurse), transaction.atomic():
        SafetyCheck.objects.filter(pk=check.pk).update(next_step_at=None)
        for cause, title in (("check-overdue-liver", "Liver is late"), ("integration-missed", "No talk yet")):
            raise_alert(
                patient=cast.patient,
                cause=cause,
                level="P3",
                title=title,
                source_kind="safety-check",
                source_id=check.pk,
                rule_code=cause,
                synthetic=False,
            )
    page = desk()
    assert "Check due: liver" not in page
    assert page.index("Labs due") < page.index("Liver is late") < page.index("No talk after a session")
    assert page.index("No talk after a session") < page.index("No talk yet")


def near_the_threshold() -> Course:
    """Rising for two weeks, just below it."""
    return Course(19, 10, 35, dict.fromkeys((0, 3, 7, 10, 14, 17), 0.5), {20: 5, 27: 7, 34: 9, 35: 9}, {})


def test_the_fan_on_the_chart_is_what_the_command_prints_for_the_same_case(treated: Cast, tmp_path: Path) -> None:
    show(treated)
    answer_by_api(treated, 11)
    case = {
        "case_id": "c", "patient_id": str(treated.patient.pk), "kind": "maint", "cutoff_day": 35, "baseline_phq9": 19,
        "relapse_threshold": 10, "plan": [], "moods": [],
        "sessions": [{"day": day, "dose_mg_per_kg": 0.5, "phase": "induction"} for day in (0, 3, 7, 10, 14, 17)],
        "scores": [{"day": day, "total": total, "item9": 0} for day, total in ((20, 8), (27, 7), (34, 9), (35, 11))],
        "want": {"phq_days": [42, 49, 63], "response_day": None, "relapse": False, "ttt": False},
    }  # fmt: skip
    (tmp_path / "cases.json").write_text(json.dumps({"schema": "telek-forecast/1", "cases": [case]}))
    rows = answer_cases(read_cases(tmp_path / "cases.json"), starting_model().model, lambda _done: None)
    said = dict(zip(CASE_COLUMNS, rows[0], strict=True))
    text = chart(treated)
    for day in (7, 14, 28):
        low, middle, high = (round(float(said[f"phq{day}_q{share}"])) for share in (10, 50, 90))
        assert f"<b>{middle}</b>" in text
        assert f"{low}–{high}" in text


def test_during_the_series_the_chart_tells_how_likely_a_response_is_as_the_command_does(
    cast: Cast, tmp_path: Path
) -> None:
    with cast.acting(cast.nurse), transaction.atomic():
        for days, total in ((6, 19), (1, 12)):
            answer_phq9(cast.patient, days, *spread(total))
        for days in (5, 2):
            give_dose(cast.patient, days)
    show(cast)
    assert "a week after the planned series" not in chart(cast)
    with cast.acting(cast.prescriber), transaction.atomic():
        start_course(patient=cast.patient, template="iv-depression", actor=cast.prescriber)
        TreatmentCourse.objects.update(started_at=clock.now() - timedelta(days=7))
        first = clock.now() - timedelta(days=5)
        plan = plan_of(cast.patient, list(Anchor.objects.order_by("started_at")), ZoneInfo("UTC"), clock.now().date())
        store = course_of(
            QuestionnaireResponse.objects.order_by("authored_at"),
            Anchor.objects.order_by("started_at"),
            (),
            clock.now(),
            ZoneInfo("UTC"),
        )
        assert store is not None
        kept = store_forecast(
            patient=cast.patient, course=replace(store, plan=plan), at=clock.now(), zone=ZoneInfo("UTC")
        )
    assert len(plan) == 4
    case = {
        "case_id": "c", "patient_id": str(cast.patient.pk), "kind": "early", "cutoff_day": 5, "baseline_phq9": 19,
        "relapse_threshold": 10, "moods": [],
        "plan": [{"day": day, "dose_mg_per_kg": 0.5} for day in plan],
        "sessions": [{"day": day, "dose_mg_per_kg": 0.5, "phase": "induction"} for day in (0, 3)],
        "scores": [{"day": 4, "total": 12, "item9": 0}],
        "want": {"phq_days": [12, 19, 33], "response_day": max(plan) + 7, "relapse": False, "ttt": False},
    }  # fmt: skip
    (tmp_path / "cases.json").write_text(json.dumps({"schema": "telek-forecast/1", "cases": [case]}))
    rows = answer_cases(read_cases(tmp_path / "cases.json"), starting_model().model, lambda _done: None)
    said = float(dict(zip(CASE_COLUMNS, rows[0], strict=True))["p_response"])
    assert kept.response == pytest.approx(said, abs=1e-6)
    assert kept.response_on == (first + timedelta(days=max(plan) + 7)).date()
    text = chart(cast)
    assert f"in {max(plan) + 7 - 5} days, a week after the planned series</dt><dd>{round(100 * said)} %" in text


def answer_by_api(cast: Cast, total: int) -> None:
    """Today's PHQ-9, answered and submitted by the person through the survey API."""
    now = clock.now()
    with cast.acting(cast.nurse), transaction.atomic():
        assignment = Assignment.objects.get(patient=cast.patient)
        slot = Slot.objects.create(
            clinic=cast.clinic,
            assignment=assignment,
            patient=cast.patient,
            questionnaire=assignment.questionnaire,
            slot_key="by-api",
            opens_at=now - timedelta(hours=1),
            closes_at=now + timedelta(hours=3),
            next_step_at=now + timedelta(hours=3),
            time_zone="UTC",
            state=SlotState.OPEN,
        )
    client = cast.client(cast.patient_user)
    values = [*spread(total)[::-1][:-1], 0]
    values[0] += total - sum(values)
    for number, value in enumerate(values, start=1):
        body = {"slot": str(slot.pk), "link_id": f"q{number}", "value": value, "client_id": str(uuid4())}
        assert client.post("/api/v1/item-answers/", body, content_type="application/json").status_code == 201
    sent = client.post("/api/v1/questionnaire-responses/", {"slot": str(slot.pk)}, content_type="application/json")
    assert sent.status_code == 201
