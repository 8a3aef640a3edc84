"""What tests of visits share: book one, bring the person into the waiting room, into the call."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from apps.accounts.models import Membership, User
from apps.core import clock
from apps.sessions import actions
from apps.sessions.models import Visit
from tests.cast import Cast

PLACE = {"place": "118 Alder St, Riverside", "company": "alone", "call_back": "(555) 0134-882"}


def member(user: User) -> Membership:
    """The person's membership."""
    assert user.membership is not None
    return user.membership


def soon(minutes: float = 10) -> datetime:
    """So many minutes from now, on a whole second."""
    return (clock.now() + timedelta(minutes=minutes)).replace(microsecond=0)


def booked(cast: Cast, *, starts_at: datetime | None = None, by: User | None = None, **more: Any) -> Visit:
    """A visit of Maria with Dr Okafor in ten minutes, booked by the coordinator."""
    what: dict[str, Any] = {
        "patient": cast.patient,
        "clinician": member(cast.prescriber),
        "minutes": 30,
        "reason": "Follow-up",
    }
    with cast.acting(by or cast.coordinator) as actor, transaction.atomic():
        return actions.book_visit(**(what | {"starts_at": starts_at or soon()} | more), actor=actor)


def arrived(cast: Cast, visit: Visit | None = None) -> Visit:
    """Maria is in the waiting room."""
    visit = visit or booked(cast)
    with cast.acting(cast.patient_user) as actor, transaction.atomic():
        return actions.arrive(visit=visit, **PLACE, actor=actor)


def admitted(cast: Cast, visit: Visit | None = None) -> Visit:
    """Dr Okafor has let her in."""
    visit = arrived(cast, visit)
    with cast.acting(cast.prescriber) as actor, transaction.atomic():
        return actions.admit(visit=visit, actor=actor)


def joined(cast: Cast, visit: Visit, user: User, token: UUID | None = None) -> UUID:
    """That person's page has their side's seat; its token."""
    token = token or uuid4()
    with cast.acting(user) as actor, transaction.atomic():
        actions.join(visit=visit, token=token, actor=actor)
    return token


def finished(cast: Cast) -> Visit:
    """A visit that took place."""
    visit = admitted(cast)
    with cast.acting(cast.prescriber) as actor, transaction.atomic():
        return actions.finish(visit=visit, actor=actor)


def fresh(cast: Cast, visit: Visit) -> Visit:
    """The row as the database has it now."""
    with cast.acting(cast.prescriber), transaction.atomic():
        return Visit.objects.get(pk=visit.pk)
