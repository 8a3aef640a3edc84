"""A fixed cast: two clinics, who works there, who is treated there. Every test may use it by name.

def test_something(cast):
    with cast.acting(cast.nurse):        # user.membership set, clinic in scope
        ...
    cast.client(cast.patient_user).get("/")   # a signed-in test client
"""

import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import psycopg
from django.db import connection
from django.test import Client

from apps.accounts.clinic_settings import adopt_country_lines
from apps.accounts.middleware import CLINIC_KEY
from apps.accounts.models import Clinic, ContactPoint, Membership, User
from apps.accounts.permissions import Role
from apps.accounts.session_limits import FACTOR_KEY
from apps.alerts.models import EscalationPolicy, EscalationRung, RosterShift
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.patients.models import EmergencyContact, Patient

LADDERS = {
    "P1": ["on-call", "director", "licensed"],
    "P2": ["treating", "on-call", "director"],
    "P3": ["coordinator", "treating"],
}


@dataclass
class Cast:
    """Users carry `.membership`. Patients: `patient`, `patient_2` here; `other_patient` in the other clinic."""

    clinic: Clinic
    other_clinic: Clinic
    prescriber: User = field(init=False)
    nurse: User = field(init=False)
    therapist: User = field(init=False)
    coordinator: User = field(init=False)
    clinic_admin: User = field(init=False)
    patient_user: User = field(init=False)
    patient: Patient = field(init=False)
    patient_2_user: User = field(init=False)
    patient_2: Patient = field(init=False)
    other_prescriber: User = field(init=False)
    other_patient_user: User = field(init=False)
    other_patient: Patient = field(init=False)
    platform_admin: User = field(init=False)
    nobody: User = field(init=False)

    @contextmanager
    def acting(self, user: User) -> Iterator[User]:
        """As the middleware would: the person's clinic in scope."""
        assert user.membership is not None
        with use_clinic(user.membership.clinic_id):
            yield user

    def client(self, user: User | None) -> Client:
        """A test client, signed in as that person."""
        client = Client()
        if user is not None:
            client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
            session = client.session
            session[FACTOR_KEY] = True  # as after a sign-in with a second factor
            if user.membership:
                session[CLINIC_KEY] = str(user.membership.clinic_id)
            session.save()
        return client


def make_person(clinic: Clinic, email: str, name: str, role: Role) -> User:
    """A user with a membership and an email contact point; needs the clinic in scope."""
    user = User.objects.create_user(
        f"{email}@telek.example", "a long pass phrase", name=name, time_zone=clinic.time_zone
    )
    user.membership = Membership.objects.create(clinic=clinic, user=user, role=role)
    ContactPoint.objects.create(clinic=clinic, user=user, channel="email", address=user.email, rank=2)
    ContactPoint.objects.create(clinic=clinic, user=user, channel="sms", address="+15550100", rank=1)
    return user


def make_patient(clinic: Clinic, user: User, number: str, family: str, given: str, treating: Membership) -> Patient:
    """A patient with an emergency contact; needs the clinic in scope."""
    patient = Patient.objects.create(
        clinic=clinic,
        user=user,
        number=number,
        family_name=family,
        given_name=given,
        birth_on=date(1992, 3, 12),
        sex="female",
        time_zone=clinic.time_zone,
        address="118 Alder St, Riverside, OH 43017",
        phone="(555) 0134-882",
        emergency_number="(555) 0100-911",
        allergies="Penicillin (rash)",
        treating=treating,
    )
    EmergencyContact.objects.create(
        clinic=clinic, patient=patient, name="Elena Ruiz", relation="sister", phone="(555) 0177-204", may_be_told=True
    )
    return patient


def equip_clinic(clinic: Clinic, on_call: Membership, director: Membership) -> None:
    """Crisis numbers, ladders, and a roster from yesterday to a month ahead."""
    adopt_country_lines(clinic=clinic, actor=None)
    for level, targets in LADDERS.items():
        policy = EscalationPolicy.objects.create(clinic=clinic, level=level, name=f"{level} ladder")
        for number, target in enumerate(targets):
            EscalationRung.objects.create(clinic=clinic, policy=policy, rung=number, target=target)
    start = clock.now() - timedelta(days=1)
    for rota, member in (("on-call", on_call), ("director", director)):
        RosterShift.objects.create(
            clinic=clinic, rota=rota, membership=member, starts_at=start, ends_at=start + timedelta(days=32)
        )


def make_cast() -> Cast:
    """Everybody, in both clinics. In Riverside the nurse is on call and the prescriber is director."""
    riverside = Clinic.objects.create(name="Riverside Clinic", slug="riverside", country="US")
    hillside = Clinic.objects.create(name="Hillside Clinic", slug="hillside", country="US", time_zone="America/Denver")
    cast = Cast(clinic=riverside, other_clinic=hillside)
    with use_clinic(riverside.pk):
        cast.prescriber = make_person(riverside, "okafor", "Dr Ngozi Okafor", Role.PRESCRIBER)
        cast.nurse = make_person(riverside, "osei", "Rosa Osei", Role.NURSE)
        cast.therapist = make_person(riverside, "lindqvist", "Jonas Lindqvist", Role.THERAPIST)
        cast.coordinator = make_person(riverside, "tran", "Linh Tran", Role.COORDINATOR)
        cast.clinic_admin = make_person(riverside, "adler", "Ruth Adler", Role.CLINIC_ADMIN)
        cast.patient_user = make_person(riverside, "maria", "Maria Alvarez", Role.PATIENT)
        cast.patient_2_user = make_person(riverside, "tobias", "Tobias Brandt", Role.PATIENT)
        treating = cast.prescriber.membership
        assert treating
        cast.patient = make_patient(riverside, cast.patient_user, "20417", "Alvarez", "Maria", treating)
        cast.patient_2 = make_patient(riverside, cast.patient_2_user, "20418", "Brandt", "Tobias", treating)
        equip_clinic(riverside, cast.nurse.membership, treating)  # type: ignore[arg-type]
    with use_clinic(hillside.pk):
        cast.other_prescriber = make_person(hillside, "marsh", "Dr Della Marsh", Role.PRESCRIBER)
        cast.other_patient_user = make_person(hillside, "yusuf", "Yusuf Farah", Role.PATIENT)
        other = cast.other_prescriber.membership
        assert other
        cast.other_patient = make_patient(hillside, cast.other_patient_user, "1", "Farah", "Yusuf", other)
        equip_clinic(hillside, other, other)
    cast.platform_admin = User.objects.create_superuser(
        "root@telek.example", "a long pass phrase", name="Platform Admin"
    )
    cast.nobody = User.objects.create_user("nobody@telek.example", "a long pass phrase", name="No Body")
    return cast


_made: tuple[str, bytes] | None = None  # the statements that made the first cast of this process, and its objects


def quick_cast() -> Cast:
    """As make_cast; after the first time its rows are written again in one statement, which takes a fifth of the time."""
    global _made
    if _made is None:
        statements: list[str] = []
        with connection.execute_wrapper(_recorder(statements)):
            cast = make_cast()
        _made = ";".join(statements), pickle.dumps(cast)
        return cast
    with connection.cursor() as cursor:
        cursor.execute(_made[0])
    found: Cast = pickle.loads(_made[1])  # noqa: S301  (written by this process)
    return found


def _recorder(statements: list[str]) -> Callable[..., Any]:
    def record(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        statements.append(psycopg.ClientCursor(context["connection"].connection).mogrify(sql, params))
        return execute(sql, params, many, context)

    return record
