"""A simulated past: believable, synthetic, the same for the same seed, and silent."""

import pickle
import random
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import Clinic, Membership, PendingChange
from apps.accounts.permissions import Role
from apps.alerts.models import Alert, RosterShift
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.messaging.models import Attachment, Thread
from apps.monitoring.actions.library import publish_library
from apps.monitoring.models import Anchor, Assignment, ItemAnswer, QuestionnaireResponse, Slot
from apps.notifications.models import Delivery
from apps.patients.models import GuestLink
from apps.sessions.models import DosingSession, StockDifference, StockEntry, Visit, VisitGuest, VisitNote
from apps.sessions.open_times import booking_rules, open_times
from apps.sessions.refusal import TreatmentRefused
from apps.therapy.models import JournalEntry
from telek.management.commands.seed_demo import make_life, mark_the_end, seed_clinic
from telek.management.commands.simulate import prepare
from telek.simulation import course, stories
from telek.simulation.clinic import fill_roster, make_clinic, make_patient, make_staff, member
from telek.simulation.people import RIVERSIDE
from telek.simulation.run import Simulation
from telek.simulation.shares import ShareFailed, in_words
from tests.databases import empty_tables

DAYS = 9


def live(seed: int) -> Simulation:
    """Two people, sixteen days."""
    publish_library()
    clinic = make_clinic("riverside", "Riverside Clinic", "America/New_York", "(555) 0100-200")
    now = clock.now()
    today = now.astimezone(ZoneInfo(clinic.time_zone)).date()
    with use_clinic(clinic.pk), transaction.atomic():
        staff = make_staff(clinic)
        people = {role: member(user) for role, user in staff.items()}
        fill_roster(clinic, day=people[Role.NURSE], night=people[Role.THERAPIST], director=people[Role.PRESCRIBER])
        lives = []
        for number, who in enumerate([RIVERSIDE[0], RIVERSIDE[2]], 1):
            life = make_life(make_patient(clinic, number, who, people[Role.PRESCRIBER]), who, today, seed)
            life.starts_on = today - timedelta(days=DAYS)
            lives.append(life)
    simulation = Simulation(clinic, staff[Role.PRESCRIBER], staff[Role.NURSE], lives)
    simulation.run(lives[0].starts_on, now)
    return simulation


def told(simulation: Simulation) -> list[tuple[object, ...]]:
    rows = ItemAnswer.objects.order_by("answered_at", "patient__number", "questionnaire__key", "link_id")
    return list(rows.values_list("patient__number", "questionnaire__key", "link_id", "value", "slot__slot_key"))


@pytest.mark.django_db(transaction=True)  # as in real use, nothing is visible outside a transaction of its own
def test_a_past_is_synthetic_handled_and_sends_nothing() -> None:
    simulation = live(7)
    with use_clinic(simulation.clinic.pk), transaction.atomic():
        assert simulation.answers > 50
        assert QuestionnaireResponse.objects.filter(questionnaire__key="phq-9", valid=True).exists()
        for model in (Slot, QuestionnaireResponse, Anchor, Alert, Delivery):
            assert model.objects.exists(), model
            assert not model.objects.filter(synthetic=False).exists(), model
        past = Alert.objects.filter(raised_at__lt=clock.now() - timedelta(days=3), level__in=["P1", "P2"])
        assert past.exists()
        assert set(past.values_list("state", flat=True)) == {"resolved"}
        assert not Delivery.objects.filter(sent_at__isnull=False).exists()
        assert not Delivery.objects.filter(state="pending", not_before__lt=clock.now() - timedelta(days=1)).exists()
    with pytest.raises(CommandError, match="was stopped while it was made"):  # nobody told its stories of today
        seed_clinic(simulation.clinic, [RIVERSIDE[0], RIVERSIDE[2]], 7)
    mark_the_end(simulation.clinic)
    assert seed_clinic(simulation.clinic, [RIVERSIDE[0], RIVERSIDE[2]], 7) == 0, "told already"


def test_what_goes_wrong_in_another_process_comes_back_in_words() -> None:
    def refuses(words: str) -> None:
        raise TreatmentRefused("not-now", words)

    with pytest.raises(ShareFailed, match="TreatmentRefused: There is no consent") as failed:
        in_words(refuses, "There is no consent")
    assert str(pickle.loads(pickle.dumps(failed.value))) == str(failed.value)  # noqa: S301


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("hour", [0, 16])  # UTC: the evening before, and noon, in the clinic
def test_the_stories_of_today_leave_an_unowned_alert_a_chat_and_visits(
    hour: int, capsys: pytest.CaptureFixture[str]
) -> None:
    now = clock.now()
    clock.shift((now + timedelta(days=1)).replace(hour=hour, minute=30) - now)
    call_command("simulate", patients=1, days=9, seed=3)
    assert "1 people, 9 days" in capsys.readouterr().out
    clinic = Clinic.objects.get(slug="riverside")
    simulation = prepare(clinic, patients=1, days=9, seed=4)
    simulation.lives[0].on_record = 1
    simulation.run(simulation.lives[0].starts_on, clock.now())
    with use_clinic(clinic.pk):
        with transaction.atomic():
            staff = make_staff(clinic)
        told = {"unsafe-today", "chat", "visit-tomorrow", "visit-waiting", "at-home", "around"}
        story = {simulation.lives[0].patient.pk: frozenset(told)}
        stories.tell(simulation, staff, clock.now(), story)
        with transaction.atomic():
            alert = Alert.objects.get(level="P1")
            assert (alert.state, alert.cause) == ("open", "suicidal-thoughts")
            assert alert.call_promised_by is not None
            assert set(Visit.objects.values_list("status", flat=True)) == {"finished", "planned", "arrived"}
            someone = simulation.lives[0].patient
            assert open_times(someone, booking_rules(someone), clock.now(), clock.now() + timedelta(days=14))
            assert VisitNote.objects.filter(status="final").exists()
            assert Thread.objects.get().waiting_since is not None
            session = DosingSession.objects.get()
            assert (session.place, session.outcome) == ("home", "discharged")
            assert {row.how for row in session.look_ins.all()} == {"fine", "sleepy", "recovered"}
            assert session.course.planned.filter(status="planned").count() == 2
            assert StockEntry.objects.filter(lot__lot="OR-0311", kind="given").exists()
            assert not StockDifference.objects.filter(resolved_at=None).exists()
            assert set(JournalEntry.objects.values_list("privacy", flat=True)) == {"me", "therapist", "team"}
            assert GuestLink.objects.filter(purpose="prescriber").exists()
            assert VisitGuest.objects.get().agreed_at is not None
            assert Attachment.objects.exists()
            assert PendingChange.objects.filter(outcome="").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_clinic_that_is_missing_is_made_with_staff_who_prescribe_and_take_alerts() -> None:
    for seed in (5, 6):  # more people join the same staff
        call_command("simulate", patients=1, days=2, seed=seed, clinic="lakeside")
    clinic = Clinic.objects.get(slug="lakeside")
    assert clinic.synthetic
    with use_clinic(clinic.pk), transaction.atomic():
        staff = Membership.objects.filter(clinic=clinic).exclude(role=Role.PATIENT)
        assert sorted(staff.values_list("role", flat=True)) == ["nurse", "prescriber"]
        assert RosterShift.objects.filter(clinic=clinic, membership__role=Role.NURSE).exists()
        assert Slot.objects.filter(clinic=clinic).exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_seed_tells_the_same_past_and_another_one_another() -> None:
    pasts = []
    for seed in (7, 7, 8):
        simulation = live(seed)
        with use_clinic(simulation.clinic.pk), transaction.atomic():
            pasts.append(told(simulation))
        empty_tables()
    assert pasts[0] == pasts[1] != pasts[2]


@pytest.mark.django_db(transaction=True)
def test_two_processes_tell_the_past_that_one_tells() -> None:
    pasts = []
    for processes in (1, 2):
        call_command("simulate", patients=6, days=6, seed=9, processes=processes)  # not all begin on one day
        clinic = Clinic.objects.get(slug="riverside")
        with use_clinic(clinic.pk), transaction.atomic():
            rows = ItemAnswer.objects.order_by("answered_at", "patient__number", "questionnaire__key", "link_id")
            pasts.append(list(rows.values_list("patient__number", "answered_at", "link_id", "value")))
            starts = Assignment.objects.values_list("starts_on", flat=True).distinct().order_by()
            assert len(starts) > 1
            assert not Slot.objects.filter(state="scheduled", opens_at__lt=clock.now()).exists()
        empty_tables()
    assert len({row[0] for row in pasts[0]}) > 3
    assert pasts[0] == pasts[1]


@given(st.integers(0, 10_000))
def test_a_dose_helps_and_the_help_fades(seed: int) -> None:
    rng = random.Random(seed)
    traits = course.draw_traits(rng)
    start = date(2026, 3, 2)
    doses = course.dose_days(start, start + timedelta(days=60))
    assert course.relief_on(start, doses, traits) == 0
    gap = [start + timedelta(days=n) for n in range(1, 4)]
    before_next = [course.relief_on(day, doses, traits) for day in gap]
    assert all(0 < later < earlier < 1 for earlier, later in pairwise(before_next))
    assert course.relief_on(doses[5] + timedelta(days=1), doses, traits) > before_next[0]


@given(st.integers(0, 10_000), st.floats(0, 26))
def test_a_booster_is_booked_only_because_a_score_rose_after_the_series(seed: int, total: float) -> None:
    rng = random.Random(seed)
    traits = course.draw_traits(rng)
    start = date(2026, 3, 2)
    doses = course.dose_days(start, start + timedelta(days=90), series_only=True)
    assert len(doses) == 6
    late = doses[-1] + timedelta(days=20)
    booked = course.booster_day(late, total, doses, traits, rng)
    assert booked is None or (traits.on_demand and total >= 8 and booked > late)
    assert course.booster_day(doses[-1] + timedelta(days=3), 26, doses, traits, rng) is None


@given(st.floats(0.5, 26), st.integers(0, 10_000))
def test_items_are_answers_that_can_be_given(total: float, seed: int) -> None:
    items = course.items_of(total, course.PHQ9_WEIGHTS, random.Random(seed))
    assert len(items) == 9
    assert all(0 <= item <= 3 for item in items)
    assert items[8] == 0
    assert 3 <= course.mood_of(total, random.Random(seed)) <= 97
