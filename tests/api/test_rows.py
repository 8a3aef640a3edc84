"""What the API lets people do with the rows of their clinic, and with nobody else's."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from apps.accounts.models import ApiToken, Membership
from apps.accounts.permissions import Permission, Role
from apps.accounts.tokens import revoke_token
from apps.alerts.models import Alert
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.messaging.models import Message
from apps.monitoring.models import ItemAnswer, Slot, TreatmentPhase
from apps.patients.models import Patient
from tests.api.conversation import API, by_token, post, problem, token_of
from tests.cast import Cast
from tests.monitoring.stage import assigned, open_slot

pytestmark = pytest.mark.django_db


@pytest.fixture
def nurse(cast: Cast) -> Client:
    return cast.client(cast.nurse)


@pytest.fixture
def slot(cast: Cast) -> Slot:
    with cast.acting(cast.nurse):
        return open_slot(cast)


def an_answer(slot: Slot, link_id: str = "q9", value: Any = 2, **more: Any) -> dict[str, Any]:
    return {"slot": str(slot.pk), "link_id": link_id, "value": value, "client_id": str(uuid4())} | more


def a_reading(patient: Patient, code: str = "8480-6", value: Any = 120, **more: Any) -> dict[str, Any]:
    at = clock.now().replace(microsecond=0).isoformat()
    return {"patient": str(patient.pk), "code": code, "value": value, "unit": "mm[Hg]", "effective_at": at} | more


# --- tokens -------------------------------------------------------------------------------------------


def test_a_token_opens_what_its_scopes_say_and_nothing_more(cast: Cast) -> None:
    client = by_token(token_of(cast, cast.nurse, Permission.SEE_CLINICAL))
    assert client.get(f"{API}patients/").json()["count"] == 2
    problem(client.get(f"{API}alerts/"), 403, "permission-denied")
    problem(post(client, f"patients/{cast.patient.pk}/", {"phone": "1"}, "patch"), 403, "permission-denied")


def test_a_token_sees_its_own_clinic_alone_whatever_session_came_along(cast: Cast) -> None:
    text = token_of(cast, cast.other_prescriber, Permission.SEE_CLINICAL)
    client = cast.client(cast.nurse)
    found = client.get(f"{API}patients/", headers={"Authorization": f"Bearer {text}"}).json()
    assert [row["id"] for row in found["results"]] == [str(cast.other_patient.pk)]


def test_a_token_that_is_unknown_over_or_revoked_opens_nothing(cast: Cast) -> None:
    problem(by_token("guessed").get(f"{API}patients/"), 401, "authentication-failed")
    problem(by_token("").get(f"{API}patients/"), 401, "authentication-failed")
    text = token_of(cast, cast.nurse, Permission.SEE_CLINICAL)
    client = by_token(text)
    assert client.get(f"{API}patients/").status_code == 200
    with cast.acting(cast.nurse):
        row = ApiToken.objects.get()
        assert row.last_used_at is not None
        revoke_token(token=row, actor=cast.nurse)
    problem(client.get(f"{API}patients/"), 401, "authentication-failed")
    late = by_token(token_of(cast, cast.nurse, Permission.SEE_CLINICAL))
    clock.shift(timedelta(days=2))
    problem(late.get(f"{API}patients/"), 401, "authentication-failed")


def test_a_token_ends_with_the_membership_and_shrinks_with_the_role(cast: Cast) -> None:
    client = by_token(token_of(cast, cast.nurse, Permission.SEE_CLINICAL))
    member = cast.nurse.membership
    assert member is not None
    with cast.acting(cast.nurse):
        Membership.objects.filter(pk=member.pk).update(role=Role.CLINIC_ADMIN)
    problem(client.get(f"{API}patients/"), 403)
    with cast.acting(cast.nurse):
        Membership.objects.filter(pk=member.pk).update(role=Role.NURSE, ended_at=clock.now())
    problem(client.get(f"{API}patients/"), 401)


def test_a_token_opens_no_page(cast: Cast) -> None:
    client = by_token(token_of(cast, cast.nurse, Permission.SEE_DESK))
    assert client.get("/desk/").status_code == 302


# --- other people's rows ---------------------------------------------------------------------------------


def test_rows_of_another_clinic_do_not_exist(cast: Cast, slot: Slot) -> None:
    stranger = cast.client(cast.other_prescriber)
    with cast.acting(cast.nurse):
        thread = post(cast.client(cast.nurse), "threads/", {"patient": str(cast.patient.pk)}).json()["id"]
    for path in (
        f"patients/{cast.patient.pk}/",
        f"slots/{slot.pk}/",
        f"threads/{thread}/",
        f"threads/{thread}/messages/",
    ):
        problem(stranger.get(API + path), 404, "not-found")
    problem(post(stranger, "item-answers/", an_answer(slot)), 404)
    problem(post(stranger, "questionnaire-responses/", {"slot": str(slot.pk)}), 404)
    problem(post(stranger, "observations/", a_reading(cast.patient)), 404)
    problem(post(stranger, "threads/", {"patient": str(cast.patient.pk)}), 404)
    problem(post(stranger, f"threads/{thread}/read/", {"seq": 1}), 404)
    problem(post(stranger, f"patients/{cast.patient.pk}/", {"phone": "1"}, "patch"), 404)
    problem(post(stranger, f"assignments/{slot.assignment_id}/end/"), 404)


def test_a_patient_sees_and_answers_only_what_is_theirs(cast: Cast, slot: Slot) -> None:
    own, other = cast.client(cast.patient_user), cast.client(cast.patient_2_user)
    assert [row["id"] for row in own.get(f"{API}slots/?state=open").json()["results"]] == [str(slot.pk)]
    assert other.get(f"{API}slots/?state=open").json()["count"] == 0
    assert [row["id"] for row in own.get(f"{API}patients/").json()["results"]] == [str(cast.patient.pk)]
    problem(own.get(f"{API}patients/{cast.patient_2.pk}/"), 404)
    problem(post(other, "item-answers/", an_answer(slot)), 404)
    problem(own.get(f"{API}alerts/"), 404, "not-found")
    problem(post(own, "assignments/", {}), 404, "not-found")
    problem(post(own, "patients/", {}), 404, "not-found")


def test_every_row_that_is_shown_is_written_down(cast: Cast, nurse: Client, slot: Slot) -> None:
    nurse.get(f"{API}patients/")
    nurse.get(f"{API}slots/{slot.pk}/")
    with cast.acting(cast.nurse):
        seen = AuditEvent.objects.filter(action="read", detail="api", actor_id=cast.nurse.pk)
        assert sorted(seen.values_list("object_type", flat=True)) == ["monitoring.slot", *["patients.patient"] * 2]


# --- patients -------------------------------------------------------------------------------------------------


def test_a_person_is_registered_and_nothing_else_is_taken_from_the_body(cast: Cast, nurse: Client) -> None:
    new = {
        "email": "New@Telek.Example",
        "number": "777",
        "family_name": "Neu",
        "given_name": "Nora",
        "birth_on": "1990-05-04",
        "sex": "female",
        "synthetic": True,
        "status": "entered-in-error",
        "clinic": str(cast.other_clinic.pk),
        "id": str(uuid4()),
        "user": str(cast.nurse.pk),
    }
    made = post(nurse, "patients/", new)
    assert made.status_code == 201, made.content
    assert (made.json()["status"], made.json()["synthetic"]) == ("active", False)
    assert made.json()["id"] != new["id"]
    with cast.acting(cast.nurse):
        row = Patient.objects.get(number="777")
        assert (row.clinic_id, row.user.email) == (cast.clinic.pk, "new@telek.example")
    assert "number" in problem(post(nurse, "patients/", new | {"email": "b@telek.example"}), 400, "invalid")["errors"]


def test_contacts_change_and_identity_does_not(cast: Cast, nurse: Client) -> None:
    changes = {"phone": "(555) 0100", "number": "1", "family_name": "X", "status": "discharged", "synthetic": True}
    answer = post(nurse, f"patients/{cast.patient.pk}/", changes, "patch").json()
    assert (answer["phone"], answer["number"], answer["family_name"]) == ("(555) 0100", "20417", "Alvarez")
    assert (answer["status"], answer["synthetic"]) == ("active", False)
    zone = post(nurse, f"patients/{cast.patient.pk}/", {"time_zone": "Mars/Olympus"}, "patch")
    assert "time_zone" in problem(zone, 400, "invalid")["errors"]
    for treating in (cast.other_prescriber, cast.patient_user):
        body = {"treating": str(treating.membership.pk)}  # type: ignore[union-attr]
        assert "treating" in problem(post(nurse, f"patients/{cast.patient.pk}/", body, "patch"), 400)["errors"]


# --- surveys ---------------------------------------------------------------------------------------------------


def test_a_schedule_is_made_paused_and_ended(cast: Cast, nurse: Client) -> None:
    with cast.acting(cast.nurse):
        assigned(cast, "gad-7")  # publishes the library
    body = {"patient": str(cast.patient.pk), "questionnaire": "phq-9", "rhythm": "weekly", "weekday": 2}
    made = post(nurse, "assignments/", body)
    assert made.status_code == 201, made.content
    path = f"assignments/{made.json()['id']}/"
    assert nurse.get(f"{API}slots/?assignment={made.json()['id']}").json()["count"] in (2, 3)
    problem(post(nurse, "assignments/", body), 409, "already-assigned")
    problem(post(nurse, "assignments/", body | {"questionnaire": "c-ssrs"}), 409)
    assert post(nurse, f"{path}pause/", {"until": "2027-01-01"}).json()["paused_until"] == "2027-01-01"
    assert post(nurse, f"{path}end/").json()["status"] == "completed"
    problem(post(nurse, f"{path}end/"), 409, "ended")


def test_a_phase_is_looked_at_switched_and_listed(cast: Cast, nurse: Client) -> None:
    with cast.acting(cast.nurse):
        assigned(cast, "gad-7", patient=cast.patient_2)  # publishes the library
    body = {"patient": str(cast.patient.pk), "phase": "induction"}
    plan = post(nurse, "phases/plan/", body).json()
    assert "phq-9" in plan["starts"]
    assert {"questionnaire": "c-ssrs", "why": "its wording is not installed here"} in plan["left_alone"]
    with cast.acting(cast.nurse):
        assert not TreatmentPhase.objects.exists()
    made = post(nurse, "phases/", body)
    assert (made.status_code, made.json()["phase"], made.json()["ended_at"]) == (201, "induction", None)
    assert post(nurse, "phases/", body).json()["id"] == made.json()["id"]
    assert post(nurse, "phases/", body | {"phase": "maintenance"}).status_code == 201
    rows = nurse.get(f"{API}phases/?patient={cast.patient.pk}").json()["results"]
    assert [row["phase"] for row in rows] == ["maintenance", "induction"]
    assert nurse.get(f"{API}phases/{made.json()['id']}/").json()["ended_at"]
    keys = {row["questionnaire"] for row in nurse.get(f"{API}assignments/?patient={cast.patient.pk}").json()["results"]}
    assert {"phq-9", "check-in"} <= keys
    problem(post(nurse, "phases/", body | {"phase": "x"}), 400)
    problem(post(nurse, "phases/", body | {"patient": str(cast.other_patient.pk)}), 404)
    problem(post(cast.client(cast.patient_user), "phases/", body), 404)


def test_an_unsafe_answer_by_the_api_raises_its_alert_at_once(cast: Cast, slot: Slot) -> None:
    client = by_token(token_of(cast, cast.patient_user, Permission.OWN_RECORD))
    body = an_answer(slot)
    assert post(client, "item-answers/", body).status_code == 201
    assert post(client, "item-answers/", body).status_code == 200
    problem(post(client, "item-answers/", body | {"value": 1}), 409, "answer-conflict")
    with cast.acting(cast.nurse):
        alert = Alert.objects.get()
        assert (alert.level, alert.count) == ("P1", 1)
        answer = ItemAnswer.objects.get()
        assert (answer.auth_level, answer.presentation) == ("session", "api")


@pytest.mark.parametrize(
    ("link_id", "value", "status"),
    [
        ("q1", 4, 422),
        ("q1", -1, 422),
        ("q1", True, 422),
        ("q1", "3", 422),
        ("q1", "a\x00", 422),
        ("q1", 10**30, 422),
        ("q10", 1, 422),
        ("q1\x00", 1, 400),
        ("", 1, 400),
        ("x" * 41, 1, 400),
        ("q1", 1.5, 400),
        ("q1", [1], 400),
        ("q1", {"value": 1}, 400),
    ],
)
def test_an_answer_that_cannot_be_one_is_refused(cast: Cast, slot: Slot, link_id: str, value: Any, status: int) -> None:
    problem(post(cast.client(cast.patient_user), "item-answers/", an_answer(slot, link_id, value)), status)
    with cast.acting(cast.nurse):
        assert not ItemAnswer.objects.exists()


def test_what_staff_enters_says_so_and_a_survey_is_submitted_once(cast: Cast, nurse: Client, slot: Slot) -> None:
    for number in range(1, 10):
        assert post(nurse, "item-answers/", an_answer(slot, f"q{number}", 0)).status_code == 201
    first, second = (post(nurse, "questionnaire-responses/", {"slot": str(slot.pk)}) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert (first.json()["total"], first.json()["auth_level"]) == ("0.00", "staff")
    assert nurse.get(f"{API}questionnaire-responses/?questionnaire=phq-9").json()["count"] == 1
    assert nurse.get(f"{API}questionnaire-responses/?questionnaire=gad-7").json()["count"] == 0
    problem(post(nurse, "item-answers/", an_answer(slot, "q1", 1)), 409, "slot-closed")


def test_a_slot_that_is_not_open_takes_no_answer(cast: Cast, nurse: Client, slot: Slot) -> None:
    with cast.acting(cast.nurse):
        later = Slot.objects.exclude(pk=slot.pk).order_by("opens_at")[0]
    problem(post(nurse, "item-answers/", an_answer(later)), 409, "slot-not-open")
    problem(post(nurse, "questionnaire-responses/", {"slot": str(later.pk)}), 409, "slot-not-open")


# --- readings -----------------------------------------------------------------------------------------------------


def test_a_reading_is_stored_once_and_judged(cast: Cast, nurse: Client) -> None:
    body = a_reading(cast.patient, value=210)
    first, second = post(nurse, "observations/", body), post(nurse, "observations/", body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    problem(post(nurse, "observations/", body | {"value": 120}), 422, "other-value")
    with cast.acting(cast.nurse):
        assert Alert.objects.get().cause == "vital-signs"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"unit": "kPa"}, 422),
        ({"value": 16}, 422),
        ({"value": 10**400 // 10**390}, 422),
        ({"value": 120.55}, 422),
        ({"value": "120"}, 400),
        ({"value": True}, 400),
        ({"value": None}, 400),
        ({"code": "0000-0"}, 400),
        ({"effective_at": "2099-01-01T00:00:00Z"}, 422),
        ({"effective_at": "1970-01-01T00:00:00Z"}, 422),
        ({"source": "check-in"}, 400),
        ({"source": "patient"}, 400),
        ({"source": "x" * 61}, 400),
    ],
)
def test_a_reading_that_cannot_be_one_is_refused(
    cast: Cast, nurse: Client, change: dict[str, Any], status: int
) -> None:
    problem(post(nurse, "observations/", a_reading(cast.patient) | change), status)


def test_of_a_batch_the_good_readings_are_kept(cast: Cast, nurse: Client) -> None:
    good = a_reading(cast.patient)
    del good["patient"]
    batch = {"patient": str(cast.patient.pk), "source": "monitor-7", "readings": [good, good | {"value": 999}, good]}
    answer = post(nurse, "observations/bulk/", batch).json()
    assert answer == {"created": 1, "repeated": 1, "refused": [{"index": 1, "code": "value_out_of_range"}]}
    assert post(nurse, "observations/bulk/", batch).json()["repeated"] == 2
    problem(post(nurse, "observations/bulk/", batch | {"readings": []}), 400, "invalid")
    problem(post(nurse, "observations/bulk/", batch | {"readings": [good] * 1001}), 400, "invalid")


def test_what_a_patient_measures_is_from_the_patient(cast: Cast) -> None:
    own = cast.client(cast.patient_user)
    assert post(own, "observations/", a_reading(cast.patient, source="monitor-7")).json()["source"] == "patient"
    problem(post(own, "observations/", a_reading(cast.patient_2)), 404)


# --- messages ------------------------------------------------------------------------------------------------------


def test_messages_come_by_number_and_each_only_once(cast: Cast, nurse: Client) -> None:
    own = cast.client(cast.patient_user)
    path = f"threads/{post(own, 'threads/', {'patient': str(cast.patient.pk)}).json()['id']}/"
    first = {"client_id": str(uuid4()), "body": "Good morning"}
    assert post(own, f"{path}messages/", first).status_code == 201
    assert post(own, f"{path}messages/", first).status_code == 200
    problem(post(own, f"{path}messages/", first | {"body": "Other words"}), 409, "conflict")
    post(nurse, f"{path}messages/", {"client_id": str(uuid4()), "body": "And to you"})
    assert [row["seq"] for row in own.get(f"{API}{path}messages/").json()["results"]] == [1, 2]
    after = own.get(f"{API}{path}messages/?after=1").json()
    assert (after["head"], [row["body"] for row in after["results"]]) == (2, ["And to you"])
    assert own.get(f"{API}{path}messages/?after=99").json()["results"] == []
    for cursor in ("-1", "x", "1.5", str(2**63), "%00"):
        problem(own.get(f"{API}{path}messages/?after={cursor}"), 400, "invalid")
    assert nurse.get(API + path).json()["unread"] == 1
    assert post(nurse, f"{path}read/", {"seq": 99}).json() == {"seq": 2}
    assert nurse.get(API + path).json()["unread"] == 0
    with cast.acting(cast.nurse):
        assert Message.objects.count() == 2


def test_a_blank_message_is_refused(cast: Cast, nurse: Client) -> None:
    path = f"threads/{post(nurse, 'threads/', {'patient': str(cast.patient.pk)}).json()['id']}/messages/"
    for body in ("", "   ", "\n\t"):
        response = post(nurse, path, {"client_id": str(uuid4()), "body": body})
        problem(response, response.status_code)
        assert response.status_code in (400, 409)


# --- visits ---------------------------------------------------------------------------------------------------------


def test_a_visit_is_booked_moved_and_cancelled(cast: Cast, nurse: Client) -> None:
    at = (clock.now() + timedelta(days=2)).replace(microsecond=0)
    clinician = cast.prescriber.membership
    assert clinician is not None
    body = {
        "patient": str(cast.patient.pk),
        "clinician": str(clinician.pk),
        "starts_at": at.isoformat(),
        "minutes": 30,
        "reason": "Follow-up",
    }
    made = post(nurse, "visits/", body)
    assert made.status_code == 201, made.content
    path = f"visits/{made.json()['id']}/"
    problem(post(nurse, "visits/", body), 409, "conflict")
    problem(post(nurse, "visits/", body | {"starts_at": "2020-01-01T10:00Z"}), 409, "past")
    problem(post(nurse, "visits/", body | {"clinician": str(cast.other_prescriber.membership.pk)}), 404)  # type: ignore[union-attr]
    problem(post(nurse, "visits/", body | {"minutes": 10**9}), 400, "invalid")
    moved = post(nurse, path, {"minutes": 45, "status": "finished", "patient": str(cast.patient_2.pk)}, "patch").json()
    assert (moved["status"], moved["patient"]) == ("planned", str(cast.patient.pk))
    assert moved["ends_at"] > made.json()["ends_at"]
    problem(post(nurse, f"{path}cancel/"), 409, "reason")
    assert post(cast.client(cast.patient_user), f"{path}cancel/").json()["status"] == "cancelled"
    problem(post(cast.client(cast.patient_2_user), f"{path}cancel/"), 404)
