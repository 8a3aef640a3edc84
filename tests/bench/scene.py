"""What the figures need to be measured on: people, forms, and rows by the hundred thousand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.test import Client

from apps.accounts.middleware import CLINIC_KEY
from apps.accounts.models import Clinic, Membership, User
from apps.accounts.permissions import Role
from apps.accounts.session_limits import FACTOR_KEY
from apps.alerts.actions import raise_alert
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.monitoring import actions as monitoring
from apps.monitoring.models import Assignment, Slot, SlotState
from apps.notifications.actions import queue
from apps.patients.models import Consent, Patient
from tests.cast import make_patient, make_person


@contextmanager
def in_clinic() -> Iterator[Clinic]:
    """A transaction in the clinic of the cast."""
    clinic = Clinic.objects.get(slug="riverside")
    with use_clinic(clinic.pk), transaction.atomic():
        yield clinic


def person(name: str) -> User:
    """Somebody of the cast by the first part of their address, with the membership in force."""
    user = User.objects.get(email=f"{name}@telek.example")
    with in_clinic():
        user.membership = Membership.objects.select_related("clinic", "user").get(user=user)
    return user


def signed_in(user: User) -> Client:
    """A client with that person's session."""
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    session[FACTOR_KEY] = True
    session[CLINIC_KEY] = str(user.membership.clinic_id) if user.membership else ""
    session.save()
    return client


def cookie(user: User) -> str:
    """The value of a fresh session cookie of that person."""
    return str(signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value)


def more_nurses(count: int) -> list[User]:
    """Colleagues for many sockets: one person has at most five."""
    with in_clinic() as clinic:
        return [make_person(clinic, f"nurse-{uuid4().hex[:8]}", f"Nurse {n}", Role.NURSE) for n in range(count)]


def more_patients(count: int) -> list[Patient]:
    """People in care who can be reached by text message at any hour."""
    with in_clinic() as clinic:
        treating = Membership.objects.get(user__email="okafor@telek.example")
        made = []
        for number in range(count):
            key = uuid4().hex[:8]
            user = make_person(clinic, f"patient-{key}", f"Person {key}", Role.PATIENT)
            made.append(make_patient(clinic, user, key, f"Person{number:03}", "Pat", treating))
        Patient.objects.filter(pk__in=[one.pk for one in made]).update(quiet_from="00:00", quiet_until="00:00")
        return made


def raise_for(patient: Patient, level: str = "P1") -> Any:
    """An unsafe finding on that person."""
    with in_clinic():
        return raise_alert(
            patient=patient,
            cause="bench",
            level=level,
            title="PHQ-9 item 9 = 2",
            source_kind="bench",
            source_id=uuid4(),
            rule_code="bench",
            value=2,
        )


def due_slots(patients: list[Patient], *, is_open: bool = False) -> list[Slot]:
    """One PHQ-9 each that is due now, opened already or still to be opened by the pump."""
    with in_clinic():
        questionnaire = monitoring.publish_library()["phq-9"]
        now = clock.now()
        slots = []
        for patient in patients:
            Consent.objects.get_or_create(
                clinic_id=patient.clinic_id, patient=patient, scope="survey-notice", version="bench", text_hash="0" * 64
            )
            assignment = Assignment.objects.create(
                clinic_id=patient.clinic_id,
                patient=patient,
                questionnaire=questionnaire,
                rhythm="once",
                starts_on=date(2026, 1, 1),
            )
            closes_at = now + timedelta(hours=6)
            slots.append(
                Slot(
                    clinic_id=patient.clinic_id,
                    assignment=assignment,
                    patient=patient,
                    questionnaire=questionnaire,
                    slot_key="bench",
                    opens_at=now,
                    closes_at=closes_at,
                    time_zone="UTC",
                    state=SlotState.OPEN if is_open else SlotState.SCHEDULED,
                    next_step_at=closes_at if is_open else now,
                )
            )
        return list(Slot.objects.bulk_create(slots))


def put_delivery(number: int, not_before: Any) -> str:
    """A text message that is to leave at that moment; its id."""
    user = person("maria")
    assert user.membership is not None
    with in_clinic() as clinic:
        row = queue(
            clinic_id=clinic.pk,
            kind="5-account",
            dedupe_key=f"bench:{uuid4()}",
            subject_kind="bench",
            subject_id=uuid4(),
            recipient_id=user.pk,
            channel="sms",
            address=f"+1555{number:06}",
            template="invitation",
            context={"clinic": clinic.name, "link": "/"},
            not_before=not_before,
        )
    assert row is not None
    return str(row.pk)


FILL = """insert into notifications_delivery (id, clinic_id, kind, dedupe_key, subject_kind, subject_id, recipient_id,
    channel, address, template, context, language, not_before, state, attempt, provider_id, last_error, synthetic)
    select gen_random_uuid(), %s, '4-reminder', 'fill:' || gen_random_uuid(), 'fill', gen_random_uuid(), %s, 'sms', '+1',
    'survey-reminder', '{}', 'en', telek_now() - interval '1 hour', %s, 1, '', '', true from generate_series(1, %s) n"""
