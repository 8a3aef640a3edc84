"""Giving, pausing and ending a person's forms at the desk."""

import pytest
from django.urls import reverse

from apps.accounts.clinic_settings import change_setting
from apps.monitoring.models import Assignment, Slot
from tests.cast import Cast
from tests.monitoring.stage import assigned, questionnaire

pytestmark = pytest.mark.django_db


def plan(cast: Cast, **more: str) -> dict[str, str]:
    return {"questionnaire": str(questionnaire("phq-9").pk), "rhythm": "weekly", "weekday": "0"} | more


def test_a_form_is_given_and_planned(cast: Cast) -> None:
    url = reverse("patient-forms", args=[cast.patient.pk])
    response = cast.client(cast.coordinator).post(url, plan(cast), follow=True)
    assert "The form is planned." in response.content.decode()
    with cast.acting(cast.nurse):
        row = Assignment.objects.get()
        assert (row.rhythm, row.weekday, row.assigned_by) == ("weekly", 0, cast.coordinator.membership)
        assert Slot.objects.count() in (2, 3)


def test_only_forms_that_may_be_shown_to_a_patient_are_offered(cast: Cast) -> None:
    questionnaire()
    page = cast.client(cast.nurse).get(reverse("patient-forms", args=[cast.patient.pk])).content.decode()
    assert "GAD-7" in page
    for hidden in ("MADRS", "C-SSRS", "QIDS"):
        assert hidden not in page


def test_a_clinic_without_crisis_numbers_is_told_why_it_cannot_give_one(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        change_setting(clinic=cast.clinic, name="crisis_call_number", value="", actor=None, reason="test")
    response = cast.client(cast.nurse).post(reverse("patient-forms", args=[cast.patient.pk]), plan(cast))
    assert response.status_code == 422
    assert "no crisis line and no emergency number" in response.content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"questionnaire": "00000000-0000-0000-0000-000000000000"},
        {"questionnaire": "x"},
        {"rhythm": "hourly"},
        {"weekday": "9"},
        {"weekday": ""},
        {"opens_time": "25:00"},
        {"open_hours": "0"},
        {"open_hours": "1e3"},
    ],
)
def test_a_wrong_plan_is_refused_in_words(cast: Cast, wrong: dict[str, str]) -> None:
    response = cast.client(cast.nurse).post(reverse("patient-forms", args=[cast.patient.pk]), plan(cast, **wrong))
    assert response.status_code == 422
    with cast.acting(cast.nurse):
        assert not Assignment.objects.exists()


def test_a_plan_is_paused_and_ended_by_those_who_may(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        row = assigned(cast)
    url = reverse("assignment-change", args=[row.pk])
    assert cast.client(cast.other_prescriber).post(url, {"do": "end"}).status_code == 404
    assert cast.client(cast.patient_user).post(url, {"do": "end"}).status_code == 404
    assert cast.client(cast.clinic_admin).post(url, {"do": "end"}).status_code == 403
    client = cast.client(cast.nurse)
    assert "Choose the day" in client.post(url, {"do": "pause", "until": "soon"}, follow=True).content.decode()
    client.post(url, {"do": "pause", "until": "2099-01-01"})
    client.post(url, {"do": "end"})
    assert "has ended" in client.post(url, {"do": "end"}, follow=True).content.decode()
    with cast.acting(cast.nurse):
        row.refresh_from_db()
        assert row.status == "completed"
        assert not Slot.objects.filter(state__in=["open", "scheduled"]).exists()
