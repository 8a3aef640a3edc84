"""Make the demonstration clinics: people, ladders, roster, patients. Everything is marked synthetic; repeating is harmless."""

from datetime import datetime, time, timedelta

from django.db import transaction

from apps.accounts.clinic_settings import adopt_country_lines, change_setting, setting
from apps.accounts.models import Clinic, ContactPoint, Membership, User
from apps.accounts.permissions import Role
from apps.alerts.models import EscalationPolicy, EscalationRung, RosterShift
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.patients.models import EmergencyContact, Patient, SafetyNote, SafetyPlan
from telek.demo_personas import PERSONAS
from telek.simulation.people import Invented

LADDERS = {
    "P1": ["on-call", "director", "licensed"],
    "P2": ["treating", "on-call", "director"],
    "P3": ["coordinator", "treating"],
}
#: Who works in a synthetic clinic that no persona of the demonstration belongs to.
INVENTED_STAFF = {Role.PRESCRIBER: "Dr Amina Farouk", Role.NURSE: "Piet Janssen"}
ROSTER_DAYS = 60
DAY, NIGHT = time(8), time(20)


def make_clinic(slug: str, name: str, zone: str, phone: str) -> Clinic:
    """The clinic with its ladders and crisis numbers."""
    clinic, made = Clinic.objects.get_or_create(
        slug=slug,
        defaults={"name": name, "time_zone": zone, "country": "US", "phone": phone, "synthetic": True},
    )
    if made:
        with use_clinic(clinic.pk), transaction.atomic():
            adopt_country_lines(clinic=clinic, actor=None)
            change_setting(clinic=clinic, name="fallback_contact", value=phone, actor=None, reason="demonstration")
            _make_ladders(clinic)
    return clinic


def _make_ladders(clinic: Clinic) -> None:
    for level, targets in LADDERS.items():
        policy = EscalationPolicy.objects.create(clinic=clinic, level=level, name=f"{level} ladder")
        for number, target in enumerate(targets):
            EscalationRung.objects.create(clinic=clinic, policy=policy, rung=number, target=target)


def make_user(email: str, name: str, zone: str) -> User:
    """The person; in the demo they sign in with one click, so they have no password."""
    user, made = User.objects.get_or_create(email=email, defaults={"name": name, "time_zone": zone})
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


def make_staff(clinic: Clinic) -> dict[Role, User]:
    """The clinic's personas by role, or invented staff, each with `membership` set. Needs the clinic in scope."""
    people: dict[Role, User] = {}
    for persona in PERSONAS.values():
        if persona.clinic == clinic.slug and persona.role is not None and persona.role != Role.PATIENT:
            people[persona.role] = make_member(clinic, persona.email, persona.name, persona.role)
    if not people:
        for role, name in INVENTED_STAFF.items():
            people[role] = make_member(clinic, f"{role.value}@{clinic.slug}.example", name, role)
    return people


def make_member(clinic: Clinic, email: str, name: str, role: Role) -> User:
    """A user with a membership and a contact point on every channel."""
    user = make_user(email, name, clinic.time_zone)
    user.membership, made = Membership.objects.get_or_create(
        clinic=clinic, user=user, ended_at=None, defaults={"role": role}
    )
    if made:
        number = f"+1555010{user.pk.int % 1000:03d}"
        for rank, (channel, address) in enumerate(
            [("push", f"demo-{user.pk}"), ("sms", number), ("email", email), ("voice", number)], 1
        ):
            ContactPoint.objects.create(clinic=clinic, user=user, channel=channel, address=address, rank=rank)
    return user


def member(user: User) -> Membership:
    """The membership that make_member has set."""
    if user.membership is None:
        raise LookupError(f"{user} is in no clinic")
    return user.membership


def fill_roster(clinic: Clinic, *, day: Membership, night: Membership, director: Membership) -> None:
    """Day and night pagers for the coming 60 days, from yesterday on; what stands already is left alone."""
    zone = clock.zone_of(clinic.time_zone)
    first = clock.now().astimezone(zone).date() - timedelta(days=1)
    shifts = []
    for offset in range(ROSTER_DAYS):
        date = first + timedelta(days=offset)
        begin, evening = datetime.combine(date, DAY, zone), datetime.combine(date, NIGHT, zone)
        following = datetime.combine(date + timedelta(days=1), DAY, zone)
        for rota, holder, starts_at, ends_at in (
            ("on-call", day, begin, evening),
            ("on-call", night, evening, following),
            ("director", director, begin, following),
        ):
            shifts.append(
                RosterShift(clinic=clinic, rota=rota, membership=holder, starts_at=starts_at, ends_at=ends_at)
            )
    # PostgreSQL itself knows what overlaps (one_pager_one_person).
    RosterShift.objects.bulk_create(shifts, ignore_conflicts=True)


def make_patient(clinic: Clinic, number: int, who: Invented, treating: Membership) -> Patient:
    """The patient as the clinic registered them. Needs the clinic in scope."""
    email = who.email or f"{who.given}.{who.family}@{clinic.slug}.example".lower()
    user = make_member(clinic, email, f"{who.given} {who.family}", Role.PATIENT)
    patient, made = Patient.objects.select_related("user", "clinic").get_or_create(
        clinic=clinic,
        number=str(20400 + number),
        defaults={
            "user": user,
            "family_name": who.family,
            "given_name": who.given,
            "birth_on": who.born,
            "sex": who.sex,
            "time_zone": clinic.time_zone,
            "address": f"{100 + 7 * number} {who.street}, Riverside, OH 43017",
            "phone": f"(555) 0134-{800 + number}",
            "emergency_number": "(555) 0100-911",
            "diagnosis": "MDD recurrent, severe",
            "allergies": who.allergies,
            "treating": treating,
            "synthetic": True,
        },
    )
    patient.user = user  # with its membership set
    if made:
        _surround(patient, number, who, treating)
    return patient


def _surround(patient: Patient, number: int, who: Invented, treating: Membership) -> None:
    name, relation = who.contact
    EmergencyContact.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        name=name,
        relation=relation,
        phone=f"(555) 0177-{200 + number}",
        may_be_told=number % 3 != 0,
    )
    if who.traits.item9_early or who.plan:
        SafetyNote.objects.create(
            clinic_id=patient.clinic_id,
            patient=patient,
            author=treating,
            text=f"Past attempt in 2019. Medicines are kept at {name}'s home. No firearms, asked at intake.",
        )
    if who.plan:
        SafetyPlan.objects.create(
            clinic_id=patient.clinic_id,
            patient=patient,
            version=1,
            reviewed_with=treating,
            warning_signs="Not sleeping. Staying in bed past noon. Not answering the phone.",
            alone="Walk to the river and back. Shower. The blue playlist.",
            people_and_places="The library on Fifth Street. Coffee with my neighbour.",
            ask_for_help=f"{name}, my {relation}. Then Father Tomas.",
            professionals=f"My clinic: {setting(patient.clinic, 'fallback_contact')}. 988, call or text.",
            safer_surroundings=f"{name} keeps my medicines and gives me one week at a time.",
        )
