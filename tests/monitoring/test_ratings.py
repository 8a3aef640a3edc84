"""Scales that staff fill in: stored, scored and judged as if the person had answered."""

from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from apps.alerts.models import Alert
from apps.core import clock
from apps.monitoring import actions
from apps.monitoring.instruments import LIBRARY, Kind
from apps.monitoring.models import Assignment, ItemAnswer, QuestionnaireResponse, Slot
from apps.monitoring.refusals import SurveyRefused
from tests.cast import Cast
from tests.desk.conftest import give_dose
from tests.monitoring.stage import assigned, questionnaire

pytestmark = pytest.mark.django_db


def post(cast: Cast, key: str, **more: str) -> dict[str, str]:
    """What the page of that scale sends, with every item at its lowest."""
    lowest = {
        item.link_id: "false" if item.kind is Kind.BOOLEAN else str(min(option.value for option in item.options))
        for item in LIBRARY[key].items
    }
    at = clock.now().astimezone(ZoneInfo(cast.clinic.time_zone)).strftime("%Y-%m-%dT%H:%M")
    return lowest | {"rated_at": at, "sheet": str(uuid4())} | more


def url(cast: Cast, key: str) -> str:
    return f"{reverse('patient-rate', args=[cast.patient.pk])}?scale={key}"


@pytest.mark.parametrize(
    ("key", "unsafe", "level", "cause"),
    [
        ("madrs", {"q10": "2"}, "P2", "suicidal-thoughts"),
        ("madrs", {"q10": "4"}, "P1", "suicidal-thoughts"),
        ("madrs", {"q10": "", "incomplete": "on"}, "P3", "not-assessed"),
        ("moaa-s", {"score": "3"}, "P2", "sedation"),
        ("moaa-s", {"score": "2"}, "P1", "sedation"),
        ("c-ssrs", {"q2": "true", "q4": "true"}, "P1", "suicidal-thoughts"),
    ],
)
def test_a_rating_raises_what_the_answer_of_a_person_would(
    cast: Cast, key: str, unsafe: dict[str, str], level: str, cause: str
) -> None:
    questionnaire()
    response = cast.client(cast.nurse).post(url(cast, key), post(cast, key, **unsafe))
    assert response.status_code == 302, response.content.decode()
    with cast.acting(cast.nurse):
        alert = Alert.objects.get(cause=cause)
        assert alert.level == level
        stored = QuestionnaireResponse.objects.get()
        assert (stored.questionnaire.key, stored.auth_level) == (key, "staff")


def test_a_safe_rating_is_scored_shown_and_drawn_and_raises_nothing(cast: Cast) -> None:
    questionnaire()
    client = cast.client(cast.nurse)
    page = client.get(url(cast, "madrs")).content.decode()
    assert "not installed here" in page
    with cast.acting(cast.nurse):
        give_dose(cast.patient, 3)
    answers = {f"q{number}": "2" for number in range(1, 10)}
    shown = client.post(url(cast, "madrs"), post(cast, "madrs", **answers), follow=True).content.decode()
    assert "MADRS is stored: 18" in shown
    with cast.acting(cast.nurse):
        assert not Alert.objects.exists()
        assert QuestionnaireResponse.objects.get().severity == "mild"
        assert Slot.objects.get().state == "answered"
    summary = client.get(reverse("chart", args=[cast.patient.pk]), {"curve": "madrs"}).content.decode()
    assert "After each dose, MADRS" in summary
    assert "18, mild" in summary


def test_a_page_sent_twice_is_one_rating_and_a_changed_one_is_refused(cast: Cast) -> None:
    questionnaire()
    client, first = cast.client(cast.nurse), post(cast, "aldrete")
    assert client.post(url(cast, "aldrete"), first).status_code == 302
    assert client.post(url(cast, "aldrete"), first).status_code == 302
    changed = client.post(url(cast, "aldrete"), first | {"activity": "2"})
    assert changed.status_code == 422
    assert "with other answers" in changed.content.decode()
    assert client.post(url(cast, "aldrete"), post(cast, "aldrete")).status_code == 302
    with cast.acting(cast.nurse):
        assert QuestionnaireResponse.objects.count() == 2
        assert ItemAnswer.objects.count() == 10
        assert Assignment.objects.get().rhythm == "staff"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"q1": ""}, "Left out"),
        ({"q1": "7"}, "valid choice"),
        ({"q1": "true"}, "valid choice"),
        ({"rated_at": "soon"}, "valid date"),
        ({"rated_at": "2001-01-01T10:00"}, "within the last 7 days"),
        ({"rated_at": "2099-01-01T10:00"}, "within the last 7 days"),
        ({"sheet": "x"}, "valid UUID"),
    ],
)
def test_what_is_no_rating_is_refused_in_words_and_nothing_is_stored(
    cast: Cast, wrong: dict[str, str], said: str
) -> None:
    questionnaire()
    response = cast.client(cast.nurse).post(url(cast, "madrs"), post(cast, "madrs", **wrong))
    assert response.status_code == 422
    assert said in response.content.decode()
    with cast.acting(cast.nurse):
        assert not QuestionnaireResponse.objects.exists()
        assert not ItemAnswer.objects.exists()


def test_what_a_person_fills_in_themselves_is_no_rating(cast: Cast) -> None:
    questionnaire()
    assert cast.client(cast.nurse).get(url(cast, "gad-7")).status_code == 404
    with cast.acting(cast.nurse), pytest.raises(SurveyRefused):
        actions.record_rating(
            patient=cast.patient,
            questionnaire=questionnaire("gad-7"),
            answers={"q1": 1},
            client_id=uuid4(),
            rated_at=clock.now() - timedelta(minutes=5),
            actor=cast.nurse,
        )


def test_a_rating_makes_no_form_for_the_person(cast: Cast) -> None:
    questionnaire()
    cast.client(cast.nurse).post(url(cast, "bprs-positive"), post(cast, "bprs-positive"))
    page = cast.client(cast.nurse).get(reverse("patient-forms", args=[cast.patient.pk])).content.decode()
    assert "by staff" not in page
    with cast.acting(cast.nurse):
        assigned(cast, "gad-7")
        assert not Slot.objects.filter(questionnaire__key="bprs-positive", state__in=["open", "scheduled"]).exists()
