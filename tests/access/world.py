"""A world to break into: two clinics, three patients, everything that hangs on them, marked with canary words.

Relations are seen from Riverside: `own` hangs on Maria, `other` on Tobias (same clinic), `foreign` on Yusuf
(Hillside). A canary word in an answer tells whose record it came from.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.test import Client

from apps.accounts import actions as people
from apps.accounts.invitations import invite
from apps.accounts.middleware import CLINIC_KEY, resolve_membership
from apps.accounts.models import Clinic, ContactPoint, User
from apps.accounts.permissions import Permission, Role
from apps.accounts.tokens import create_token
from apps.alerts.actions import raise_alert
from apps.alerts.actions.ladders import switch_off
from apps.alerts.actions.rules import draft_rule
from apps.alerts.drill import start_drill
from apps.alerts.models import EscalationPolicy, RosterShift
from apps.core import clock
from apps.core.db.scope import use_clinic, use_user
from apps.messaging import actions as messaging
from apps.messaging.files import read_file
from apps.messaging.models import Attachment
from apps.messaging.ready_answers import write_answer
from apps.monitoring.actions import stage_pack
from apps.monitoring.actions.problems import Photo, report_problem
from apps.monitoring.instruments.pack import read_pack
from apps.monitoring.links import issue
from apps.monitoring.models import Observation, Slot, SlotState, TreatmentPhase
from apps.notifications.keys import one_tap_token
from apps.notifications.models import Delivery, PushSubscription
from apps.patients import actions as patients
from apps.patients.guest_links import give_link
from apps.patients.models import Patient
from apps.sessions import actions as treatment
from apps.sessions.actions.letters import invite_prescriber
from apps.sessions.driver_links import hash_token, new_token
from apps.sessions.models import (
    AdverseEvent,
    DifferentTime,
    DriverLink,
    Protocol,
    RemsForm,
    StockDifference,
    StockEntry,
    StockLot,
    Visit,
    VisitHours,
    VisitNote,
)
from apps.sessions.protocols import starting_body
from apps.therapy import actions as therapy
from apps.therapy import signs
from tests.cast import Cast, make_cast, make_person
from tests.clinical.packs import pack_for
from tests.monitoring.stage import questionnaire

RELATIONS = ("own", "other", "foreign")
# Whose word: names may be read by whoever manages people, clinical words only by whoever treats.
NAME = {relation: f"zq{relation}name" for relation in RELATIONS}
CLINICAL = {relation: f"zq{relation}word" for relation in RELATIONS}
TEAM = {relation: f"zq{relation}team" for relation in RELATIONS}  # said among staff: no patient meets it anywhere


@dataclass
class Actor:
    """Somebody who tries. sees: the relations that are theirs; role: as expectations.yaml names it."""

    name: str
    role: str
    sees: tuple[str, ...]
    client: Client
    user: User | None = None


@dataclass
class World:
    """The cast, the actors, and the ids of everything by kind and relation."""

    cast: Cast
    actors: list[Actor] = field(default_factory=list)
    ids: dict[str, dict[str, str]] = field(default_factory=dict)

    def note(self, kind: str, relation: str, value: object) -> None:
        self.ids.setdefault(kind, {})[relation] = str(value)

    def actor(self, name: str) -> Actor:
        return next(actor for actor in self.actors if actor.name == name)


def make_world() -> World:
    """Everything; needs an open transaction."""
    cast = make_cast()
    world = World(cast)
    for relation, patient, clinician in (
        ("own", cast.patient, cast.prescriber),
        ("other", cast.patient_2, cast.prescriber),
        ("foreign", cast.other_patient, cast.other_prescriber),
    ):
        with use_clinic(patient.clinic_id):
            _mark(patient, relation)
            _fill(world, relation, patient, clinician)
    _fill_clinics(world)
    world.actors = _actors(cast)
    return world


def _mark(patient: Patient, relation: str) -> None:
    """The canary words in every text that a page could show."""
    User.objects.filter(pk=patient.user_id).update(name=f"Person {NAME[relation]}")
    patient.family_name, patient.address = f"Fam{CLINICAL[relation]}", f"Street {CLINICAL[relation]}"
    patient.allergies = patient.diagnosis = f"Sensitive {CLINICAL[relation]}"
    patient.save()
    patient.emergency_contacts.update(name=f"Contact {CLINICAL[relation]}")
    patient.user.refresh_from_db()


def _fill(world: World, relation: str, patient: Patient, clinician: User) -> None:
    word = CLINICAL[relation]
    world.note("patient", relation, patient.pk)
    world.note("emergency-contact", relation, patient.emergency_contacts.get().pk)
    alert = raise_alert(
        patient=patient,
        cause="suicidal-thoughts",
        level="P1",
        title=f"Alert {word}",
        source_kind="test",
        source_id=uuid4(),
        rule_code="test",
    )
    world.note("alert", relation, alert.pk)
    # A drill is the clinic's and no patient's: "own" and "other" are one.
    known = world.ids.get("drill", {}).get("own") if relation == "other" else None
    world.note("drill", relation, known or start_drill(clinic=patient.clinic, actor=clinician).pk)
    world.note("own-device", relation, _device_of(patient).pk)
    world.note("page-token", relation, one_tap_token(Delivery.objects.filter(subject_id=alert.pk).earliest("pk").pk))
    for kind, told in (
        ("medicine", patients.MedicineTold(f"Medicine {word}")),
        ("condition", patients.ConditionTold("F33.2", f"Condition {word}")),
        ("allergy", patients.AllergyTold(f"Allergy {word}")),
    ):
        world.note(kind, relation, patients.record_entry(patient=patient, told=told, actor=clinician).pk)
    patients.write_safety_note(patient=patient, text=f"Note {word}", actor=clinician)
    _fill_survey(world, relation, patient, clinician)
    _fill_talk(world, relation, patient, clinician)
    _fill_visit(world, relation, patient, clinician)
    _fill_treatment(world, relation, patient, clinician)
    _fill_account(world, relation, patient)
    _fill_therapy(world, relation, patient)
    _fill_links(world, relation, patient, clinician)


def _fill_links(world: World, relation: str, patient: Patient, clinician: User) -> None:
    until = clock.now() + timedelta(days=1)
    link, path = give_link(
        patient=patient, purpose="peer", name=f"Friend {NAME[relation]}", expires_at=until, actor=clinician
    )
    world.note("peer-token", relation, path.strip("/").split("/")[1])
    world.note("guest-link", relation, link.pk)
    doctor, path = invite_prescriber(patient=patient, name=f"Dr {NAME[relation]}", agreed=True, actor=patient.user)
    world.note("letter-token", relation, path.strip("/").split("/")[1])
    world.note("doctor-link", relation, doctor.pk)


def _device_of(patient: Patient) -> PushSubscription:
    return PushSubscription.objects.create(
        clinic_id=patient.clinic_id, user_id=patient.user_id, endpoint="https://fcm.googleapis.com/x", label="Browser"
    )


def _fill_survey(world: World, relation: str, patient: Patient, clinician: User) -> None:
    from apps.monitoring import actions as monitoring

    assignment = monitoring.assign(
        patient=patient, questionnaire=questionnaire("phq-9"), rhythm="daily", actor=clinician
    )
    slot = assignment.slots.order_by("opens_at").first()
    assert isinstance(slot, Slot)
    now = clock.now()
    slot.opens_at, slot.closes_at, slot.state = now - timedelta(hours=3), now + timedelta(hours=3), SlotState.OPEN
    slot.next_step_at = slot.closes_at
    slot.save()
    world.note("assignment", relation, assignment.pk)
    world.note("slot", relation, slot.pk)
    world.note("survey-token", relation, issue(slot, now))
    phase = TreatmentPhase.objects.create(
        clinic=patient.clinic, patient=patient, phase="induction", started_at=now, started_by=clinician.membership
    )
    world.note("phase", relation, phase.pk)
    observation = Observation.objects.create(
        clinic=patient.clinic,
        patient=patient,
        code="8867-4",
        value=71,
        unit="/min",
        effective_at=now,
        source=f"x{CLINICAL[relation]}",
    )
    world.note("observation", relation, observation.pk)
    device, _token = monitoring.add_device(
        identifier=f"x{CLINICAL[relation]}", label=CLINICAL[relation], patient=patient, actor=clinician
    )
    world.note("device", relation, device.pk)
    problem = report_problem(
        patient=patient,
        kind=1,
        severity=1,
        since=None,
        text=CLINICAL[relation],
        source="patient",
        actor=None,
        photo=Photo(CLINICAL[relation].encode(), 1, 1, "0" * 64, scanned=False),
    )
    world.note("problem", relation, problem.pk)
    world.note("problem-photo", relation, problem.photos.get().pk)
    wanted = {"instrument": "phq-9", "at_least": 20}
    words = {"name": f"Rule {NAME[relation]}", "why": "w", "source": "s", "level": "P3"}
    rule = draft_rule(clinic=patient.clinic, actor=clinician, kind="score", parameters=wanted, **words)
    world.note("rule", relation, rule.pk)


def _fill_talk(world: World, relation: str, patient: Patient, clinician: User) -> None:
    thread = messaging.open_thread(patient=patient)
    writer = patient.user
    with use_user(writer.pk):
        writer.membership = resolve_membership(writer, str(patient.clinic_id))
    paper = read_file(b"%PDF-1.4 %%EOF", f"Paper {CLINICAL[relation]}.pdf", most_megabytes=1)
    message = messaging.send_message(
        thread=thread, body=f"Message {CLINICAL[relation]}", client_id=uuid4(), actor=writer, file=paper
    )
    team = messaging.open_team_thread(patient=patient, actor=clinician)
    messaging.send_message(
        thread=team, body=f"Among us {TEAM[relation]}", client_id=uuid4(), actor=clinician, file=paper
    )
    world.note("message-file", relation, Attachment.objects.get(message=message).pk)
    world.note("thread", relation, thread.pk)
    world.note("message", relation, message.pk)


def _fill_visit(world: World, relation: str, patient: Patient, clinician: User) -> None:
    starts = clock.now() + timedelta(minutes=5 if relation == "own" else 65)
    visit = Visit.objects.create(
        clinic=patient.clinic,
        patient=patient,
        clinician=clinician.membership,
        starts_at=starts,
        ends_at=starts + timedelta(minutes=20),
        reason=f"Reason {CLINICAL[relation]}",
    )
    note = VisitNote.objects.create(
        clinic=patient.clinic, visit=visit, author=clinician.membership, text=f"Note {CLINICAL[relation]}"
    )
    _guest, token = treatment.invite_guest(visit=visit, name="Ana", role="interpreter", actor=clinician)
    world.note("guest-token", relation, token)
    world.note("visit", relation, visit.pk)
    world.note("visit-note", relation, note.pk)


def _fill_treatment(world: World, relation: str, patient: Patient, clinician: User) -> None:
    course = treatment.start_course(patient=patient, template="iv-depression", actor=clinician)
    session = treatment.open_session(course=course, chair=f"Chair {CLINICAL[relation]}"[:30], actor=clinician)
    world.note("course", relation, course.pk)
    lab = treatment.Lab(code="urinalysis", taken_on=clock.now().date() - timedelta(days=1), finding="normal")
    result = treatment.record_lab(patient=patient, lab=replace(lab, note=CLINICAL[relation]), actor=clinician)
    world.note("lab-result", relation, result.pk)
    world.note("dosing-session", relation, session.pk)
    event = AdverseEvent.objects.create(
        clinic=patient.clinic,
        patient=patient,
        session=session,
        term="Syncope",
        grade=3,
        seriousness="important",
        onset_at=clock.now(),
        action=f"Lay down {CLINICAL[relation]}",
        author=clinician.membership,
    )
    world.note("serious-event", relation, event.pk)
    token = new_token()
    DriverLink.objects.create(
        clinic=patient.clinic,
        session=session,
        name=f"Driver {CLINICAL[relation]}",
        token_hash=hash_token(token),
        made_by=clinician.membership,
        opens_at=clock.now(),
        expires_at=clock.now() + timedelta(hours=9),
    )
    world.note("driver-token", relation, token)
    form = RemsForm.objects.create(
        clinic=patient.clinic, session=session, due_on=clock.now().date(), next_step_at=clock.now() + timedelta(days=2)
    )
    world.note("rems-form", relation, form.pk)


def _fill_account(world: World, relation: str, patient: Patient) -> None:
    person = patient.user
    token, _text = create_token(label=f"Token {NAME[relation]}", scopes=[Permission.OWN_RECORD], days=9, actor=person)
    world.note("own-token", relation, token.pk)
    world.note("contact-point", relation, ContactPoint.objects.filter(user=person).order_by("rank")[0].pk)
    assert person.membership
    world.note("patient-membership", relation, person.membership.pk)


def _fill_clinics(world: World) -> None:
    """What hangs on a clinic rather than on a patient: `other` is a second row of Riverside."""
    cast = world.cast
    homes = (("own", cast.clinic, cast.nurse), ("other", cast.clinic, cast.therapist))
    for relation, clinic, member in (*homes, ("foreign", cast.other_clinic, cast.other_prescriber)):
        with use_clinic(clinic.pk):
            _fill_clinic(world, relation, clinic, member)
            _fill_hours(world, relation, clinic, member)
            _fill_protocol(world, relation, clinic, member)
            _fill_stock(world, relation, clinic, member)


def _fill_clinic(world: World, relation: str, clinic: Clinic, member: User) -> None:
    invitation = invite(
        clinic=clinic,
        email=f"{relation}-new@telek.example",
        name=f"New {NAME[relation]}",
        role=Role.NURSE,
        actor=None,
    )
    delivery = Delivery.objects.get(subject_id=invitation.pk)
    world.note("invitation-token", relation, delivery.context["link"].strip("/").split("/")[1])
    world.note("delivery", relation, delivery.pk)
    world.note("invited", relation, invitation.membership_id)
    world.note("clinic", relation, clinic.pk)
    world.note("user", relation, member.pk)
    assert member.membership
    world.note("membership", relation, member.membership.pk)
    pack = stage_pack(clinic=clinic, pack=read_pack(pack_for("isi", words=f"Pack {NAME[relation]}")), actor=None)
    world.note("content-pack", relation, pack.pk)
    world.note("staff-contact-point", relation, ContactPoint.objects.filter(user=member).order_by("rank")[0].pk)
    shift = RosterShift.objects.filter(clinic=clinic).order_by("rota")[int(relation == "other")]
    world.note("shift", relation, shift.pk)
    policy = EscalationPolicy.objects.filter(clinic=clinic).order_by("level")[int(relation == "other")]
    world.note("ladder", relation, policy.pk)
    asked = switch_off(policy=policy, actor=member, reason=f"Reason {NAME[relation]}")
    world.note("pending-change", relation, asked.pk)
    answer = write_answer(clinic=clinic, title=f"Answer {NAME[relation]}", body="x", actor=member)
    world.note("ready-answer", relation, answer.pk)
    token, _text = create_token(label="lab", scopes=[Permission.SEE_DESK], days=9, actor=member)
    world.note("staff-token", relation, token.pk)


def _fill_protocol(world: World, relation: str, clinic: Clinic, member: User) -> None:
    protocol = Protocol.objects.create(
        clinic=clinic,
        key=f"own-{relation}",
        version=1,
        body=starting_body("iv-depression") | {"name": f"Protocol {NAME[relation]}"},
        author=member.membership,
    )
    world.note("protocol", relation, protocol.pk)


def _fill_therapy(world: World, relation: str, patient: Patient) -> None:
    with use_user(patient.user_id):
        patient.user.membership = resolve_membership(patient.user, str(patient.clinic_id))
    words = f"Entry {CLINICAL[relation]}"
    entry = therapy.write_entry(patient=patient, text=words, privacy="team", actor=patient.user)
    world.note("journal-entry", relation, entry.pk)
    meant = therapy.commit_to(patient=patient, text=words, privacy="team", actor=patient.user)
    world.note("commitment", relation, meant.pk)
    signs.name_signs(patient=patient, signs=words, plan=words, enough=1, actor=patient.user)


def _fill_stock(world: World, relation: str, clinic: Clinic, member: User) -> None:
    """A lot of that clinic (`other` is a second one of Riverside), a line of it and a difference."""
    assert member.membership
    lot = StockLot.objects.create(
        clinic=clinic,
        product="ketamine",
        description=f"Lot {NAME[relation]}",
        lot=f"L-{relation}",
        expires_on=clock.now().date() + timedelta(days=300),
        unit_mg=500,
    )
    line = {"amount_mg": 500, "balance_mg": 500, "occurred_at": clock.now(), "actor": member.membership}
    entry = StockEntry.objects.create(clinic=clinic, lot=lot, seq=1, kind="received", **line)
    difference = StockDifference.objects.create(
        clinic=clinic,
        lot=lot,
        expected_mg=500,
        found_mg=400,
        found_at=clock.now(),
        found_by=member.membership,
        next_step_at=clock.now(),
    )
    world.note("stock-lot", relation, lot.pk)
    world.note("stock-entry", relation, entry.pk)
    world.note("stock-difference", relation, difference.pk)


def _fill_hours(world: World, relation: str, clinic: Clinic, member: User) -> None:
    """When that clinician holds visits."""
    hours = VisitHours.objects.create(
        clinic=clinic,
        clinician=member.membership,
        weekday=1,
        opens=time(9),
        closes=time(10),
        time_zone=clinic.time_zone,
        first_on=clock.now().date(),
    )
    starts = clock.now() + timedelta(days=20)
    away = DifferentTime.objects.create(
        clinic=clinic, clinician=member.membership, starts_at=starts, ends_at=starts + timedelta(hours=1), is_away=True
    )
    world.note("visit-hours", relation, hours.pk)
    world.note("different-time", relation, away.pk)


def _actors(cast: Cast) -> list[Actor]:
    home = ("own", "other")
    with use_clinic(cast.clinic.pk):
        revoked = make_person(cast.clinic, "revoked", "Ex Nurse", Role.NURSE)
        client = cast.client(revoked)
        people.end_membership(membership=revoked.membership, actor=cast.clinic_admin)  # type: ignore[arg-type]
    platform = cast.platform_admin
    glass = User.objects.create_superuser("glass@telek.example", "a long pass phrase", name="Glass Breaker")
    people.break_glass(clinic=cast.clinic, reason="Restoring a lost record", actor=glass)
    return [
        Actor("anonymous", "anonymous", (), cast.client(None)),
        Actor("patient", "patient", ("own",), cast.client(cast.patient_user), cast.patient_user),
        Actor("other patient", "patient", ("other",), cast.client(cast.patient_2_user), cast.patient_2_user),
        Actor(
            "foreign patient", "patient", ("foreign",), cast.client(cast.other_patient_user), cast.other_patient_user
        ),
        Actor("prescriber", "prescriber", home, cast.client(cast.prescriber), cast.prescriber),
        Actor("nurse", "nurse", home, cast.client(cast.nurse), cast.nurse),
        Actor("therapist", "therapist", home, cast.client(cast.therapist), cast.therapist),
        Actor("coordinator", "coordinator", home, cast.client(cast.coordinator), cast.coordinator),
        Actor("clinic admin", "clinic-admin", home, cast.client(cast.clinic_admin), cast.clinic_admin),
        Actor(
            "foreign clinician", "prescriber", ("foreign",), cast.client(cast.other_prescriber), cast.other_prescriber
        ),
        Actor("revoked nurse", "nobody", (), client, revoked),
        Actor("nobody", "nobody", (), cast.client(cast.nobody), cast.nobody),
        Actor("platform admin", "platform", (), cast.client(platform), platform),
        Actor("behind broken glass", "emergency", home, _at(cast.client(glass), cast.clinic), glass),
    ]


def _at(client: Client, clinic: Clinic) -> Client:
    session = client.session
    session[CLINIC_KEY] = str(clinic.pk)
    session.save()
    return client


def missing_ids() -> list[str]:
    """Ids that name nothing, and things that are no ids."""
    return [str(uuid4()), "not-a-uuid", "0", "-1", "9223372036854775808", str(UUID(int=0)).upper()]


def everything(value: Any) -> str:
    """The text of an answer, whatever it is."""
    if getattr(value, "streaming", False):
        return b"".join(value.streaming_content).decode(errors="replace")
    headers = " ".join(f"{name}: {content}" for name, content in value.headers.items())
    return headers + value.content.decode(errors="replace")
