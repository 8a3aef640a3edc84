"""Who is to be paged now, looked up live, and where the roster has holes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from apps.accounts.models import Clinic, Membership
from apps.accounts.permissions import CLINICIANS, TABLE, Permission, Role
from apps.alerts.models import EscalationRung, RosterShift
from apps.patients.models import Patient

LOOK_AHEAD = timedelta(days=14)
ROTAS = ("on-call", "director")
_HANDLERS = [role for role in Role if Permission.HANDLE_ALERTS in TABLE[role]]
_ADMINS = [role for role in Role if Permission.MANAGE_CLINIC in TABLE[role]]


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody holds this pager from `starts_at` to `ends_at`."""

    rota: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Cover:
    """Who holds the pagers now (by rota), whether anybody would be paged, and the next hole within fourteen days."""

    on_call: dict[str, Membership]
    uncovered: bool
    next_gap: Gap | None


def in_force(clinic_id: UUID, at: datetime, roles: Sequence[str]) -> QuerySet[Membership]:
    """Members of the clinic in one of the roles who may be paged at that moment, by name."""
    rows = Membership.objects.select_related("user").filter(clinic_id=clinic_id, role__in=roles, user__is_active=True)
    return rows.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=at)).order_by("user__name", "id")


def handlers(clinic_id: UUID, at: datetime) -> QuerySet[Membership]:
    """Everybody who may take an alert."""
    return in_force(clinic_id, at, _HANDLERS)


def administrators(clinic_id: UUID, at: datetime) -> list[Membership]:
    """Who is told when nobody else can be."""
    return list(in_force(clinic_id, at, _ADMINS))


def people_on(target: str, patient: Patient, at: datetime) -> list[Membership]:
    """Who a rung means now. Nobody for an unknown target: the ladder then climbs at once."""
    members = handlers(patient.clinic_id, at)
    if target in ROTAS:
        return list(members.filter(pk__in=_shifts_at(patient.clinic_id, at).filter(rota=target).values("membership")))
    if target == "treating":
        return list(members.filter(pk=patient.treating_id)) if patient.treating_id else []
    if target == "coordinator":
        return list(members.filter(role=Role.COORDINATOR))
    if target == "licensed":
        return list(members.filter(role__in=CLINICIANS))
    return []


def on_call(clinic_id: UUID, rota: str, at: datetime) -> Membership | None:
    """Who holds that pager now; None where the shift is empty or its holder may no longer be paged."""
    holder = _shifts_at(clinic_id, at).filter(rota=rota).values("membership")
    return handlers(clinic_id, at).filter(pk__in=holder).first()


def cover_now(clinic: Clinic, at: datetime) -> Cover:
    """For the banner on every desk page."""
    held = {rota: person for rota in ROTAS if (person := on_call(clinic.pk, rota, at)) is not None}
    return Cover(on_call=held, uncovered=not held, next_gap=next_gap(clinic, at))


def next_gap(clinic: Clinic, at: datetime) -> Gap | None:
    """The first moment within fourteen days at which a rota that a ladder names has nobody."""
    gaps = [gap for rota in rotas_in_use(clinic) for gap in gaps_ahead(clinic, rota, at, at + LOOK_AHEAD)[:1]]
    return min(gaps, key=lambda gap: gap.starts_at, default=None)


def gaps_soon(clinic: Clinic, at: datetime) -> list[Gap]:
    """Every hole of the next fourteen days in a rota that a ladder names; the last day, which nobody planned yet, counts."""
    return [gap for rota in rotas_in_use(clinic) for gap in gaps_ahead(clinic, rota, at, at + LOOK_AHEAD)]


def rotas_in_use(clinic: Clinic) -> list[str]:
    """The rotas that a rung of the clinic names."""
    return list(
        EscalationRung.objects.filter(clinic=clinic, target__in=ROTAS, policy__off_at__isnull=True)
        .order_by("target")
        .values_list("target", flat=True)
        .distinct()
    )


def gaps_ahead(clinic: Clinic, rota: str, starts_at: datetime, ends_at: datetime) -> list[Gap]:
    """Holes of a rota in a stretch of time. A shift of somebody who may not be paged is a hole."""
    able = set(handlers(clinic.pk, starts_at).values_list("pk", flat=True))
    shifts = RosterShift.objects.filter(
        clinic=clinic, rota=rota, membership_id__in=able, starts_at__lt=ends_at, ends_at__gt=starts_at
    )
    times = shifts.order_by("starts_at").values_list("starts_at", "ends_at")
    return [Gap(rota, start, end) for start, end in holes(times, starts_at, ends_at)]


def holes(
    shifts: Iterable[tuple[datetime, datetime]], starts_at: datetime, ends_at: datetime
) -> list[tuple[datetime, datetime]]:
    """Stretches of [starts_at, ends_at) that no shift covers; shifts sorted by start. Pure."""
    found, covered_to = [], starts_at
    for start, end in shifts:
        if start > covered_to:
            found.append((covered_to, min(start, ends_at)))
        covered_to = max(covered_to, end)
    if covered_to < ends_at:
        found.append((covered_to, ends_at))
    return [(start, end) for start, end in found if start < end]


def shift_times(day: date, begins: time, ends: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """A shift as a clinic writes it (wall clock) in real time; ending at or before its start, it ends the next day.

    One wall time always means one instant, also on the days on which clocks change: two shifts that meet on paper
    meet in time, and no hour is left without a holder. Pure.
    """
    last_day = day + timedelta(days=1) if ends <= begins else day
    return _instant(datetime.combine(day, begins), zone), _instant(datetime.combine(last_day, ends), zone)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """fold=0: of a time that exists twice the first; of one that does not exist, as if clocks had not moved."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(ZoneInfo("UTC"))


def _shifts_at(clinic_id: UUID, at: datetime) -> QuerySet[RosterShift]:
    return RosterShift.objects.filter(clinic_id=clinic_id, starts_at__lte=at, ends_at__gt=at)
