"""A clinic's own rules: pure evaluators, trial before publishing, immutable versions, the floor."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import PendingChange
from apps.accounts.pending import confirm
from apps.alerts.actions import rules as actions
from apps.alerts.models import Alert, Rule
from apps.alerts.refusal import AlertRefused
from apps.alerts.rules.evaluators import evaluate, replay, weekly_slope
from apps.alerts.rules.facts import Answered, Asked, Expected, Facts, Happened, Measured
from apps.core import clock
from apps.messaging.actions import open_thread, send_message
from apps.monitoring.actions import Reading, record_observations
from apps.monitoring.actions.anchors import record_anchor
from apps.monitoring.rules.live import run_due_rules
from apps.monitoring.rules.trial import try_rule
from tests.cast import Cast
from tests.monitoring.stage import give, open_slot

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WORDS = {"name": "Pulse is high", "why": "asked for by the director", "source": "clinic, 2026", "level": "P2"}


def totals(*values: float, instrument: str = "phq-9") -> Facts:
    """One a week, the last one now."""
    ids = [(NOW - (len(values) - 1 - n) * 7 * DAY, value) for n, value in enumerate(values)]
    return Facts(at=NOW, answered=tuple(Answered(uuid4(), at, instrument, value, {}) for at, value in ids))


@pytest.mark.parametrize(
    ("kind", "parameters", "facts", "fires"),
    [
        ("score", {"instrument": "phq-9", "at_least": 15}, totals(4, 15), True),
        ("score", {"instrument": "phq-9", "at_least": 15}, totals(20, 14), False),
        ("score", {"instrument": "gad-7", "at_least": 5}, totals(20), False),
        ("change", {"instrument": "phq-9", "points": 5}, totals(8, 9, 8, 14), True),
        ("change", {"instrument": "phq-9", "points": 5}, totals(8, 20, 9, 13), False),
        ("change", {"instrument": "phq-9", "points": 5}, totals(8, 9, 20), False),
        ("slope", {"instrument": "phq-9", "points": 2, "weeks": 4}, totals(4, 6, 8, 10), True),
        ("slope", {"instrument": "phq-9", "points": 2, "weeks": 4}, totals(10, 10, 11, 11), False),
        ("slope", {"instrument": "phq-9", "points": 2, "weeks": 4}, totals(4, 12), False),
    ],
)
def test_rules_on_scores(kind: str, parameters: dict[str, Any], facts: Facts, fires: bool) -> None:
    assert (evaluate(kind, parameters, facts) is not None) is fires


def series(*values: float, before: float = 19) -> Facts:
    """A score before treatment, six doses in three weeks, then one score a week, the last one now."""
    after = totals(*values)
    begin = after.answered[0].at - 25 * DAY
    first = Answered(uuid4(), begin - DAY, "phq-9", before, {})
    doses = tuple(Happened(uuid4(), begin + day * DAY) for day in (0, 3, 7, 10, 14, 17))
    return replace(after, answered=(first, *after.answered), doses=doses)


USUAL = (6, 8, 7, 6, 8, 7)


@pytest.mark.parametrize(
    ("kind", "parameters", "facts", "fires"),
    [
        ("reliable", {"points": 7, "against": "before-treatment"}, series(8, 26), True),
        ("reliable", {"points": 7, "against": "before-treatment"}, series(8, 25), False),
        ("reliable", {"points": 5, "against": "answer-before"}, series(8, 13), True),
        ("reliable", {"points": 5, "against": "answer-before"}, series(9, 13), False),
        ("own-baseline", {"method": "ewma"}, series(*USUAL, 9, 10, 10, 11, 12), True),
        ("own-baseline", {"method": "ewma"}, series(*USUAL, 7, 8, 6), False),
        ("own-baseline", {"method": "cusum"}, series(*USUAL, 9, 11), True),
        ("own-baseline", {"method": "cusum"}, series(*USUAL, 7, 8, 6), False),
        ("own-baseline", {"method": "cusum"}, series(*USUAL[:5]), False),
    ],
)
def test_rules_on_a_persons_own_course(kind: str, parameters: dict[str, Any], facts: Facts, fires: bool) -> None:
    assert (evaluate(kind, {"instrument": "phq-9", **parameters}, facts) is not None) is fires


@pytest.mark.parametrize(
    ("said_days_ago", "score", "fires"), [(7, 13, True), (7, 12, False), (3, 20, False), (40, 20, False)]
)
def test_off_track_is_above_the_band_of_a_forecast_made_before(said_days_ago: int, score: int, fires: bool) -> None:
    said = Expected(NOW - said_days_ago * DAY, "phq-9", ((7, 12.0), (14, 16.0), (28, 18.0)))
    rule = {"instrument": "phq-9", "sessions": 3}
    facts = replace(series(8, score), expected=(said,))
    assert (evaluate("off-track", rule, facts) is not None) is fires
    assert evaluate("off-track", rule, replace(facts, doses=facts.doses[:2])) is None
    assert evaluate("off-track", rule, replace(facts, expected=())) is None


def test_the_band_is_straight_between_its_days_and_level_outside_them() -> None:
    said = Expected(NOW, "phq-9", ((7, 12.0), (14, 16.0), (28, 18.0)))
    assert [said.upper_on(day) for day in (1, 7, 10.5, 14, 21, 40)] == [12, 12, 14, 16, 17, 18]


def test_a_rule_on_an_answer_looks_at_that_item_alone() -> None:
    rule = {"instrument": "phq-9", "item": "q3", "at_least": 2}
    for given, fires in (({"q3": 2}, True), ({"q3": 1}, False), ({"q2": 3}, False), ({"q3": None}, False)):
        facts = Facts(at=NOW, answered=(Answered(uuid4(), NOW, "phq-9", None, given),))
        assert (evaluate("item", rule, facts) is not None) is fires


def test_silence_is_said_once_when_the_row_is_complete() -> None:
    asked = [
        Asked(uuid4(), NOW - n * DAY, "phq-9", answered)
        for n, answered in ((4, True), (3, False), (2, False), (1, False))
    ]
    facts = Facts(at=NOW, asked=tuple(asked))
    found = replay("silence", {"instrument": "phq-9", "missed": 2}, facts, NOW - 30 * DAY)
    assert [one.source for one in found] == [asked[2].id]


def test_a_missed_check_fires_after_its_hours_and_not_when_something_was_answered() -> None:
    dose = Happened(uuid4(), NOW - 2 * DAY)
    rule = {"hours": 24, "instrument": ""}
    facts = Facts(at=NOW, doses=(dose,))
    assert [one.at for one in replay("missed-check", rule, facts, NOW - 30 * DAY)] == [dose.at + DAY]
    assert evaluate("missed-check", rule, facts.until(dose.at + timedelta(hours=23))) is None
    answered = replace(facts, answered=(Answered(uuid4(), NOW - DAY, "check-in", None, {}),))
    assert evaluate("missed-check", rule, answered) is None


def test_a_reading_beyond_either_limit_fires() -> None:
    facts = Facts(at=NOW, measured=(Measured(uuid4(), NOW, "8867-4", 130),))
    assert evaluate("vitals", {"code": "8867-4", "at_least": 120}, facts) is not None
    assert evaluate("vitals", {"code": "8867-4", "at_most": 50}, facts) is None
    assert evaluate("vitals", {"code": "8480-6", "at_least": 120}, facts) is None


def test_phrases_are_whole_words_and_the_found_one_is_shown() -> None:
    for text, found in (("I can\u2019t  go on", "can't go on"), ("I can't go onwards", None), ("all well", None)):
        fired = evaluate("phrase", {"phrases": ["can't go on"]}, Facts(at=NOW, written=(Happened(uuid4(), NOW, text),)))
        assert (fired.value if fired else None) == found


def test_a_slope_needs_three_points_apart() -> None:
    assert weekly_slope([(NOW, 1.0), (NOW, 2.0), (NOW, 3.0)]) is None
    assert weekly_slope([(NOW + n * 7 * DAY, 3.0 * n) for n in range(3)]) == pytest.approx(3)


def published(cast: Cast, kind: str, parameters: dict[str, Any], **more: str) -> Rule:
    rule = actions.draft_rule(
        clinic=cast.clinic, actor=cast.clinic_admin, kind=kind, parameters=parameters, **(WORDS | more)
    )
    actions.note_trial(rule=rule, trial=try_rule(rule), actor=cast.clinic_admin)
    actions.publish_rule(rule=rule, actor=cast.clinic_admin)
    rule.refresh_from_db()
    return rule


@pytest.mark.django_db
def test_a_rule_is_tried_before_it_is_published_and_fires_from_then_on(cast: Cast) -> None:
    with cast.acting(cast.clinic_admin):
        at = clock.now() - timedelta(days=3)
        pulse = [Reading("8867-4", 105, "/min", at), Reading("8867-4", 99, "/min", at + DAY)]
        record_observations(patient=cast.patient, readings=pulse, source="staff", actor=cast.nurse)
        wanted = {"code": "8867-4", "at_least": 100}
        rule = actions.draft_rule(
            clinic=cast.clinic, actor=cast.clinic_admin, kind="vitals", parameters=wanted, **WORDS
        )
        with pytest.raises(AlertRefused):
            actions.publish_rule(rule=rule, actor=cast.clinic_admin)
        trial = try_rule(rule)
        assert (trial["fired"], trial["affected"], trial["people"], sum(trial["a_week"])) == (1, 1, 2, 1)
        assert not Alert.objects.exists()
        actions.note_trial(rule=rule, trial=trial, actor=cast.clinic_admin)
        actions.publish_rule(rule=rule, actor=cast.clinic_admin)
        fresh = [Reading("8867-4", 101, "/min", clock.now())]
        record_observations(patient=cast.patient, readings=fresh, source="staff", actor=cast.nurse)
        alert = Alert.objects.get()
    assert (alert.cause, alert.level, alert.title) == ("rule-pulse-is-high", "P2", "Pulse is high: 101")


@pytest.mark.django_db
def test_a_published_version_does_not_change_and_the_next_one_ends_it(cast: Cast) -> None:
    with cast.acting(cast.clinic_admin):
        first = published(cast, "score", {"instrument": "phq-9", "at_least": 20})
        with pytest.raises(IntegrityError), transaction.atomic():
            Rule.objects.filter(pk=first.pk).update(parameters={"instrument": "phq-9", "at_least": 27})
        with pytest.raises(AlertRefused):
            actions.note_trial(rule=first, trial={}, actor=cast.clinic_admin)
        second = published(cast, "score", {"instrument": "phq-9", "at_least": 18}, key=first.key)
        first.refresh_from_db()
        assert (second.version, first.in_force, second.in_force) == (2, False, True)


@pytest.mark.django_db
def test_a_rule_about_item_nine_cannot_be_switched_off_by_anybody(cast: Cast) -> None:
    with cast.acting(cast.clinic_admin):
        rule = published(cast, "item", {"instrument": "phq-9", "item": "q9", "at_least": 1}, name="Item nine")
        assert rule.floor
        with pytest.raises(AlertRefused):
            actions.retire_rule(rule=rule, actor=cast.clinic_admin)
        with pytest.raises(IntegrityError), transaction.atomic():
            Rule.objects.filter(pk=rule.pk).update(retired_at=clock.now())
        with pytest.raises(AlertRefused):
            published(cast, "item", {"instrument": "phq-9", "item": "q9", "at_least": 3}, key=rule.key, name="Softer")
        give(cast, open_slot(cast), "q9", 1)
        assert set(Alert.objects.values_list("cause", flat=True)) == {"suicidal-thoughts", "rule-item-nine"}


@pytest.mark.django_db
def test_rules_by_the_clock_and_on_words_raise_once(cast: Cast) -> None:
    with cast.acting(cast.clinic_admin):
        published(cast, "missed-check", {"hours": 24, "instrument": ""}, name="No word after a dose", level="P3")
        published(cast, "phrase", {"phrases": ["cannot sleep"]}, name="Sleep", level="P3")
        given = clock.now() - timedelta(hours=30)
        record_anchor(patient=cast.patient, kind="dose", label="IV", started_at=given, ended_at=None, actor=None)
        assert [run_due_rules(), run_due_rules()] == [1, 0]
    with cast.acting(cast.patient_user):
        thread = open_thread(patient=cast.patient)
        send_message(thread=thread, body="I cannot  sleep", client_id=uuid4(), actor=cast.patient_user)
        found = dict(Alert.objects.values_list("cause", "count"))
    assert found == {"rule-no-word-after-a-dose": 1, "rule-sleep": 1}


@pytest.mark.django_db
def test_the_pages_of_rules_draft_try_publish_and_retire(cast: Cast) -> None:
    client = cast.client(cast.clinic_admin)
    body = WORDS | {"audience": "desk", "code": "8867-4", "at_least": "", "at_most": ""}
    assert client.post("/desk/rules/new/?kind=vitals", body).status_code == 422
    made = client.post("/desk/rules/new/?kind=vitals", body | {"at_least": "120"})
    page = made.headers["Location"]
    for do in ("try", "publish", "retire"):
        client.post(f"{page}change/", {"do": do})
    assert "It would have fired 0 times" in client.get(page).content.decode()
    with cast.acting(cast.nurse):
        assert Rule.objects.get().in_force
        confirm(change=PendingChange.objects.get(), actor=cast.nurse, do=actions.confirmed_end)
        assert Rule.objects.get().retired_at is not None
    listed = cast.client(cast.nurse).get("/desk/rules/").content.decode()
    assert "Pulse is high" in listed
    assert "Draft a rule on" not in listed
