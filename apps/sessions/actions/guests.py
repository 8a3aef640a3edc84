"""A guest in a call: invited by the clinician, agreed to by the patient, let in by the clinician, removed by either."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.core import clock
from apps.sessions.actions.call import limit_joins
from apps.sessions.guest_links import LINK_HOLDS, STAYS, hash_token, in_force, new_token
from apps.sessions.models import GUEST_ROLES, Visit, VisitEventKind, VisitGuest, VisitStatus
from apps.sessions.record import clean, for_its_clinician, keep, locked
from apps.sessions.refusal import VisitRefused


@transaction.atomic
def invite_guest(*, visit: Visit, name: str, role: str, actor: User) -> tuple[VisitGuest, str]:
    """Ask one more person into the call; returns the guest and the link's token, which is never to be had again.

    An earlier invitation ends. Raises VisitRefused: not-yours, over, invalid.
    """
    visit = locked(visit, actor, Permission.HOLD_VISITS)
    member = for_its_clinician(visit, actor)
    if not visit.is_live:
        raise VisitRefused("over", _("This visit is over."))
    name = clean(name, 80)
    if not name or role not in dict(GUEST_ROLES):
        raise VisitRefused("invalid", _("Say who joins, by name, and as what."))
    _end_all(visit)
    token = new_token()
    guest = VisitGuest.objects.create(
        clinic_id=visit.clinic_id,
        visit=visit,
        name=name,
        role=role,
        invited_by=member,
        token_hash=hash_token(token),
        expires_at=clock.now() + LINK_HOLDS,
    )
    keep(visit, VisitEventKind.GUEST_INVITED, actor, str(guest))
    return guest, token


@transaction.atomic
def agree_to_guest(*, visit: Visit, guest_id: UUID, actor: User) -> None:
    """The patient's yes, without which nobody is let in. Raises VisitRefused: guest-gone."""
    visit = locked(visit, actor, Permission.OWN_RECORD)
    guest = _current(visit, guest_id)
    if guest.agreed_at is None:
        guest.agreed_at = clock.now()
        guest.save(update_fields=["agreed_at"])
        keep(visit, VisitEventKind.GUEST_AGREED, actor, str(guest))


@transaction.atomic
def ask_in(*, guest: VisitGuest, browser: UUID) -> None:
    """The guest has started the link in that browser, and waits to be let in."""
    visit = _visit_of(guest)
    guest = _current(visit, guest.pk)
    if guest.browser not in (None, browser):
        raise VisitRefused("guest-gone", _("This link was opened elsewhere."))
    if guest.asked_at is None:
        guest.browser, guest.asked_at = browser, clock.now()
        guest.save(update_fields=["browser", "asked_at"])
        keep(visit, VisitEventKind.GUEST_ASKED, None, str(guest))


@transaction.atomic
def admit_guest(*, visit: Visit, guest_id: UUID, actor: User) -> None:
    """Let the guest in. Raises VisitRefused: not-yours, guest-gone, not-asked, not-agreed, not-admitted (no call yet)."""
    visit = locked(visit, actor, Permission.HOLD_VISITS)
    for_its_clinician(visit, actor)
    guest = _current(visit, guest_id)
    if guest.admitted_at is not None:
        return
    if visit.status != VisitStatus.IN_PROGRESS:
        raise VisitRefused("not-admitted", _("The call has not begun."))
    if guest.asked_at is None:
        raise VisitRefused("not-asked", _("The guest has not opened the link yet."))
    if guest.agreed_at is None:
        raise VisitRefused("not-agreed", _("The patient has not agreed yet."))
    guest.admitted_at = clock.now()
    guest.expires_at = max(guest.expires_at, visit.ends_at + STAYS)
    guest.save(update_fields=["admitted_at", "expires_at"])
    keep(visit, VisitEventKind.GUEST_ADMITTED, actor, str(guest))


@transaction.atomic
def remove_guest(*, visit: Visit, guest_id: UUID, actor: User) -> None:
    """The link, the place and the credentials end now, for good. The visit's clinician and its patient may."""
    visit = locked(visit, actor, Permission.OWN_RECORD, Permission.HOLD_VISITS)
    if actor.may(Permission.HOLD_VISITS):
        for_its_clinician(visit, actor)
    guest = visit.guests.filter(pk=guest_id).first()
    if guest is not None and guest.ended_at is None:
        _end_all(visit)
        keep(visit, VisitEventKind.GUEST_REMOVED, actor, str(guest))


@transaction.atomic
def join_as_guest(*, guest: VisitGuest, token: UUID) -> None:
    """Take the guest's seat for a page. Raises VisitRefused: guest-gone, not-admitted, too-many."""
    visit = _visit_of(guest)
    guest = _current(visit, guest.pk)
    if guest.admitted_at is None or visit.status != VisitStatus.IN_PROGRESS:
        raise VisitRefused("not-admitted", _("Please wait. The clinic lets you in."))
    if guest.token == token:
        return
    limit_joins(visit, guest.pk)
    guest.token, guest.seen_at = token, clock.now()
    guest.save(update_fields=["token", "seen_at"])
    keep(visit, VisitEventKind.GUEST_JOINED, None, str(guest))


@transaction.atomic
def guest_is_here(*, guest: VisitGuest, token: UUID) -> None:
    """The guest's page is still in the call. Raises VisitRefused: replaced."""
    if not in_force().filter(pk=guest.pk, token=token).update(seen_at=clock.now()):
        raise VisitRefused("replaced", _("The call is open on another page."))


@transaction.atomic
def leave_as_guest(*, guest: VisitGuest, token: UUID) -> None:
    """Leave; joining again is one tap while the visit goes on."""
    visit = _visit_of(guest)
    if VisitGuest.objects.filter(pk=guest.pk, token=token).update(token=None):
        keep(visit, VisitEventKind.GUEST_LEFT, None, str(guest))


def _current(visit: Visit, guest_id: UUID) -> VisitGuest:
    guest = in_force().filter(visit_id=visit.pk, pk=guest_id).first()
    if guest is None:
        raise VisitRefused("guest-gone", _("This invitation is over."))
    return guest


def _visit_of(guest: VisitGuest) -> Visit:
    rows = Visit.objects.select_for_update(of=("self",)).select_related("patient__user", "clinician__user", "clinic")
    return rows.get(pk=guest.visit_id)


def _end_all(visit: Visit) -> None:
    visit.guests.filter(ended_at__isnull=True).update(ended_at=clock.now(), token=None)
