"""The call itself: admit, join, still here, leave, end. One seat a side; the record does not depend on the media."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.core import clock, throttle
from apps.notifications import actions as notifications
from apps.sessions.models import Visit, VisitEventKind, VisitSeat, VisitStatus
from apps.sessions.record import for_its_clinician, is_patient, keep, locked, member_of
from apps.sessions.refusal import VisitRefused

REPORTS = {
    "dropped": VisitEventKind.DROPPED,
    "lowered": VisitEventKind.LOWERED,
    "raised": VisitEventKind.RAISED,
    "no-way": VisitEventKind.NO_WAY,
}
REPORTS_AN_HOUR = 60
JOINS_AN_HOUR = 400  # a page that finds no way joins anew every 20 seconds


@transaction.atomic
def admit(*, visit: Visit, actor: User) -> Visit:
    """Let the waiting person in. Refused: not yet there, over, with a colleague."""
    visit = locked(visit, actor, Permission.HOLD_VISITS)
    for_its_clinician(visit, actor)
    if visit.status == VisitStatus.IN_PROGRESS:
        return visit
    if visit.status != VisitStatus.ARRIVED:
        raise VisitRefused("not-here", _("Nobody is in the waiting room."))
    visit.status, visit.admitted_at = VisitStatus.IN_PROGRESS, clock.now()
    return keep(visit, VisitEventKind.ADMITTED, actor)


@transaction.atomic
def hold_by_phone(*, visit: Visit, actor: User) -> Visit:
    """The visit is held as a phone call: it begins now, whether or not the person waits on the page."""
    visit = locked(visit, actor, Permission.HOLD_VISITS)
    for_its_clinician(visit, actor)
    if not visit.is_live:
        raise VisitRefused("over", _("This visit is over."))
    visit.by_phone_at = visit.by_phone_at or clock.now()
    visit.admitted_at = visit.admitted_at or clock.now()
    visit.status, visit.next_step_at = VisitStatus.IN_PROGRESS, None
    notifications.cancel(subject_kind="visit", subject_id=visit.pk)
    return keep(visit, VisitEventKind.BY_PHONE, actor)


@transaction.atomic
def join(*, visit: Visit, token: UUID, actor: User) -> VisitSeat:
    """Take one's side's seat for a page, named by its token. The same person's other page loses it.

    Raises VisitRefused: not-yours, not-admitted, over, too-many.
    """
    visit = locked(visit, actor, Permission.OWN_RECORD, Permission.HOLD_VISITS)
    member, by_patient = member_of(actor), is_patient(actor)
    if not by_patient:
        for_its_clinician(visit, actor)
    _must_be_in_progress(visit)
    at = clock.now()
    seat = VisitSeat.objects.filter(visit=visit, by_patient=by_patient).first()
    if seat is not None and seat.token == token and seat.left_at is None:
        return seat
    limit_joins(visit, actor.pk)
    again = visit.events.filter(kind=VisitEventKind.JOINED, by_patient=by_patient).exists()
    kind = VisitEventKind.REJOINED if again else VisitEventKind.JOINED
    seat = seat or VisitSeat(clinic_id=visit.clinic_id, visit=visit, by_patient=by_patient)
    seat.membership, seat.token = member, token
    seat.taken_at, seat.seen_at, seat.left_at = at, at, None
    seat.save()
    keep(visit, kind, actor)
    return seat


@transaction.atomic
def here(*, visit: Visit, token: UUID, actor: User) -> None:
    """The page is still in the call. Raises VisitRefused: replaced, when another page has the seat."""
    seats = VisitSeat.objects.filter(visit_id=visit.pk, membership=member_of(actor), token=token, left_at__isnull=True)
    if not seats.update(seen_at=clock.now()):
        raise VisitRefused("replaced", _("The visit is open on another page."))


@transaction.atomic
def leave(*, visit: Visit, token: UUID, actor: User) -> Visit:
    """Leave the call; the visit goes on, and rejoining is one tap. From a page without the seat nothing happens."""
    visit = locked(visit, actor, Permission.OWN_RECORD, Permission.HOLD_VISITS)
    seats = VisitSeat.objects.filter(visit=visit, membership=member_of(actor), token=token, left_at__isnull=True)
    if not seats.update(left_at=clock.now()):
        return visit
    return keep(visit, VisitEventKind.LEFT, actor)


@transaction.atomic
def report(*, visit: Visit, what: str, detail: str, actor: User) -> None:
    """What a page noticed: "dropped", "lowered", "raised" or "no-way". At most 60 an hour and person are kept."""
    visit = locked(visit, actor, Permission.OWN_RECORD, Permission.HOLD_VISITS)
    if what not in REPORTS or visit.status != VisitStatus.IN_PROGRESS:
        raise VisitRefused("invalid", _("This cannot be noted."))
    key = f"visit-report:{visit.pk}:{actor.pk}"
    if throttle.allow(key, limit=REPORTS_AN_HOUR, within=timedelta(hours=1)):
        keep(visit, REPORTS[what], actor, detail)


@transaction.atomic
def finish(*, visit: Visit, actor: User) -> Visit:
    """End the visit for both sides; nothing of the call can be used any more. Leaving is another verb."""
    visit = locked(visit, actor, Permission.HOLD_VISITS)
    for_its_clinician(visit, actor)
    if visit.status == VisitStatus.FINISHED:
        return visit
    _must_be_in_progress(visit)
    visit.status, visit.finished_at, visit.next_step_at = VisitStatus.FINISHED, clock.now(), None
    visit.seats.filter(left_at__isnull=True).update(left_at=visit.finished_at)
    return keep(visit, VisitEventKind.ENDED, actor)


def limit_joins(visit: Visit, who: UUID) -> None:
    """Each taking of a seat is a line of the record: nobody fills it."""
    if not throttle.allow(f"visit-join:{visit.pk}:{who}", limit=JOINS_AN_HOUR, within=timedelta(hours=1)):
        raise VisitRefused("too-many", _("Too many tries. Have the visit by phone."))


def _must_be_in_progress(visit: Visit) -> None:
    if visit.status in (VisitStatus.FINISHED, VisitStatus.CANCELLED):
        raise VisitRefused("over", _("This visit is over."))
    if visit.status != VisitStatus.IN_PROGRESS:
        raise VisitRefused("not-admitted", _("The call has not begun."))
