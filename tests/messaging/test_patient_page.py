"""The patient's page: shows what is theirs, takes a message as a plain form, tells when somebody answers."""

from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.test import Client
from django.utils.html import escape

from apps.accounts.clinic_settings import change_setting
from apps.accounts.models import ClinicSetting
from apps.alerts.models import RosterShift
from apps.core import clock
from apps.core.ids import new_id
from apps.messaging.actions import mark_read
from apps.messaging.models import Message, ReadMark, Thread
from tests.cast import Cast
from tests.messaging.conftest import Write

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


def move_clock_to(cast: Cast, wall: time) -> None:
    """To the next moment at which the clinic's clock shows that; the roster of the cast covers it."""
    there = clock.now().astimezone(ZoneInfo(cast.clinic.time_zone))
    then = there.replace(hour=wall.hour, minute=wall.minute, second=0, microsecond=0)
    with transaction.atomic():
        clock.shift(then + timedelta(days=then < there) - there)


def post(client: Client, **fields: Any) -> Any:
    return client.post("/messages/", {"client_id": str(new_id()), "body": "Hello"} | fields)


def test_the_page_shows_the_conversation_in_order_with_who_wrote_and_what_was_seen(
    cast: Cast, thread: Thread, write: Write
) -> None:
    write(cast.patient_user, "First <b>words</b>")
    write(cast.nurse, "An answer")
    write(cast.patient_user, "Not seen yet")
    with cast.acting(cast.nurse):
        mark_read(thread=thread, seq=2, actor=cast.nurse)
    page = cast.client(cast.patient_user).get("/messages/").content.decode()
    assert page.index(escape("First <b>words</b>")) < page.index("An answer") < page.index("Not seen yet")
    assert "<b>words</b>" not in page
    assert "Rosa Osei</bdi></b><span data-role>, nurse</span>" in page
    assert "Seen by Rosa Osei" in page
    assert page.count("Sent, not seen yet</span>") == 2  # the third message, and the pattern for scripts


def test_a_plain_form_sends_once_however_often_it_is_sent(cast: Cast, thread: Thread) -> None:
    client = cast.client(cast.patient_user)
    key = str(new_id())
    first, again = (post(client, client_id=key, body="Hello\r\nthere") for _ in range(2))
    assert (first.status_code, first.url, again.url) == (302, "/messages/#m1", "/messages/#m1")
    with cast.acting(cast.nurse):
        assert Message.objects.get().body == "Hello\nthere"


def test_what_is_refused_stays_in_the_form_with_the_reason(cast: Cast, thread: Thread) -> None:
    client = cast.client(cast.patient_user)
    refused = post(client, body="x" * 9000)
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "The message is too long" in page
    assert "x" * 9000 in page
    assert post(client, body=" ").status_code == 422
    assert post(client, client_id="no key").status_code == 422
    assert post(client, body="a\x00b").status_code == 422
    with cast.acting(cast.nurse):
        assert not Message.objects.exists()


def test_a_script_gets_the_same_answer_as_on_the_socket(cast: Cast, thread: Thread) -> None:
    client = cast.client(cast.patient_user)
    key = str(new_id())
    sent = client.post("/messages/", {"client_id": key, "body": "I want to die"}, headers=JSON).json()
    assert (sent["client_id"], sent["seq"], sent["crisis"]) == (key, 1, True)
    refused = client.post("/messages/", {"client_id": key, "body": "other words"}, headers=JSON)
    assert (refused.status_code, refused.json()["code"]) == (422, "conflict")


def test_help_stands_on_the_page_until_somebody_has_answered_a_phrase_of_danger(cast: Cast, write: Write) -> None:
    client = cast.client(cast.patient_user)
    write(cast.patient_user, "Good morning")
    assert "data-crisis hidden" in client.get("/messages/").content.decode()
    write(cast.patient_user, "I want to end it all")
    write(cast.patient_user, "sorry")
    page = client.get("/messages/").content.decode()
    assert "data-crisis>" in page
    assert 'href="tel:988"' in page
    write(cast.nurse, "I am calling you now.")
    assert "data-crisis hidden" in client.get("/messages/").content.decode()


def test_reading_is_said_by_a_button_and_by_writing_from_the_page(cast: Cast, thread: Thread, write: Write) -> None:
    client = cast.client(cast.patient_user)
    write(cast.nurse, "One")
    assert "I have read these" in client.get("/messages/").content.decode()
    assert client.post(f"/messages/{thread.pk}/read/", {"seq": 1}).url == "/messages/"
    assert "I have read these" not in client.get("/messages/").content.decode()
    write(cast.nurse, "Two")
    post(client, body="Thank you", seen="2")
    with cast.acting(cast.nurse):
        assert ReadMark.objects.get(user=cast.patient_user).seq == 3
    assert client.post(f"/messages/{thread.pk}/read/", {"seq": "-1"}).status_code == 400
    answer = client.post(f"/messages/{thread.pk}/read/", {"seq": 2**62}, headers=JSON)
    assert answer.json()["seq"] == 3


def test_a_message_written_offline_does_not_mark_what_was_not_seen(cast: Cast, thread: Thread, write: Write) -> None:
    write(cast.nurse, "You could not see this")
    write(cast.patient_user, "From the queue of my phone")
    with cast.acting(cast.nurse):
        assert not ReadMark.objects.filter(user=cast.patient_user, seq__gt=0).exists()


def test_older_messages_stand_on_pages_of_their_own(cast: Cast, thread: Thread, write: Write) -> None:
    for number in range(1, 204):
        write(cast.patient_user, f"Message number {number}.")
    client = cast.client(cast.patient_user)
    newest = client.get("/messages/").content.decode()
    assert "number 4." in newest
    assert "number 3." not in newest
    assert "?before=4" in newest
    older = client.get("/messages/?before=4").content.decode()
    assert "number 3." in older
    assert "number 4." not in older
    assert "data-composer" not in older
    assert (
        client.get("/messages/?before=x").status_code == client.get(f"/messages/?before={'9' * 30}").status_code == 200
    )


def test_a_discharged_patient_reads_and_is_told_to_phone(cast: Cast, thread: Thread, write: Write) -> None:
    write(cast.nurse, "Goodbye and good luck")
    with cast.acting(cast.nurse):
        cast.patient.status = "discharged"
        cast.patient.save()
        cast.clinic.phone = "+1 555 0100"
        cast.clinic.save()
    client = cast.client(cast.patient_user)
    page = client.get("/messages/").content.decode()
    assert "Goodbye and good luck" in page
    assert "Please phone the clinic: +1 555 0100." in page
    assert "data-composer" not in page
    assert "Please phone the clinic" in post(client).content.decode()


def test_by_day_the_page_names_who_is_on_duty_and_until_when(cast: Cast, thread: Thread) -> None:
    move_clock_to(cast, time(12))
    page = cast.client(cast.patient_user).get("/messages/").content.decode()
    assert "Rosa Osei is on duty" in page
    assert "Messages are read now, until <time" in page
    assert ">18:00</time>." in page


def test_where_the_roster_names_nobody_no_name_is_said(cast: Cast, thread: Thread) -> None:
    move_clock_to(cast, time(12))
    with cast.acting(cast.nurse), transaction.atomic():
        RosterShift.objects.all().delete()
    page = cast.client(cast.patient_user).get("/messages/").content.decode()
    assert "The desk is open" in page
    assert "Rosa Osei is on duty" not in page


def test_out_of_hours_the_page_says_that_nobody_reads(cast: Cast, thread: Thread) -> None:
    move_clock_to(cast, time(20))
    with cast.acting(cast.nurse), transaction.atomic():
        change_setting(clinic=cast.clinic, name="night_cover", value=False, actor=None, reason="test")
    page = cast.client(cast.patient_user).get("/messages/").content.decode()
    assert "The desk is closed now" in page
    assert "Nobody reads messages now. Open again: Tomorrow <time" in page
    assert "Outside these hours nobody watches." in page
    assert "Rosa Osei is on duty" not in page


def test_opening_hours_that_cannot_be_read_promise_nothing(cast: Cast, thread: Thread) -> None:
    with cast.acting(cast.nurse), transaction.atomic():
        # As an older release may have left it: today such words are refused.
        ClinicSetting.objects.create(clinic=cast.clinic, name="desk_opens", value="early", reason="test")
    page = cast.client(cast.patient_user).get("/messages/").content.decode()
    assert "Messages are read" not in page
    assert "Nobody reads" not in page


def test_search_finds_words_by_root_in_own_messages_only(cast: Cast, thread: Thread, write: Write) -> None:
    write(cast.nurse, "You may drive the day after.")
    write(cast.patient_user, "I like walking.")
    client = cast.client(cast.patient_user)
    found = client.get("/messages/find/", {"q": "driving"}).content.decode()
    assert "You may <mark>drive</mark>" in found
    other = cast.client(cast.patient_2_user).get("/messages/find/", {"q": "drive"}).content.decode()
    assert "You may" not in other
    assert client.get("/messages/find/", {"q": "\x00'); drop"}).status_code == 200


def test_staff_have_no_own_messages_and_a_stranger_signs_in_first(cast: Cast) -> None:
    assert cast.client(cast.nurse).get("/messages/").status_code == 403
    assert cast.client(None).get("/messages/").status_code == 302
    assert cast.client(cast.clinic_admin).get("/messages/find/").status_code == 403


def test_another_patients_thread_does_not_exist(cast: Cast, thread: Thread) -> None:
    for user in (cast.patient_2_user, cast.other_patient_user, cast.other_prescriber):
        assert cast.client(user).post(f"/messages/{thread.pk}/read/", {"seq": 1}).status_code == 404
