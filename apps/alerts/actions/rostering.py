"""Put shifts on the roster: one by one, or a pasted table; the same table twice is harmless."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import StringIO
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts.models import Clinic, Membership, User
from apps.alerts import roster
from apps.alerts.models import RosterShift
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock

LONGEST = timedelta(days=93)
LINES_AT_MOST = 2000
COLUMNS = ("day", "from", "to", "rota", "email")


@dataclass(frozen=True, slots=True)
class Imported:
    """What a pasted table did: rows added, rows that were there already, faults in words (then nothing was added)."""

    added: int
    unchanged: int
    faults: list[str]


def check_shift(
    *,
    clinic: Clinic,
    rota: str,
    membership: Membership,
    starts_at: datetime,
    ends_at: datetime,
    but: UUID | None = None,
) -> None:
    """Raises ValidationError, in words, for a shift that cannot be. but: the shift itself, when it is changed."""
    if not starts_at < ends_at <= starts_at + LONGEST:
        raise ValidationError(_("A shift ends after it begins, and within three months."))
    if not roster.handlers(clinic.pk, clock.now()).filter(pk=membership.pk).exists():
        raise ValidationError(_("%(name)s may not take alerts.") % {"name": membership.user})
    others = RosterShift.objects.filter(clinic=clinic, rota=rota, starts_at__lt=ends_at, ends_at__gt=starts_at)
    others = others if but is None else others.exclude(pk=but)
    other = others.select_related("membership__user").first()
    if other is not None:
        zone = clock.zone_of(clinic.time_zone)
        words = {
            "name": other.membership.user,
            "from": _local(other.starts_at, zone),
            "to": _local(other.ends_at, zone),
        }
        raise ValidationError(_("%(name)s already holds this pager from %(from)s to %(to)s.") % words)


@transaction.atomic
def import_shifts(*, clinic: Clinic, text: str, actor: User) -> Imported:
    """Read a table with the columns day (2026-11-25), from (08:00), to (20:00), rota, email; all of it or nothing.

    Times are the clinic's wall clock; a shift that ends at or before its start ends the next day.
    """
    added, unchanged, faults = 0, 0, []
    for number, line in _lines(text):
        try:
            shift = _read(clinic, line)
            if _is_there(shift):
                unchanged += 1
                continue
            check_shift(
                clinic=clinic,
                rota=shift.rota,
                membership=shift.membership,
                starts_at=shift.starts_at,
                ends_at=shift.ends_at,
            )
        except ValidationError as error:
            faults.append(_("Line %(number)s: %(fault)s") % {"number": number, "fault": " ".join(error.messages)})
            continue
        shift.save(force_insert=True)
        audit.record(action=Action.CREATE, actor_id=actor.pk, obj=shift, detail="roster-import")
        added += 1
    if faults:
        transaction.set_rollback(True)
        return Imported(0, unchanged, faults)
    return Imported(added, unchanged, faults)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Numbered lines of a table with commas, semicolons or tabs; blank ones and the heading are passed over."""
    clean = text.replace("\x00", "").lstrip("\ufeff")
    mark = next((mark for mark in ("\t", ";") if mark in clean), ",")
    for number, line in enumerate(csv.reader(StringIO(clean), delimiter=mark), 1):
        cells = [cell.strip() for cell in line]
        if any(cells) and cells[0].lower() != COLUMNS[0]:
            yield number, cells
        if number >= LINES_AT_MOST:
            return


def _read(clinic: Clinic, cells: list[str]) -> RosterShift:
    if len(cells) != len(COLUMNS):
        raise ValidationError(_("five columns are needed: day, from, to, rota, email."))
    day, begins, ends, rota, email = cells
    if rota not in roster.ROTAS:
        raise ValidationError(_("the rota is on-call or director."))
    try:
        times = roster.shift_times(
            date.fromisoformat(day),
            time.fromisoformat(begins),
            time.fromisoformat(ends),
            clock.zone_of(clinic.time_zone),
        )
    except (ValueError, OverflowError) as error:
        raise ValidationError(_("a day is written 2026-11-25 and a time 08:00.")) from error
    member = roster.handlers(clinic.pk, clock.now()).filter(user__email=email.lower()).first()
    if member is None:
        raise ValidationError(_("nobody with the address %(email)s may take alerts here.") % {"email": email})
    return RosterShift(clinic=clinic, rota=rota, membership=member, starts_at=times[0], ends_at=times[1])


def _is_there(shift: RosterShift) -> bool:
    return RosterShift.objects.filter(
        clinic_id=shift.clinic_id,
        rota=shift.rota,
        membership=shift.membership,
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
    ).exists()


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return date_format(moment.astimezone(zone), "j M H:i")
