"""What every page of the desk shows besides its own: how much is open, and who is on call. Read only when shown."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Value
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.accounts.models import Clinic, Membership, User
from apps.accounts.permissions import TABLE, Permission, Role
from apps.alerts.models import Alert, AlertState, EscalationRung, RosterShift
from apps.alerts.roster import ROTAS, Gap, holes
from apps.core import clock
from apps.messaging.models import Thread
from apps.sessions.models import DosingSession, Visit, VisitStatus

AHEAD = timedelta(days=14)


@dataclass(frozen=True)
class Holder:
    """Who holds a pager, and until when."""

    rota: str
    member: Membership
    until: datetime


@dataclass(frozen=True)
class DeskCover:
    """now: holders by rota; uncovered: nobody holds any; next_gap: the next hole within fourteen days."""

    now: list[Holder]
    uncovered: bool
    next_gap: Gap | None


def desk(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `desk_may` (what the role permits) for staff; `nav_counts` and `desk_cover` for those who see the desk; nothing is read for other pages."""
    user = getattr(request, "user", None)
    membership = getattr(user, "membership", None)
    if user is None or membership is None or membership.role == Role.PATIENT:
        return {}
    if not user.may(Permission.SEE_DESK):
        return {"desk_may": TABLE[Role(membership.role)]}
    return {
        "desk_may": TABLE[Role(membership.role)],
        "nav_counts": SimpleLazyObject(partial(nav_counts, user)),
        "desk_cover": SimpleLazyObject(partial(cover_of, membership.clinic, clock.now())),
    }


def nav_counts(user: User) -> dict[str, int]:
    """Open items by the name of the navigation link; each only where the person may see it."""
    at = clock.now()
    rows: dict[str, Any] = {"alerts": Alert.objects.visible_to(user).filter(state=AlertState.OPEN).exclude(level="P3")}
    if user.may(Permission.CHAT):
        rows["messages"] = Thread.objects.visible_to(user).filter(waiting_since__isnull=False)
    if user.may(Permission.SEE_CLINICAL):
        rows["sessions"] = DosingSession.objects.visible_to(user).filter(status="in-progress")
        rows["visits"] = visits_today(user, at)
    return {name: count for name, count in _counted(rows).items() if count}


def _counted(rows: dict[str, Any]) -> dict[str, int]:
    """How many of each, in one query: every page of the desk asks."""
    first, *others = [
        found.order_by().values(of=Value(name)).annotate(how_many=Count("pk")) for name, found in rows.items()
    ]
    counts = first.union(*others, all=True) if others else first
    return {row["of"]: row["how_many"] for row in counts}


def visits_today(user: User, at: datetime) -> Any:
    """Visits of the clinic's day that are still to come or going on."""
    zone = clock.zone_of(user.membership.clinic.time_zone) if user.membership else ZoneInfo("UTC")
    midnight = datetime.combine(at.astimezone(zone).date(), datetime.min.time(), zone)
    visits = Visit.objects.visible_to(user).filter(starts_at__gte=midnight, starts_at__lt=midnight + timedelta(days=1))
    return visits.exclude(status__in=[VisitStatus.FINISHED, VisitStatus.CANCELLED])


def cover_of(clinic: Clinic, at: datetime) -> DeskCover:
    """Read in one query; one more when a pager has no shift at all."""
    shifts = (
        RosterShift.objects.filter(clinic=clinic, ends_at__gt=at, starts_at__lt=at + AHEAD)
        .select_related("membership__user")
        .annotate(
            named=Exists(
                EscalationRung.objects.filter(clinic=clinic, target=OuterRef("rota"), policy__off_at__isnull=True)
            )
        )
        .order_by("starts_at")
    )
    usable = [shift for shift in shifts if _may_be_paged(shift.membership, at)]
    now = [
        Holder(shift.rota, shift.membership, shift.ends_at)
        for rota in ROTAS
        for shift in usable
        if shift.rota == rota and shift.starts_at <= at
    ]
    return DeskCover(now, uncovered=not now, next_gap=_next_gap(clinic, usable, at))


def _may_be_paged(member: Membership, at: datetime) -> bool:
    in_force = member.ended_at is None or member.ended_at > at
    return in_force and member.user.is_active and Permission.HANDLE_ALERTS in TABLE[Role(member.role)]


def _next_gap(clinic: Clinic, shifts: list[Any], at: datetime) -> Gap | None:
    named = {shift.rota for shift in shifts if shift.named}
    missing = set(ROTAS) - {shift.rota for shift in shifts}
    if missing:
        rungs = EscalationRung.objects.filter(clinic=clinic, target__in=missing, policy__off_at__isnull=True)
        named |= set(rungs.values_list("target", flat=True))
    gaps = [
        Gap(rota, start, end)
        for rota in sorted(named)
        for start, end in holes([(s.starts_at, s.ends_at) for s in shifts if s.rota == rota], at, at + AHEAD)[:1]
    ]
    return min(gaps, key=lambda gap: gap.starts_at, default=None)
