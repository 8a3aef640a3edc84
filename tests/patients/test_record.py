"""Registering, reaching and noting: the record's own verbs and pages."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from apps.accounts.models import ContactPoint, Invitation, User
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.messaging.actions import open_thread, send_message
from apps.notifications.models import Delivery
from apps.patients import actions
from apps.patients.models import EmergencyContact, Patient, SafetyNote, SafetyPlan
from tests.cast import Cast

pytestmark = pytest.mark.django_db

NEW = {
    "given_name": "Lin",
    "family_name": "Chen",
    "birth_on": "1988-02-29",
    "sex": "female",
    "number": "30001",
    "email": "Lin.Chen@telek.example",
    "phone": "+15550155",
    "time_zone": "America/Chicago",
}


def test_a_person_is_registered_and_invited(cast: Cast) -> None:
    response = cast.client(cast.nurse).post(reverse("patient-register"), NEW)
    assert response.status_code == 302
    with cast.acting(cast.nurse):
        patient = Patient.objects.get(number="30001")
        assert (patient.birth_on, patient.time_zone, patient.user.email) == (
            date(1988, 2, 29),
            "America/Chicago",
            "lin.chen@telek.example",
        )
        assert Invitation.objects.filter(membership__user=patient.user).count() == 1
        assert Delivery.objects.filter(recipient_id=patient.user_id).exists()
        assert set(ContactPoint.objects.filter(user=patient.user).values_list("channel", flat=True)) == {"email", "sms"}
        assert AuditEvent.objects.filter(object_id=patient.pk, action="create").count() == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"number": "20417"}, "Another person has this number"),
        ({"email": "maria@telek.example"}, "belongs to the clinic already"),
        ({"email": "not an address"}, "valid email"),
        ({"birth_on": "2999-01-01"}, "cannot be a birth date"),
        ({"birth_on": "1850-01-01"}, "cannot be a birth date"),
        ({"birth_on": "2026-02-30"}, "valid date"),
        ({"time_zone": "+99:99"}, "not known"),
        ({"time_zone": "../../etc/passwd"}, "not known"),
        ({"given_name": ""}, "required"),
        ({"given_name": "a\x00b"}, "Null characters"),
        ({"given_name": "x" * 81}, "at most 80"),
    ],
)
def test_a_wrong_field_is_named_and_nobody_is_registered(cast: Cast, wrong: dict[str, str], words: str) -> None:
    response = cast.client(cast.nurse).post(reverse("patient-register"), NEW | wrong)
    assert response.status_code == 422
    assert words in response.content.decode()
    with cast.acting(cast.nurse):
        assert Patient.objects.count() == 2
    assert not User.objects.filter(email="lin.chen@telek.example").exists()


def test_the_same_form_twice_registers_one_person(cast: Cast) -> None:
    client = cast.client(cast.coordinator)
    assert [client.post(reverse("patient-register"), NEW).status_code for _ in range(2)] == [302, 422]
    with cast.acting(cast.nurse):
        assert Patient.objects.filter(number="30001").count() == 1


@pytest.mark.parametrize("name", ["patients", "patient-register"])
def test_only_the_desk_sees_the_list(cast: Cast, name: str) -> None:
    url = reverse(name)
    assert Client().get(url).status_code == 302
    assert cast.client(cast.patient_user).get(url).status_code == 404
    assert cast.client(cast.clinic_admin).get(url).status_code == 403
    assert cast.client(cast.nurse).get(url).status_code == 200


def test_the_list_finds_by_every_word_and_shows_nobody_of_another_clinic(cast: Cast) -> None:
    client = cast.client(cast.nurse)
    for words, found in (
        ("alvarez mar", True),
        ("Alvarez, Maria", True),
        ("20417", True),
        ("2041", False),
        ("Farah", False),
    ):
        page = client.get(reverse("patients"), {"q": words}).content.decode()
        assert ("Alvarez, Maria</bdi>" in page) is found
        assert "Yusuf" not in page


@pytest.mark.parametrize(
    "query", [{"page": "x"}, {"page": "-1"}, {"page": "99999999999"}, {"state": "?"}, {"q": "%_\\'\"\x00" * 50}]
)
def test_strange_queries_are_answered_with_a_list(cast: Cast, query: dict[str, str]) -> None:
    assert cast.client(cast.nurse).get(reverse("patients"), query).status_code == 200


def test_the_list_is_paged_audited_and_costs_a_fixed_number_of_queries(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    with cast.acting(cast.nurse):
        for number in range(70):
            user = User.objects.create_user(f"p{number}@telek.example", name=f"P {number}")
            Patient.objects.create(
                clinic=cast.clinic,
                user=user,
                number=f"9{number:03}",
                family_name=f"Zed{number:03}",
                given_name="Zoe",
                birth_on=date(1990, 1, 1),
                sex="other",
                time_zone="UTC",
                treating=cast.prescriber.membership,
            )
    client = cast.client(cast.nurse)
    with django_assert_max_num_queries(25):
        first = client.get(reverse("patients")).content.decode()
    assert first.count("Zoe</bdi>") == 48
    assert client.get(reverse("patients"), {"page": 2}).content.decode().count("Zoe</bdi>") == 22
    with cast.acting(cast.nurse):
        assert AuditEvent.objects.filter(object_type="patients.patient", action="read").count() == 72


def test_mine_are_those_that_the_person_treats(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        Patient.objects.filter(pk=cast.patient_2.pk).update(treating=cast.nurse.membership)
    page = cast.client(cast.nurse).get(reverse("patients"), {"whose": "mine"}).content.decode()
    assert "Brandt, Tobias</bdi>" in page
    assert "Alvarez" not in page


def test_contacts_are_changed_with_an_audit_row_that_names_the_fields_only(cast: Cast) -> None:
    url = reverse("patient-contacts", args=[cast.patient.pk])
    client = cast.client(cast.nurse)
    body = {
        "phone": "+15550999",
        "address": "9 Elm St",
        "emergency_number": "911",
        "time_zone": "America/New_York",
        "pronouns": "",
        "allergies": "Penicillin (rash)",
        "diagnosis": "",
        "treating": str(cast.therapist.membership.pk),  # type: ignore[union-attr]
    }
    assert client.post(url, body).status_code == 302
    with cast.acting(cast.nurse):
        cast.patient.refresh_from_db()
        assert (cast.patient.phone, cast.patient.treating) == ("+15550999", cast.therapist.membership)
        event = AuditEvent.objects.get(object_id=cast.patient.pk, action="update")
        assert event.detail == "address,emergency_number,phone,treating"
    foreign = body | {"treating": str(cast.other_prescriber.membership.pk)}  # type: ignore[union-attr]
    assert client.post(url, foreign).status_code == 422
    assert client.post(url, body | {"time_zone": "Mars/Base"}).status_code == 422


@pytest.mark.parametrize(
    "name",
    ["patient-contacts", "patient-emergency-contacts", "patient-safety-note", "patient-safety-plan", "patient-forms"],
)
def test_a_patient_of_another_clinic_does_not_exist(cast: Cast, name: str) -> None:
    url = reverse(name, args=[cast.other_patient.pk])
    assert cast.client(cast.nurse).get(url).status_code == 404
    assert cast.client(cast.patient_user).get(reverse(name, args=[cast.patient.pk])).status_code == 404


def test_a_safety_note_is_signed_and_unreadable_in_the_database(cast: Cast) -> None:
    url = reverse("patient-safety-note", args=[cast.patient.pk])
    cast.client(cast.nurse).post(url, {"text": "Keeps medicines at her sister's."})
    assert cast.client(cast.nurse).post(url, {"text": "  "}).status_code == 422
    with cast.acting(cast.nurse):
        note = SafetyNote.objects.get()
        assert (note.text, note.author) == ("Keeps medicines at her sister's.", cast.nurse.membership)
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("select text from patients_safetynote")
            assert b"sister" not in bytes(cursor.fetchone()[0])


def test_a_safety_plan_is_a_new_version_each_time_and_only_clinicians_write_it(cast: Cast) -> None:
    url = reverse("patient-safety-plan", args=[cast.patient.pk])
    client = cast.client(cast.therapist)
    client.post(url, {"alone": "Walk"})
    client.post(url, {"alone": "Walk, then call"})
    assert client.post(url, {}).status_code == 422
    assert "Walk, then call" in client.get(url).content.decode()
    assert cast.client(cast.coordinator).get(url).status_code == 403
    with cast.acting(cast.nurse):
        assert list(SafetyPlan.objects.order_by("version").values_list("version", flat=True)) == [1, 2]


def test_a_consent_is_noted_once_for_each_version(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        fields = {"patient": cast.patient, "scope": "survey-notice", "text": "words", "actor": cast.patient_user}
        first = actions.give_consent(version="1", auth_level="session", **fields)  # type: ignore[arg-type]
        again = actions.give_consent(version="1", auth_level="link", **fields)  # type: ignore[arg-type]
        other = actions.give_consent(version="2", auth_level="link", **fields)  # type: ignore[arg-type]
    assert first.pk == again.pk
    assert other.pk != first.pk


def test_what_is_not_a_contact_cannot_be_changed_as_one(cast: Cast) -> None:
    with cast.acting(cast.nurse), pytest.raises(ValidationError):
        actions.update_record(patient=cast.patient, actor=cast.nurse, status="discharged")


def test_switching_reminders_off_keeps_the_first_moment(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        actions.set_reachability(patient=cast.patient, actor=cast.patient_user, reminders_off=True)
        first = cast.patient.reminders_off_at
        clock.shift(timedelta(hours=1))
        actions.set_reachability(patient=cast.patient, actor=cast.patient_user, reminders_off=True)
        assert cast.patient.reminders_off_at == first
        actions.set_reachability(patient=cast.patient, actor=cast.patient_user, reminders_off=False)
        assert cast.patient.reminders_off_at is None


@pytest.mark.parametrize("by", ["patient_user", "nurse"])
def test_who_is_near_is_added_changed_and_taken_off(cast: Cast, by: str) -> None:
    user = getattr(cast, by)
    own = by == "patient_user"
    url = reverse("my-contacts") if own else reverse("patient-emergency-contacts", args=[cast.patient.pk])
    client = cast.client(user)
    assert "Elena Ruiz" in client.get(url).content.decode()
    body = {"name": "Ana Ruiz", "relation": "mother", "phone": "(555) 0177-900", "may_be_told": "on", "note": ""}
    assert client.post(url, body).status_code == 302
    with cast.acting(user):
        made = EmergencyContact.objects.get(name="Ana Ruiz")
    assert client.post(url, body | {"contact": str(made.pk), "may_be_told": ""}).status_code == 302
    with cast.acting(user):
        made.refresh_from_db()
        assert (made.may_be_told, made.patient) == (False, cast.patient)
    assert client.post(url, {"contact": str(made.pk), "do": "remove"}).status_code == 302
    with cast.acting(user):
        assert not EmergencyContact.objects.filter(pk=made.pk).exists()
        kinds = AuditEvent.objects.filter(object_id=made.pk).exclude(action="read").order_by("created_at")
        assert [(row.action, row.detail) for row in kinds] == [
            ("create", "emergency contact"),
            ("update", "emergency contact"),
            ("update", "emergency contact removed"),
        ]


def test_a_contact_needs_a_name_and_a_number_and_is_of_this_person(cast: Cast) -> None:
    client = cast.client(cast.patient_2_user)
    url = reverse("my-contacts")
    assert client.post(url, {"name": "", "phone": "12"}).status_code == 422
    with cast.acting(cast.nurse):
        foreign = EmergencyContact.objects.get(patient=cast.patient)
    for data in ({"contact": str(foreign.pk), "do": "remove"}, {"contact": "x"}):
        assert client.post(url, data).status_code == 404


def test_six_people_are_enough(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        for number in range(5):
            actions.save_contact(patient=cast.patient, actor=cast.nurse, name=f"Friend {number}", phone="5550100")
        with pytest.raises(ValidationError, match="6 people"):
            actions.save_contact(patient=cast.patient, actor=cast.nurse, name="One more", phone="5550100")


def test_the_number_of_unread_messages_stands_on_every_page_of_the_portal(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        thread = open_thread(patient=cast.patient)
        send_message(thread=thread, actor=cast.nurse, body="How was the night?", client_id=uuid4())
    for path in ("/check-in/", "/visits/", "/more/", "/progress/", "/safety-plan/", "/my-contacts/"):
        page = cast.client(cast.patient_user).get(path).content.decode()
        assert '<span class="tag">1<span class="vh">' in page, path
