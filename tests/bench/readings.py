"""Readings: a device's bulk over HTTP, and the pages of a person with five years of them."""

from __future__ import annotations

import argparse
import itertools
import json
import random
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.monitoring import actions
from apps.monitoring.models import DeviceWear
from apps.patients.models import Patient
from tests.bench import scene
from tests.bench.figures import Figure, cpu_ms, interleaved, quantile, seconds
from tests.bench.serving import serve
from tests.chaos.rig import Rig

BATCH = 100
BATCHES = 20
COPY = (
    "copy monitoring_observation (id, clinic_id, patient_id, code, value, unit, effective_at, source) "
    "from stdin (format binary)"
)
YEARS_OF_READINGS = """
insert into monitoring_observation (id, clinic_id, patient_id, code, value, unit, effective_at, source)
select gen_random_uuid(), %s, %s, k.code, k.low + (n * 7 %% 30), k.unit,
       telek_now() - interval '5 years' + n * interval '5 years' / 50000 + k.apart * interval '1 second', 'cuff-1'
from generate_series(1, 49999) n,
     (values ('8480-6', 110, 'mm[Hg]', 0), ('8462-4', 60, 'mm[Hg]', 1), ('8867-4', 60, '/min', 2), ('59408-5', 70, '%%', 3))
       as k (code, low, unit, apart)
"""
YEARS_OF_ANSWERS = """
with slots as (
  insert into monitoring_slot (id, clinic_id, assignment_id, patient_id, questionnaire_id, slot_key, opens_at, closes_at,
                               time_zone, state, synthetic)
  select gen_random_uuid(), clinic_id, assignment_id, patient_id, questionnaire_id, 'b' || n,
         telek_now() - n * interval '21 hours', telek_now() - n * interval '21 hours' + interval '20 hours', 'UTC',
         'answered', false
  from monitoring_slot s, generate_series(1, 2000) n where s.id = %s
  returning id, clinic_id, patient_id, questionnaire_id, opens_at)
insert into monitoring_questionnaireresponse (id, clinic_id, slot_id, patient_id, questionnaire_id, authored_at, status,
  answers, valid, total, prorated, missing, severity, auth_level, synthetic)
select gen_random_uuid(), clinic_id, id, patient_id, questionnaire_id, opens_at, 'completed',
  '{"q1": 1, "q2": 1, "q9": 0}', true, 5 + (extract(epoch from opens_at)::bigint / 3600 %% 12), false, 0, 'mild', 'session', false
from slots
"""


def device_ingest(rig: Rig, options: argparse.Namespace) -> Iterator[Figure]:
    """Authenticated, validated, judged by limits and rules, audited; beside a bare COPY and the plain bulk view."""
    (patient,) = scene.more_patients(1)
    token = _device(patient)
    moments = _moments()
    with ExitStack() as stack:
        base = serve(rig, stack, "tests.bench.asgi")
        http = stack.enter_context(httpx.Client(base_url=base, trust_env=False))
        database = stack.enter_context(psycopg.connect(rig.postgres.url("postgres"), autocommit=True))
        for _warm in range(3):
            _send(http, token, _batch(moments))
            _send_plain(http, patient, _batch(moments))

        def ours() -> float:
            batches = [_batch(moments) for _ in range(BATCHES)]
            return seconds(lambda: [_send(http, token, batch) for batch in batches])

        def plain() -> float:
            batches = [_batch(moments) for _ in range(BATCHES)]
            return seconds(lambda: [_send_plain(http, patient, batch) for batch in batches])

        def bare() -> float:
            batches = [_batch(moments) for _ in range(BATCHES)]
            return seconds(lambda: [_copy(database, patient, batch) for batch in batches])

        took, copied = interleaved(options.rounds, ours, bare)
        again, framework = interleaved(options.rounds, ours, plain)
    n = BATCH * BATCHES
    name = f"device readings over HTTP, bulk of {BATCH}"
    yield Figure(f"{name}, beside a bare COPY", n / took, "readings/s", n / copied, n * options.rounds)
    yield Figure(
        f"{name}, beside a plain REST framework bulk view", n / again, "readings/s", n / framework, n * options.rounds
    )


def patient_trend(rig: Rig, options: argparse.Namespace) -> Iterator[Figure]:
    """Chart, readings and progress of a person with 2,000 answers and 200,000 readings; the ceiling is the same rows
    of one value, summed by week in bare SQL."""
    (patient,) = scene.more_patients(1)
    (slot,) = scene.due_slots([patient])
    with rig_connection(rig) as database:
        now = clock.now()
        database.execute("select monitoring_ready_months(%s, %s)", [now - timedelta(days=5 * 366), now])
        database.execute(YEARS_OF_READINGS, [patient.clinic_id, patient.pk])
        database.execute(YEARS_OF_ANSWERS, [slot.pk])
        database.execute("analyze")
    nurse, own = scene.signed_in(scene.person("osei")), scene.signed_in(_person_of(patient))
    pages = {
        "chart": (nurse, f"/desk/patients/{patient.pk}/"),
        "readings": (nurse, f"/desk/patients/{patient.pk}/readings/?code=8480-6"),
        "progress": (own, "/progress/"),
    }
    bare = quantile([seconds(lambda: _sum(patient)) * 1000 for _ in range(options.rounds * 2)], 0.5)
    for name, (client, address) in pages.items():
        yield from _page(name, client, address, options.rounds * 2, bare)


def _page(name: str, client: Any, address: str, rounds: int, bare: float) -> Iterator[Figure]:
    assert client.get(address).status_code == 200
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    marks = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    asked = [one["sql"] for one in queries.captured_queries if not one["sql"].startswith(marks)]
    times = [seconds(lambda: client.get(address)) * 1000 for _ in range(rounds)]
    what = f"{name} of 5 years, 2,000 answers, 200,000 readings"
    yield Figure(f"{what}, server time, median", quantile(times, 0.5), "ms", bare, rounds)
    cpu = quantile([cpu_ms(lambda: client.get(address)) for _ in range(rounds)], 0.5)
    yield Figure(f"{what}, web process CPU", cpu, "ms", bare, rounds)
    yield Figure(f"{what}, queries", len(asked), "queries", 1, 1)


def rig_connection(rig: Rig) -> Any:
    """As PostgreSQL's own superuser, past the walls."""
    return psycopg.connect(rig.postgres.url("postgres"), autocommit=True)


def _person_of(patient: Patient) -> Any:
    return scene.person(patient.user.email.partition("@")[0])


def _sum(patient: Patient) -> None:
    with scene.in_clinic(), connection.cursor() as cursor:
        cursor.execute(
            "select date_trunc('week', effective_at), avg(value) from monitoring_observation "
            "where patient_id = %s and clinic_id = %s and code = '8480-6' group by 1",
            [patient.pk, patient.clinic_id],
        )
        cursor.fetchall()


def _device(patient: Patient) -> str:
    nurse = scene.person("osei")
    with use_clinic(patient.clinic_id), transaction.atomic():
        _row, token = actions.add_device(identifier=uuid4().hex[:12], label="", patient=patient, actor=nurse)
        DeviceWear.objects.filter(patient=patient).update(from_at=clock.now() - timedelta(days=20))
    return token


def _moments() -> Iterator[datetime]:
    start = clock.now() - timedelta(days=14)
    return (start + timedelta(milliseconds=200 * n) for n in itertools.count())


def _batch(moments: Iterator[datetime]) -> list[dict[str, Any]]:
    return [
        {
            "code": "8867-4",
            "value": random.randint(62, 98),
            "unit": "/min",
            "effective_at": next(moments).isoformat(),
        }
        for _ in range(BATCH)
    ]


def _send(http: httpx.Client, token: str, batch: list[dict[str, Any]]) -> None:
    said = http.post(
        "/api/v1/device-readings/",
        content=json.dumps({"readings": batch}),
        headers={"Authorization": f"Device {token}", "Content-Type": "application/json"},
    ).json()
    assert said == {"created": BATCH, "repeated": 0, "refused": []}, said


def _send_plain(http: httpx.Client, patient: Patient, batch: list[dict[str, Any]]) -> None:
    rows = [{**row, "patient_id": str(patient.pk), "source": "plain"} for row in batch]
    said = http.post(
        f"/bench/plain/{patient.clinic_id}/", content=json.dumps(rows), headers={"Content-Type": "application/json"}
    ).json()
    assert said == {"created": BATCH}, said


def _copy(database: Any, patient: Patient, batch: list[dict[str, Any]]) -> None:
    with database.cursor() as cursor, cursor.copy(COPY) as copy:
        copy.set_types(["uuid", "uuid", "uuid", "varchar", "numeric", "varchar", "timestamptz", "varchar"])
        for row in batch:
            at = datetime.fromisoformat(row["effective_at"])
            key: UUID = uuid4()
            copy.write_row((key, patient.clinic_id, patient.pk, row["code"], row["value"], row["unit"], at, "copy"))
