"""The walls are worth what their tests notice: take one away, and the table must disagree."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from apps.accounts import views as account_views
from apps.accounts.admin import PeopleAdmin
from apps.accounts.doors import ApiDoor
from apps.accounts.models import ApiToken, ClinicRowQuerySet, User
from apps.messaging.models import Thread
from apps.monitoring.models import Observation, Slot
from apps.patients.models import Patient
from apps.sessions.models import Visit
from tests.access.oracle import line_of
from tests.access.routes import Route, all_routes
from tests.access.trial import faults
from tests.access.world import World
from tests.architecture import test_tenancy
from tests.databases import superuser_url

pytestmark = pytest.mark.xdist_group("walls")  # in one process, which makes the world once

BY_PATH = {route.path: route for route in all_routes()}


@contextmanager
def changed(owner: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def judged(world: World, path: str) -> list[str]:
    route: Route = BY_PATH[path]
    line = line_of(path)
    assert line is not None
    return faults(world, route, line)


def everything_of(model: type) -> Callable[[Any, Any], Any]:
    """`visible_to` without its filters, for one model: only row-level security is left."""
    before = ClinicRowQuerySet.visible_to

    def visible_to(self: Any, user: Any) -> Any:
        return self.all() if self.model is model else before(self, user)

    return visible_to


@pytest.mark.parametrize(
    ("model", "path"),
    [
        (Patient, "/api/v1/patients/<uuid:pk>/"),
        (Thread, "/api/v1/threads/<uuid:pk>/"),
        (Slot, "/api/v1/slots/<uuid:pk>/"),
        (Observation, "/api/v1/observations/<uuid:pk>/"),
        (Visit, "/visits/<uuid:pk>/"),
    ],
)
def test_a_missing_filter_is_noticed(world: World, model: type, path: str) -> None:
    assert judged(world, path) == []
    with changed(ClinicRowQuerySet, "visible_to", everything_of(model)):
        noticed = judged(world, path)
    assert any("other" in fault for fault in noticed)
    # Row-level security alone still holds the other clinic's rows back.
    assert not any("zqforeign" in fault and "foreign patient" not in fault for fault in noticed)


def test_a_missing_filter_on_ones_own_tokens_is_noticed(world: World) -> None:
    path = "/account/tokens/<uuid:pk>/revoke/"
    assert judged(world, path) == []
    with changed(account_views, "_own_tokens", lambda user: ApiToken.objects.all()):
        assert judged(world, path)


@pytest.mark.parametrize(
    "path",
    [
        "/desk/",
        "/desk/alerts/<uuid:pk>/acknowledge/",
        "/desk/patients/<uuid:pk>/contacts/",
        "/desk/messages/",
        "/desk/visits/",
        "/check-in/",
    ],
)
def test_a_door_that_asks_for_nothing_is_noticed(world: World, path: str) -> None:
    with changed(User, "may", lambda self, permission: True):
        assert judged(world, path)


def test_a_refusal_that_writes_is_noticed(world: World) -> None:
    def writes_and_refuses(self: User, permission: object) -> bool:
        User.objects.filter(pk=self.pk).update(name=self.name)
        return False

    with changed(User, "may", writes_and_refuses):
        assert any("rows although it refused" in fault for fault in judged(world, "/desk/stock/"))


def test_an_api_door_that_asks_for_nothing_is_noticed(world: World) -> None:
    with changed(ApiDoor, "has_permission", lambda self, request, view: True):
        assert judged(world, "/api/v1/alerts/")
        assert judged(world, "/api/v1/patients/")


def test_an_admin_page_that_asks_for_nothing_is_noticed(world: World) -> None:
    with changed(PeopleAdmin, "has_view_permission", lambda self, request, obj=None: True):
        assert judged(world, "/admin/accounts/membership/")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "table",
    [
        "accounts_membership",
        "alerts_alert",
        "audit_auditevent",
        "care_sessions_visit",
        "core_datakey",
        "messaging_message",
        "monitoring_itemanswer",
        "notifications_delivery",
        "patients_patient",
    ],
)
def test_a_table_without_its_row_policy_is_noticed(table: str) -> None:
    check = test_tenancy.test_every_table_with_a_clinic_is_behind_row_level_security_for_its_owner_too
    check()
    with psycopg.connect(superuser_url(), autocommit=True) as database:
        for off, on in (("disable", "enable"), ("no force", "force")):
            database.execute(f"alter table {table} {off} row level security")
            try:
                with pytest.raises(AssertionError):
                    check()
            finally:
                database.execute(f"alter table {table} {on} row level security")
    check()
