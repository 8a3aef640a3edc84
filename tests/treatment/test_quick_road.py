"""The road of a vital sign is short: what it reads at once is what the careful queries read one by one."""

import json
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.renderers import JSONRenderer

from apps.accounts.clinic_settings import change_setting
from apps.accounts.models import ClinicSetting
from apps.accounts.permissions import Permission
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.monitoring.models import Anchor, Observation, PatientLimits
from apps.monitoring.observations.limits import limits_from
from apps.monitoring.observations.ward import DIASTOLIC, SYSTOLIC, ward_of
from apps.sessions import actions
from apps.sessions.actions.events import _base
from apps.sessions.evidence import facts_of
from apps.sessions.models import SessionEvent
from apps.sessions.session_api import NotedSerializer, noted_body
from apps.sessions.treatment.facts import pressure
from tests.api.conversation import API, UTF8, by_token, post, problem, token_of
from tests.cast import Cast
from tests.treatment.scene import dosed, later, noted, ready, tap

pytestmark = pytest.mark.django_db
SOME = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
HOURS = st.integers(-45, 3)


def test_an_accepted_vital_sign_takes_few_statements_and_leaves_every_row(cast: Cast) -> None:
    path = f"{API}dosing-sessions/{ready(cast).pk}/events/"
    client = by_token(token_of(cast, cast.nurse, Permission.WRITE_OBSERVATIONS))

    def send() -> None:
        body = {"events": [{"client_id": str(uuid4()), "kind": "vitals", "sbp": 121, "dbp": 78, "hr": 70}]}
        assert len(client.post(path, json.dumps(body), content_type=UTF8).json()["created"]) == 1

    send()  # writes down that the token was used
    with cast.acting(cast.nurse), transaction.atomic():
        before = SessionEvent.objects.count(), Observation.objects.count(), AuditEvent.objects.count()
    with CaptureQueriesContext(connection) as asked:
        send()
    said = [
        one["sql"] for one in asked.captured_queries if "SAVEPOINT" not in one["sql"] and "set_config" not in one["sql"]
    ]
    assert len(said) <= 9, said  # with begin and commit of the one transaction: 11
    with cast.acting(cast.nurse), transaction.atomic():
        after = SessionEvent.objects.count(), Observation.objects.count(), AuditEvent.objects.count()
    assert [then - now for then, now in zip(after, before, strict=True)] == [1, 3, 2]


def test_a_stranger_meets_nothing_whatever_the_body(cast: Cast) -> None:
    session = ready(cast)
    other = cast.client(cast.other_prescriber)
    vital = {"events": [{"kind": "vitals", "hr": 70}]}
    for body in (vital, {"events": [{"kind": "no-such-thing"}]}):
        problem(post(other, f"dosing-sessions/{session.pk}/events/", body), 404)
    problem(post(cast.client(cast.nurse), f"dosing-sessions/{uuid4()}/events/", vital), 404)


@SOME
@given(doses=st.lists(st.tuples(HOURS, st.integers(0, 13), st.booleans()), max_size=4), phase_hours=st.integers(1, 24))
def test_what_a_reading_is_judged_by_is_read_as_the_careful_queries_read_it(
    cast: Cast, doses: list[tuple[int, int, bool]], phase_hours: int
) -> None:
    with cast.acting(cast.nurse), transaction.atomic():
        now = clock.now()
        change_setting(clinic=cast.clinic, name="session_phase_hours", value=phase_hours, actor=None, reason="test")
        change_setting(clinic=cast.clinic, name="vital_sbp_high", value=150 + phase_hours, actor=None, reason="test")
        for high in (170, 160 + phase_hours):
            row = {"phase": "session", "limits": {"sbp_high": high}, "reason": "test", "set_by": cast.nurse.membership}
            PatientLimits.objects.create(clinic=cast.clinic, patient=cast.patient, **row)
        for hours, length, wrong in doses:
            began = now + timedelta(hours=hours)
            Anchor.objects.create(
                clinic=cast.clinic,
                patient=cast.patient,
                kind="dose",
                started_at=began,
                ended_at=began + timedelta(hours=length) if length else None,
                status="entered-in-error" if wrong else "completed",
            )
        for code, value, minutes in ((SYSTOLIC, 118, 90), (SYSTOLIC, 133, 30), (DIASTOLIC, 71, 30)):
            at = now - timedelta(hours=4, minutes=minutes)
            Observation.objects.create(
                clinic=cast.clinic, patient=cast.patient, code=code, value=Decimal(value), unit="mm[Hg]",
                effective_at=at, source="staff",
            )  # fmt: skip
        ward = ward_of(cast.patient, [now])
        stored = ClinicSetting.objects.order_by("name", "-created_at", "-id").distinct("name")
        assert {row.name: row.value for row in stored}.items() <= ward.settings.items()
        own = PatientLimits.objects.filter(patient=cast.patient, phase="session").order_by("-created_at", "-id").first()
        assert own is not None
        assert ward.limits["session"] == limits_from(ward.settings, own.limits)
        assert ward.limits["home"] == limits_from(ward.settings)
        rows = Anchor.objects.known().filter(patient=cast.patient, kind="dose", started_at__lte=now)
        rows = rows.filter(started_at__gte=now - timedelta(hours=phase_hours + 12)).order_by("-started_at")
        assert [began for began, _ended in ward.doses] == list(rows.values_list("started_at", flat=True))
        assert sorted(map(str, ward.doses)) == sorted(map(str, rows.values_list("started_at", "ended_at")))
        for code, found in ((SYSTOLIC, ward.base_at(now).sbp), (DIASTOLIC, ward.base_at(now).dbp)):
            dose = ward.dose_before(now)
            before = Observation.objects.known().filter(patient=cast.patient, code=code)
            before = before.filter(effective_at__gte=(dose or now) - timedelta(hours=24), effective_at__lt=dose or now)
            newest = before.order_by("-effective_at").first() if dose else None
            assert found == (None if newest is None else int(newest.value))
        transaction.set_rollback(True)


def test_the_pressure_before_the_dose_is_that_of_all_events(cast: Cast) -> None:
    session = dosed(cast)
    later(3)
    wrong = noted(cast, session, tap("vitals", session.dose_started_at, sbp=150, dbp=90))[0]
    noted(cast, session, tap("vitals", sbp=140, dbp=88))
    for more in ([], [tap("vitals", session.dose_started_at, sbp=131, dbp=81, corrects=wrong.pk)]):
        noted(cast, session, *more)
        with cast.acting(cast.nurse), transaction.atomic():
            found = [fact for fact in facts_of(session) if fact.at <= session.dose_started_at]
            assert _base(session) == pressure(found) == ((131, 81) if more else (150, 90))


def test_the_answer_of_the_api_is_what_its_schema_says(cast: Cast) -> None:
    session = dosed(cast)
    taps = [
        tap("vitals", sbp=121, dbp=78, hr=70),
        tap("moaas", score=5),
        tap("effect", grade=2, term="Nausea"),
        tap("note", text="Sleepy"),
        actions.Tap(uuid4(), "rate", clock.now(), rate_ml_h=Decimal("12.5")),
        tap("moaas", score=9),
    ]
    with cast.acting(cast.nurse), transaction.atomic():
        found = actions.note_events(session=session, taps=taps, actor=cast.nurse)
        again = actions.note_events(session=session, taps=taps[:2], actor=cast.nurse)
    assert (len(found.created), len(found.refused), len(again.repeated)) == (5, 1, 2)
    for one in (found, again):
        refused = [{"client_id": key, "code": why[0], "words": why[1]} for key, why in one.refused.items()]
        by_schema = NotedSerializer({"created": one.created, "repeated": one.repeated, "refused": refused}).data
        plain, exact = (json.loads(JSONRenderer().render(what)) for what in (noted_body(one), by_schema))
        assert plain == exact
