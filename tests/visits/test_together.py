"""What both look at in a call, the scale that they fill in together, and what the person keeps of the visit."""

from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from apps.accounts.clinic_settings import change_setting
from apps.alerts.models import Alert
from apps.monitoring.actions import submit_response
from apps.monitoring.models import ItemAnswer, QuestionnaireResponse, Slot
from apps.sessions import actions
from apps.sessions.models import Visit, VisitEvent
from apps.sessions.refusal import VisitRefused
from tests.cast import Cast
from tests.monitoring.stage import give_all, open_slot, questionnaire
from tests.visits.scene import admitted, arrived, finished, fresh


def refused(code: str, verb: Any, **what: Any) -> None:
    with pytest.raises(VisitRefused) as refusal:
        verb(**what)
    assert refusal.value.code == code


def together(cast: Cast) -> Visit:
    """Maria and Dr Okafor look at the PHQ-9."""
    visit = admitted(cast)
    with cast.acting(cast.prescriber) as actor:
        return actions.show(visit=visit, what="scale", questionnaire=questionnaire(), actor=actor)


def tap(cast: Cast, visit: Visit, who: Any, link_id: str, value: str) -> Any:
    answer = {"link_id": link_id, "value": value, "client_id": str(uuid4())}
    return cast.client(who).post(reverse("visit-scale", args=[visit.pk]), answer)


def seen(cast: Cast, visit: Visit, who: Any) -> str:
    return cast.client(who).get(reverse("visit-shown", args=[visit.pk])).text


def test_both_sides_answer_one_scale_and_each_answer_is_saved_as_it_is_given(cast: Cast) -> None:
    visit = together(cast)
    before = fresh(cast, visit).version
    assert tap(cast, visit, cast.patient_user, "q1", "2").json() == {"saved": True, "crisis": False}
    assert tap(cast, visit, cast.prescriber, "q2", "1").status_code == 200
    assert fresh(cast, visit).version == before + 2
    for who in (cast.patient_user, cast.prescriber):
        assert "2 of 9 answered" in seen(cast, visit, who)
    with cast.acting(cast.nurse):
        levels = ItemAnswer.objects.order_by("link_id").values_list("link_id", "auth_level")
        assert list(levels) == [("q1", "session"), ("q2", "staff")]
    for number in range(3, 10):
        tap(cast, visit, cast.prescriber, f"q{number}", "0")
    scored = cast.client(cast.prescriber).post(reverse("desk-visit-scale-submit", args=[visit.pk]))
    assert scored.json() == {"total": 3.0}
    assert seen(cast, visit, cast.patient_user).strip() == ""
    with cast.acting(cast.nurse):
        assert QuestionnaireResponse.objects.get().auth_level == "staff"


def test_an_unsafe_answer_alerts_in_the_same_breath_and_shows_help(cast: Cast) -> None:
    visit = together(cast)
    assert tap(cast, visit, cast.patient_user, "q9", "1").json()["crisis"] is True
    with cast.acting(cast.nurse):
        assert Alert.objects.filter(patient=cast.patient, state="open").exists()
    assert "You are not alone with this" in seen(cast, visit, cast.patient_user)
    assert "A safety answer is positive" in seen(cast, visit, cast.prescriber)


def test_nobody_but_the_two_sides_sees_or_answers_and_nothing_wrong_is_taken(cast: Cast) -> None:
    visit = together(cast)
    assert tap(cast, visit, cast.patient_user, "q1", "7").status_code == 422
    for who, status in ((cast.nurse, 404), (cast.patient_2_user, 404), (cast.other_prescriber, 404)):
        assert cast.client(who).get(reverse("visit-shown", args=[visit.pk])).status_code == status
    assert tap(cast, visit, cast.nurse, "q1", "1").status_code == 409
    assert tap(cast, visit, cast.patient_2_user, "q1", "1").status_code == 404
    with cast.acting(cast.nurse):
        assert not ItemAnswer.objects.exists()


def test_the_waiting_form_is_taken_and_an_unanswered_one_put_away_does_not_count_as_missed(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        waiting = open_slot(cast)
    visit = together(cast)
    assert visit.shown_slot_id == waiting.pk
    with cast.acting(cast.prescriber) as actor:
        actions.show(visit=visit, what="scale", questionnaire=questionnaire("gad-7"), actor=actor)
        visit = actions.show(visit=visit, what="curve", actor=actor)
        states = dict(Slot.objects.values_list("questionnaire__key", "state").filter(state__in=["open", "cancelled"]))
        assert states == {"phq-9": "open", "gad-7": "cancelled"}
        kinds = VisitEvent.objects.filter(visit=visit, kind="shown").values_list("detail", flat=True)
        assert list(kinds) == ["phq-9", "gad-7", "curve"]


def test_both_look_at_the_same_curve_unless_the_clinic_shows_no_scores(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        slot = open_slot(cast)
        give_all(cast, slot, 2, 2, 2, 1, 1, 1, 0, 0, 0)
        submit_response(slot=slot, actor=cast.patient_user, auth_level="session")
    visit = admitted(cast)
    with cast.acting(cast.prescriber) as actor:
        actions.show(visit=visit, what="curve", actor=actor)
    assert "<svg" in seen(cast, visit, cast.patient_user)
    assert "<svg" in seen(cast, visit, cast.prescriber)
    with cast.acting(cast.clinic_admin) as actor:
        change_setting(clinic=cast.clinic, name="show_scores_to_patients", value=False, actor=actor, reason="x")
    with cast.acting(cast.prescriber) as actor:
        refused("hidden", actions.show, visit=visit, what="curve", actor=actor)


def test_before_and_after_the_call_nothing_is_shown(cast: Cast) -> None:
    visit = arrived(cast)
    with cast.acting(cast.prescriber) as actor:
        refused("not-in-call", actions.show, visit=visit, what="curve", actor=actor)
    assert seen(cast, visit, cast.patient_user).strip() == ""


def test_afterwards_the_person_reads_the_summary_and_says_how_the_picture_was(cast: Cast) -> None:
    visit = finished(cast)
    client = cast.client(cast.patient_user)
    assert "has not finished the summary yet" in client.get(visit.path).text
    signed = {"text": "MSE unremarkable.", "for_patient": "Walk each day.", "next_step": "maintenance"}
    cast.client(cast.prescriber).post(reverse("desk-visit-sign", args=[visit.pk]), signed)
    page = client.get(visit.path).text
    assert "Walk each day." in page
    assert "A maintenance session is planned" in page
    assert "MSE" not in page
    client.post(reverse("visit-rate", args=[visit.pk]), {"rating": "patchy"})
    client.post(reverse("visit-rate", args=[visit.pk]), {"rating": "splendid"})
    assert fresh(cast, visit).rating == "patchy"
    assert "some trouble" in cast.client(cast.prescriber).get(visit.desk_path).text


def test_a_call_that_goes_on_is_not_rated(cast: Cast) -> None:
    visit = admitted(cast)
    with cast.acting(cast.patient_user) as actor:
        refused("not-over", actions.rate, visit=visit, rating="good", actor=actor)
