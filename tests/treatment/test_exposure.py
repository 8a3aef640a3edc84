"""How much somebody has had, which checks that makes due, and what holds a dose until they are done."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.urls import reverse
from hypothesis import given as over
from hypothesis import strategies as st

from apps.alerts.models import Alert
from apps.core import clock
from apps.monitoring import actions as monitoring
from apps.monitoring.actions.ratings import record_rating
from apps.monitoring.instruments.pack import read_pack
from apps.sessions import actions
from apps.sessions.actions import Lab, TreatmentRefused
from apps.sessions.dose_limits import Route
from apps.sessions.evidence import gate_of
from apps.sessions.exposure import day_of, standing_of
from apps.sessions.models import LabResult, SafetyCheck
from apps.sessions.owed import tell_checks_overdue
from apps.sessions.treatment.exposure import KINDS, Person, Taken, due_checks, enzymes_over, exposure
from tests.cast import Cast
from tests.clinical.packs import pack_for
from tests.monitoring.stage import questionnaire
from tests.treatment.scene import dosed, fresh, later, ready, worked

TODAY = date(2026, 11, 25)
DOSES = st.lists(
    st.builds(
        Taken,
        on=st.dates(date(2025, 1, 1), TODAY),
        route=st.sampled_from(list(Route)),
        mg=st.floats(0, 600, allow_nan=False),
    ),
    max_size=40,
)
DONE = st.dictionaries(st.sampled_from(KINDS), st.lists(st.dates(date(2025, 1, 1), TODAY), max_size=8))


def doses(*days_ago: int, route: Route = Route.IV, mg: float = 40) -> list[Taken]:
    return [Taken(TODAY - timedelta(days=days), route, mg) for days in days_ago]


def due(kind: str, taken: list[Taken], **done: list[int]) -> Any:
    days = {name: [TODAY - timedelta(days=n) for n in ago] for name, ago in done.items()}
    found = due_checks(taken, Person(may_be_pregnant=True, done=days), TODAY)
    return next(line for line in found if line.kind == kind)


def test_routes_are_added_up_and_what_is_swallowed_counts_in_part() -> None:
    found = exposure([*doses(0, mg=40), *doses(3, route=Route.ORAL, mg=200), *doses(45, route=Route.SL, mg=100)], TODAY)
    assert (found.doses, found.mg, found.window_days, found.window_mg) == (3, 340, 2, 240)
    assert (found.iv_low, found.iv_high) == (40 + 60, 40 + 75)
    assert (found.window_iv_low, found.window_iv_high) == (80, 90)


@over(DOSES)
def test_an_equivalent_is_never_more_than_was_given_and_the_window_never_more_than_all(taken: list[Taken]) -> None:
    found = exposure(taken, TODAY)
    assert 0 <= found.iv_low <= found.iv_high <= found.mg + 1e-6
    assert found.window_mg <= found.mg + 1e-6
    assert found.window_days <= min(found.window_doses, 30)


@over(DOSES, DONE)
def test_every_kind_has_one_line_and_a_check_done_today_is_never_overdue(
    taken: list[Taken], done: dict[str, list[date]]
) -> None:
    found = due_checks(taken, Person(may_be_pregnant=True, done=done), TODAY)
    assert sorted(line.kind for line in found) == sorted(KINDS)
    assert all(line.due_on <= line.overdue_from for line in found)
    today = {kind: [*done.get(kind, []), TODAY] for kind in KINDS}
    assert not any(line.is_overdue(TODAY) for line in due_checks(taken, Person(True, today), TODAY))


@over(DOSES, DONE, st.dates(date(2025, 1, 1), TODAY))
def test_the_last_check_is_the_newest_one_up_to_today(
    taken: list[Taken], done: dict[str, list[date]], extra: date
) -> None:
    more = {kind: [*done.get(kind, []), extra] for kind in KINDS}
    for line in due_checks(taken, Person(True, more), TODAY):
        assert line.last_on is not None
        assert line.last_on >= extra


def test_the_bladder_is_checked_monthly_three_times_and_then_every_three_months_unless_doses_are_dense() -> None:
    seldom = doses(300, 200, 100, 20)
    assert due("bladder", seldom).due_on == TODAY - timedelta(days=300)  # a baseline from the first dose
    assert due("bladder", seldom, bladder=[10]).due_on == TODAY + timedelta(days=20)
    assert due("bladder", seldom, bladder=[100, 70, 40, 10]).due_on == TODAY + timedelta(days=80)
    dense = doses(*range(0, 24, 3))
    assert due("bladder", dense, bladder=[100, 70, 40, 10]).due_on == TODAY + timedelta(days=20)


def test_the_liver_is_checked_after_induction_and_every_other_day_in_a_pain_infusion() -> None:
    induction = doses(20, 17, 13, 10, 6, 3)
    assert due("liver", induction, liver=[21]).due_on == TODAY - timedelta(days=3)
    assert due("liver", induction, liver=[21, 1]).due_on == TODAY + timedelta(days=179)
    pain = doses(3, 2, 1, 0, route=Route.IV_PAIN)
    line = due("liver", pain, liver=[3])
    assert (line.due_on, line.overdue_from) == (TODAY - timedelta(days=1), TODAY - timedelta(days=1))


def test_three_times_the_limit_itself_is_not_over() -> None:
    assert not enzymes_over([(120, 40), (39, 40)])
    assert enzymes_over([(120.01, 40)])


@pytest.mark.django_db
def test_an_overdue_check_holds_the_dose_until_it_is_done_or_a_prescriber_decides(cast: Cast) -> None:
    session = ready(cast)
    with cast.acting(cast.nurse), transaction.atomic():
        stands = gate_of(session, clock.now())
        assert {item.code for item in stands.items} >= {"liver_check_due", "bladder_check_due"}
        assert stands.is_open
    session = dosed_already(cast, session)
    later(60 * 24 * 16)
    with cast.acting(cast.nurse), transaction.atomic():
        found = {item.code: item for item in gate_of(session, clock.now()).items}
        assert found["liver_check_overdue"].blocks
        assert found["liver_check_overdue"].overridable
    result(cast, "alt", value=Decimal(31), upper_limit=Decimal(40))
    with cast.acting(cast.nurse):
        assert "liver_check_overdue" in {item.code for item in gate_of(session, clock.now()).items}  # AST is missing
    result(cast, "ast", value=Decimal(28), upper_limit=Decimal(40))
    with cast.acting(cast.nurse):
        assert "liver_check_overdue" not in {item.code for item in gate_of(session, clock.now()).items}


@pytest.mark.django_db
def test_where_the_urinary_questions_are_installed_the_bladder_check_needs_them_beside_urinalysis(cast: Cast) -> None:
    questionnaire()
    dosed(cast)
    later(60 * 24)
    result(cast, "urinalysis", finding="normal")

    def done() -> bool:
        with cast.acting(cast.nurse), transaction.atomic():
            lines = {one.kind: one for one in standing_of(cast.patient, clock.now()).due}
            return lines["bladder"].last_on is not None

    desk, page = cast.client(cast.nurse), f"/desk/patients/{cast.patient.pk}/exposure/"
    assert done()  # nobody can be asked: urinalysis alone is the check
    assert b"wording is not installed" in desk.get(page).content
    with cast.acting(cast.clinic_admin) as admin, transaction.atomic():
        row = monitoring.stage_pack(clinic=cast.clinic, pack=read_pack(pack_for("icsi-icpi")), actor=admin)
        monitoring.publish_pack(pack=row, actor=admin)
    assert not done()
    answers = {f"{name}{number}": 1 for name in ("icsi", "icpi") for number in range(1, 5)}
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        record_rating(
            patient=cast.patient,
            questionnaire=monitoring.newest("icsi-icpi", cast.clinic),
            answers=answers,
            client_id=uuid4(),
            rated_at=clock.now(),
            actor=nurse,
        )
    assert done()
    assert b"ICSI 4" in desk.get(page).content


def dosed_already(cast: Cast, session: Any) -> Any:
    from tests.treatment.scene import given

    given(cast, session)
    return fresh(cast, session)


def result(cast: Cast, code: str, **more: Any) -> LabResult:
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        lab = replace(Lab(code=code, taken_on=day_of(cast.clinic, clock.now())), **more)
        return actions.record_lab(patient=cast.patient, lab=lab, actor=nurse)


@pytest.mark.django_db
def test_enzymes_over_three_times_the_limit_are_told_and_hold_until_repeated(cast: Cast) -> None:
    session = ready(cast)
    result(cast, "alt", value=Decimal(121), upper_limit=Decimal(40))
    with cast.acting(cast.nurse):
        assert Alert.objects.get(cause="liver-enzymes").level == "P2"
        item = {item.code: item for item in gate_of(session, clock.now()).items}["liver_enzymes_over_3x"]
        assert (item.blocks, item.overridable) == (True, True)
    result(cast, "alt", value=Decimal(90), upper_limit=Decimal(40))
    with cast.acting(cast.nurse):
        assert "liver_enzymes_over_3x" not in {item.code for item in gate_of(session, clock.now()).items}


@pytest.mark.django_db
def test_an_overdue_check_becomes_one_task_and_moves_with_the_next_result(cast: Cast) -> None:
    dosed(cast)
    with cast.acting(cast.nurse):
        assert set(SafetyCheck.objects.values_list("kind", flat=True)) == set(KINDS)
    assert worked(cast, tell_checks_overdue) == 0
    later(60 * 24 * 17)
    assert worked(cast, tell_checks_overdue) == len(KINDS)
    assert worked(cast, tell_checks_overdue) == 0
    with cast.acting(cast.nurse):
        assert Alert.objects.filter(cause__startswith="check-overdue", level="P3").count() == len(KINDS)
    result(cast, "urinalysis", finding="normal")
    with cast.acting(cast.nurse):
        row = SafetyCheck.objects.get(kind="bladder")
        assert row.due_on == row.last_on + timedelta(days=30)  # type: ignore[operator]
        assert row.next_step_at is not None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"code": "alt", "value": Decimal(5)}, "enzyme"),
        ({"code": "urinalysis"}, "nothing"),
        ({"code": "nonsense", "finding": "normal"}, "nothing"),
        ({"code": "alp", "value": Decimal("NaN")}, "number"),
        ({"code": "alp", "value": Decimal(-1)}, "number"),
        ({"code": "alp", "finding": "normal", "taken_on": date(2999, 1, 1)}, "future"),
    ],
)
def test_a_result_that_says_nothing_is_refused(cast: Cast, wrong: dict[str, Any], code: str) -> None:
    lab = Lab(**{"taken_on": day_of(cast.clinic, clock.now()), **wrong})
    with cast.acting(cast.nurse) as nurse, transaction.atomic(), pytest.raises(TreatmentRefused) as caught:
        actions.record_lab(patient=cast.patient, lab=lab, actor=nurse)
    assert caught.value.code == code


@pytest.mark.django_db
def test_a_result_is_entered_at_the_desk_and_received_once_over_the_api(cast: Cast) -> None:
    page = reverse("exposure", args=[cast.patient.pk])
    nurse = cast.client(cast.nurse)
    today = day_of(cast.clinic, clock.now()).isoformat()
    assert nurse.post(page, {"code": "urinalysis", "taken_on": today, "finding": "normal"}).status_code == 302
    assert nurse.post(page, {"code": "alt", "taken_on": today, "value": "30"}).status_code == 422
    assert "normal" in nurse.get(page).content.decode()
    body = {
        "patient": str(cast.patient.pk),
        "code": "hcg",
        "taken_on": today,
        "finding": "positive",
        "external_id": "L-1",
    }
    answers = [nurse.post("/api/v1/lab-results/", body, content_type="application/json") for _twice in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    corrected = nurse.post("/api/v1/lab-results/", body | {"finding": "negative"}, content_type="application/json")
    assert corrected.status_code == 409  # a correction is not swallowed as a repeat
    with cast.acting(cast.nurse) as actor:
        assert LabResult.objects.count() == 2
        assert Alert.objects.get(cause="pregnancy").level == "P2"
        assert actor.membership
    row = answers[0].json()["id"]
    assert nurse.post(reverse("lab-take-back", args=[row]), {"reason": "another person's"}).status_code == 302
    with cast.acting(cast.nurse):
        assert LabResult.objects.get(pk=row).status == "entered-in-error"
