"""The patient's own pages."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.clinic_settings import change_setting
from apps.accounts.models import ContactPoint
from apps.alerts.models import Alert
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.monitoring.curves import Scores, change_words
from apps.monitoring.models import Anchor, Observation, QuestionnaireResponse, Slot, SlotState
from apps.monitoring.observations.store import ready_months
from apps.patients.actions import PLAN_STEPS, write_safety_plan
from apps.sessions.models import Visit
from tests.cast import Cast
from tests.monitoring.stage import assigned, give, open_slot, questionnaire

pytestmark = pytest.mark.django_db

OWN_PAGES = ["patient-home", "checkin", "progress", "more", "safety-plan", "call-me"]


def score(cast: Cast, total: int, severity: str, days_ago: int, q9: int = 0) -> None:
    """A submitted PHQ-9 of some days ago; needs the clinic in scope."""
    at = clock.now() - timedelta(days=days_ago)
    row = cast.patient.assignments.filter(questionnaire__key="phq-9").first() or assigned(
        cast, rhythm="weekly", weekday=0
    )
    slot = Slot.objects.create(
        clinic=cast.clinic,
        assignment=row,
        patient=cast.patient,
        questionnaire=questionnaire(),
        slot_key=f"{at:%Y-%m-%d}-{uuid4().hex[:6]}",
        opens_at=at,
        closes_at=at + timedelta(hours=16),
        time_zone="UTC",
        state=SlotState.ANSWERED,
    )
    QuestionnaireResponse.objects.create(
        clinic=cast.clinic,
        slot=slot,
        patient=cast.patient,
        questionnaire=slot.questionnaire,
        authored_at=at,
        answers={"q9": q9},
        valid=True,
        total=Decimal(total),
        severity=severity,
        auth_level="session",
    )


def dose(cast: Cast, days_ago: int) -> None:
    Anchor.objects.create(
        clinic=cast.clinic,
        patient=cast.patient,
        kind="dose",
        label="IV 0.5 mg/kg",
        started_at=clock.now() - timedelta(days=days_ago),
    )


def mood(cast: Cast, value: int, days_ago: float) -> None:
    at = clock.now() - timedelta(days=days_ago)
    ready_months(at, at)
    Observation.objects.create(
        clinic=cast.clinic,
        patient=cast.patient,
        code="mood",
        value=value,
        unit="{score}",
        source="check-in",
        effective_at=at,
    )


@pytest.mark.parametrize("name", OWN_PAGES)
def test_each_page_works_empty_and_has_no_inline_style_or_script(cast: Cast, name: str) -> None:
    page = cast.client(cast.patient_user).get(reverse(name))
    text = page.content.decode()
    assert page.status_code == 200
    assert "style=" not in text
    assert not re.search(r"<script(?![^>]*src=)", text)
    assert not re.search(r"\son[a-z]+=", text)
    assert "tel:988" in text
    assert page["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", OWN_PAGES[1:])
def test_staff_and_strangers_have_no_such_page(cast: Cast, name: str) -> None:
    assert cast.client(cast.nurse).get(reverse(name)).status_code == 403
    assert Client().get(reverse(name)).status_code == 302


def test_home_of_somebody_new_offers_what_to_set_up(cast: Cast) -> None:
    text = cast.client(cast.patient_user).get("/").content.decode()
    assert "When we may write to you" in text
    assert "Your curve starts here" in text


def test_home_leads_staff_to_the_desk(cast: Cast) -> None:
    assert cast.client(cast.nurse).get("/")["Location"] == reverse("desk")
    assert cast.client(cast.clinic_admin).get("/")["Location"] == reverse("admin:index")


def test_home_shows_one_thing_for_today_and_lets_the_rest_wait(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        first = open_slot(cast, "check-in")
        second = open_slot(cast, "phq-9")
        Slot.objects.filter(pk=second.pk).update(closes_at=clock.now() + timedelta(hours=9))
    text = cast.client(cast.patient_user).get("/").content.decode()
    assert text.count("card due") == 1
    assert text.index(str(first.pk)) < text.index(str(second.pk))
    assert "Can wait" in text
    for word in ("missed", "streak", "Well done"):
        assert word not in text


def test_home_shows_the_next_visit_of_this_person_only(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        for patient, hours in ((cast.patient_2, 1), (cast.patient, 20)):
            Visit.objects.create(
                clinic=cast.clinic,
                patient=patient,
                clinician=cast.prescriber.membership,
                starts_at=clock.now() + timedelta(hours=hours),
                ends_at=clock.now() + timedelta(hours=hours, minutes=20),
                reason=f"follow-up of {patient.number}",
            )
    text = cast.client(cast.patient_user).get("/").content.decode()
    assert "follow-up of 20417" in text
    assert "20418" not in text
    assert "Dr Ngozi Okafor" in text


def test_home_tells_how_somebody_is_doing_in_a_sentence_and_a_chart(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        score(cast, 19, "moderately_severe", 60)
        dose(cast, 50)
        score(cast, 8, "mild", 2)
    text = cast.client(cast.patient_user).get("/").content.decode()
    assert "Your score is in the mild range" in text
    assert "It was 19, moderately severe, before your first session." in text
    assert text.count("ch-soft") == 2


@pytest.mark.parametrize("why", ["answer", "alert", "clinic"])
def test_the_score_is_hidden_after_a_positive_answer_and_where_the_clinic_says_so(cast: Cast, why: str) -> None:
    with cast.acting(cast.nurse):
        score(cast, 8, "mild", 2, q9=1 if why == "answer" else 0)
        if why == "alert":
            give(cast, open_slot(cast, "check-in"), "mood", 50)
            _half_filled_phq(cast)
        if why == "clinic":
            change_setting(clinic=cast.clinic, name="show_scores_to_patients", value=False, actor=None, reason="t")
    client = cast.client(cast.patient_user)
    assert "mild range" not in client.get("/").content.decode()
    text = client.get(reverse("progress")).content.decode()
    assert "PHQ-9, from 0 to 27" not in text


def _half_filled_phq(cast: Cast) -> None:
    slot = cast.patient.assignments.get(questionnaire__key="phq-9").slots.filter(state="scheduled").first()
    assert slot
    Slot.objects.filter(pk=slot.pk).update(state="open")
    give(cast, slot, "q9", 1)
    assert Alert.objects.filter(cause="suicidal-thoughts").exists()


def test_progress_shows_curves_tables_and_a_gap_where_answers_miss(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        for total, severity, days in ((19, "moderately_severe", 60), (12, "moderate", 53), (8, "mild", 4)):
            score(cast, total, severity, days)
        for days in (40, 20, 6):
            dose(cast, days)
            for day in range(1, 6):
                mood(cast, 50 + day * (6 - day), days - day - 0.1)
    text = cast.client(cast.patient_user).get(reverse("progress")).content.decode()
    assert "no answers until" in text
    assert "Your weekly score: 8, mild" in text
    assert "less than 6 points of change: about the same" in text
    assert "IV 0.5 mg/kg" in text
    assert re.search(r"your mood was highest on day [23], at (58|59)\. Now it is 55", text)
    assert text.count("<table") == 2
    with cast.acting(cast.nurse):
        assert AuditEvent.objects.filter(object_type="monitoring.questionnaireresponse", action="read").count() == 3


def test_the_progress_page_of_somebody_with_sessions_asks_the_database_twelve_times_at_most(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        score(cast, 8, "mild", 4)
        for days in (40, 20, 6):
            dose(cast, days)
            mood(cast, 60, days - 1)
    client = cast.client(cast.patient_user)
    client.get(reverse("progress"))
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("progress"))
    frame = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "select set_config")
    assert len([one for one in queries if not one["sql"].startswith(frame)]) <= 12


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        (19, 13, "That is 6 points lower: a real improvement."),
        (19, 9, "That is 10 points lower: a real improvement. Your score has halved or better."),
        (19, 4, "That is 15 points lower: a real improvement. It is now below 5, where few symptoms are left."),
        (8, 14, "That is 6 points higher: a real change, and your team sees it too."),
        (12, 8, "That is less than 6 points of change: about the same."),
        (0, 3, "That is less than 6 points of change: about the same. It is now below 5, where few symptoms are left."),
    ],
)
def test_a_change_is_said_as_the_source_defines_it(before: int, now: int, words: str) -> None:
    rows = [QuestionnaireResponse(total=Decimal(before)), QuestionnaireResponse(total=Decimal(now))]
    scores = Scores(rows, [], ZoneInfo("UTC"), 14)
    assert change_words(scores) == words
    assert change_words(Scores(rows[:1], [], ZoneInfo("UTC"), 14)) == ""


@pytest.mark.parametrize(
    ("moods", "words"),
    [([40, 50], "from your own daily answers"), ([40, 50, 60], "at its highest now, at 60")],
)
def test_a_sentence_about_mood_claims_no_more_than_the_answers_show(cast: Cast, moods: list[int], words: str) -> None:
    with cast.acting(cast.nurse):
        dose(cast, 6)
        for day, value in enumerate(moods, start=1):
            mood(cast, value, 6 - day - 0.1)
    assert words in cast.client(cast.patient_user).get(reverse("progress")).content.decode()


def test_checkins_lists_what_is_open_what_comes_and_what_was_sent(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        open_slot(cast, "check-in")
        score(cast, 8, "mild", 4)
    text = cast.client(cast.patient_user).get(reverse("checkin")).content.decode()
    assert "For today" in text
    assert "Coming" in text
    assert "Sent" in text


def test_a_person_sets_when_they_may_be_reached_and_their_forms_move_along(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        assigned(cast)
    client = cast.client(cast.patient_user)
    body = {"what": "times", "time_zone": "Europe/Berlin", "quiet_from": "22:00", "quiet_until": "07:30"}
    assert client.post(reverse("more"), body).status_code == 302
    with cast.acting(cast.nurse):
        cast.patient.refresh_from_db()
        assert (cast.patient.time_zone, f"{cast.patient.quiet_until}") == ("Europe/Berlin", "07:30:00")
        assert set(Slot.objects.values_list("time_zone", flat=True)) == {"Europe/Berlin"}


@pytest.mark.parametrize(
    "wrong",
    [{"time_zone": "+99:99"}, {"time_zone": "Mars/Olympus"}, {"quiet_from": "24:00"}, {"quiet_until": "later"}],
)
def test_a_wrong_time_or_zone_is_named_and_nothing_changes(cast: Cast, wrong: dict[str, str]) -> None:
    client = cast.client(cast.patient_user)
    body = {"what": "times", "time_zone": "Europe/Berlin", "quiet_from": "22:00", "quiet_until": "07:30"} | wrong
    response = client.post(reverse("more"), body)
    assert response.status_code == 422
    assert "Please check this form" in response.content.decode()
    with cast.acting(cast.nurse):
        cast.patient.refresh_from_db()
        assert cast.patient.time_zone == "America/New_York"


def test_reminders_links_and_channels_can_be_switched_off_and_on(cast: Cast) -> None:
    client = cast.client(cast.patient_user)
    with cast.acting(cast.nurse):
        point = ContactPoint.objects.get(user=cast.patient_user, channel="sms")
    for body, field in (
        ({"what": "reminders"}, "reminders_off_at"),
        ({"what": "links"}, "links_off_at"),
    ):
        client.post(reverse("more"), body | {"on": "no"})
        assert _patient(cast, field) is not None
        client.post(reverse("more"), body | {"on": "yes"})
        assert _patient(cast, field) is None
    client.post(reverse("more"), {"what": "channel", "point": str(point.pk), "on": "no"})
    with cast.acting(cast.nurse):
        point.refresh_from_db()
        assert point.opted_out_at is not None


def _patient(cast: Cast, field: str) -> Any:
    with cast.acting(cast.nurse):
        cast.patient.refresh_from_db()
        return getattr(cast.patient, field)


@pytest.mark.parametrize("point", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_an_unknown_or_foreign_channel_is_a_404(cast: Cast, point: str) -> None:
    client = cast.client(cast.patient_user)
    assert client.post(reverse("more"), {"what": "channel", "point": point, "on": "no"}).status_code == 404
    with cast.acting(cast.nurse):
        foreign = ContactPoint.objects.filter(user=cast.patient_2_user).first()
    assert foreign
    assert client.post(reverse("more"), {"what": "channel", "point": str(foreign.pk)}).status_code == 404


def test_a_person_sees_who_opened_their_record(cast: Cast) -> None:
    cast.client(cast.nurse).get(reverse("patients"))
    text = cast.client(cast.patient_user).get(reverse("more")).content.decode()
    assert "Rosa Osei" in text


def test_a_call_can_be_asked_for_and_not_safe_is_the_most_urgent_kind(cast: Cast) -> None:
    client = cast.client(cast.patient_user)
    page = client.post(reverse("call-me"), {}, follow=True).content.decode()
    assert "We aim to call you by" in page
    with cast.acting(cast.nurse):
        assert Alert.objects.get().level == "P2"
    client.post(reverse("call-me"), {"not_safe": "yes"})
    with cast.acting(cast.nurse):
        assert Alert.objects.get().level == "P1"


def test_the_safety_plan_is_read_in_its_six_steps(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        write_safety_plan(patient=cast.patient, actor=cast.nurse, steps={name: f"my {name}" for name in PLAN_STEPS})
    text = cast.client(cast.patient_user).get(reverse("safety-plan")).content.decode()
    assert text.count("Step ") == 6
    assert "my warning_signs" in text
    assert "with Rosa Osei" in text
    assert "my warning_signs" not in cast.client(cast.patient_2_user).get(reverse("safety-plan")).content.decode()


def test_help_is_open_to_everybody_and_knows_the_numbers_of_the_clinic(cast: Cast) -> None:
    nobody = Client().get("/help/").content.decode()
    assert "116 123" in nobody
    assert "988" in nobody
    mine = cast.client(cast.patient_user).get("/help/").content.decode()
    assert "116 123" not in mine
    assert 'href="tel:911"' in mine
    assert "Maria" not in mine


def test_the_service_worker_keeps_help_and_the_look_and_nothing_about_a_person(cast: Cast) -> None:
    script = cast.client(cast.patient_user).get("/sw.js")
    text = script.content.decode()
    assert script["Content-Type"].startswith("text/javascript")
    assert '"/help/"' in text
    assert "css/patient/base" in text
    for path in ("/check-in", "/progress", "/survey", "/messages"):
        assert f'"{path}' not in text


def test_home_asks_the_database_a_known_number_of_questions(cast: Cast, django_assert_max_num_queries: Any) -> None:
    with cast.acting(cast.nurse):
        open_slot(cast, "check-in")
        open_slot(cast, "phq-9")
        for days in range(1, 12):
            score(cast, 8, "mild", 7 * days)
    client = cast.client(cast.patient_user)
    with django_assert_max_num_queries(45):
        client.get("/")
