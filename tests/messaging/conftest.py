"""A conversation of the cast, and short ways to write in it."""

from collections.abc import Callable

import pytest
from django.db import transaction

from apps.accounts.models import User
from apps.core.ids import new_id
from apps.messaging.actions import open_thread, send_message
from apps.messaging.models import Message, Thread
from tests.cast import Cast

Write = Callable[..., Message]


@pytest.fixture
def thread(cast: Cast) -> Thread:
    """The thread of `cast.patient`."""
    with cast.acting(cast.nurse), transaction.atomic():
        return open_thread(patient=cast.patient)


@pytest.fixture
def write(cast: Cast, thread: Thread) -> Write:
    """`write(cast.nurse, "words")`: a message in the thread, committed in a transactional test."""

    def write_one(user: User, body: str, into: Thread | None = None) -> Message:
        with cast.acting(user), transaction.atomic():
            return send_message(thread=into or thread, body=body, client_id=new_id(), actor=user)

    return write_one
