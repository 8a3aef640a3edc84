"""The session over the API: the same rules and refusals as at the desk."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from apps.alerts.models import Alert
from apps.audit.models import AuditEvent
from apps.sessions.models import SessionEvent
from tests.api.conversation import API, post, problem
from tests.cast import Cast
from tests.treatment.scene import dosed, fresh, later, noted, ready, tap, well

pytestmark = pytest.mark.django_db


def test_events_are_taken_once_each_by_itself_and_alarm(cast: Cast) -> None:
    session = dosed(cast)
    nurse = cast.client(cast.nurse)
    path = f"dosing-sessions/{session.pk}/events/"
    high: dict[str, Any] = {"client_id": str(uuid4()), "kind": "vitals", "sbp": 186, "dbp": 112}
    wrong = {"client_id": str(uuid4()), "kind": "moaas", "score": 9}
    first = post(nurse, path, {"events": [high, wrong]}).json()
    assert [row["sbp"] for row in first["created"]] == [186]
    assert [row["client_id"] for row in first["refused"]] == [wrong["client_id"]]
    again = post(nurse, path, {"events": [high]}).json()
    assert (again["created"], again["repeated"]) == ([], [high["client_id"]])
    with cast.acting(cast.nurse), transaction.atomic():
        assert Alert.objects.filter(patient=cast.patient, level="P1").count() == 1
    rows = nurse.get(f"{API}{path}").json()
    assert [row["kind"] for row in rows].count("vitals") == 2
    problem(post(nurse, path, {"events": [{"kind": "dose-started"}]}), 400, "invalid")


def test_a_session_says_what_is_missing_and_lets_nobody_go_before(cast: Cast) -> None:
    session = ready(cast)
    nurse = cast.client(cast.nurse)
    stands = f"{API}dosing-sessions/{session.pk}/stands/"
    assert nurse.get(stands).json() == {"may": "dose", "allowed": True, "missing": [], "overridable": []}
    problem(post(nurse, f"dosing-sessions/{session.pk}/discharge/", {}), 409, "no-dose")


def test_discharge_is_refused_with_nothing_changed_and_audited_then_allowed(cast: Cast) -> None:
    session = dosed(cast)
    nurse = cast.client(cast.nurse)
    path = f"dosing-sessions/{session.pk}/discharge/"
    later(40)
    cast.client(cast.nurse).post(f"{session.path}dose/end/")
    with cast.acting(cast.nurse), transaction.atomic():
        before = SessionEvent.objects.count()
    version = fresh(cast, session).version
    problem(post(nurse, path, {}), 409, "missing")
    with cast.acting(cast.nurse), transaction.atomic():
        assert SessionEvent.objects.count() == before
        assert AuditEvent.objects.filter(action="refused", object_type="discharge", detail="missing").count() == 1
    assert (fresh(cast, session).version, fresh(cast, session).status) == (version, "in-progress")
    later(61)
    noted(cast, session, *well(), tap("escort", text="Elena Ruiz"))
    nurse = cast.client(cast.nurse)  # an hour has passed
    assert nurse.get(f"{API}dosing-sessions/{session.pk}/stands/").json()["allowed"]
    assert post(nurse, path, {}).json()["outcome"] == "discharged"
    found = nurse.get(f"{API}dosing-sessions/?status=finished&patient={cast.patient.pk}").json()
    assert [row["id"] for row in found["results"]] == [str(session.pk)]
