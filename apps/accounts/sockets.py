"""Who is on the other end of a live socket: origin, session and membership, read before the socket is accepted.

The same reading is repeated while the socket lives (telek.consumers): every 30 seconds, on every frame that
changes something, and at once when the person's own topic hints at a sign-out or a revocation.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.http.cookie import parse_cookie
from django.utils import translation
from django.utils.crypto import constant_time_compare

from apps.accounts.middleware import CLINIC_KEY, resolve_membership
from apps.accounts.models import Membership, User
from apps.accounts.session_limits import BEGAN_KEY, FACTOR_KEY, LOCKED_KEY, is_staff_session
from apps.core import clock
from apps.core.db.hot import hot_rows
from apps.core.db.scope import use_clinic, use_user

Message = dict[str, Any]
Application = Callable[[Message, Any, Any], Awaitable[None]]

SESSION_OVER = 4401
REVOKED = 4403
IN_FORCE = """
select m.id from unnest(%s::uuid[], %s::int[]) as r(id, revision)
join accounts_membership m on m.id = r.id and m.revision = r.revision
join accounts_user u on u.id = m.user_id and u.is_active
where m.ended_at is null or m.ended_at > telek_now()
"""


class SocketEnded(Exception):
    """The person may not have this socket any more; code is the close code (4401 session over, 4403 revoked)."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class SocketIdentity:
    """A person as a socket knows them. user.membership is set; revision is the membership's when it was read."""

    session_key: str
    user: User
    membership: Membership
    locked: bool = False


def identify(session_key: str) -> SocketIdentity:
    """Read session, person and membership afresh. Raises SocketEnded."""
    session = import_module(settings.SESSION_ENGINE).SessionStore(session_key).load()
    user = _user_of(session)
    if user is None:
        raise SocketEnded(SESSION_OVER)
    with use_user(user.pk):
        user.membership = resolve_membership(user, session.get(CLINIC_KEY))
    if user.membership is None:
        raise SocketEnded(REVOKED)
    _check_staff_session(session, user)
    return SocketIdentity(session_key, user, user.membership, locked=bool(session.get(LOCKED_KEY)))


def identify_again(before: SocketIdentity) -> SocketIdentity:
    """Raises SocketEnded also when the role changed or another clinic was chosen since the socket was opened."""
    now = identify(before.session_key)
    same = (now.user.pk, now.membership.pk, now.membership.revision)
    if same != (before.user.pk, before.membership.pk, before.membership.revision):
        raise SocketEnded(REVOKED)
    return now


def identify_together(many: Sequence[SocketIdentity]) -> list[SocketIdentity | SocketEnded]:
    """`identify_again` for many sockets at once, in a query a table and clinic. One outcome for each, in order.

    Who is not plainly the same as before (another clinic chosen, emergency access) is read alone, with all its rules.
    """
    sessions = _sessions({one.session_key for one in many})
    users = _users({_person_of(session) for session in sessions.values()})
    members = _members(many)
    found: list[SocketIdentity | SocketEnded] = []
    for one in many:
        session = sessions.get(one.session_key, {})
        user, member = users.get(_person_of(session)), members.get(one.membership.pk)
        try:
            plain = member is not None and session.get(CLINIC_KEY) == str(member.clinic_id)
            found.append(_the_same(one, session, user, member) if plain and member else identify_again(one))
        except SocketEnded as ended:
            found.append(ended)
    return found


def _the_same(before: SocketIdentity, session: Message, user: User | None, member: Membership) -> SocketIdentity:
    """Raises SocketEnded for everything that identify_again refuses."""
    if user is None or user.pk != before.user.pk or not _holds(session, user):
        raise SocketEnded(SESSION_OVER)
    if member.user_id != user.pk or member.revision != before.membership.revision:
        raise SocketEnded(REVOKED)
    person = copy(user)  # two sockets of one person may stand in two clinics
    person.membership = member
    _check_staff_session(session, person)
    return SocketIdentity(before.session_key, person, member, locked=bool(session.get(LOCKED_KEY)))


def _sessions(keys: set[str]) -> dict[str, Message]:
    store = import_module(settings.SESSION_ENGINE).SessionStore
    rows = store.get_model_class().objects.filter(session_key__in=keys, expire_date__gt=Now())
    return {row.session_key: store().decode(row.session_data) for row in rows}


def _users(ids: set[UUID | None]) -> dict[UUID | None, User]:
    known = [one for one in ids if one is not None]
    return {user.pk: user for user in User.objects.filter(pk__in=known, is_active=True)}


def _members(many: Iterable[SocketIdentity]) -> dict[UUID, Membership]:
    """Memberships in force, by clinic: each is read under its own."""
    wanted: dict[UUID, set[UUID]] = {}
    for one in many:
        wanted.setdefault(one.membership.clinic_id, set()).add(one.membership.pk)
    found: dict[UUID, Membership] = {}
    for clinic_id, ids in wanted.items():
        with use_clinic(clinic_id), transaction.atomic():
            rows = Membership.objects.select_related("clinic").filter(pk__in=ids, clinic__is_active=True)
            rows = rows.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=clock.now()))
            found |= {member.pk: member for member in rows}
    return found


def _person_of(session: Message) -> UUID | None:
    try:
        return UUID(session.get(SESSION_KEY, ""))
    except ValueError:
        return None


def _holds(session: Message, user: User) -> bool:
    """Signed in by a way of ours, and neither the password nor the epoch has changed since."""
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    return constant_time_compare(session.get(HASH_SESSION_KEY) or "", user.get_session_auth_hash())


def _user_of(session: Message) -> User | None:
    user = _users({_person_of(session)}).get(_person_of(session))
    return user if user and _holds(session, user) else None


def _check_staff_session(session: Message, user: User) -> None:
    """What the pages ask of staff holds for their sockets: 12 hours at most, and a second factor."""
    if not is_staff_session(user):
        return
    now = clock.now().timestamp()
    if now - float(session.get(BEGAN_KEY, now)) > settings.STAFF_SESSION.total_seconds():
        raise SocketEnded(SESSION_OVER)
    if settings.SECOND_FACTOR_REQUIRED and not session.get(FACTOR_KEY):
        raise SocketEnded(REVOKED)


def members_in_force(members: Iterable[Membership]) -> set[UUID]:
    """Which of these memberships still stand as they were read: role unchanged, not ended, the person active.

    For many people at once, in the transaction of what they do. Needs the clinic in scope.
    """
    known = {member.pk: member for member in members}
    asked = [[str(pk) for pk in known], [member.revision for member in known.values()]]
    return {pk for (pk,) in hot_rows(IN_FORCE, asked)}


@contextmanager
def as_person(identity: SocketIdentity) -> Iterator[User]:
    """A transaction under the person's clinic and in their language; only inside one synchronous function."""
    with (
        translation.override(identity.user.language),
        use_user(identity.user.pk),
        use_clinic(identity.membership.clinic_id),
        transaction.atomic(),
    ):
        yield identity.user


class SessionSocket:
    """ASGI middleware: a socket from a foreign origin or without a session is refused before it is accepted."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        identity = await _identity_of(scope) if origin_is_ours(scope) else None
        if identity is None:
            await send({"type": "websocket.close", "code": SESSION_OVER})
            return
        await self.application(dict(scope, identity=identity), receive, send)


def origin_is_ours(scope: Message) -> bool:
    """Exactly one Origin header, and exactly one of ours: scheme, host and port."""
    origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
    return len(origins) == 1 and origins[0] in settings.SOCKET_ORIGINS


async def _identity_of(scope: Message) -> SocketIdentity | None:
    cookies = [value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"]
    session_key = parse_cookie("; ".join(cookies)).get(settings.SESSION_COOKIE_NAME)
    if not session_key:
        return None
    try:
        return await database_sync_to_async(identify, thread_sensitive=False)(session_key)
    except (SocketEnded, DatabaseError):
        return None
