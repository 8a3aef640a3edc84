"""When clinicians hold visits: weekly hours and the times that are different. Visits that stand are not touched."""

from datetime import date, datetime, time
from zoneinfo import available_timezones

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Membership, User
from apps.accounts.permissions import Permission, may
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.sessions.models import DifferentTime, HoursFor, VisitHours
from apps.sessions.refusal import VisitRefused


@transaction.atomic
def add_hours(
    *,
    clinician: Membership,
    weekday: int,
    opens: time,
    closes: time,
    time_zone: str,
    actor: User,
    purpose: str = HoursFor.VISITS,
    first_on: date | None = None,
    last_on: date | None = None,
) -> VisitHours:
    """Hours of one weekday (Monday is 0), by the wall clock of time_zone, from first_on (default: today).

    purpose: visits that people may book, or treatment (who is there to give a dose). Raises VisitRefused: not-allowed,
    clinician, length, zone, purpose, not-treatment, twice.
    """
    _check_person(clinician, actor)
    if opens >= closes or not 0 <= weekday <= 6:
        raise VisitRefused("length", _("Hours end later than they begin."))
    if time_zone not in available_timezones():
        raise VisitRefused("zone", _("There is no such time zone."))
    _check_purpose(clinician, purpose)
    first_on = first_on or clock.now().astimezone(clock.zone_of(time_zone)).date()
    same_day = VisitHours.objects.select_for_update().filter(clinician=clinician, weekday=weekday, time_zone=time_zone)
    same_day = same_day.filter(purpose=purpose, opens__lt=closes, closes__gt=opens).exclude(last_on__lt=first_on)
    if last_on is not None:
        same_day = same_day.filter(first_on__lte=last_on)
    if same_day.exists():
        raise VisitRefused("twice", _("These hours overlap with hours that are there already."))
    row = VisitHours.objects.create(
        clinic_id=clinician.clinic_id,
        clinician=clinician,
        purpose=purpose,
        weekday=weekday,
        opens=opens,
        closes=closes,
        time_zone=time_zone,
        first_on=first_on,
        last_on=last_on,
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row)
    return row


@transaction.atomic
def end_hours(*, hours: VisitHours, actor: User) -> VisitHours:
    """They hold up to yesterday; said again, nothing changes."""
    _check_person(hours.clinician, actor, leaving=True)
    row = VisitHours.objects.select_for_update().get(pk=hours.pk)
    yesterday = date.fromordinal(clock.now().astimezone(clock.zone_of(row.time_zone)).date().toordinal() - 1)
    if row.last_on is None or row.last_on > yesterday:
        row.last_on = yesterday
        row.save(update_fields=["last_on"])
        audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=row, detail="ended")
    return row


@transaction.atomic
def add_different_time(
    *, clinician: Membership, starts_at: datetime, ends_at: datetime, is_away: bool, actor: User
) -> DifferentTime:
    """Away, or there in addition to the weekly hours. Raises VisitRefused: not-allowed, clinician, length."""
    _check_person(clinician, actor)
    if starts_at >= ends_at:
        raise VisitRefused("length", _("It ends later than it begins."))
    row = DifferentTime.objects.create(
        clinic_id=clinician.clinic_id, clinician=clinician, starts_at=starts_at, ends_at=ends_at, is_away=is_away
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row)
    return row


@transaction.atomic
def withdraw_different_time(*, different: DifferentTime, actor: User) -> DifferentTime:
    """As if it had not been said; said again, nothing changes."""
    _check_person(different.clinician, actor, leaving=True)
    row = DifferentTime.objects.select_for_update().get(pk=different.pk)
    if row.withdrawn_at is None:
        row.withdrawn_at = clock.now()
        row.save(update_fields=["withdrawn_at"])
        audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=row, detail="withdrawn")
    return row


def _check_purpose(clinician: Membership, purpose: str) -> None:
    if purpose not in HoursFor.values:
        raise VisitRefused("purpose", _("Choose what the hours are for."))
    if purpose == HoursFor.TREATMENT and not may(clinician.role, Permission.GIVE_DOSES):
        raise VisitRefused("not-treatment", _("That person gives no doses: only hours for visits."))


def _check_person(clinician: Membership, actor: User, *, leaving: bool = False) -> None:
    if not actor.may(Permission.BOOK_VISITS) or actor.membership is None:
        raise VisitRefused("not-allowed", _("This is for the clinic's staff."))
    holds = clinician.clinic_id == actor.membership.clinic_id and may(clinician.role, Permission.HOLD_VISITS)
    if not holds or (clinician.ended_at is not None and not leaving):
        raise VisitRefused("clinician", _("That person does not hold visits here."))
