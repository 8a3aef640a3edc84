"""Many sockets asked at once who they are: each answer is the one that it would get alone."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction

from apps.accounts.middleware import CLINIC_KEY
from apps.accounts.models import Clinic, Membership, User
from apps.accounts.session_limits import BEGAN_KEY, LOCKED_KEY
from apps.accounts.sockets import SocketEnded, SocketIdentity, identify, identify_again, identify_together
from apps.core import clock
from apps.core.db.scope import use_clinic
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def identity(cast: Cast, user: User) -> SocketIdentity:
    return identify(cast.client(user).cookies[settings.SESSION_COOKIE_NAME].value)


def in_session(one: SocketIdentity, **values: Any) -> None:
    session = import_module(settings.SESSION_ENGINE).SessionStore(one.session_key)
    session.update(values)
    session.save()


def member(one: SocketIdentity, **values: Any) -> None:
    with use_clinic(one.membership.clinic_id), transaction.atomic():
        Membership.objects.filter(pk=one.membership.pk).update(**values)


CHANGES: dict[str, Callable[[SocketIdentity], object]] = {
    "nothing": lambda one: None,
    "signed out": lambda one: Session.objects.filter(session_key=one.session_key).delete(),
    "session too old": lambda one: Session.objects.filter(session_key=one.session_key).update(expire_date="2020-01-01T00:00Z"),
    "everywhere": lambda one: User.objects.filter(pk=one.user.pk).update(session_epoch=1),
    "password": lambda one: User.objects.filter(pk=one.user.pk).update(password="x"),
    "disabled": lambda one: User.objects.filter(pk=one.user.pk).update(is_active=False),
    "role": lambda one: member(one, role="therapist", revision=1),
    "ended": lambda one: member(one, ended_at=clock.now() - timedelta(seconds=1)),
    "clinic closed": lambda one: Clinic.objects.filter(pk=one.membership.clinic_id).update(is_active=False),
    "another clinic": lambda one: in_session(one, **{CLINIC_KEY: "01a21036-bbb5-7e91-a56b-f30937064cc1"}),
    "no clinic": lambda one: in_session(one, **{CLINIC_KEY: None}),
    "another person": lambda one: in_session(one, _auth_user_id="01a21036-bbb5-7e91-a56b-f30937064cc1"),
    "rubbish": lambda one: in_session(one, _auth_user_id="x"),
    "hours ago": lambda one: in_session(one, **{BEGAN_KEY: clock.now().timestamp() - 13 * 3600}),
    "locked": lambda one: in_session(one, **{LOCKED_KEY: True}),
}  # fmt: skip


def alone(one: SocketIdentity) -> Any:
    try:
        return shown(identify_again(one))
    except SocketEnded as ended:
        return shown(ended)


def shown(outcome: Any) -> Any:
    if isinstance(outcome, SocketEnded):
        return outcome.code
    return (outcome.session_key, outcome.user.pk, outcome.user.membership.pk, outcome.membership.role, outcome.locked)


@pytest.mark.parametrize("how", CHANGES)
def test_the_answer_is_the_same_together_as_alone(cast: Cast, how: str) -> None:
    people = (cast.nurse, cast.patient_user, cast.other_prescriber, cast.nurse)
    many = [identity(cast, user) for user in people]
    CHANGES[how](many[0])
    assert [shown(outcome) for outcome in identify_together(many)] == [alone(one) for one in many]


def test_forty_sockets_cost_no_more_statements_than_one(cast: Cast, django_assert_max_num_queries: Any) -> None:
    many = [identity(cast, user) for user in (cast.nurse, cast.patient_user)] * 20
    with django_assert_max_num_queries(8):  # sessions, people, members, and the scope around them
        assert len(identify_together(many)) == 40
