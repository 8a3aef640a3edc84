"""What is going on in the demonstration clinic today, so that every page has something true to show."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.accounts.models import User
from apps.accounts.permissions import Role
from apps.alerts import actions as alerts
from apps.alerts.models import Alert, AlertState
from apps.core import clock
from apps.core.ids import new_id
from apps.messaging.actions import mark_read, open_team_thread, open_thread, send_message
from apps.messaging.models import Message
from apps.monitoring.actions.answers import save_answer
from apps.monitoring.actions.assignments import assign
from apps.monitoring.actions.library import newest
from apps.monitoring.models import Assignment, Slot, SlotState
from apps.monitoring.plans import plan_slots
from apps.monitoring.schedule import open_due_slots
from apps.patients.models import Patient, Whereabouts
from telek.simulation import around, doses, house
from telek.simulation.chairs import sit_down
from telek.simulation.run import Life, Simulation
from telek.simulation.visits import book_coming_visits, hold_past_visits, open_hours, wait_now

Chat = tuple[tuple[int, int, bool, str], ...]
# (days ago, minutes after the hour of looking, from the patient?, words)
CHATS: dict[str, Chat] = {
    "chat": (
        (9, 0, True, "I slept better after the last session. The evenings are when it comes back."),
        (9, 34, False, "Thank you for telling me, that is useful. Could you note the evenings in your check-in?"),
        (6, 12, True, "I will. Is it all right to take my usual antihistamine before Thursday?"),
        (6, 71, False, "Yes, that one is fine. Please leave out alcohol the day before, as always."),
        (1, 5, True, "The session went well, a bit dizzy for an hour."),
        (1, 62, False, "Good to hear. I put a short summary in your record. Dizziness for an hour is expected."),
        (0, -95, True, "Could we move Thursday to the afternoon? My sister can drive me then."),
    ),
    "chat-work": (
        (4, 0, True, "I am back at work since Monday, half days."),
        (4, 48, False, "That is a big step. How do you feel in the evenings?"),
        (3, 20, True, "Tired, but it is an ordinary tired."),
        (0, -41, True, "Do I have to fill in both forms on the same day?"),
    ),
}


def tell(simulation: Simulation, staff: dict[Role, User], until: datetime, stories: dict[UUID, frozenset[str]]) -> None:
    """Play the stories of the people who have one. Needs the clinic in scope."""
    until = until.astimezone(simulation.zone)  # a day is the clinic's: in its evening UTC has the next one
    with transaction.atomic():
        open_hours(staff, simulation.clinic.time_zone)
    team = doses.begin_treatment(staff, until - timedelta(days=45))
    if team is not None:
        _keep_house(simulation, staff, team, until)
    for life in simulation.lives:
        story = stories.get(life.patient.pk, frozenset())
        if team is not None:
            _treat(simulation, life, staff, team, until, story)
        for key in CHATS.keys() & story:
            _chat(simulation, life, until, CHATS[key])
            _team_chat(simulation, life, until)
        if "around" in story:
            house.send_photo(life, until - timedelta(minutes=94))
        hold_past_visits(simulation, life, staff, until, story)
        doses.settle_windows(life, until)
        _meet(life, staff, until, story)
        _unsafe(simulation, life, until, story)
    quiet = [life for life in simulation.lives if not stories.get(life.patient.pk)]
    sit_down(quiet, staff, until)
    if team is not None:
        house.count_stock(team, until)


def _keep_house(simulation: Simulation, staff: dict[Role, User], team: doses.Team, until: datetime) -> None:
    house.fill_stock(team, until)
    house.keep_answers_ready(team, until)
    house.ask_two_people(simulation.clinic, staff)


def _treat(
    simulation: Simulation,
    life: Life,
    staff: dict[Role, User],
    team: doses.Team,
    until: datetime,
    story: frozenset[str],
) -> None:
    if "around" in story:
        around.examine(life, team, until)
    doses.tell_doses(simulation, life, team, until, story)
    if "around" in story:
        around.surround(life, staff, team, until)


def _meet(life: Life, staff: dict[Role, User], until: datetime, story: frozenset[str]) -> None:
    """Visits of today and tomorrow."""
    if "visit-today" in story or "visit-tomorrow" in story:
        book_coming_visits(life, staff, until, soon="visit-today" in story)
    if "visit-waiting" in story:
        wait_now(life, staff, until)
        around.ask_guest_in(life)


def _unsafe(simulation: Simulation, life: Life, until: datetime, story: frozenset[str]) -> None:
    if "unsafe-today" in story:
        unsafe_answer(life, 2, until - timedelta(minutes=4), asks_for_call=True)
    if "unsafe-owned" in story:
        alert = unsafe_answer(life, 1, until - timedelta(minutes=40), asks_for_call=False)
        _own(alert, simulation.nurse, until - timedelta(minutes=31))


def _chat(simulation: Simulation, life: Life, until: datetime, chat: Chat) -> None:
    for days, minutes, from_patient, words in chat:
        moment = min(until - timedelta(days=days) + timedelta(minutes=minutes), until - timedelta(minutes=3))
        sender = life.user if from_patient else simulation.nurse
        with clock.at(moment), transaction.atomic():
            thread = open_thread(patient=life.patient)
            if Message.objects.filter(thread=thread, body=words).exists():
                continue
            if not from_patient:
                mark_read(thread=thread, seq=thread.last_seq, actor=sender)
            send_message(thread=thread, body=words, client_id=new_id(), actor=sender)


def _team_chat(simulation: Simulation, life: Life, until: datetime) -> None:
    """What colleagues say about somebody who writes."""
    with clock.at(until - timedelta(hours=3)), transaction.atomic():
        thread = open_team_thread(patient=life.patient, actor=simulation.nurse)
        if thread.last_seq == 0:
            words = "Lives alone since October. I would like us to phone the day after each dose."
            send_message(thread=thread, body=words, client_id=new_id(), actor=simulation.nurse)


def unsafe_answer(life: Life, value: int, moment: datetime, *, asks_for_call: bool) -> Alert:
    """The weekly form is open out of turn and its ninth item answered; the rest is not filled in yet."""
    with clock.at(moment), transaction.atomic():
        slot = open_form(life.patient, "phq-9")
        answers = [("q1", 2), ("q2", 2), ("q6", 2), ("q9", value)]
        for link_id, number in answers:
            save_answer(
                slot=slot,
                link_id=link_id,
                value=number,
                client_id=new_id(),
                answered_at=moment,
                actor=life.user,
                auth_level="link",
                presentation="pages",
            )
        if asks_for_call:
            alerts.request_call(patient=life.patient, after_positive=True)
            Whereabouts.objects.create(
                clinic_id=life.patient.clinic_id,
                patient=life.patient,
                place=f"Home, {life.patient.address}",
                company="alone",
                call_back=life.patient.phone,
                asked_in="survey",
            )
        return Alert.objects.filter(patient=life.patient).exclude(state=AlertState.RESOLVED).order_by("level").first()  # type: ignore[return-value]


def open_form(patient: Patient, key: str) -> Slot:
    """An open slot of that instrument today, made for the occasion when the rhythm has none."""
    found = Slot.objects.filter(patient=patient, questionnaire__key=key, state=SlotState.OPEN).first()
    if found is not None:
        return found
    assignment = Assignment.objects.filter(patient=patient, questionnaire__key=key, status="active").first()
    if assignment is None:
        assignment = assign(patient=patient, questionnaire=newest(key), rhythm="once", actor=None, synthetic=True)
    plan_slots(assignment)
    now = clock.now()
    slot = Slot.objects.filter(assignment=assignment, state=SlotState.SCHEDULED).order_by("opens_at").first()
    if slot is None:
        slot = Slot.objects.create(
            clinic_id=patient.clinic_id,
            assignment=assignment,
            patient=patient,
            questionnaire=assignment.questionnaire,
            slot_key=f"{now.date().isoformat()}#extra",
            opens_at=now,
            closes_at=now + timedelta(hours=12),
            time_zone=patient.time_zone,
            next_step_at=now,
            synthetic=True,
        )
    Slot.objects.filter(pk=slot.pk).update(opens_at=now, closes_at=now + timedelta(hours=12), next_step_at=now)
    open_due_slots(5000)
    slot.refresh_from_db()
    return slot


def _own(alert: Alert, nurse: User, moment: datetime) -> None:
    with clock.at(moment), transaction.atomic():
        alerts.acknowledge(alert=alert, actor=nurse)
    with clock.at(moment + timedelta(minutes=12)), transaction.atomic():
        alerts.record_contact(
            alert=alert, actor=nurse, channel="phone", reached=True, text="Reached at work, says he is safe."
        )
