"""The form over HTTP: by script, without one, through every bad input."""

import json
import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.clinic_settings import change_setting
from apps.alerts.models import Alert
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.monitoring.models import ItemAnswer, QuestionnaireResponse, Slot, SlotState
from apps.monitoring.notice import SCOPE, VERSION
from apps.patients.models import Consent, Patient, Whereabouts
from tests.cast import Cast
from tests.monitoring.stage import give_all, open_slot

pytestmark = pytest.mark.django_db


def agreed(cast: Cast, key: str = "phq-9", patient: Patient | None = None) -> Slot:
    """An open form of a person who has read the notice."""
    patient = patient or cast.patient
    with cast.acting(cast.nurse):
        Consent.objects.create(clinic=patient.clinic, patient=patient, scope=SCOPE, version=VERSION, text_hash="0" * 64)
        return open_slot(cast, key, patient)


def send(client: Client, slot: Slot, body: Any, raw: bytes | None = None) -> Any:
    return client.post(
        reverse("survey-answer", args=[slot.pk]),
        data=raw if raw is not None else json.dumps(body),
        content_type="application/json",
    )


def answer(link_id: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"link_id": link_id, "value": value, "client_id": str(uuid4()), **more}


def test_the_first_form_is_preceded_by_the_notice_once(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        slot = open_slot(cast)
    client = cast.client(cast.patient_user)
    page = client.get(reverse("survey", args=[slot.pk]))
    assert "Who sees your answers" in page.content.decode()
    assert "data-survey" not in page.content.decode()
    after = client.post(reverse("survey-notice", args=[slot.pk]), follow=True)
    assert "data-survey" in after.content.decode()
    with cast.acting(cast.patient_user):
        consent = Consent.objects.get()
        assert (consent.scope, consent.version, len(consent.text_hash)) == (SCOPE, VERSION, 64)


def test_a_clinic_without_night_cover_says_so_before_the_first_answer(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        change_setting(clinic=cast.clinic, name="night_cover", value=False, actor=None, reason="test")
        slot = open_slot(cast)
    page = cast.client(cast.patient_user).get(reverse("survey", args=[slot.pk]))
    assert "At night nobody reads your answers" in page.content.decode()


def test_the_form_shows_every_item_with_its_recall_and_preselects_nothing(cast: Cast) -> None:
    slot = agreed(cast)
    page = cast.client(cast.patient_user).get(reverse("survey", args=[slot.pk])).content.decode()
    assert page.count("Over the last 2 weeks, how often") == 9
    assert page.count('type="radio" name="q') == 36
    assert " checked" not in page
    assert "Developed by Drs. Robert L. Spitzer" in page
    assert 'data-unsafe="1 2 3"' in page
    assert "988" in page
    assert "style=" not in page
    assert "<script>" not in page


def test_the_page_is_audited_and_its_opening_is_noted_once(cast: Cast) -> None:
    slot = agreed(cast)
    client = cast.client(cast.patient_user)
    client.get(reverse("survey", args=[slot.pk]))
    client.get(reverse("survey", args=[slot.pk]))
    with cast.acting(cast.patient_user):
        slot.refresh_from_db()
        assert slot.first_opened_at is not None
        assert AuditEvent.objects.filter(object_id=slot.pk, action="read").count() == 2


def test_an_answer_is_saved_and_says_when_the_clinic_got_it(cast: Cast) -> None:
    slot = agreed(cast)
    reply = send(cast.client(cast.patient_user), slot, answer("q1", 2)).json()
    assert reply["saved"] is True
    assert reply["crisis"] is False
    with cast.acting(cast.patient_user):
        row = ItemAnswer.objects.get()
        assert (row.value, row.auth_level, row.presentation) == (2, "session", "pages")
        assert reply["received_at"] == row.received_at.isoformat()


def test_item_nine_opens_the_crisis_card_and_pages(cast: Cast) -> None:
    slot = agreed(cast)
    client = cast.client(cast.patient_user)
    assert send(client, slot, answer("q9", 1)).json()["crisis"] is True
    with cast.acting(cast.nurse):
        assert Alert.objects.get().level == "P2"
    page = client.get(reverse("survey", args=[slot.pk])).content.decode()
    assert re.search(r"data-crisis(?! hidden)>", page)
    assert "Your answer has gone to your care team" in page


BAD_VALUES = [-1, 4, 1.5, 1.0, True, "3", "", [], {}, 10**40, "NaN"]


@pytest.mark.parametrize("value", BAD_VALUES)
def test_a_value_that_is_no_answer_is_refused_in_words(cast: Cast, value: Any) -> None:
    slot = agreed(cast)
    response = send(cast.client(cast.patient_user), slot, answer("q9", value))
    assert response.status_code == 422
    assert response.json()["message"]
    with cast.acting(cast.patient_user):
        assert not ItemAnswer.objects.exists()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not json",
        b"[]",
        b'"text"',
        b'{"link_id": "q9", "value": NaN}',
        b'{"link_id": "q9", "value": Infinity}',
        b'{"link_id": "q9", "link_id": "q1", "value": 1}',
        b'{"value": ' + b"[" * 5000,
        b"\xff\xfe{}",
        b'{"link_id": "q1", "value": 1, "client_id": "no-uuid"}',
        b'{"link_id": "q1", "value": 1, "client_id": 7}',
        b'{"link_id": 9, "value": 1, "client_id": "00000000-0000-0000-0000-000000000001"}',
        b'{"link_id": "q1\\u0000", "value": 1, "client_id": "00000000-0000-0000-0000-000000000001"}',
        b'{"link_id": "q1", "value": 1, "client_id": "00000000-0000-0000-0000-000000000001", "answered_at": "now"}',
        b'{"link_id": "q1", "value": 1, "client_id": "00000000-0000-0000-0000-000000000001", "answered_at": "2026-02-30T24:00:00Z"}',
        b'{"link_id": "q1", "value": 1, "client_id": "00000000-0000-0000-0000-000000000001", "skipped": 1}',
        b'{"link_id": "q1", "value": 1, "client_id": "00000000-0000-0000-0000-000000000001", "presentation": "wall"}',
    ],
)
def test_a_body_that_cannot_be_read_is_a_400(cast: Cast, raw: bytes) -> None:
    slot = agreed(cast)
    response = send(cast.client(cast.patient_user), slot, None, raw)
    assert response.status_code == 400
    assert response.json()["code"] in ("not-json", "not-an-object", "bad-field")


def test_a_value_too_large_for_a_float_is_refused(cast: Cast) -> None:
    slot = agreed(cast)
    raw = b'{"link_id": "q9", "value": 1e309, "client_id": "00000000-0000-0000-0000-000000000001"}'
    assert send(cast.client(cast.patient_user), slot, None, raw).status_code == 422


def test_more_than_16_kib_is_refused(cast: Cast) -> None:
    slot = agreed(cast, "check-in")
    assert send(cast.client(cast.patient_user), slot, answer("note", "x" * 17_000)).status_code == 413


@pytest.mark.parametrize(("text", "status"), [("x" * 2001, 422), ("a\x00b", 422), ("\ud800", 422), ("x" * 2000, 200)])
def test_a_note_that_cannot_be_stored_is_refused_and_never_a_500(cast: Cast, text: str, status: int) -> None:
    slot = agreed(cast, "check-in")
    assert send(cast.client(cast.patient_user), slot, answer("note", text)).status_code == status


@pytest.mark.parametrize("text", ["\u202eevil", "a\u200bb", "😀", "{{7*7}}", "<script>alert(1)</script>", "{% now %}"])
def test_strange_texts_are_kept_as_they_are_and_shown_as_text(cast: Cast, text: str) -> None:
    slot = agreed(cast, "check-in")
    client = cast.client(cast.patient_user)
    assert send(client, slot, answer("note", text)).status_code == 200
    page = client.get(reverse("survey", args=[slot.pk])).content.decode()
    assert "<script>alert" not in page
    with cast.acting(cast.patient_user):
        assert ItemAnswer.objects.get().text == text


def test_an_unknown_item_and_an_extra_field_do_no_harm(cast: Cast) -> None:
    slot = agreed(cast)
    client = cast.client(cast.patient_user)
    assert send(client, slot, answer("mood", 1)).status_code == 422
    assert send(client, slot, answer("q1", 1, clinic_id="x", auth_level="staff")).status_code == 200
    with cast.acting(cast.patient_user):
        assert ItemAnswer.objects.get().auth_level == "session"


def test_the_same_answer_twice_is_one_and_another_body_is_a_conflict(cast: Cast) -> None:
    slot = agreed(cast)
    client = cast.client(cast.patient_user)
    body = answer("q9", 2)
    assert [send(client, slot, body).status_code for _ in range(2)] == [200, 200]
    assert send(client, slot, body | {"value": 0}).status_code == 409
    with cast.acting(cast.patient_user):
        assert ItemAnswer.objects.count() == 1


@pytest.mark.parametrize(
    "name", ["survey", "survey-answer", "survey-submit", "survey-done", "survey-call", "survey-where"]
)
def test_somebody_elses_form_does_not_exist(cast: Cast, name: str) -> None:
    slot = agreed(cast)
    for user in (cast.patient_2_user, cast.other_patient_user):
        client = cast.client(user)
        url = reverse(name, args=[slot.pk])
        response = client.get(url) if name in ("survey", "survey-done") else client.post(url, "{}", "application/json")
        assert response.status_code == 404
    assert cast.client(cast.nurse).get(reverse("survey", args=[slot.pk])).status_code == 403
    assert cast.client(cast.patient_user).get(reverse("survey", args=[UUID(int=7)])).status_code == 404


def test_a_script_whose_session_is_over_is_told_so_and_a_page_leads_to_sign_in(cast: Cast) -> None:
    slot = agreed(cast)
    nobody = Client()
    refused = send(nobody, slot, answer("q9", 3))
    assert (refused.status_code, refused.json()["code"]) == (401, "session-over")
    assert nobody.get(reverse("survey", args=[slot.pk])).status_code == 302


@pytest.mark.parametrize("state", ["missed", "cancelled"])
def test_a_closed_form_refuses_in_words_but_an_unsafe_answer_still_alerts(cast: Cast, state: str) -> None:
    slot = agreed(cast)
    with cast.acting(cast.nurse):
        Slot.objects.filter(pk=slot.pk).update(state=state, next_step_at=None)
    client = cast.client(cast.patient_user)
    refused = send(client, slot, answer("q1", 1))
    assert (refused.status_code, refused.json()["code"]) == (409, "slot-closed")
    late = send(client, slot, answer("q9", 2))
    assert (late.status_code, late.json()["late"], late.json()["crisis"]) == (200, True, True)
    assert "closed" in client.get(reverse("survey", args=[slot.pk])).content.decode()
    with cast.acting(cast.nurse):
        assert Alert.objects.get().level == "P1"


def test_a_form_that_is_not_open_yet_refuses(cast: Cast) -> None:
    slot = agreed(cast)
    with cast.acting(cast.nurse):
        Slot.objects.filter(pk=slot.pk).update(state="scheduled")
    client = cast.client(cast.patient_user)
    assert send(client, slot, answer("q9", 3)).status_code == 409
    assert "not open yet" in client.get(reverse("survey", args=[slot.pk])).content.decode()


def test_submitting_by_script_twice_leads_to_the_same_thanks(cast: Cast) -> None:
    slot = agreed(cast)
    with cast.acting(cast.patient_user):
        give_all(cast, slot, *[1] * 8, 0)
    client = cast.client(cast.patient_user)
    url = reverse("survey-submit", args=[slot.pk])
    replies = [client.post(url, "{}", "application/json").json() for _ in range(2)]
    assert replies == [{"submitted": True, "next": reverse("survey-done", args=[slot.pk])}] * 2
    page = client.get(replies[0]["next"]).content.decode()
    assert "Your PHQ-9 score is 8 of 27" in page
    with cast.acting(cast.patient_user):
        assert QuestionnaireResponse.objects.count() == 1


def test_no_score_is_shown_after_a_positive_answer_nor_where_the_clinic_hides_them(cast: Cast) -> None:
    slot = agreed(cast)
    with cast.acting(cast.patient_user):
        give_all(cast, slot, *[1] * 8, 1)
    client = cast.client(cast.patient_user)
    client.post(reverse("survey-submit", args=[slot.pk]), "{}", "application/json")
    page = client.get(reverse("survey-done", args=[slot.pk])).content.decode()
    assert "score is" not in page
    assert "You are not alone with this" in page
    assert "Call 988" in page


def test_the_second_crisis_card_within_a_day_is_the_short_one(cast: Cast) -> None:
    slot = agreed(cast)
    client = cast.client(cast.patient_user)
    with cast.acting(cast.patient_user):
        give_all(cast, slot, *[1] * 8, 1)
    assert "data-short" not in client.get(reverse("survey", args=[slot.pk])).content.decode()
    with cast.acting(cast.nurse):
        later = open_slot(cast, "gad-7")
    assert "data-crisis data-short" in client.get(reverse("survey", args=[later.pk])).content.decode()
    clock.shift(timedelta(hours=25))
    with cast.acting(cast.nurse):
        Slot.objects.filter(pk=later.pk).update(closes_at=clock.now() + timedelta(hours=1))
    assert "data-short" not in client.get(reverse("survey", args=[later.pk])).content.decode()


def fields(page: str, **answers: Any) -> dict[str, Any]:
    """The form as a browser without a script would send it."""
    sheet = re.search(r'name="sheet" value="([^"]+)"', page)
    assert sheet
    return {"sheet": sheet[1], **answers}


def test_without_a_script_the_whole_form_is_one_post(cast: Cast) -> None:
    slot = agreed(cast)
    client = cast.client(cast.patient_user)
    url = reverse("survey", args=[slot.pk])
    body = fields(client.get(url).content.decode(), **{f"q{n}": "1" for n in range(1, 9)}, q9="0")
    assert client.post(url, body)["Location"] == reverse("survey-done", args=[slot.pk])
    assert client.post(url, body).status_code == 302
    with cast.acting(cast.patient_user):
        assert ItemAnswer.objects.count() == 9
        assert set(ItemAnswer.objects.values_list("presentation", flat=True)) == {"list"}
        assert QuestionnaireResponse.objects.get().total == 8


def test_without_a_script_open_questions_are_named_and_can_be_left_out_on_purpose(cast: Cast) -> None:
    slot = agreed(cast)
    client = cast.client(cast.patient_user)
    url = reverse("survey", args=[slot.pk])
    body = fields(client.get(url).content.decode(), q1="2")
    again = client.post(url, body)
    page = again.content.decode()
    assert again.status_code == 422
    assert "You left some questions open" in page
    assert re.search(r'name="q1" value="2" checked', page)
    client.post(url, fields(page, q1="2", confirm="yes"))
    with cast.acting(cast.patient_user):
        assert ItemAnswer.objects.filter(skipped=True).count() == 8
        assert QuestionnaireResponse.objects.get().missing == 8
        assert Alert.objects.get().cause == "not-assessed"


def test_without_a_script_a_bad_answer_loses_nothing_and_the_good_ones_are_saved(cast: Cast) -> None:
    slot = agreed(cast, "check-in")
    client = cast.client(cast.patient_user)
    url = reverse("survey", args=[slot.pk])
    body = fields(client.get(url).content.decode(), mood="1,5", medicine="2", sleep="9", problem="false", note="kept")
    response = client.post(url, body)
    page = response.content.decode()
    assert response.status_code == 422
    assert "Please look at these again" in page
    assert 'value="1,5"' in page
    assert "kept</textarea>" in page
    with cast.acting(cast.patient_user):
        assert dict(ItemAnswer.objects.exclude(value=None).values_list("link_id", "value")) == {
            "medicine": 2,
            "problem": 0,
        }
        assert ItemAnswer.objects.get(link_id="note").text == "kept"


def test_without_a_script_the_crisis_card_comes_with_the_next_page(cast: Cast) -> None:
    slot = agreed(cast)
    client = cast.client(cast.patient_user)
    url = reverse("survey", args=[slot.pk])
    page = client.post(url, fields(client.get(url).content.decode(), q9="2")).content.decode()
    assert re.search(r"data-crisis>", page)
    assert 'href="tel:988"' in page
    with cast.acting(cast.nurse):
        assert Alert.objects.get().level == "P1"


def test_asking_for_a_call_promises_a_time_and_a_second_tap_changes_nothing(cast: Cast) -> None:
    slot = agreed(cast)
    client = cast.client(cast.patient_user)
    send(client, slot, answer("q9", 1))
    url = reverse("survey-call", args=[slot.pk])
    words = [client.post(url, headers={"Accept": "application/json"}).json()["message"] for _ in range(2)]
    assert words[0] == words[1]
    assert "We aim to call you by" in words[0]
    with cast.acting(cast.nurse):
        alert = Alert.objects.get()
        assert alert.level == "P1"
        assert alert.call_promised_by is not None
        assert alert.call_promised_by <= clock.now() + timedelta(minutes=31)


def test_where_somebody_is_can_be_told_and_nothing_is_not_an_answer(cast: Cast) -> None:
    slot = agreed(cast)
    client = cast.client(cast.patient_user)
    url = reverse("survey-where", args=[slot.pk])
    json_wanted = {"Accept": "application/json"}
    assert client.post(url, {}, headers=json_wanted).status_code == 422
    assert client.post(url, {"company": "crowd"}, headers=json_wanted).status_code == 422
    assert client.post(url, {"place": "118 Alder St", "company": "alone"}, headers=json_wanted).status_code == 200
    with cast.acting(cast.nurse):
        row = Whereabouts.objects.get()
        assert (row.place, row.company, row.asked_in) == ("118 Alder St", "alone", "survey")


def test_an_answered_form_leads_to_its_thanks(cast: Cast) -> None:
    slot = agreed(cast)
    with cast.acting(cast.nurse):
        give_all(cast, slot, *[0] * 9)
    client = cast.client(cast.patient_user)
    client.post(reverse("survey-submit", args=[slot.pk]), "{}", "application/json")
    assert client.get(reverse("survey", args=[slot.pk]))["Location"] == reverse("survey-done", args=[slot.pk])
    with cast.acting(cast.nurse):
        assert Slot.objects.get(pk=slot.pk).state == SlotState.ANSWERED


def test_a_second_device_that_syncs_after_the_submit_loses_only_what_is_harmless(cast: Cast) -> None:
    slot = agreed(cast)
    with cast.acting(cast.nurse):
        give_all(cast, slot, *[0] * 9)
    first, second = cast.client(cast.patient_user), cast.client(cast.patient_user)
    first.post(reverse("survey-submit", args=[slot.pk]), "{}", "application/json")
    assert send(second, slot, answer("q1", 1)).status_code == 409
    assert send(second, slot, answer("q9", 3)).json()["late"] is True
    again = second.post(reverse("survey-submit", args=[slot.pk]), "{}", "application/json")
    assert again.json()["submitted"] is True
    with cast.acting(cast.nurse):
        assert QuestionnaireResponse.objects.get().answers["q9"] == 0
        assert Alert.objects.get().level == "P1"
    page = first.get(reverse("survey-done", args=[slot.pk])).content.decode()
    assert "You are not alone with this" in page
