"""Words of messages: found by an index, in what the person may see, page by page."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from apps.core.db.scope import use_clinic, use_user
from apps.messaging.actions import open_thread, send_message
from apps.messaging.models import Message, Thread
from apps.messaging.search import PAGE, find_messages, marked_html
from tests.cast import Cast
from tests.messaging.conftest import Write

pytestmark = pytest.mark.django_db


def found(cast: Cast, user: Any, words: str, **more: Any) -> list[str]:
    with cast.acting(user), use_user(user.pk):
        return [row["body"] for row in find_messages(words, user, **more).rows]


def test_words_are_found_by_root_by_phrase_and_without(cast: Cast, write: Write) -> None:
    for body in ("I slept badly", "Sleeping is better now", "No sleep, and dizzy", "Schlaf war gut"):
        write(cast.patient_user, body)
    assert found(cast, cast.nurse, "sleep") == ["No sleep, and dizzy", "Sleeping is better now"]
    assert found(cast, cast.nurse, '"is better"') == ["Sleeping is better now"]
    assert found(cast, cast.nurse, "sleep -dizzy") == ["Sleeping is better now"]
    assert found(cast, cast.nurse, "schlaf") == ["Schlaf war gut"]
    assert found(cast, cast.nurse, "the") == []
    assert found(cast, cast.nurse, "\x00 ' & | ! ( :* <->") == []


def test_each_finds_only_what_they_may_see(cast: Cast, thread: Thread, write: Write) -> None:
    with cast.acting(cast.nurse), transaction.atomic():
        second = open_thread(patient=cast.patient_2)
    write(cast.patient_user, "lithium one")
    write(cast.patient_2_user, "lithium two", into=second)
    with cast.acting(cast.other_prescriber) as doctor, transaction.atomic():
        foreign = open_thread(patient=cast.other_patient)
        send_message(thread=foreign, body="lithium three", client_id=uuid4(), actor=doctor)
    assert found(cast, cast.nurse, "lithium") == ["lithium two", "lithium one"]
    assert found(cast, cast.nurse, "lithium", thread=thread) == ["lithium one"]
    assert found(cast, cast.patient_user, "lithium") == ["lithium one"]
    assert found(cast, cast.other_prescriber, "lithium") == ["lithium three"]
    assert found(cast, cast.clinic_admin, "lithium") == []
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from messaging_find('lithium', null, null, null, 50)")  # under no clinic
        assert cursor.fetchone()[0] == 0


def test_pages_follow_each_other_without_a_hole_or_a_repeat(cast: Cast, write: Write) -> None:
    for number in range(PAGE * 2 + 3):
        write(cast.patient_user, f"dizzy {number}")
    client, seen, path = cast.client(cast.nurse), [], "/messages/find/?q=dizzy"
    while path:
        page = client.get(path)
        seen += [row["body"] for row in page.context["page"].rows]
        path = f"/messages/find/?{page.context['further']}" if page.context["page"].further else ""
    assert seen == [f"dizzy {number}" for number in reversed(range(PAGE * 2 + 3))]
    assert client.get("/messages/find/?q=dizzy&after=nonsense").status_code == 200


def test_the_words_are_marked_and_everything_else_is_escaped(cast: Cast, write: Write) -> None:
    write(cast.patient_user, "<b>bold</b> and nausea & more")
    page = cast.client(cast.patient_user).get("/messages/find/?q=nausea").content.decode()
    assert "&lt;b&gt;bold&lt;/b&gt; and <mark>nausea</mark> &amp; more" in page
    assert str(marked_html("\ue000<i>\ue001")) == "<mark>&lt;i&gt;</mark>"
    assert "No message has" in cast.client(cast.patient_user).get("/messages/find/?q=fever").content.decode()


def test_the_index_is_asked_under_row_level_security(cast: Cast, thread: Thread) -> None:
    """Among many messages of two clinics the search touches a handful of rows."""
    rows = [
        Message(clinic=cast.clinic, thread=thread, seq=n + 1, client_id=uuid4(), sender=cast.nurse, from_patient=False,
                body=f"word{n} of many", sent_at=thread.created_at) for n in range(3000)
    ]  # fmt: skip
    with use_clinic(cast.clinic.pk):
        Message.every.bulk_create(rows)
        with connection.cursor() as cursor:
            cursor.execute("select current_user")
            assert cursor.fetchone()[0] == "telek_app"
            cursor.execute("select pg_stat_get_xact_tuples_returned('messaging_message'::regclass)")
            before = cursor.fetchone()[0]
            cursor.execute("select count(*) from messaging_find('word77', null, null, null, 20)")
            assert cursor.fetchone()[0] == 1
            cursor.execute("select pg_stat_get_xact_tuples_returned('messaging_message'::regclass)")
            assert cursor.fetchone()[0] - before < 3000  # a scan of the table would have returned each row
