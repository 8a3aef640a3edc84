"""Problems: reported, coded, followed up, closed; what nobody looks at becomes a task."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from PIL import Image

from apps.alerts.actions import rules
from apps.alerts.models import Alert
from apps.core import clock
from apps.core.db.roles import as_role
from apps.monitoring.actions.anchors import record_anchor
from apps.monitoring.actions.problems import close_problem, note_problem, report_problem, tell_unlooked
from apps.monitoring.actions.responses import submit_response
from apps.monitoring.models import Observation, Problem, ProblemPhoto
from apps.monitoring.refusals import SurveyRefused
from apps.monitoring.rules.live import run_due_rules
from apps.monitoring.rules.trial import try_rule
from tests.cast import Cast
from tests.monitoring.stage import give, open_slot

pytestmark = pytest.mark.django_db


def reported(cast: Cast, kind: int = 1, severity: int = 2) -> Problem:
    return report_problem(
        patient=cast.patient, kind=kind, severity=severity, since=None, source="patient", actor=cast.patient_user
    )


def test_a_problem_is_a_coded_observation_and_the_same_again_is_counted(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        reported(cast)
        problem = reported(cast, severity=3)
        assert (problem.count, problem.severity) == (2, 3)
        assert list(Observation.objects.values_list("code", "value")) == [("problem-1", 2), ("problem-1", 3)]
        assert Alert.objects.get().cause == "severe-problem"


def test_a_dangerous_kind_raises_at_once_by_the_rules_of_the_check_in(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        reported(cast, kind=11, severity=1)
        assert Alert.objects.get().level == "P1"


def test_a_problem_of_the_check_in_is_opened_and_alerts_once(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        slot = open_slot(cast, "check-in")
        for item, value in (("mood", 40), ("problem", True), ("problem_kind", 8), ("problem_severity", 2)):
            give(cast, slot, item, value)
        submit_response(slot=slot, actor=cast.patient_user, auth_level="session")
        assert Problem.objects.get().source == "check-in"
        assert Alert.objects.get().count == 1


def test_a_problem_that_nobody_looks_at_becomes_a_task_until_it_is_closed(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        problem = reported(cast)
        with connection.cursor() as cursor:
            cursor.execute("update monitoring_problem set next_look_at = telek_now() - interval '1 hour'")
        assert (tell_unlooked(), tell_unlooked()) == (1, 0)
        assert Alert.objects.get().cause == "problem-open-1"
        note_problem(problem=problem, text="Called, ginger tea helps", actor=cast.nurse)
        problem.refresh_from_db()
        assert problem.next_look_at is not None
        assert problem.next_look_at > clock.now() + timedelta(days=2)
        close_problem(problem=problem, outcome="passed", text="", actor=cast.nurse)
        with pytest.raises(SurveyRefused):
            close_problem(problem=problem, outcome="passed", text="again", actor=cast.nurse)
        assert reported(cast).pk != problem.pk


@pytest.mark.django_db(transaction=True)
def test_the_pump_s_own_role_may_do_what_is_due(cast: Cast) -> None:
    with cast.acting(cast.clinic_admin), transaction.atomic():
        wanted = {"name": "Silence", "why": "w", "source": "s", "level": "P3"}
        for kind, parameters in (("silence", {"instrument": "phq-9", "missed": 1}), ("missed-check", {"hours": 1})):
            rule = rules.draft_rule(
                clinic=cast.clinic, actor=cast.clinic_admin, kind=kind, parameters=parameters, key=kind, **wanted
            )
            rules.note_trial(rule=rule, trial=try_rule(rule), actor=cast.clinic_admin)
            rules.publish_rule(rule=rule, actor=cast.clinic_admin)
        given = clock.now() - timedelta(hours=2)
        record_anchor(patient=cast.patient, kind="dose", label="IV", started_at=given, ended_at=None, actor=None)
        reported(cast)
        with connection.cursor() as cursor:
            cursor.execute("update monitoring_problem set next_look_at = telek_now() - interval '1 hour'")
    with as_role("pump"):
        assert (run_due_rules(), tell_unlooked()) == (2, 1)
    with cast.acting(cast.nurse), transaction.atomic():
        assert set(Alert.objects.values_list("cause", flat=True)) == {"rule-missed-check", "problem-open-1"}


def test_the_person_sees_where_it_stands_and_the_desk_closes_it(cast: Cast) -> None:
    mine, desk = cast.client(cast.patient_user), cast.client(cast.nurse)
    body = {"kind": "3", "severity": "3", "since": "", "text": "since the last visit"}
    assert mine.post("/problems/", body).status_code == 302
    assert mine.post("/problems/", body | {"since": "2039-01-01"}).status_code == 422
    assert mine.post("/problems/", {"kind": "99"}).status_code == 422
    assert "Your team has it." in mine.get("/problems/").content.decode()
    assert "since the last visit" in desk.get("/desk/problems/").content.decode()
    with cast.acting(cast.nurse):
        url = f"/desk/problems/{Problem.objects.get().pk}/"
    desk.post(url, {"do": "close", "outcome": "treated", "text": ""})  # a severe one needs words
    with cast.acting(cast.nurse):
        assert Problem.objects.get().closed_at is None
    desk.post(url, {"do": "close", "outcome": "treated", "text": "Paracetamol, better"})
    assert "treated" in mine.get("/problems/").content.decode()


def test_a_photo_comes_with_a_report_sealed_and_without_its_place_and_the_same_once(cast: Cast) -> None:
    out, place = BytesIO(), Image.Exif()
    place[0x010E] = "taken at home"
    Image.new("RGB", (60, 40), "teal").save(out, "JPEG", exif=place)
    maria, form = cast.client(cast.patient_user), {"kind": 1, "severity": 2, "text": "a rash"}

    def send(name: str, data: bytes) -> int:
        return maria.post("/problems/", form | {"photo": SimpleUploadedFile(name, data)}).status_code

    assert (send("a.jpg", b"no photo"), send("a.pdf", b"%PDF-1.4 %%EOF")) == (422, 422)
    with cast.acting(cast.nurse):
        assert not Problem.objects.exists()  # nothing was half reported
    assert (send("a.jpg", out.getvalue()), send("again.jpg", out.getvalue())) == (302, 302)
    with cast.acting(cast.nurse):
        photo = ProblemPhoto.objects.get()
        with connection.cursor() as cursor:
            cursor.execute("select content from monitoring_problemphoto")
            assert bytes(cursor.fetchone()[0])[:2] != b"\xff\xd8"
        with pytest.raises(DatabaseError), transaction.atomic():
            ProblemPhoto.objects.update(size=1)
    page = f"/problems/photos/{photo.pk}/"
    assert page in maria.get("/problems/").content.decode()
    desk = cast.client(cast.nurse)
    assert page in desk.get("/desk/problems/").content.decode()
    shown = desk.get(page)
    assert shown["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert shown.content[:2] == b"\xff\xd8"
    assert b"taken at home" not in shown.content
    assert cast.client(cast.patient_2_user).get(page).status_code == 404
