"""Text messages and calls in Twilio's shape against a real process; what comes back is heard when it is signed."""

from datetime import timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.test import Client

from apps.accounts.models import ContactPoint
from apps.alerts.actions import acknowledge
from apps.alerts.models import Alert, AlertEvent, AlertState
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.core.ids import new_id
from apps.notifications.models import Delivery, State
from apps.notifications.rendering import letter_of
from apps.notifications.sending import Sender
from telek.views.twilio import signature
from tests.alerts.scene import a_raise
from tests.cast import Cast
from tests.notifications.conftest import Put
from tests.provider.provider import Provider

pytestmark = pytest.mark.django_db
ACCOUNT, PHONE = "AC0", "+15550100"


@pytest.fixture(autouse=True)
def _account(provider: Provider, settings: Any) -> None:
    settings.TRANSPORTS = {"sms": "twilio", "voice": "twilio", "email": "none", "push": "none"}
    settings.TWILIO_URL = urlunsplit(urlsplit(provider.url)._replace(path=""))
    settings.TWILIO_ACCOUNT, settings.TWILIO_TOKEN = ACCOUNT, "the token"
    settings.TWILIO_FROM = settings.TWILIO_VOICE_FROM = "+15550199"


def tell(path: str, *, sign: str | None = None, **posted: str) -> HttpResponse:
    form = QueryDict(mutable=True)
    form.update({"AccountSid": ACCOUNT, **posted})
    good = signature(f"http://localhost:8000{path}", form)
    headers = {"X-Twilio-Signature": good if sign is None else sign}
    body, kind = form.urlencode(), "application/x-www-form-urlencoded"
    answer: HttpResponse = Client(enforce_csrf_checks=True).post(path, body, content_type=kind, headers=headers)  # type: ignore[assignment]
    return answer


def state(cast: Cast, row: Delivery) -> str:
    with use_clinic(cast.clinic.pk), transaction.atomic():
        row.refresh_from_db()
    return row.state


@pytest.fixture
def sent(cast: Cast, put: Put, provider: Provider) -> Delivery:
    with cast.acting(cast.nurse):
        row = put()
        Sender().drain("sms", until=float("inf"))
        row.refresh_from_db()
    return row


@pytest.fixture
def page(cast: Cast) -> Delivery:
    """A page by call to the nurse, on its way."""
    with cast.acting(cast.nurse):
        alert = a_raise(cast.patient)
        return Delivery.objects.get(subject_id=alert.pk, channel="sms")


def alert_of(cast: Cast, row: Delivery) -> Alert:
    with use_clinic(cast.clinic.pk), transaction.atomic():
        return Alert.objects.select_related("owner__user").get(pk=str(row.subject_id))


def test_a_message_goes_out_with_its_key_and_the_number_that_it_got_is_kept(sent: Delivery, provider: Provider) -> None:
    (line,) = provider.received()
    assert (line["key"], line["to"], sent.state) == (str(sent.pk), PHONE, State.SENT)
    assert sent.provider_id.startswith("m-")
    assert "link" not in sent.context


def test_a_refusal_keeps_the_providers_code_and_is_for_good(cast: Cast, put: Put, provider: Provider) -> None:
    provider.behave("400")
    with cast.acting(cast.nurse):
        row = put()
        Sender().drain("sms", until=float("inf"))
        row.refresh_from_db()
    assert (row.state, row.last_error) == (State.DEAD, "provider: 400 21610")


def test_a_call_says_the_code_twice_and_asks_for_a_key(cast: Cast, put: Put, provider: Provider) -> None:
    with cast.acting(cast.nurse):
        row = put(channel="voice", kind="1-alert", template="alert_page", context={"code": "K7<2", "clinic": "A & B"})
        Sender().drain("voice", until=float("inf"))
    (line,) = provider.received()
    assert line["text"].count("K7&lt;2") == 2
    assert f"/provider/twilio/key/{row.pk}/" in line["text"]


def test_a_signed_status_is_noted_and_never_goes_backwards(cast: Cast, sent: Delivery) -> None:
    path = f"/provider/twilio/status/{sent.pk}/"
    assert tell(path, MessageStatus="delivered").status_code == 204
    assert tell(path, MessageStatus="sent").status_code == 204
    assert tell(path, MessageStatus="failed").status_code == 204
    assert tell(path, MessageStatus="nonsense\x00").status_code == 204
    assert (state(cast, sent), sent.last_error) == (State.DELIVERED, "")


def test_a_call_that_a_mailbox_completed_has_reached_nobody(cast: Cast, sent: Delivery) -> None:
    assert tell(f"/provider/twilio/status/{sent.pk}/", CallStatus="completed").status_code == 204
    assert state(cast, sent) == State.SENT


@pytest.mark.parametrize("sign", ["", "AAAA", "é", "x" * 9000])
def test_what_is_not_signed_is_refused_in_words(cast: Cast, sent: Delivery, sign: str) -> None:
    answer = tell(f"/provider/twilio/status/{sent.pk}/", sign=sign, MessageStatus="delivered")
    assert (answer.status_code, answer.content) == (403, b"not signed by the provider\n")
    assert state(cast, sent) == State.SENT


def test_old_unknown_foreign_and_huge_ones_are_refused_in_words(sent: Delivery) -> None:
    path, old = f"/provider/twilio/status/{sent.pk}/", format_datetime(clock.now() - timedelta(hours=1))
    assert tell(path, Timestamp=old, CallStatus="busy").status_code == 403
    assert tell(path, Timestamp="yesterday", CallStatus="busy").status_code == 403
    assert tell(path, Timestamp=format_datetime(clock.now()), CallStatus="ringing").status_code == 204
    assert tell(path, AccountSid="AC1", MessageStatus="delivered").status_code == 403
    assert tell(f"/provider/twilio/status/{new_id()}/", MessageStatus="delivered").status_code == 404
    assert tell(f"/provider/twilio/key/{new_id()}/", Digits="1").status_code == 404
    assert tell(path, Junk="x" * 2_000_000).status_code == 413


def test_without_a_token_nobody_is_heard(sent: Delivery, settings: Any) -> None:
    settings.TWILIO_TOKEN = ""
    assert tell(f"/provider/twilio/status/{sent.pk}/", MessageStatus="delivered").status_code == 404


def test_pressing_1_takes_the_alert_in_the_name_of_the_person_called(cast: Cast, page: Delivery) -> None:
    path = f"/provider/twilio/key/{page.pk}/"
    assert b"Nobody has taken it" in tell(path, Digits="5").content
    assert b"Nobody has taken it" in tell(path).content
    assert b"The alert is yours" in tell(path, Digits="1").content
    alert = alert_of(cast, page)
    assert (alert.state, alert.owner and alert.owner.user) == (AlertState.ACKED, cast.nurse)
    with cast.acting(cast.nurse):
        taken = AlertEvent.objects.get(alert=alert, kind="taken")
        page.refresh_from_db()
    assert taken.text == "by a key press in the call"
    assert page.answered_at
    assert page.delivered_at


def test_a_key_press_that_is_played_again_after_the_lease_has_ended_takes_nothing(cast: Cast, page: Delivery) -> None:
    path = f"/provider/twilio/key/{page.pk}/"
    tell(path, Digits="1")
    with cast.acting(cast.nurse):
        Alert.objects.filter(pk=str(page.subject_id)).update(state="open", owner=None)
    assert b"can no longer take it" in tell(path, Digits="1").content
    assert alert_of(cast, page).state == AlertState.OPEN


def test_a_patient_says_stop_and_start(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        ContactPoint.objects.filter(user=cast.patient_user, channel="sms").update(address="+1 (555) 0177-001")
    assert b"no more reminders" in tell("/provider/twilio/text/", From="+15550177001", Body=" Stop. ").content
    with cast.acting(cast.nurse):
        point = ContactPoint.objects.get(user=cast.patient_user, channel="sms")
        assert point.opted_out_at
    assert b"on again" in tell("/provider/twilio/text/", From="+15550177001", Body="START").content
    with cast.acting(cast.nurse):
        point.refresh_from_db()
        assert point.opted_out_at is None


def test_a_stop_that_is_sent_again_by_whoever_recorded_it_switches_nothing_back(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        ContactPoint.objects.filter(user=cast.patient_user, channel="sms").update(address="+1 (555) 0177-001")
    stop = {"From": "+15550177001", "Body": "STOP", "MessageSid": "SM1"}
    assert b"no more reminders" in tell("/provider/twilio/text/", **stop).content
    assert b"on again" in tell("/provider/twilio/text/", From="+15550177001", Body="START", MessageSid="SM2").content
    assert b"reminders" not in tell("/provider/twilio/text/", **stop).content
    with cast.acting(cast.nurse):
        assert ContactPoint.objects.get(user=cast.patient_user, channel="sms").opted_out_at is None


def test_a_clinicians_stop_mutes_nothing_and_is_told_to_them_and_the_administrators(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        ContactPoint.objects.filter(user=cast.nurse, channel="sms").update(address="+15550188002")
    assert b"WARNING" in tell("/provider/twilio/text/", From="+15550188002", Body="stop").content
    with cast.acting(cast.nurse):
        assert ContactPoint.objects.get(user=cast.nurse, channel="sms").opted_out_at is None
        told = set(Delivery.objects.filter(template="phone-stopped").values_list("recipient_id", flat=True))
    assert told == {cast.nurse.pk, cast.clinic_admin.pk}


@pytest.mark.parametrize("sender", ["", "anonymous", "+1", "+15559999999", "' or 1=1", "1" * 500])
def test_a_text_of_a_stranger_is_answered_with_nothing(cast: Cast, sender: str) -> None:
    answer = tell("/provider/twilio/text/", From=sender, Body="STOP\x00")
    assert (answer.status_code, answer.content) == (200, b"<Response></Response>")


def reply(body: str, sender: str = "+15550188002") -> str:
    return tell("/provider/twilio/text/", From=sender, Body=body).content.decode()


@pytest.fixture
def paged(cast: Cast) -> Alert:
    """The nurse was paged by text to a telephone of her own."""
    with cast.acting(cast.nurse):
        ContactPoint.objects.filter(user=cast.nurse, channel="sms").update(address="+1 555 0188-002")
    return a_raise(cast.patient)


@pytest.mark.parametrize("typed", ["{}", " {} ", "{}.", "\n{}\r\n", "lower", "spaced"])
def test_a_reply_with_the_code_takes_the_alert_however_it_is_typed(cast: Cast, paged: Alert, typed: str) -> None:
    text = {"lower": paged.code.lower(), "spaced": " ".join(paged.code)}.get(typed, typed.format(paged.code))
    assert f"{paged.code} is yours" in reply(text)
    with cast.acting(cast.nurse):
        alert = Alert.objects.select_related("owner__user").get(pk=paged.pk)
        page = Delivery.objects.get(subject_id=paged.pk, channel="sms")
        taken = AlertEvent.objects.get(alert=alert, kind="taken")
    assert (alert.state, alert.owner and alert.owner.user) == (AlertState.ACKED, cast.nurse)
    assert taken.text == "by its code, as a text message"
    assert page.answered_at
    assert page.opened_at


def test_the_text_says_how_and_nothing_clinical(cast: Cast, paged: Alert) -> None:
    with cast.acting(cast.nurse):
        body = letter_of(Delivery.objects.get(subject_id=paged.pk, channel="sms")).body
    assert f"reply {paged.code}" in body
    assert not [word for word in ("Alvarez", "Maria", "Item 9", "20417") if word in body]


def test_a_code_of_somebody_elses_page_an_old_one_and_a_second_reply_take_nothing(cast: Cast, paged: Alert) -> None:
    with cast.acting(cast.nurse):
        ContactPoint.objects.filter(user=cast.therapist, channel="sms").update(address="+15550188003")
        ContactPoint.objects.filter(user=cast.patient_user, channel="sms").update(address="+15550177001")
    assert "takes nothing now" in reply(paged.code, "+15550188003")
    assert "takes nothing now" in reply("AAAA")
    assert "Nobody reads messages" in reply(paged.code, "+15550177001")
    assert reply(paged.code, "+15559999999") == "<Response></Response>"
    assert state_of(cast, paged) == AlertState.OPEN
    clock.shift(timedelta(hours=13))
    assert "takes nothing now" in reply(paged.code)
    assert state_of(cast, paged) == AlertState.OPEN


def test_who_replies_after_a_colleague_is_told_so_and_counts_as_reached(cast: Cast, paged: Alert) -> None:
    with cast.acting(cast.prescriber):
        acknowledge(alert=paged, actor=cast.prescriber)
    assert "A colleague has" in reply(paged.code)
    with cast.acting(cast.nurse):
        page = Delivery.objects.get(subject_id=paged.pk, channel="sms")
        assert page.opened_at
        assert page.answered_at is None


def test_guessing_codes_ends_soon(cast: Cast, paged: Alert) -> None:
    said = [reply("AAAA") for _try in range(12)]
    assert "Too many tries" in said[-1]
    assert "Too many tries" not in said[5]


def test_a_reply_that_is_not_signed_takes_nothing(cast: Cast, paged: Alert) -> None:
    answer = tell("/provider/twilio/text/", sign="AAAA", From="+15550188002", Body=paged.code)
    assert answer.status_code == 403
    assert state_of(cast, paged) == AlertState.OPEN


def state_of(cast: Cast, alert: Alert) -> str:
    with cast.acting(cast.nurse):
        return str(Alert.objects.get(pk=alert.pk).state)
