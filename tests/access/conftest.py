"""The world, made once a module; every request in it is rolled back."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from tests import databases
from tests.access.world import World, make_world


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    logging.disable(logging.CRITICAL)  # thousands of refusals
    databases.empty_if_left()
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_world()
        transaction.set_rollback(True)
    with django_db_blocker.unblock():
        connection.close()
    logging.disable(logging.NOTSET)
