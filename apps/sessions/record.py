"""The one way to change a visit: locked, with its history, its audit row and the word to whoever looks at it."""

from django.utils.translation import gettext as _

from apps.accounts.models import Membership, User
from apps.accounts.permissions import Permission, Role
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import live
from apps.sessions.models import Visit, VisitEvent, VisitEventKind
from apps.sessions.refusal import VisitRefused

TEXT_LIMIT = 200
PEOPLE = ("patient__user", "clinician__user", "clinic")


def member_of(actor: User) -> Membership:
    """The membership in force. Raises VisitRefused without one."""
    if actor.membership is None:
        raise VisitRefused("no-clinic", _("Please sign in again."))
    return actor.membership


def is_patient(actor: User) -> bool:
    """Is this the person in care? (Else staff.)"""
    return actor.membership is not None and actor.membership.role == Role.PATIENT


def locked(visit: Visit, actor: User, *needed: Permission) -> Visit:
    """The visit as it is now, locked, with its people.

    Raises VisitRefused for staff without the permission and for who may not see it.
    """
    if needed and not any(actor.may(permission) for permission in needed):
        raise VisitRefused("not-allowed", _("This is for the clinic's staff."))
    rows = Visit.objects.visible_to(actor).select_for_update(of=("self",)).select_related(*PEOPLE)
    fresh = rows.filter(pk=visit.pk).first()
    if fresh is None:
        raise VisitRefused("not-found", _("There is no such visit."))
    return fresh


def for_its_clinician(visit: Visit, actor: User) -> Membership:
    """Only the visit's own clinician; a colleague takes it over first."""
    member = member_of(actor)
    if visit.clinician_id != member.pk:
        name = visit.clinician.user.name
        raise VisitRefused("not-yours", _("This visit is with %(name)s. Take it over first.") % {"name": name})
    return member


def note(visit: Visit, kind: VisitEventKind, actor: User | None, detail: str = "") -> None:
    """One line of the visit's history."""
    VisitEvent.objects.create(
        clinic_id=visit.clinic_id,
        visit=visit,
        kind=kind,
        by_patient=actor is not None and is_patient(actor),
        actor=actor.membership if actor else None,
        detail=clean(detail),
    )


def keep(visit: Visit, kind: VisitEventKind, actor: User | None, detail: str = "") -> Visit:
    """Save a changed visit, and say so after commit."""
    visit.version += 1
    visit.save()
    note(visit, kind, actor, detail)
    audit.record(action=Action.UPDATE, actor_id=actor.pk if actor else None, obj=visit, detail=str(kind))
    announce(visit)
    return visit


def announce(visit: Visit) -> None:
    """After commit, tell the desk, both sides and the patient's own pages."""
    live.publish("visits", id=str(visit.pk), version=visit.version)
    live.publish(f"visit:{visit.pk}", id=str(visit.pk), version=visit.version)


def clean(text: str, limit: int = TEXT_LIMIT) -> str:
    """What a text column takes: no NUL, no more than its length."""
    return text.replace("\x00", "").strip()[:limit]
