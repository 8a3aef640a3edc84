"""What the team says about a patient among themselves: the patient meets it at no door, socket, count or search."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.tokens import create_token
from apps.core import clock
from apps.core.db.scope import use_clinic, use_user
from apps.core.topics import CommandRefused
from apps.messaging.actions import claim, mark_read, open_team_thread, open_thread, send_message
from apps.messaging.models import Message, ReadMark, Thread
from apps.messaging.refusal import MessageRefused
from apps.messaging.reminders import notify_due, still_wanted
from apps.messaging.rows import unread_count
from apps.messaging.search import find_messages
from apps.notifications.models import Delivery
from telek.live_topics import together, topic_named
from telek.views.home import last_message
from tests.cast import Cast

pytestmark = pytest.mark.django_db
WORD = "zqteamword"


@pytest.fixture
def team(cast: Cast) -> Thread:
    with cast.acting(cast.nurse), transaction.atomic():
        return open_team_thread(patient=cast.patient, actor=cast.nurse)


def say(cast: Cast, thread: Thread, user: Any, body: str = f"{WORD} she sounded flat on the phone") -> Message:
    with cast.acting(user), transaction.atomic():
        return send_message(thread=thread, body=body, client_id=uuid4(), actor=user)


def test_colleagues_talk_about_a_patient_on_the_desk_and_each_sees_what_is_new(cast: Cast, team: Thread) -> None:
    say(cast, team, cast.nurse)
    path = f"/desk/messages/?patient={cast.patient.pk}&team"
    page = cast.client(cast.prescriber).get(path, follow=True).content.decode()
    assert WORD in page
    assert "Only your team sees this" in page
    assert "Make an alert of this" not in page.partition("data-log")[2].partition("</ol>")[0]
    listed = cast.client(cast.prescriber).get("/desk/messages/").content.decode()
    assert "Among the team 1" in listed
    answered = cast.client(cast.prescriber).post(
        f"/desk/messages/{team.pk}/", {"client_id": str(uuid4()), "body": "I will call", "seen": 1}
    )
    assert answered.status_code == 302
    assert "Among the team" not in cast.client(cast.prescriber).get("/desk/messages/").content.decode()
    assert "Among the team 1" in cast.client(cast.nurse).get("/desk/messages/").content.decode()
    assert cast.client(cast.clinic_admin).get(f"/desk/messages/{team.pk}/").status_code == 403
    assert cast.client(cast.other_prescriber).get(f"/desk/messages/{team.pk}/").status_code == 404


def test_the_team_may_go_on_talking_after_discharge_and_nobody_owns_it(cast: Cast, team: Thread) -> None:
    with cast.acting(cast.nurse), transaction.atomic():
        type(cast.patient).objects.filter(pk=cast.patient.pk).update(status="discharged")
        assert say(cast, team, cast.nurse).seq == 1
        with pytest.raises(MessageRefused, match="belongs to all"):
            claim(thread=team, actor=cast.nurse)
    assert cast.client(cast.nurse).post(f"/desk/messages/{team.pk}/take/").status_code == 404


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(turns=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=6))
def test_whatever_is_said_where_no_frame_page_or_count_of_the_patient_holds_a_word_of_the_team(
    cast: Cast, turns: list[tuple[bool, bool]]
) -> None:
    """turns: (among the team?, by the nurse?); what is not among the team and not by the nurse is the patient's."""
    with transaction.atomic():
        with cast.acting(cast.nurse):
            team = open_team_thread(patient=cast.patient, actor=cast.nurse)
            own = open_thread(patient=cast.patient)
        for number, (among_team, by_nurse) in enumerate(turns):
            writer = cast.nurse if by_nurse else cast.prescriber if among_team else cast.patient_user
            say(cast, team if among_team else own, writer, f"{WORD if among_team else 'plainword'} {number}")
        meets_nothing(cast, team, len([turn for turn in turns if turn == (False, True)]))
        transaction.set_rollback(True)


def meets_nothing(cast: Cast, team: Thread, unread: int) -> None:
    user, client = cast.patient_user, cast.client(cast.patient_user)
    with cast.acting(user), use_user(user.pk):
        thread = topic_named("thread")
        assert thread.log
        assert thread.relay
        key = str(team.pk)
        assert not thread.may_follow(user, key)
        assert not thread.relay.may_follow(user, key)
        assert (thread.log.head(user, key), thread.log.after(user, key, 0, 200)) == (0, [])
        assert thread.state
        assert thread.state.rows(user, key, None) == []
        for name, fields in (("chat.read", {"seq": 1}), ("chat.send", {"client_id": str(uuid4()), "body": "x"})):
            request = together()[name].read(user, {"thread": key, **fields})
            assert isinstance(together()[name].run([request], cast.clinic.pk, {})[0], CommandRefused)
        assert find_messages(WORD, user).rows == []
        assert unread_count(user) == unread
        newest, new = last_message(_request(user), cast.patient)
        assert new == unread
        assert newest is None or WORD not in newest.body
    paths = ["/", "/messages/", "/api/v1/threads/", f"/api/v1/threads/{key}/"]
    for path in [*paths, f"/api/v1/threads/{key}/messages/", f"/desk/messages/{key}/"]:
        assert WORD not in client.get(path, follow=True).content.decode(), path
    assert client.get(f"/messages/find/?q={WORD}").context["page"].rows == []
    assert client.post(f"/messages/{key}/read/", {"seq": 1}).status_code == 404


def _request(user: Any) -> Any:
    class Request:
        pass

    request = Request()
    request.user = user  # type: ignore[attr-defined]
    return request


def test_a_patients_api_token_meets_nothing_either(cast: Cast, team: Thread) -> None:
    say(cast, team, cast.nurse)
    with cast.acting(cast.patient_user) as user, transaction.atomic():
        _token, text = create_token(label="phone", scopes=["own-record"], days=9, actor=user)
    bearer = {"headers": {"Authorization": f"Bearer {text}"}}
    client = cast.client(None)
    assert WORD not in client.get("/api/v1/threads/", **bearer).content.decode()
    assert client.get(f"/api/v1/threads/{team.pk}/messages/", **bearer).status_code == 404


def test_postgresql_alone_hides_it_from_a_patients_session(cast: Cast, team: Thread) -> None:
    """With every filter of the application out of the way."""
    say(cast, team, cast.nurse)
    with use_clinic(cast.clinic.pk), transaction.atomic():
        for user, seen in ((cast.nurse, 1), (cast.patient_user, 0), (cast.patient_2_user, 0)):
            with use_user(user.pk), connection.cursor() as cursor:
                for table in ("messaging_message", "messaging_thread"):
                    cursor.execute(f"select count(*) from {table} where staff_only")
                    assert cursor.fetchone()[0] == seen, (user.name, table)


def test_no_row_can_pretend_to_be_of_the_other_kind(cast: Cast, team: Thread) -> None:
    fields = {
        "clinic": cast.clinic,
        "thread": team,
        "seq": 9,
        "client_id": uuid4(),
        "body": "x",
        "sent_at": clock.now(),
    }
    for wrong in ({"staff_only": False, "from_patient": False}, {"staff_only": True, "from_patient": True}):
        with cast.acting(cast.nurse), pytest.raises(IntegrityError):
            _create_now(sender=cast.nurse, **fields, **wrong)


def _create_now(**fields: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        Message.every.create(**fields)
        cursor.execute("set constraints all immediate")


def test_an_unread_word_among_the_team_is_told_to_colleagues_and_never_to_the_patient(cast: Cast, team: Thread) -> None:
    say(cast, team, cast.therapist)
    with cast.acting(cast.nurse), transaction.atomic():
        mark_read(thread=team, seq=1, actor=cast.nurse)
    say(cast, team, cast.therapist)
    with transaction.atomic():
        clock.shift(timedelta(seconds=61))
    with cast.acting(cast.nurse), transaction.atomic():
        assert notify_due() == 1
        told = {note.recipient_id: note for note in Delivery.objects.filter(subject_id=team.pk)}
        assert set(told) == {cast.nurse.pk, cast.prescriber.pk}  # who looked in, and who treats
        assert all(still_wanted(note) for note in told.values())
        mark_read(thread=team, seq=2, actor=cast.nurse)
        assert not still_wanted(told[cast.nurse.pk])
        assert not ReadMark.objects.filter(thread=team, user=cast.patient_user).exists()
