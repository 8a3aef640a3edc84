"""Answers kept ready, and a conversation for the record."""

import json

import pytest
from django.db import transaction

from apps.audit.models import AuditEvent
from apps.core.ids import new_id
from apps.messaging.actions import open_team_thread, send_message
from apps.messaging.models import ReadyAnswer, Thread
from apps.messaging.thread_record import thread_record
from tests.cast import Cast
from tests.messaging.conftest import Write

pytestmark = pytest.mark.django_db
PATH = "/desk/messages/answers/"


def titles(cast: Cast) -> list[str]:
    with cast.acting(cast.nurse):
        return list(ReadyAnswer.objects.filter(retired_at__isnull=True).values_list("title", flat=True))


def test_a_clinic_begins_with_plain_ones_and_makes_them_its_own(cast: Cast, thread: Thread) -> None:
    client = cast.client(cast.nurse)
    assert "No answers yet" in client.get(PATH).content.decode()
    client.post(PATH, {"first": "1"})
    assert "Before a dose" in titles(cast)
    assert client.post(PATH, {"title": "Parking", "body": "Park behind the house."}).status_code == 302
    with cast.acting(cast.nurse):
        mine = ReadyAnswer.objects.get(title="Parking")
    changed = client.post(f"{PATH}{mine.pk}/", {"title": "Parking", "body": "Park in front."})
    assert changed.status_code == 302
    assert titles(cast).count("Parking") == 1
    assert client.post(f"{PATH}{mine.pk}/", {"title": "x", "body": "y"}).status_code == 404  # it was replaced meanwhile
    assert client.post(PATH, {"title": "Parking", "body": "again"}).status_code == 422
    page = client.get(f"/desk/messages/{thread.pk}/").content.decode()
    assert 'data-body="Park in front."' in page
    with cast.acting(cast.nurse):
        mine = ReadyAnswer.objects.get(title="Parking", retired_at__isnull=True)
    used = client.get(f"/desk/messages/{thread.pk}/?answer={mine.pk}").content.decode()  # without a script
    assert ">Park in front.</textarea>" in used
    assert "Parking" in client.get(f"{PATH}?q=front park").content.decode()
    client.post(f"{PATH}{mine.pk}/", {"retire": "1"})
    assert "Parking" not in titles(cast)
    assert cast.client(cast.clinic_admin).get(PATH).status_code == 403


def test_a_conversation_is_printed_and_saved_and_each_time_written_down(
    cast: Cast, thread: Thread, write: Write
) -> None:
    write(cast.patient_user, "First\nsecond line #import $x$ <b>")
    write(cast.nurse, "Answer")
    path = f"/messages/{thread.pk}/print/"
    for user in (cast.nurse, cast.patient_user):
        client = cast.client(user)
        assert "second line" in client.get(path).content.decode()
        pdf = client.get(f"{path}?as=pdf")
        assert pdf.content.startswith(b"%PDF")
        assert pdf["Content-Disposition"].startswith("attachment")
        data = json.loads(client.get(f"{path}?as=json").content)
        assert [(one["seq"], one["body"]) for one in data["messages"]][1] == (2, "Answer")
        with cast.acting(cast.nurse):
            written = AuditEvent.objects.filter(object_id=thread.pk, action="export", actor_id=user.pk)
            assert sorted(written.values_list("detail", flat=True)) == ["json 2", "page 2", "pdf 2"]
    assert cast.client(cast.patient_2_user).get(path).status_code == 404


def test_a_pdf_holds_the_newest_that_fit_and_says_so(
    cast: Cast, thread: Thread, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.messaging.thread_record.MOST_LETTERS", 10)
    for words in ("an older one", "five5", "four"):
        write(cast.patient_user, words)
    with cast.acting(cast.patient_user) as maria:
        held = thread_record(thread, maria, form="pdf")
        assert ([row["body"] for row in held.rows], held.cut) == (["five5", "four"], True)
        assert not thread_record(thread, maria, form="json").cut


def test_what_is_among_the_team_is_saved_by_the_team_alone(cast: Cast) -> None:
    with cast.acting(cast.nurse), transaction.atomic():
        team = open_team_thread(patient=cast.patient, actor=cast.nurse)
        send_message(thread=team, body="zqteam", client_id=new_id(), actor=cast.nurse)
    path = f"/messages/{team.pk}/print/"
    assert "not part of what the patient sees" in cast.client(cast.nurse).get(path).content.decode()
    assert cast.client(cast.patient_user).get(path).status_code == 404
