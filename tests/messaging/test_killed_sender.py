"""A process that dies around the commit of a message: what was not confirmed is sent again, and stands there once."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import pytest
from django.db import transaction

from apps.alerts.models import Alert
from apps.core.ids import new_id
from apps.messaging.actions import send_message
from apps.messaging.models import Message, Thread
from tests.cast import Cast
from tests.databases import NAME

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[2]
WORDS = "I want to end it all"
SENDER = """
import sys, uuid, django
django.setup()
from django.db import transaction
from apps.accounts.models import Membership, User
from apps.core.db.scope import use_clinic
from apps.messaging.actions import send_message
from apps.messaging.models import Thread
clinic, thread, person, client, words = sys.argv[1:]
with use_clinic(uuid.UUID(clinic)), transaction.atomic():
    user = User.objects.get(pk=person)
    user.membership = Membership.objects.get(user=user)
    send_message(thread=Thread.objects.get(pk=thread), body=words, client_id=uuid.UUID(client), actor=user)
print("confirmed")
"""


def send_and_die(cast: Cast, thread: Thread, client: UUID, failpoint: str) -> subprocess.CompletedProcess[str]:
    """Another process sends the message and ends by the failpoint."""
    url = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{NAME}"))
    own = {"DATABASE_URL": url, "TELEK_FAILPOINTS": failpoint, "TELEK_TESTING": "1", "TELEK_DATABASE_ROLE": "app"}
    arguments = [str(cast.clinic.pk), str(thread.pk), str(cast.patient_user.pk), str(client), WORDS]
    return subprocess.run(
        [sys.executable, "-c", SENDER, *arguments],
        cwd=ROOT,
        env=os.environ | own | {"DJANGO_SETTINGS_MODULE": "telek.settings"},
        capture_output=True,
        text=True,
        timeout=60,
    )


def counts(cast: Cast) -> tuple[int, int]:
    """Messages and alerts."""
    with cast.acting(cast.nurse), transaction.atomic():
        return Message.objects.count(), Alert.objects.count()


@pytest.mark.parametrize(("failpoint", "left_behind"), [("chat.before-commit", (0, 0)), ("chat.after-commit", (1, 1))])
def test_the_message_and_its_alert_stand_or_fall_together_and_once(
    cast: Cast, thread: Thread, failpoint: str, left_behind: tuple[int, int]
) -> None:
    client = new_id()
    died = send_and_die(cast, thread, client, f"{failpoint}=exit")
    assert (died.returncode, "confirmed" in died.stdout) == (9, False), died.stderr
    assert counts(cast) == left_behind
    with cast.acting(cast.patient_user), transaction.atomic():
        again = send_message(thread=thread, body=WORDS, client_id=client, actor=cast.patient_user)
    assert again.seq == 1
    assert counts(cast) == (1, 1)


def test_without_a_failpoint_the_sender_is_told(cast: Cast, thread: Thread) -> None:
    done = send_and_die(cast, thread, new_id(), "")
    assert (done.returncode, done.stdout.strip()) == (0, "confirmed"), done.stderr
    assert counts(cast) == (1, 1)
