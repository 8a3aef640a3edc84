"""Writing into a thread: in order, once, and judged."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.db import connection

from apps.alerts.models import Alert
from apps.core.db.scope import use_clinic
from apps.core.ids import new_id
from apps.messaging.actions import MessageRefused, claim, hand_over, mark_read, open_thread, send_message
from apps.messaging.models import Message, ReadMark, Thread
from apps.messaging.phrases import find_phrases
from tests.cast import Cast


@pytest.fixture
def thread(cast: Cast) -> Thread:
    with cast.acting(cast.nurse):
        return open_thread(patient=cast.patient)


@pytest.mark.django_db
def test_messages_are_numbered_in_order_and_the_thread_knows_who_waits(cast: Cast, thread: Thread) -> None:
    with cast.acting(cast.patient_user):
        first = send_message(thread=thread, body="Hello", client_id=new_id(), actor=cast.patient_user)
        second = send_message(thread=thread, body="Anybody there?", client_id=new_id(), actor=cast.patient_user)
        assert (first.seq, second.seq) == (1, 2)
        thread.refresh_from_db()
        assert thread.waiting_since == first.sent_at
    with cast.acting(cast.nurse):
        send_message(thread=thread, body="Yes, I am.", client_id=new_id(), actor=cast.nurse)
        thread.refresh_from_db()
        assert (thread.last_seq, thread.waiting_since) == (3, None)


@pytest.mark.django_db
def test_the_same_client_id_is_the_same_message_and_other_words_are_refused(cast: Cast, thread: Thread) -> None:
    client_id = new_id()
    with cast.acting(cast.patient_user):
        first = send_message(thread=thread, body="Hello", client_id=client_id, actor=cast.patient_user)
        again = send_message(thread=thread, body="Hello ", client_id=client_id, actor=cast.patient_user)
        assert again.pk == first.pk
        with pytest.raises(MessageRefused) as refused:
            send_message(thread=thread, body="Goodbye", client_id=client_id, actor=cast.patient_user)
        assert refused.value.code == "conflict"
        assert Message.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "blank"),
        (" \n\t", "blank"),
        ("a\x00b", "bad-characters"),
        ("a\ud800", "bad-characters"),
        ("ä" * 4097, "too-long"),
    ],
)
def test_a_bad_body_is_refused_in_words(cast: Cast, thread: Thread, body: str, code: str) -> None:
    with cast.acting(cast.patient_user), pytest.raises(MessageRefused) as refused:
        send_message(thread=thread, body=body, client_id=new_id(), actor=cast.patient_user)
    assert refused.value.code == code
    assert refused.value.message


@pytest.mark.django_db
def test_a_phrase_of_danger_from_a_patient_becomes_an_alert_for_staff(cast: Cast, thread: Thread) -> None:
    with cast.acting(cast.patient_user):
        send_message(thread=thread, body="I don\u2019t  want to live", client_id=new_id(), actor=cast.patient_user)
    with cast.acting(cast.nurse):
        alert = Alert.objects.get()
        assert (alert.level, alert.cause) == ("P2", "phrase")
        send_message(
            thread=thread, body="You wrote you feel suicidal. Shall I call?", client_id=new_id(), actor=cast.nurse
        )
        assert Alert.objects.get().count == 1


@pytest.mark.django_db
def test_a_discharged_patient_is_told_to_phone(cast: Cast, thread: Thread) -> None:
    with cast.acting(cast.patient_user):
        cast.patient.status = "discharged"
        cast.patient.save()
        with pytest.raises(MessageRefused) as refused:
            send_message(thread=thread, body="Hello", client_id=new_id(), actor=cast.patient_user)
    assert refused.value.code == "discharged"


@pytest.mark.django_db
def test_a_read_mark_only_grows_and_never_passes_the_head(cast: Cast, thread: Thread) -> None:
    with cast.acting(cast.patient_user):
        send_message(thread=thread, body="Hello", client_id=new_id(), actor=cast.patient_user)
    with cast.acting(cast.nurse):
        assert mark_read(thread=thread, seq=99, actor=cast.nurse) == 1
        assert mark_read(thread=thread, seq=0, actor=cast.nurse) == 1
        assert ReadMark.objects.get(user=cast.nurse).seq == 1


@pytest.mark.django_db
def test_one_person_has_the_thread_and_gives_it_away_with_a_reason(cast: Cast, thread: Thread) -> None:
    with cast.acting(cast.nurse):
        claim(thread=thread, actor=cast.nurse)
        with pytest.raises(MessageRefused) as taken:
            claim(thread=thread, actor=cast.therapist)
        assert taken.value.code == "taken"
        assert cast.therapist.membership
        with pytest.raises(MessageRefused):
            hand_over(thread=thread, to=cast.therapist.membership, reason=" ", actor=cast.nurse)
        hand_over(thread=thread, to=cast.therapist.membership, reason="End of shift", actor=cast.nurse)
        thread.refresh_from_db()
        assert thread.owner == cast.therapist.membership
        assert [t.reason for t in thread.transfers.all()] == ["", "End of shift"]


@pytest.mark.django_db(transaction=True)
def test_fifty_senders_at_once_leave_no_gap_and_no_double(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        thread = open_thread(patient=cast.patient)
    ids = [new_id() for _ in range(50)]

    def send(client_id: UUID) -> int:
        try:
            with use_clinic(cast.clinic.pk):
                return send_message(thread=thread, body="At once", client_id=client_id, actor=cast.patient_user).seq
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(send, ids + ids))
    assert sorted(set(numbers)) == list(range(1, 51))
    assert numbers[:50] == numbers[50:]


def test_only_whole_phrases_count() -> None:
    assert [hit.phrase for hit in find_phrases("I want to die. I WANT  TO\nDIE")] == ["want to die", "want to die"]
    assert find_phrases("The diet: I want to diet. Notsafe, overdosages.") == []
    hit = find_phrases("I feel suicidal today")[0]
    assert "I feel suicidal today"[hit.start : hit.end] == "suicidal"
