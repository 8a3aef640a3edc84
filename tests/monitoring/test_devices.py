"""The way in for devices: scoped token, whose readings they are, bodies that cannot be read."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from apps.alerts.models import Alert
from apps.core import clock
from apps.monitoring import actions
from apps.monitoring.models import Device, Observation
from apps.monitoring.observations.body import readings_of
from apps.monitoring.observations.freshness import is_stale
from apps.monitoring.observations.reading import BodyRefused
from apps.monitoring.refusals import SurveyRefused
from tests.cast import Cast
from tests.monitoring.stage import MORNING

pytestmark = pytest.mark.django_db
URL = "/api/v1/device-readings/"
UCUM = "http://unitsofmeasure.org"


def connected(cast: Cast, identifier: str = "cuff-7") -> tuple[Device, str]:
    with cast.acting(cast.nurse):
        return actions.add_device(identifier=identifier, label="Cuff", patient=cast.patient, actor=cast.nurse)


def send(token: str, body: Any) -> Any:
    text = body if isinstance(body, bytes | str) else json.dumps(body)
    return Client().post(URL, text, content_type="application/json", headers={"Authorization": f"Device {token}"})


def beat(value: Any, at: datetime, **more: Any) -> dict[str, Any]:
    return {"code": "8867-4", "value": value, "unit": "/min", "effective_at": at.isoformat(), **more}


def panel(systolic: int, diastolic: int, at: datetime, unit: str = "mm[Hg]") -> dict[str, Any]:
    def part(code: str, value: int) -> dict[str, Any]:
        coding = [{"system": "http://loinc.org", "code": code}]
        return {"code": {"coding": coding}, "valueQuantity": {"value": value, "system": UCUM, "code": unit}}

    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "effectiveDateTime": at.isoformat(),
        "component": [part("8480-6", systolic), part("8462-4", diastolic)],
    }


def test_a_batch_is_stored_once_with_its_device_and_audited_once(cast: Cast) -> None:
    _device, token = connected(cast)
    now = clock.now()
    batch = {"readings": [beat(70 + n % 9, now + timedelta(milliseconds=200 * n), device_seq=0) for n in range(1000)]}
    assert send(token, batch).json() == {"created": 1000, "repeated": 0, "refused": []}
    assert send(token, batch).json() == {"created": 0, "repeated": 1000, "refused": []}
    with cast.acting(cast.nurse):
        assert Observation.objects.filter(patient=cast.patient, source="cuff-7").count() == 1000


def test_refused_readings_stop_no_other_and_say_why(cast: Cast) -> None:
    _device, token = connected(cast)
    now = clock.now()
    rows = [beat(0, now), beat(72, now), beat(72.5, now + timedelta(seconds=1)), beat("72", now + timedelta(seconds=2))]
    rows += [
        beat(True, now + timedelta(seconds=3)),
        beat(72, now + timedelta(hours=2)),
        beat(72, now - timedelta(days=1)),
    ]
    said = send(token, {"readings": rows}).json()
    codes = ["value_out_of_range", "too_exact", "not_a_number", "not_a_number", "in_the_future", "nobody-then"]
    assert (said["created"], [one["code"] for one in said["refused"]]) == (1, codes)


def test_a_device_given_to_another_person_mid_session_mixes_nobody_up(cast: Cast) -> None:
    device, token = connected(cast)
    with cast.acting(cast.nurse):
        first = device.wears.get()
        first.from_at = clock.now() - timedelta(hours=1)
        first.save()
        actions.give_device(device=device, patient=cast.patient_2, actor=cast.nurse)
    now = clock.now()
    late = beat(71, now - timedelta(minutes=10))
    assert send(token, {"readings": [beat(88, now), late]}).json()["created"] == 2
    with cast.acting(cast.nurse):
        by_person = dict(Observation.objects.values_list("patient__number", "value"))
    assert by_person == {cast.patient.number: 71, cast.patient_2.number: 88}


def test_two_devices_of_one_person_are_told_apart(cast: Cast) -> None:
    tokens = [connected(cast, name)[1] for name in ("cuff-1", "cuff-2")]
    now = clock.now()
    assert [send(token, beat(70 + n, now)).json()["created"] for n, token in enumerate(tokens)] == [1, 1]


def test_a_revoked_or_unknown_token_writes_nothing(cast: Cast) -> None:
    device, token = connected(cast)
    with cast.acting(cast.nurse):
        actions.revoke_device(device=device, actor=cast.nurse)
    assert {send(one, beat(72, clock.now())).status_code for one in (token, "", "x" * 43)} == {401}
    with cast.acting(cast.nurse):
        assert not Observation.objects.exists()


def test_a_device_is_known_once(cast: Cast) -> None:
    connected(cast)
    with pytest.raises(SurveyRefused) as refused:
        connected(cast)
    assert refused.value.code == "known-device"


def test_a_fhir_panel_is_two_readings_and_alarms(cast: Cast) -> None:
    _device, token = connected(cast)
    at = clock.now()
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": panel(182, 111, at)}]}
    assert send(token, bundle).json()["created"] == 2
    assert send(token, panel(24, 15, at + timedelta(seconds=1), "kPa")).json()["created"] == 2
    with cast.acting(cast.nurse):
        assert Alert.objects.get().level == "P1"


def test_staff_record_fhir_for_the_person_that_it_names(cast: Cast) -> None:
    client = cast.client(cast.nurse)
    ask = panel(121, 80, clock.now()) | {"subject": {"reference": f"Patient/{cast.patient.pk}"}}
    said = client.post("/api/v1/observations/fhir/", json.dumps(ask), content_type="application/json")
    assert (said.status_code, said.json()["created"]) == (200, 2)
    strange = ask | {"subject": {"reference": f"Patient/{cast.other_patient.pk}"}}
    assert (
        client.post("/api/v1/observations/fhir/", json.dumps(strange), content_type="application/json").status_code
        == 404
    )
    assert client.post("/api/v1/observations/fhir/", "[]", content_type="application/json").status_code == 422


def test_a_reading_is_corrected_over_the_api_once(cast: Cast) -> None:
    client = cast.client(cast.nurse)
    body = {"patient": str(cast.patient.pk), **beat(72, clock.now())}
    made = client.post("/api/v1/observations/", json.dumps(body), content_type="application/json").json()
    url = f"/api/v1/observations/{made['id']}/correct/"
    change = json.dumps({"value": 74, "reason": "misread"})
    statuses = [client.post(url, change, content_type="application/json").status_code for _ in range(2)]
    assert statuses == [201, 404]  # what was corrected is no longer there to be corrected


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not-json"),
        (b"[]", "not-an-object"),
        (b'{"readings": {}}', "bad-field"),
        (b'{"readings": []}', "too-many"),
        (b'{"readings": [1]}', "bad-field"),
        (b'{"code": "8867-4", "value": NaN, "unit": "/min"}', "not-json"),
        (b'{"code": "8867-4", "code": "8480-6"}', "not-json"),
        (b'{"code": "8867-4", "value": 1, "unit": "/min", "effective_at": "2026-11-24T10:00:00"}', "bad-field"),
        (b'{"code": "8867-4", "value": 1, "unit": "/min", "effective_at": 7}', "bad-field"),
        (b"\xff", "not-json"),
        (b"[" * 100_000, "not-json"),
        (b'{"resourceType": "Patient"}', "unknown-resource"),
        (b'{"resourceType": "Bundle", "entry": [{}]}', "unknown-resource"),
        (b'{"resourceType": "Observation", "status": "preliminary"}', "not-final"),
        (b'{"resourceType": "Observation", "status": "final", "effectiveDateTime": "2026-11"}', "bad-field"),
        (b" " * 1_048_577, "too-big"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_as_a_whole(body: bytes, code: str) -> None:
    with pytest.raises(BodyRefused) as refused:
        readings_of(body)
    assert refused.value.code == code


def test_a_number_beyond_all_measure_is_refused_and_never_an_error(cast: Cast) -> None:
    _device, token = connected(cast)
    text = '{"code": "8867-4", "value": 1e309, "unit": "/min", "effective_at": "%s"}' % clock.now().isoformat()  # noqa: UP031
    assert send(token, text).json()["refused"] == [{"index": 0, "code": "value_out_of_range"}]
    assert send(token, json.dumps(beat(72, clock.now(), code="\u0000"))).status_code == 200
    assert send(token, {"readings": [beat(72, clock.now())] * 1001}).status_code == 413


def test_a_value_is_old_when_its_time_is_over() -> None:
    assert not is_stale("8480-6", MORNING - timedelta(hours=23), MORNING)
    assert is_stale("8480-6", MORNING - timedelta(hours=25), MORNING)
    assert is_stale("1742-6", MORNING - timedelta(days=181), MORNING)


def test_a_device_of_another_clinic_is_not_there(cast: Cast) -> None:
    device, _token = connected(cast)
    with cast.acting(cast.other_prescriber):
        assert not Device.objects.filter(pk=device.pk).exists()
        assert not Device.objects.filter(pk=uuid4()).exists()
