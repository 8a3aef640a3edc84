"""Give a person a survey in a rhythm, pause it, end it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.clinic_settings import crisis_numbers_complete, settings_of
from apps.accounts.models import User
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.live import wake_pump
from apps.core.wall_clock import local_moment
from apps.monitoring.calendar import local_day
from apps.monitoring.instruments import Definition
from apps.monitoring.instruments.definition import Respondent
from apps.monitoring.models import Assignment, Questionnaire, Slot, SlotState
from apps.monitoring.planning import AFTER_DOSE, LONGEST_OFFSET
from apps.monitoring.plans import PLANNED, local_today, plan_slots, rhythm_of
from apps.monitoring.published import definition_of
from apps.monitoring.refusals import SurveyRefused
from apps.notifications import actions as notifications
from apps.patients.models import Patient

#: Rows without a rhythm: forms hang on them that staff filled in, or that an answer opened.
UNPLANNED = ("staff", "follow-on")
EVERY_AT_MOST, OFFSETS_AT_MOST = 26, 10


@transaction.atomic
def assign(
    *,
    patient: Patient,
    questionnaire: Questionnaire,
    rhythm: str,
    actor: User | None,
    weekday: int | None = None,
    opens_time: time = time(8, 0),
    open_hours: int = 16,
    starts_on: date | None = None,
    ends_on: date | None = None,
    every: int = 1,
    offsets: Sequence[int] = (),
    phase: str = "",
    synthetic: bool = False,
) -> Assignment:
    """Publish a survey to one person: its slots of the next 14 days are made at once.

    rhythm: daily, weekly (then `weekday`, 0 = Monday; both every `every`), once, or anchored (`offsets` minutes after
    each dose). phase: of the set that it comes from. Raises SurveyRefused: no-crisis-numbers, no-wording,
    not-for-patients, not-in-care, wrong-rhythm, already-assigned.
    """
    _check_clinic(patient)
    _check_questionnaire(definition_of(questionnaire))
    offsets = check_rhythm(rhythm, weekday, open_hours, every, offsets)
    row = _insert(
        patient,
        questionnaire=questionnaire,
        rhythm=rhythm,
        weekday=weekday if rhythm == "weekly" else None,
        opens_time=opens_time,
        open_hours=open_hours,
        starts_on=starts_on or _first_day(patient, rhythm, opens_time, open_hours),
        ends_on=ends_on,
        every=every,
        offsets=list(offsets),
        phase=phase,
        assigned_by=actor.membership if actor else None,
        synthetic=synthetic or patient.synthetic,
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk if actor else None, obj=row)
    plan_slots(row)
    wake_pump()
    return row


def _first_day(patient: Patient, rhythm: str, opens_time: time, open_hours: int) -> date:
    """Today; tomorrow where a form that comes once would be over today already."""
    today = local_today(patient)
    over = datetime.combine(today, opens_time, clock.zone_of(patient.time_zone)) + timedelta(hours=open_hours)
    return today + timedelta(days=1) if rhythm == "once" and over <= clock.now() else today


@transaction.atomic
def change_schedule(*, assignment: Assignment, actor: User | None, **settings: Any) -> Assignment:
    """Another rhythm, hour or day from the next form on. What was opened stays, and its period is not asked again.

    settings: any of rhythm, weekday, every, offsets, opens_time, open_hours, ends_on, phase. Raises SurveyRefused:
    ended, wrong-rhythm.
    """
    rows = Assignment.objects.select_for_update(of=("self",)).select_related("patient__clinic")
    row = rows.get(pk=assignment.pk)
    _check_active(row)
    with_settings(row, settings).save()
    audit.record(action=Action.UPDATE, actor_id=actor.pk if actor else None, obj=row, detail="schedule")
    plan_slots(row)
    wake_pump()
    return row


def with_settings(row: Assignment, settings: Mapping[str, Any]) -> Assignment:
    """The row with another rhythm, not saved; it begins after what was opened. Raises SurveyRefused: wrong-rhythm."""
    before = rhythm_of(row)
    for name, value in settings.items():
        setattr(row, name, value)
    row.weekday = row.weekday if row.rhythm == "weekly" else None
    row.offsets = list(check_rhythm(row.rhythm, row.weekday, row.open_hours, row.every, row.offsets))
    if rhythm_of(row) != before:
        row.starts_on = max(row.starts_on, _first_day_free(row))
    return row


def _first_day_free(row: Assignment) -> date:
    """The first day on which a changed schedule may ask: not again in a period that was asked already."""
    opened = Slot.objects.filter(assignment=row, state__in=[SlotState.OPEN, SlotState.ANSWERED, SlotState.MISSED])
    last = opened.filter(slot_key__regex=PLANNED).order_by("-opens_at").first()
    if last is None or row.rhythm == "anchored":  # after a dose every form has a name of its own
        return row.starts_on
    day = local_day(last.opens_at, clock.zone_of(row.patient.time_zone))
    if row.rhythm == "weekly":
        return day + timedelta(days=7 * row.every - day.weekday())
    return day + timedelta(days=row.every if row.rhythm == "daily" else 1)


@transaction.atomic
def pause(*, assignment: Assignment, until: date, actor: User) -> Assignment:
    """No forms before that day (holidays, a stay in hospital). Planned slots before it are cancelled."""
    row = Assignment.objects.select_for_update(of=("self",)).select_related("patient").get(pk=assignment.pk)
    _check_active(row)
    row.paused_until = until
    row.save(update_fields=["paused_until"])
    _cancel_slots(row, until=until)
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=row, detail="paused")
    return row


@transaction.atomic
def end(*, assignment: Assignment, actor: User | None) -> Assignment:
    """No further forms. What was answered stays; an open form is closed without a task."""
    row = Assignment.objects.select_for_update(of=("self",)).select_related("patient").get(pk=assignment.pk)
    _check_active(row)
    row.status, row.ends_on = "completed", local_today(row.patient)
    row.save(update_fields=["status", "ends_on"])
    _cancel_slots(row, until=None)
    audit.record(action=Action.UPDATE, actor_id=actor.pk if actor else None, obj=row, detail="ended")
    return row


def _insert(patient: Patient, **fields: Any) -> Assignment:
    running = Assignment.objects.filter(patient=patient, status="active").exclude(rhythm__in=UNPLANNED)
    if running.filter(questionnaire__key=fields["questionnaire"].key).exists():  # in whatever version
        raise _already()
    _make_room(patient, fields["questionnaire"])
    try:
        with transaction.atomic():
            return Assignment.objects.create(clinic_id=patient.clinic_id, patient=patient, **fields)
    except IntegrityError:
        raise _already() from None


def _already() -> SurveyRefused:
    words = _("This person already has this form. End the old schedule first.")
    return SurveyRefused("already-assigned", words)


def _make_room(patient: Patient, questionnaire: Questionnaire) -> None:
    """What staff filled in or an answer opened hangs on a row without a rhythm; a real schedule takes its place."""
    loose = Assignment.objects.filter(patient=patient, status="active", rhythm__in=UNPLANNED)
    loose.filter(questionnaire__key=questionnaire.key).update(status="completed")


def _cancel_slots(row: Assignment, *, until: date | None) -> None:
    slots = Slot.objects.filter(assignment=row, state__in=[SlotState.SCHEDULED, SlotState.OPEN])
    if until is not None:
        midnight = local_moment(datetime.combine(until, time(0)), clock.zone_of(row.patient.time_zone))
        slots = slots.filter(state=SlotState.SCHEDULED, opens_at__lt=midnight)
    for slot in slots.select_for_update():
        slot.state, slot.next_step_at = SlotState.CANCELLED, None
        slot.save(update_fields=["state", "next_step_at"])
        notifications.cancel(subject_kind="slot", subject_id=slot.pk)


def _check_active(row: Assignment) -> None:
    if row.status != "active":
        raise SurveyRefused("ended", _("This schedule has ended."))


def _check_clinic(patient: Patient) -> None:
    if not crisis_numbers_complete(settings_of(patient.clinic)):
        raise SurveyRefused(
            "no-crisis-numbers",
            _(
                "Forms cannot be published yet: the clinic has no crisis line and no emergency number. "
                "A clinic admin can enter both in the clinic's settings."
            ),
        )
    if patient.status != "active":
        raise SurveyRefused("not-in-care", _("This person is no longer in care."))


def _check_questionnaire(definition: Definition) -> None:
    if not definition.has_wording:
        raise SurveyRefused(
            "no-wording",
            _("%(name)s cannot be shown: its wording may not be shipped. Install its content pack first.")
            % {"name": definition.title},
        )
    if definition.respondent is not Respondent.PATIENT:
        raise SurveyRefused("not-for-patients", _("%(name)s is filled in by a clinician.") % {"name": definition.title})


def check_rhythm(
    rhythm: str, weekday: int | None, open_hours: int, every: int, offsets: Sequence[int]
) -> tuple[int, ...]:
    """The offsets as they are kept. Raises SurveyRefused."""
    if rhythm not in ("daily", "weekly", "once", "anchored"):
        raise _wrong(_("Choose every day, every week, once or after each dose."))
    if rhythm == "weekly" and (weekday is None or not 0 <= weekday <= 6):
        raise _wrong(_("Choose the day of the week."))
    if not 1 <= every <= EVERY_AT_MOST:
        raise _wrong(_("Every 1 to %(most)s days or weeks.") % {"most": EVERY_AT_MOST})
    limit = {"daily": 24, "weekly": 168, "once": 336, "anchored": 168}[rhythm]
    if not 1 <= open_hours <= limit:
        words = ngettext("Open for 1 to %(limit)s hour.", "Open for 1 to %(limit)s hours.", limit)
        raise _wrong(words % {"limit": limit})
    return _check_offsets(offsets) if rhythm == "anchored" else ()


def _check_offsets(offsets: Sequence[int]) -> tuple[int, ...]:
    found = tuple(sorted(set(offsets))) or AFTER_DOSE
    if len(found) > OFFSETS_AT_MOST or not all(0 < minutes <= LONGEST_OFFSET for minutes in found):
        raise _wrong(_("After a dose: at most ten times, from a minute to 60 days."))
    return found


def _wrong(words: str) -> SurveyRefused:
    return SurveyRefused("wrong-rhythm", words)
