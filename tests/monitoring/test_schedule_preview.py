"""Looking four weeks ahead before anything is planned."""

from datetime import time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.audit.models import AuditEvent
from apps.core import clock
from apps.monitoring import actions
from apps.monitoring.actions.anchors import record_anchor
from apps.monitoring.models import Assignment, Slot, TreatmentPhase
from apps.monitoring.preview import Entry, four_weeks, running
from apps.monitoring.schedule import open_due_slots
from apps.notifications.models import Delivery
from tests.cast import Cast
from tests.monitoring.stage import MORNING, assigned, questionnaire

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("channels")]


def entries(cast: Cast) -> list[Entry]:
    return [
        one for week in four_weeks(cast.patient, running(cast.patient)) for _day, found in week.days for one in found
    ]


def test_the_look_ahead_is_what_is_planned_and_sent_afterwards(morning: Cast) -> None:
    cast = morning
    with cast.acting(cast.nurse):
        assigned(cast, "phq-9", rhythm="weekly", weekday=3, opens_time=time(6), open_hours=12)
        assigned(cast, "check-in", rhythm="daily", opens_time=time(8), open_hours=10)
        assigned(cast, "gad-7", rhythm="anchored", offsets=(1440, 10080))
        record_anchor(patient=cast.patient, kind="dose", label="x", started_at=MORNING, ended_at=None, actor=cast.nurse)
        cast.patient.refresh_from_db()
        seen = entries(cast)
        ahead = MORNING + timedelta(days=12)
        planned = set(
            Slot.objects.filter(opens_at__lt=ahead).values_list("questionnaire__key", "opens_at", "closes_at")
        )
        assert {(one.key, one.opens_at, one.closes_at) for one in seen if one.opens_at < ahead} == planned
        thursday = next(one for one in seen if one.key == "phq-9")
        clock.shift(thursday.opens_at - clock.now())
        open_due_slots()
        sent = Delivery.objects.get(subject_id=Slot.objects.get(questionnaire__key="phq-9", state="open").pk)
        assert sent.not_before == thursday.remind_at
        assert thursday.nudge_at is not None


def test_looking_writes_nothing_but_who_looked(morning: Cast) -> None:
    cast = morning
    row = questionnaire()
    with cast.acting(cast.nurse):
        assigned(cast, "gad-7", rhythm="weekly", weekday=1)
        counts = [model.objects.count() for model in (Slot, Assignment, TreatmentPhase, Delivery)]
    client, url = cast.client(cast.coordinator), reverse("forms-preview", args=[cast.patient.pk])
    proposal = {"questionnaire": str(row.pk), "rhythm": "weekly", "weekday": "2"}
    for sent in (None, proposal, {"phase": "induction"}, {"phase": "maintenance"}):
        with CaptureQueriesContext(connection) as queries:
            page = client.get(url) if sent is None else client.post(url, sent)
        assert page.status_code == 200
        written = [q["sql"] for q in queries if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
        assert all("audit_auditevent" in sql or "django_session" in sql for sql in written), written
    with cast.acting(cast.nurse):
        assert [model.objects.count() for model in (Slot, Assignment, TreatmentPhase, Delivery)] == counts
        assert AuditEvent.objects.filter(detail="forms-preview").exists()


def test_a_phase_is_looked_at_and_then_switched_to(morning: Cast) -> None:
    cast = morning
    questionnaire()
    client = cast.client(cast.nurse)
    page = client.post(reverse("forms-preview", args=[cast.patient.pk]), {"phase": "induction"}).content.decode()
    assert "Switch to this phase" in page
    assert "its wording is not installed here" in page
    done = client.post(reverse("phase-switch", args=[cast.patient.pk]), {"phase": "induction"}, follow=True)
    assert "3 forms begin" in done.content.decode()
    assert client.post(reverse("phase-switch", args=[cast.patient.pk]), {"phase": "x"}, follow=True).status_code == 200
    with cast.acting(cast.nurse):
        assert TreatmentPhase.objects.get().phase == "induction"


@pytest.mark.parametrize("wrong", [{"questionnaire": "x"}, {"rhythm": "weekly"}, {"rhythm": "hourly"}, {"phase": "x"}])
def test_what_cannot_be_looked_at_is_said_in_words(morning: Cast, wrong: dict[str, str]) -> None:
    cast, row = morning, questionnaire()
    sent = {"questionnaire": str(row.pk), "rhythm": "daily"} | wrong
    page = cast.client(cast.nurse).post(reverse("forms-preview", args=[cast.patient.pk]), sent, follow=True)
    assert page.status_code == 200
    assert "Choose" in page.content.decode() or "no such phase" in page.content.decode()


def test_a_schedule_is_changed_on_its_page(morning: Cast) -> None:
    cast = morning
    with cast.acting(cast.nurse):
        row = assigned(cast, "gad-7", rhythm="weekly", weekday=3)
    url = reverse("assignment-edit", args=[row.pk])
    client = cast.client(cast.nurse)
    assert client.get(url).status_code == 200
    assert client.post(url, {"rhythm": "weekly"}).status_code == 422
    page = client.post(url, {"rhythm": "anchored", "offsets": ["1440"], "open_hours": "24"}, follow=True)
    assert "Nothing is sent again" in page.content.decode()
    with cast.acting(cast.nurse):
        row.refresh_from_db()
        assert (row.rhythm, row.offsets, row.weekday) == ("anchored", [1440], None)
        actions.end(assignment=row, actor=cast.nurse)
    assert client.post(url, {"rhythm": "daily"}).status_code == 422
