"""What every test stands on: the real database in the application's role, a clean clock, a fixed cast."""

import gc
import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.db import transaction
from django.test import TransactionTestCase
from django.test.client import ClientHandler
from django.test.signals import setting_changed
from django.utils import translation

from apps.core import clock, live
from tests import databases
from tests.cast import Cast, quick_cast


def _empty(self: TransactionTestCase) -> None:
    databases.empty_tables()
    clock._offset = timedelta(0)
    clock._read_at = None


_set_up = TransactionTestCase._fixture_setup.__func__  # type: ignore[attr-defined]


def _begin(cls: type[TransactionTestCase]) -> None:
    databases.left_behind = True
    _set_up(cls)


# The application's role may not TRUNCATE, and append-only tables refuse it to the owner as well.
TransactionTestCase._fixture_teardown = _empty  # type: ignore[method-assign]
TransactionTestCase._fixture_setup = classmethod(_begin)  # type: ignore[assignment]

# No test measures time: a machine that is busy is not a fault.
hypothesis.settings.register_profile("telek", deadline=None)
hypothesis.settings.load_profile("telek")

# A client of its own for each test, but not a middleware of its own: making one looks at every static file.
_load = ClientHandler.load_middleware
_chains: dict[type, Any] = {}


def _load_once(self: ClientHandler, *arguments: Any, **more: Any) -> None:
    if type(self) not in _chains:
        _load(self, *arguments, **more)
        _chains[type(self)] = self._middleware_chain  # type: ignore[attr-defined]
    self._middleware_chain = _chains[type(self)]  # type: ignore[attr-defined]


def _forget(**_changed: Any) -> None:
    _chains.clear()


ClientHandler.load_middleware = _load_once  # type: ignore[method-assign]
setting_changed.connect(_forget)

worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
settings.CHANNEL_LAYERS["default"]["CONFIG"]["prefix"] = f"telek-{worker}"


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> None:
    """Replaces pytest-django's: make the database as its owner, use it as telek_app."""
    with django_db_blocker.unblock():
        databases.make_database()


@pytest.fixture(autouse=True)
def _clean_start() -> Iterator[None]:
    """What an earlier test did to rows, clock, hints and language ends with it."""
    databases.empty_if_left()
    translation.activate(settings.LANGUAGE_CODE)
    live._quiet_until = 0.0
    yield
    clock._offset = timedelta(0)
    clock._read_at = None


@pytest.fixture
def cast(db: None) -> Cast:
    """Two clinics and everybody in them; add `@pytest.mark.django_db(transaction=True)` for sockets and threads."""
    with transaction.atomic():  # the row policies need one, also in a transactional test
        return quick_cast()


def pytest_collection_finish(session: pytest.Session) -> None:
    """What stands now stays to the end: the collector need not walk over it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: their running system has a pump, which would do the work of tests after them."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
