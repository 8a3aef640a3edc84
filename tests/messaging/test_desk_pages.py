"""The desk: who waits and whose it is, one thread, hand-over, an alert made of a message."""

from typing import Any

import pytest
from django.db import transaction

from apps.accounts.models import Membership
from apps.alerts.models import Alert, AlertState
from apps.audit.models import AuditEvent
from apps.core.ids import new_id
from apps.messaging.actions import MessageRefused, claim, make_alert, mark_read, open_thread
from apps.messaging.models import Message, Thread
from tests.cast import Cast
from tests.messaging.conftest import Write

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(cast: Cast) -> Thread:
    with cast.acting(cast.nurse), transaction.atomic():
        return open_thread(patient=cast.patient_2)


def member(user: Any) -> Membership:
    assert user.membership is not None
    return user.membership


def page(cast: Cast, path: str, user: Any = None) -> str:
    answer = cast.client(user or cast.nurse).get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_stands_by_owner_and_who_waits_longest_is_first(
    cast: Cast, thread: Thread, second: Thread, write: Write
) -> None:
    write(cast.patient_user, "I wait longest")
    write(cast.patient_2_user, "I wait too", into=second)
    listed = page(cast, "/desk/messages/")
    assert listed.index("I wait longest") < listed.index("I wait too")
    assert "<b>2</b> wait for an answer" in listed
    assert "Nobody has them 2" in listed
    with cast.acting(cast.nurse):
        claim(thread=second, actor=cast.nurse)
    listed = page(cast, "/desk/messages/")
    assert listed.index("Nobody has them 1") < listed.index("Mine 1") < listed.index("I wait too")
    assert "Others have them 1" in page(cast, "/desk/messages/", cast.therapist)


def test_a_flagged_phrase_comes_first_and_is_named_beside_the_message(
    cast: Cast, thread: Thread, second: Thread, write: Write
) -> None:
    write(cast.patient_user, "I wait longest")
    write(cast.patient_2_user, "I feel suicidal", into=second)
    listed = page(cast, "/desk/messages/")
    assert listed.index("I feel suicidal") < listed.index("I wait longest")
    assert "1 flagged phrase" in listed
    assert "phrase: suicidal" in page(cast, f"/desk/messages/{second.pk}/")
    own = cast.client(cast.patient_2_user).get("/messages/").content.decode()
    assert "phrase: suicidal" not in own


def test_an_answered_thread_leaves_the_waiting_list_and_stands_under_all(
    cast: Cast, thread: Thread, write: Write
) -> None:
    write(cast.patient_user, "A question")
    write(cast.nurse, "An answer")
    assert "An answer" not in page(cast, "/desk/messages/")
    assert "An answer" in page(cast, "/desk/messages/?show=all")
    assert "An answer" in page(cast, f"/desk/messages/{thread.pk}/")


def test_the_list_alone_is_what_a_script_fetches(cast: Cast, thread: Thread, write: Write) -> None:
    write(cast.patient_user, "A question")
    for path in ("/desk/messages/?part=list", f"/desk/messages/{thread.pk}/?part=list"):
        part = page(cast, path)
        assert "A question" in part
        assert "<html" not in part


def test_the_patients_link_opens_their_thread_and_makes_it_once(cast: Cast) -> None:
    client = cast.client(cast.nurse)
    first = client.get("/desk/messages/", {"patient": str(cast.patient.pk)})
    assert client.get("/desk/messages/", {"patient": str(cast.patient.pk)}).url == first.url
    with cast.acting(cast.nurse):
        assert first.url == f"/desk/messages/{Thread.objects.get().pk}/"
    assert client.get("/desk/messages/", {"patient": "x"}).status_code == 404
    assert client.get("/desk/messages/", {"patient": str(cast.other_patient.pk)}).status_code == 404


def test_staff_answer_by_a_plain_form_and_see_when_the_patient_read_it(
    cast: Cast, thread: Thread, write: Write
) -> None:
    write(cast.patient_user, "A question")
    client = cast.client(cast.nurse)
    path = f"/desk/messages/{thread.pk}/"
    sent = client.post(path, {"client_id": str(new_id()), "body": "An answer", "seen": "1"})
    assert sent.url == f"{path}#m2"
    assert "Seen by Maria" not in page(cast, path)
    with cast.acting(cast.therapist):
        mark_read(thread=thread, seq=2, actor=cast.therapist)
    assert "Seen by Jonas" not in page(cast, path)  # a colleague is no reader
    with cast.acting(cast.patient_user):
        mark_read(thread=thread, seq=2, actor=cast.patient_user)
    assert "Seen by Maria Alvarez" in page(cast, path)
    refused = client.post(path, {"client_id": str(new_id()), "body": ""})
    assert (refused.status_code, "Please write something first." in refused.content.decode()) == (422, True)


def test_what_is_new_is_marked_for_each_colleague_alone(cast: Cast, thread: Thread, write: Write) -> None:
    write(cast.patient_user, "A question")
    with cast.acting(cast.nurse):
        mark_read(thread=thread, seq=1, actor=cast.nurse)
    assert "New since you last read" not in page(cast, f"/desk/messages/{thread.pk}/")
    assert "New since you last read" in page(cast, f"/desk/messages/{thread.pk}/", cast.therapist)


def test_one_takes_a_thread_and_hands_it_over_with_a_reason(cast: Cast, thread: Thread) -> None:
    client = cast.client(cast.nurse)
    path = f"/desk/messages/{thread.pk}/"
    assert client.post(f"{path}take/").url == path
    assert "Rosa Osei has this conversation." in page(cast, path)
    taken = cast.client(cast.therapist).post(f"{path}take/", follow=True)
    assert "Rosa Osei has this conversation." in taken.content.decode()
    form = client.get(f"{path}hand-over/").content.decode()
    assert "Jonas Lindqvist" in form
    assert "Ruth Adler" not in form  # a clinic's administrator does not answer messages
    therapist = str(member(cast.therapist).pk)
    assert client.post(f"{path}hand-over/", {"to": therapist, "reason": ""}).status_code == 422
    stranger = str(member(cast.other_prescriber).pk)
    assert client.post(f"{path}hand-over/", {"to": stranger, "reason": "x"}).status_code == 422
    assert client.post(f"{path}hand-over/", {"to": therapist, "reason": "End of shift"}).url == path
    after = page(cast, path)
    assert "Jonas Lindqvist has this conversation." in after
    assert "End of shift" in after


def test_a_message_becomes_an_alert_once(cast: Cast, thread: Thread, write: Write) -> None:
    message = write(cast.patient_user, "My chest felt tight last night")
    client = cast.client(cast.nurse)
    path = f"/desk/messages/{thread.pk}/alert/1/"
    assert "My chest felt tight" in client.get(path).content.decode()
    assert client.post(path, {"level": "P2", "reason": ""}).status_code == 422
    assert client.post(path, {"level": "P9", "reason": "x"}).status_code == 422
    done = client.post(path, {"level": "P2", "reason": "Chest tightness"})
    client.post(path, {"level": "P2", "reason": "Again"})
    with cast.acting(cast.nurse):
        alert = Alert.objects.get()
        assert done.url == alert.path
        assert (alert.level, alert.title, alert.count) == ("P2", "Message: Chest tightness", 1)
        assert alert.occurrences.get().source_id == message.pk
        assert alert.state == AlertState.OPEN
        by = AuditEvent.objects.filter(object_id=alert.pk, actor_id=cast.nurse.pk, detail="made of a message")
        assert by.exists()


def test_only_a_patients_words_become_an_alert_and_only_by_those_who_may(
    cast: Cast, thread: Thread, write: Write
) -> None:
    ours = write(cast.nurse, "Ours")
    theirs = write(cast.patient_user, "Theirs")
    client = cast.client(cast.nurse)
    assert client.get(f"/desk/messages/{thread.pk}/alert/1/").status_code == 404
    assert client.get(f"/desk/messages/{thread.pk}/alert/{10**25}/").status_code == 404
    with cast.acting(cast.nurse), pytest.raises(MessageRefused) as refused:
        make_alert(message=ours, level="P2", reason="x", actor=cast.nurse)
    assert refused.value.code == "not-patient"
    with cast.acting(cast.patient_user), pytest.raises(MessageRefused):
        make_alert(message=theirs, level="P2", reason="x", actor=cast.patient_user)


def test_search_at_the_desk_goes_over_the_clinics_threads_and_is_written_down(
    cast: Cast, thread: Thread, write: Write
) -> None:
    message = write(cast.patient_user, "Can I drive on Saturday?")
    found = page(cast, "/messages/find/?q=driving+saturday")
    assert "Can I <mark>drive</mark> on <mark>Saturday</mark>?" in found
    assert f"/desk/messages/{thread.pk}/?before=2#m1" in found
    with cast.acting(cast.nurse):
        assert AuditEvent.objects.filter(object_id=message.pk, detail="search").count() == 1
    assert "Can I" not in page(cast, "/messages/find/?q=drive", cast.other_prescriber)


def test_roles_without_chat_are_refused_and_other_clinics_see_nothing(cast: Cast, thread: Thread, write: Write) -> None:
    write(cast.patient_user, "A question")
    paths = [
        "/desk/messages/",
        f"/desk/messages/{thread.pk}/",
        f"/desk/messages/{thread.pk}/hand-over/",
        f"/desk/messages/{thread.pk}/alert/1/",
    ]
    for path in paths:
        assert cast.client(cast.clinic_admin).get(path).status_code == 403, path
        assert cast.client(cast.patient_user).get(path).status_code == 404, path
        assert cast.client(None).get(path).status_code == 302, path
    for path in paths[1:]:
        assert cast.client(cast.other_prescriber).get(path).status_code == 404, path
    assert "A question" not in page(cast, "/desk/messages/?show=all", cast.other_prescriber)
    assert cast.client(cast.other_prescriber).post(f"/desk/messages/{thread.pk}/take/").status_code == 404


def test_the_list_costs_the_same_number_of_queries_for_one_thread_and_for_two(
    cast: Cast, thread: Thread, second: Thread, write: Write, django_assert_max_num_queries: Any
) -> None:
    write(cast.patient_user, "One")
    write(cast.patient_2_user, "Two", into=second)
    client = cast.client(cast.nurse)
    client.get("/desk/messages/")
    with django_assert_max_num_queries(22):
        client.get("/desk/messages/")


def test_a_message_with_markup_is_shown_as_it_was_written(cast: Cast, thread: Thread, write: Write) -> None:
    write(cast.patient_user, '<img src=x onerror="alert(1)"> [a](javascript:alert(1))')
    with cast.acting(cast.nurse):
        assert Message.objects.get().body.startswith("<img")
    for shown in (page(cast, f"/desk/messages/{thread.pk}/"), page(cast, "/desk/messages/")):
        assert "<img src=x" not in shown
        assert "&lt;img src=x" in shown
