"""What surrounds a dose in the demonstration: history, laboratory, journal, early signs, people beside, a guest in a call."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from apps.accounts.models import User
from apps.accounts.permissions import Role
from apps.core import clock
from apps.core.ids import new_id
from apps.patients.actions import AllergyTold, ConditionTold, MedicineTold, record_entry, review_history
from apps.patients.guest_links import give_link
from apps.patients.models import LinkPurpose
from apps.sessions import actions
from apps.sessions.actions import Lab
from apps.sessions.actions.letters import invite_prescriber, take_reply
from apps.sessions.models import Visit
from apps.therapy.actions import commit_to, settle_commitment, unlock, write_entry
from apps.therapy.signs import agree_signs, check_signs, name_signs
from telek.simulation.doses import Team
from telek.simulation.run import Life

JOURNAL_WORDS = "the river is quiet today"  # of Maria's journal (docs/therapy.md)
SIGNS = "I wake before five\nI stop answering messages\nI leave the dishes\nMusic annoys me"
PLAN = "Tell Elena the same day. Walk in the morning light. Ask the clinic for a talk this week."
HISTORY = (
    ConditionTold("F33.2", onset_on=date(2017, 5, 1)),
    ConditionTold("I10", onset_on=date(2021, 2, 1)),
    AllergyTold("Latex", "itching", "low"),
    MedicineTold("Sertraline", "150 mg in the morning", "oral", date(2022, 9, 1)),
    MedicineTold("Lorazepam", "0.5 mg when needed, at most twice a week", "oral", date(2025, 3, 1)),
    MedicineTold("Lamotrigine", "100 mg in the evening", "oral", date(2024, 11, 1)),
)
#: Days ago, what, value, unit, upper limit, finding.
LABS = (
    (31, "urinalysis", None, "", None, "normal"),
    (31, "alt", "31", "U/L", "40", ""),
    (31, "ast", "24", "U/L", "38", ""),
    (31, "cognition", None, "", None, "normal"),
    (31, "hcg", None, "", None, "negative"),
    (9, "alt", "46", "U/L", "40", ""),
    (9, "ast", "33", "U/L", "38", ""),
    (9, "hcg", None, "", None, "negative"),
)


def examine(life: Life, team: Team, until: datetime) -> None:
    """What is known of one person before the first dose on record, and what the laboratory says since."""
    _history(life, team, until - timedelta(days=40))
    _labs(life, team, until)


def surround(life: Life, staff: dict[Role, User], team: Team, until: datetime) -> None:
    """What the person makes of it, and who helps them."""
    with clock.at(until - timedelta(days=1)), transaction.atomic():
        told = MedicineTold("Loratadine", "10 mg when my nose runs", "oral", (until - timedelta(days=4)).date())
        record_entry(patient=life.patient, told=told, actor=life.user)
    _write(life, until)
    _name_signs(life, staff.get(Role.THERAPIST, team.doctor), until)
    _people_beside(life, until)


def _history(life: Life, team: Team, at: datetime) -> None:
    with clock.at(at), transaction.atomic():
        for told in HISTORY:
            record_entry(patient=life.patient, told=told, actor=team.nurse)
        for kind in ("conditions", "allergies", "medicines"):
            review_history(patient=life.patient, kind=kind, actor=team.nurse)


def _labs(life: Life, team: Team, until: datetime) -> None:
    for days, code, value, unit, limit, finding in LABS:
        at = until - timedelta(days=days)
        with clock.at(at), transaction.atomic():
            number = None if value is None else Decimal(value)
            upper = None if limit is None else Decimal(limit)
            lab = Lab(code, at.date(), number, unit, upper, finding, "Riverside Laboratory")
            actions.record_lab(patient=life.patient, lab=lab, actor=team.nurse)


def _write(life: Life, until: datetime) -> None:
    """Four entries, each for another reader, and two commitments."""
    with clock.at(until - timedelta(days=15)), transaction.atomic():
        key = unlock(patient=life.patient, words=JOURNAL_WORDS, actor=life.user)
    entries = (
        (15, "me", "stayed", "The ceiling became water. I was not afraid, which surprised me."),
        (14, "therapist", "different", "I noticed that I talk to myself the way my father did. I would like to stop."),
        (1, "me", "felt", "Grief, and then something lighter behind it. I want to keep this for myself for now."),
        (1, "team", "tell", "The hour after the session was hard: it was too bright and too loud by the door."),
    )
    for days, privacy, prompt, text in entries:
        with clock.at(until - timedelta(days=days, hours=2)), transaction.atomic():
            write_entry(patient=life.patient, text=text, privacy=privacy, prompt=prompt, key=key, actor=life.user)
    with clock.at(until - timedelta(days=13)), transaction.atomic():
        row = commit_to(patient=life.patient, text="Call Elena on Sunday", privacy="therapist", actor=life.user)
        by_on = (until + timedelta(days=4)).date()
        text = "Ten minutes by the river each morning"
        commit_to(patient=life.patient, text=text, privacy="team", by_on=by_on, actor=life.user)
    with clock.at(until - timedelta(days=9)), transaction.atomic():
        settle_commitment(commitment=row, done=True, actor=life.user)


def _name_signs(life: Life, therapist: User, until: datetime) -> None:
    with clock.at(until - timedelta(days=20)), transaction.atomic():
        signs = name_signs(patient=life.patient, signs=SIGNS, plan=PLAN, enough=3, actor=life.user)
    with clock.at(until - timedelta(days=19)), transaction.atomic():
        agree_signs(signs=signs, version=signs.version, actor=therapist)
    for days, present in ((12, []), (5, [2])):
        with clock.at(until - timedelta(days=days)), transaction.atomic():
            check_signs(patient=life.patient, present=present, actor=life.user)


def _people_beside(life: Life, until: datetime) -> None:
    """The own psychiatrist has read the summary and answered; the sister is asked and has not said yet."""
    with clock.at(until - timedelta(days=11)), transaction.atomic():
        link, _path = invite_prescriber(patient=life.patient, name="Dr Petra Sand", agreed=True, actor=life.user)
    with clock.at(until - timedelta(days=10)), transaction.atomic():
        words = "Thank you for the summary. I have left sertraline at 150 mg. Please tell me if the pressure stays up."
        take_reply(link=link, text=words, client_id=new_id())
    with clock.at(until - timedelta(hours=5)), transaction.atomic():
        give_link(
            patient=life.patient,
            purpose=LinkPurpose.PEER,
            name="Elena Ruiz",
            expires_at=until + timedelta(days=6),
            actor=life.user,
        )


@transaction.atomic
def ask_guest_in(life: Life) -> None:
    """Somebody of the family is invited into the call that is about to begin, and the patient has agreed."""
    visit = Visit.objects.select_related("clinician__user").filter(patient=life.patient, status="arrived").first()
    if visit is None or visit.clinician is None:
        return
    holder = visit.clinician.user
    holder.membership = visit.clinician
    name = life.patient.emergency_contacts.values_list("name", flat=True)[0]
    guest, _token = actions.invite_guest(visit=visit, name=name, role="family", actor=holder)
    actions.agree_to_guest(visit=visit, guest_id=guest.pk, actor=life.user)
