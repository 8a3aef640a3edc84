"""Readings on pages: typed in, from a device, with their age."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.alerts.models import Alert
from apps.core import clock
from apps.monitoring.actions import Reading, correct_observation, record_observations
from apps.monitoring.models import Device, Observation, PatientLimits
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_a_person_types_a_pressure_and_it_is_judged(cast: Cast) -> None:
    client = cast.client(cast.patient_user)
    units = {"temperature_unit": "Cel", "weight_unit": "[lb_av]"}
    said = client.post("/readings/", {"systolic": "184", "diastolic": "96", "weight": "160", **units})
    assert said.status_code == 302
    with cast.acting(cast.nurse):
        assert {row.code: float(row.value) for row in Observation.objects.all()} == {
            "8480-6": 184,
            "8462-4": 96,
            "29463-7": 72.6,
        }
        assert set(Observation.objects.values_list("source", flat=True)) == {"patient"}
        assert Alert.objects.get().level == "P1"
    assert "184" in client.get("/readings/").content.decode()


def test_what_cannot_be_is_said_at_its_field_and_stores_nothing(cast: Cast) -> None:
    client = cast.client(cast.patient_user)
    units = {"temperature_unit": "Cel", "weight_unit": "kg"}
    for typed in ({"oxygen": "101"}, {"temperature": "98.6"}, {}, {"pulse": "72", "measured_at": "2031-01-01T08:00"}):
        assert client.post("/readings/", {**typed, **units}).status_code == 422
    with cast.acting(cast.nurse):
        assert not Observation.objects.exists()


def test_an_old_value_looks_old(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        at = clock.now() - timedelta(days=3)
        pulse = Reading("8867-4", 72, "/min", at)
        record_observations(patient=cast.patient, readings=[pulse], source="cuff-1", actor=None)
    for user, page in ((cast.patient_user, "/readings/"), (cast.nurse, f"/desk/patients/{cast.patient.pk}/readings/")):
        assert '<tr class="muted" data-stale-at' in cast.client(user).get(page).content.decode()


def test_staff_add_a_device_whose_token_is_shown_once_and_set_limits(cast: Cast) -> None:
    client, url = cast.client(cast.nurse), f"/desk/patients/{cast.patient.pk}/readings/"
    said = client.post(url, {"do": "device", "identifier": "cuff-9", "label": "Cuff"})
    assert "shown once" in said.content.decode()
    assert "shown once" not in client.get(url).content.decode()
    client.post(url, {"do": "limits", "phase": "home", "reason": "lives with 165", "sbp_high": "175"})
    lab = {"do": "record", "lab": "1742-6", "lab_value": "33", "temperature_unit": "Cel", "weight_unit": "kg"}
    assert client.post(url, lab).status_code == 302
    with cast.acting(cast.nurse):
        assert PatientLimits.objects.get().limits == {"sbp_high": 175}
        assert Observation.objects.get().code == "1742-6"
        device = Device.objects.get()
    assert client.post(f"/desk/devices/{device.pk}/end/").status_code == 302
    with cast.acting(cast.nurse):
        assert Device.objects.get().revoked_at is not None


def test_a_coordinator_reads_and_writes_nothing(cast: Cast) -> None:
    client, url = cast.client(cast.coordinator), f"/desk/patients/{cast.patient.pk}/readings/"
    assert client.get(url).status_code == 200
    client.post(url, {"do": "device", "identifier": "cuff-9"})
    with cast.acting(cast.nurse):
        assert not Device.objects.exists()


def test_the_weeks_of_a_value_are_drawn_and_said_and_a_corrected_one_does_not_count(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        now = clock.now()
        readings = [Reading("8480-6", 120 + n, "mm[Hg]", now - timedelta(days=7 * n)) for n in range(6)]
        record_observations(patient=cast.patient, readings=readings, source="cuff-1", actor=None)
        newest = Observation.objects.get(value=120)
        correct_observation(observation=newest, value=Decimal(140), reason="misread", actor=cast.nurse)
    page = cast.client(cast.nurse).get(f"/desk/patients/{cast.patient.pk}/readings/?code=8480-6").content.decode()
    assert "systolic blood pressure, mean of each week" in page
    assert '<td class="n">140</td>' in page
    assert '<td class="n">120</td>' not in page
