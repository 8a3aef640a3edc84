"""Odd settings, odd numbers and odd moments: refused in words or taken as what they are, and never an error of ours.

The other rows of the table of bad inputs stand with their doors: test_rows, test_problems, test_survey_pages, test_answers,
test_devices, test_observations, test_receipts, test_twilio, test_handling, test_closing, test_races, test_roster.
"""

from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from apps.accounts.clinic_settings import change_setting
from apps.accounts.models import Clinic, ClinicSetting
from apps.alerts.actions import acknowledge
from apps.alerts.models import Alert
from apps.core import clock
from apps.monitoring.instruments.pack import PackRefused, read_pack
from apps.monitoring.models import ItemAnswer, Questionnaire, Slot
from apps.notifications.models import Delivery
from tests.alerts.scene import a_raise, fresh, steps
from tests.api.conversation import post, problem
from tests.cast import Cast
from tests.clinical.packs import pack_for
from tests.monitoring.stage import give, give_all, open_slot

pytestmark = pytest.mark.django_db


@pytest.fixture
def slot(cast: Cast) -> Slot:
    with cast.acting(cast.nurse):
        return open_slot(cast)


def raw(slot: Slot, value: str, link_id: str = "q1") -> str:
    return f'{{"slot": "{slot.pk}", "link_id": "{link_id}", "value": {value}, "client_id": "{uuid4()}"}}'


def answers(cast: Cast) -> list[int | None]:
    with cast.acting(cast.nurse):
        return list(ItemAnswer.objects.order_by("received_at").values_list("value", flat=True))


# --- survey answers -----------------------------------------------------------------------------------


def test_minus_nought_is_nought(cast: Cast, slot: Slot) -> None:
    assert post(cast.client(cast.patient_user), "item-answers/", raw(slot, "-0")).status_code == 201
    assert answers(cast) == [0]


@pytest.mark.parametrize(
    "value", ["-0.0", "NaN", "Infinity", "-Infinity", "1e309", "1e1", '"1,5"', '"1.0"', '"\\u0661"', "1_0", "0x1", "01"]
)
def test_a_number_written_otherwise_is_no_answer(cast: Cast, slot: Slot, value: str) -> None:
    answer = post(cast.client(cast.patient_user), "item-answers/", raw(slot, value))
    problem(answer, answer.status_code)
    assert answer.status_code in {400, 422}
    assert answers(cast) == []


def test_a_newer_version_in_the_middle_leaves_the_form_as_it_was_begun(cast: Cast, slot: Slot) -> None:
    with cast.acting(cast.nurse):
        old = slot.questionnaire
        give(cast, slot, "q1", 1)
        newer = Questionnaire.objects.create(
            key=old.key, version="999-test", title=old.title, definition=old.definition | {"version": "999"}, digest="x"
        )
        give_all(cast, slot, *[0] * 8)
        assert set(ItemAnswer.objects.values_list("questionnaire_id", flat=True)) == {old.pk}
        assert newer.pk != old.pk
    made = post(cast.client(cast.patient_user), "questionnaire-responses/", {"slot": str(slot.pk)})
    assert made.status_code == 201
    assert made.json()["questionnaire"] == "phq-9"


def test_a_survey_without_questions_is_none() -> None:
    with pytest.raises(PackRefused):
        read_pack(pack_for("isi") | {"items": []})


def test_an_answer_at_the_second_of_signing_out_is_told_so_and_stores_nothing(cast: Cast, slot: Slot) -> None:
    client = cast.client(cast.patient_user)
    assert post(client, "item-answers/", raw(slot, "1")).status_code == 201
    client.logout()
    problem(post(client, "item-answers/", raw(slot, "2")), 401)
    problem(post(client, "questionnaire-responses/", {"slot": str(slot.pk)}), 401)
    assert answers(cast) == [1]


# --- alerts -------------------------------------------------------------------------------------------


def test_a_storm_of_reopening_stays_one_alert_with_a_page_each(cast: Cast) -> None:
    alert = a_raise(cast.patient, value=1)
    for value in range(2, 22):
        with cast.acting(cast.nurse):
            acknowledge(alert=fresh(alert), actor=cast.nurse)
        a_raise(cast.patient, value=value)
    now = fresh(alert)
    assert (now.state, now.count, now.worst_value) == ("open", 21, 21)
    made = steps(alert)
    assert len({(step.cycle, step.step_no) for step in made}) == len(made) == 21
    with cast.acting(cast.nurse):
        assert Alert.objects.count() == 1


@pytest.mark.parametrize("minutes", [0, -1, 5_256_000, True, 15.0, "15", None])
def test_a_delay_of_nothing_or_of_ten_years_is_refused(cast: Cast, minutes: Any) -> None:
    for name in ("p1_acknowledge_minutes", "repeat_page_minutes", "p1_lease_minutes"):
        with cast.acting(cast.clinic_admin), pytest.raises(ValidationError):
            change_setting(clinic=cast.clinic, name=name, value=minutes, actor=cast.clinic_admin, reason="test")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("desk_opens", "8 am"),
        ("desk_opens", "24:00"),
        ("desk_closes", ""),
        ("desk_closes", "25:99"),
        ("desk_days", "monday"),
        ("holidays", "2026-02-31, 25.12.2026"),
        ("holidays", "tomorrow"),
    ],
)
def test_hours_that_are_none_are_refused(cast: Cast, name: str, value: str) -> None:
    with cast.acting(cast.clinic_admin), pytest.raises(ValidationError):
        change_setting(clinic=cast.clinic, name=name, value=value, actor=cast.clinic_admin, reason="test")


def test_hours_that_stand_there_unreadable_stop_no_page(cast: Cast, slot: Slot) -> None:
    with cast.acting(cast.clinic_admin):
        for name in ("desk_opens", "desk_closes", "desk_days", "holidays"):
            ClinicSetting.objects.create(clinic=cast.clinic, name=name, value="8 am, I think")
    assert_an_unsafe_answer_pages(cast, slot)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd"])
def test_a_time_zone_that_is_gone_stops_no_page(cast: Cast, slot: Slot, zone: str) -> None:
    with cast.acting(cast.clinic_admin):
        Clinic.objects.filter(pk=cast.clinic.pk).update(time_zone=zone)
        cast.patient.time_zone = zone
        cast.patient.save(update_fields=["time_zone"])
        Slot.objects.filter(pk=slot.pk).update(time_zone=zone)
    assert_an_unsafe_answer_pages(cast, slot)


def assert_an_unsafe_answer_pages(cast: Cast, slot: Slot) -> None:
    assert post(cast.client(cast.patient_user), "item-answers/", raw(slot, "3", "q9")).status_code == 201
    with cast.acting(cast.nurse):
        alert = Alert.objects.get()
        assert Delivery.objects.filter(subject_id=alert.pk, recipient_id=cast.nurse.pk).exists()
    desk = cast.client(cast.nurse)
    for path in ("/desk/", "/desk/alerts/", f"/desk/alerts/{alert.pk}/", "/desk/roster/", "/desk/second-person/"):
        assert desk.get(path).status_code == 200, path
    for path in ("/desk/sessions/", "/desk/visits/", "/desk/outcomes/", f"/desk/patients/{cast.patient.pk}/exposure/"):
        assert desk.get(path).status_code == 200, path
    for path in ("/", "/visits/", "/session-day/"):
        assert cast.client(cast.patient_user).get(path).status_code == 200, path


@pytest.mark.parametrize("query", ["level=P0", "level=p1", "level=P1\x00", "state=asleep", "patient=7"])
def test_an_unknown_level_is_refused(cast: Cast, query: str) -> None:
    a_raise(cast.patient)
    problem(cast.client(cast.nurse).get(f"/api/v1/alerts/?{query}"), 400)


def test_the_clock_of_a_phone_decides_nothing(cast: Cast, slot: Slot) -> None:
    client = cast.client(cast.patient_user)
    for year in ("1970-01-01T00:00:00Z", "2099-12-31T23:59:59Z"):
        body = raw(slot, "1")[:-1] + f', "answered_at": "{year}"}}'
        assert post(client, "item-answers/", body).status_code == 201
    with cast.acting(cast.nurse):
        received = ItemAnswer.objects.values_list("received_at", flat=True)
        assert all(abs((at - clock.now()).total_seconds()) < 60 for at in received)
