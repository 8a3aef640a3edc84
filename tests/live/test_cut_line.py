"""The short form of `bin/chaos --sockets`: chat through a line that is cut at random bytes."""

import asyncio
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from apps.messaging.actions import open_thread
from apps.messaging.models import Message
from tests.browser.server import running_system
from tests.cast import Cast
from tests.chaos.sockets import Person, Row, faults, storm

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.chaos]


def test_every_screen_equals_the_database_however_the_line_is_cut(cast: Cast) -> None:
    with cast.acting(cast.nurse), transaction.atomic():
        threads = [open_thread(patient=cast.patient), open_thread(patient=cast.patient_2)]
    names = [(0, cast.patient_user), (0, cast.nurse), (0, cast.prescriber), (1, cast.patient_2_user), (1, cast.nurse)]
    people = [Person(str(threads[place].pk), cookie(cast, user), to_write=6) for place, user in names]

    def stored(thread: str) -> list[Row]:
        with cast.acting(cast.nurse), transaction.atomic():
            rows = Message.objects.filter(thread_id=thread).order_by("seq")
            return [(row.seq, str(row.client_id), row.body) for row in rows]

    with running_system() as system:
        line = asyncio.run(storm(system.url, people, cuts=25, seed=20261125))
    assert set(faults(people, stored).values()) == {0}, faults(people, stored)
    assert line.made >= 5
    assert sum(len(stored(str(thread.pk))) for thread in threads) == 30


def cookie(cast: Cast, user: Any) -> str:
    session = cast.client(user).cookies[settings.SESSION_COOKIE_NAME].value
    return f"{settings.SESSION_COOKIE_NAME}={session}"
