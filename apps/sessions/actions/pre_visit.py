"""The person's own check the day before a session and on its morning; what holds it is told to the team."""

from __future__ import annotations

from dataclasses import asdict

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.alerts.actions import raise_alert
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.desk_words import for_the_desk
from apps.patients.models import Patient
from apps.sessions.actions.sitting import refusals_audited
from apps.sessions.models import PreVisitCheck
from apps.sessions.record import clean
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.treatment.pre_visit import Told, cautions, holds
from apps.sessions.words import listed


@refusals_audited
@transaction.atomic
def check_before_visit(
    *, patient: Patient, told: Told, when: str, actor: User, ride_name: str = "", new_text: str = ""
) -> PreVisitCheck:
    """Keep it; what holds the session is a task for today (P2), what is to be mended before it one for soon (P3).

    Raises TreatmentRefused: not-yours, answer, pressure.
    """
    if patient.user_id != actor.pk:
        raise TreatmentRefused("not-yours", _("This is not your record."))
    if when not in ("before", "morning") or not 0 <= told.feeling <= 10:
        raise TreatmentRefused("answer", _("Please answer every question."))
    if (told.sbp is None) != (told.dbp is None) or (told.sbp is not None and told.sbp <= (told.dbp or 0)):
        raise TreatmentRefused("pressure", _("A blood pressure has two numbers, the upper one is higher."))
    if told.something_new and not clean(new_text):
        raise TreatmentRefused("answer", _("Say in a few words what is new."))
    row = PreVisitCheck.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        when=when,
        ride_name=clean(ride_name, 120),
        new_text=clean(new_text, 500),
        answered_at=clock.now(),
        synthetic=patient.synthetic,
        **asdict(told),
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row, detail=when)
    _tell(row, told)
    return row


@for_the_desk()
def _tell(row: PreVisitCheck, told: Told) -> None:
    grave, light = holds(told), cautions(told)
    if not grave | light:
        return
    raise_alert(
        patient=row.patient,
        cause="pre-visit",
        level="P2" if grave else "P3",
        title=_("Before the session: %(what)s") % {"what": listed(sorted(grave or light))},
        source_kind="pre-visit",
        source_id=row.pk,
        rule_code="pre-visit",
        synthetic=row.synthetic,
    )
