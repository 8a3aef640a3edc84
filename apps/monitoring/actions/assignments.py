"""Give a person a survey in a rhythm, pause it, end it."""

from datetime import date, time
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.clinic_settings import crisis_numbers_complete, settings_of
from apps.accounts.models import User
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core.live import wake_pump
from apps.monitoring.instruments import Definition
from apps.monitoring.instruments.definition import Respondent
from apps.monitoring.models import Assignment, Questionnaire, Slot, SlotState
from apps.monitoring.published import definition_of
from apps.monitoring.refusals import SurveyRefused
from apps.monitoring.schedule import local_today, plan_slots
from apps.notifications import actions as notifications
from apps.patients.models import Patient

#: Rows without a rhythm: forms hang on them that staff filled in, or that an answer opened.
UNPLANNED = ("staff", "follow-on")


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
    synthetic: bool = False,
) -> Assignment:
    """Publish a survey to one person: its slots of the next 14 days are made at once.

    rhythm: daily, weekly (then `weekday`, 0 = Monday) or once. Raises SurveyRefused: no-crisis-numbers, no-wording,
    not-for-patients, not-in-care, wrong-rhythm, already-assigned.
    """
    _check_clinic(patient)
    _check_questionnaire(definition_of(questionnaire))
    _check_rhythm(rhythm, weekday, open_hours)
    row = _insert(
        patient,
        questionnaire=questionnaire,
        rhythm=rhythm,
        weekday=weekday if rhythm == "weekly" else None,
        opens_time=opens_time,
        open_hours=open_hours,
        starts_on=starts_on or local_today(patient),
        ends_on=ends_on,
        assigned_by=actor.membership if actor else None,
        synthetic=synthetic or patient.synthetic,
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk if actor else None, obj=row)
    plan_slots(row)
    wake_pump()
    return row


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
def end(*, assignment: Assignment, actor: User) -> Assignment:
    """No further forms. What was answered stays; an open form is closed without a task."""
    row = Assignment.objects.select_for_update(of=("self",)).select_related("patient").get(pk=assignment.pk)
    _check_active(row)
    row.status, row.ends_on = "completed", local_today(row.patient)
    row.save(update_fields=["status", "ends_on"])
    _cancel_slots(row, until=None)
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=row, detail="ended")
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
        slots = slots.filter(state=SlotState.SCHEDULED, slot_key__lt=until.isoformat())
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


def _check_rhythm(rhythm: str, weekday: int | None, open_hours: int) -> None:
    if rhythm not in ("daily", "weekly", "once"):
        raise SurveyRefused("wrong-rhythm", _("Choose every day, every week or once."))
    if rhythm == "weekly" and (weekday is None or not 0 <= weekday <= 6):
        raise SurveyRefused("wrong-rhythm", _("Choose the day of the week."))
    limit = {"daily": 24, "weekly": 168, "once": 336}[rhythm]
    if not 1 <= open_hours <= limit:
        raise SurveyRefused(
            "wrong-rhythm",
            ngettext("Open for 1 to %(limit)s hour.", "Open for 1 to %(limit)s hours.", limit) % {"limit": limit},
        )
