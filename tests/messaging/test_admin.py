"""The admin of messages: a window for the desk of the clinic, and for nobody a way to change a word."""

import pytest

from apps.accounts.permissions import Role
from apps.core.db.scope import use_clinic
from apps.messaging.models import Message, Thread
from tests.cast import Cast, make_person
from tests.messaging.conftest import Write

pytestmark = pytest.mark.django_db


@pytest.fixture
def message(cast: Cast, thread: Thread, write: Write) -> Message:
    return write(cast.patient_user, "Words of the patient")


def test_the_desk_looks_at_threads_and_messages_and_changes_none(cast: Cast, thread: Thread, message: Message) -> None:
    client = cast.client(cast.coordinator)
    assert "Alvarez, Maria" in client.get("/admin/messaging/thread/").content.decode()
    listed = client.get("/admin/messaging/message/").content.decode()
    assert "Alvarez, Maria" in listed
    assert "Words of the patient" not in listed
    shown = client.get(f"/admin/messaging/message/{message.pk}/change/").content.decode()
    assert "Words of the patient" in shown
    assert 'name="body"' not in shown
    assert client.get(f"/admin/messaging/thread/{thread.pk}/change/").status_code == 200
    for path in (f"thread/{thread.pk}/change/", f"message/{message.pk}/change/", "message/add/", "thread/add/"):
        assert client.post(f"/admin/messaging/{path}", {"body": "Other words"}).status_code == 403
    assert client.get(f"/admin/messaging/message/{message.pk}/delete/").status_code == 403
    with cast.acting(cast.nurse):
        assert Message.objects.get().body == "Words of the patient"


def test_who_may_not_write_to_patients_sees_nothing_and_other_clinics_neither(cast: Cast, message: Message) -> None:
    assert cast.client(cast.clinic_admin).get("/admin/messaging/message/").status_code == 403
    assert cast.client(cast.nurse).get("/admin/messaging/message/").status_code == 302  # no entrance to the admin
    with use_clinic(cast.other_clinic.pk):
        colleague = make_person(cast.other_clinic, "elsewhere", "Eve Elsewhere", Role.COORDINATOR)
    client = cast.client(colleague)
    assert "Alvarez" not in client.get("/admin/messaging/message/").content.decode()
    assert client.get(f"/admin/messaging/message/{message.pk}/change/").status_code == 302
