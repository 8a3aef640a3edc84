"""Clinician-rated scales: staff fill one in for a person, and every answer is judged as if the person had given it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Clinic, User
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.monitoring.actions.answers import Given, save_answers
from apps.monitoring.actions.follow_on import SCREENERS
from apps.monitoring.actions.library import newest
from apps.monitoring.actions.responses import submit_response
from apps.monitoring.calendar import local_day
from apps.monitoring.instruments import LIBRARY, AnswerValue
from apps.monitoring.instruments.definition import Respondent
from apps.monitoring.models import Assignment, AuthLevel, Questionnaire, QuestionnaireResponse, Slot, SlotState
from apps.monitoring.refusals import SurveyRefused
from apps.patients.models import Patient

#: People answer these themselves where the wording is installed; else staff enter them by item codes, from their own sheet.
BY_CODES = frozenset({"icsi-icpi"})
#: What staff may fill in: the scales that clinicians rate, the screener that they ask, and those.
RATED = tuple(
    key for key, one in LIBRARY.items() if one.respondent is Respondent.CLINICIAN or key in SCREENERS or key in BY_CODES
)
#: A rating may be written up so long after it was made.
LATEST = timedelta(days=7)


def ratable(clinic: Clinic) -> list[Questionnaire]:
    """The scales that staff may fill in, in the wording in force or by item codes alone."""
    return [newest(key, clinic) for key in RATED]


@transaction.atomic
def record_rating(
    *,
    patient: Patient,
    questionnaire: Questionnaire,
    answers: Mapping[str, AnswerValue],
    client_id: UUID,
    rated_at: datetime,
    actor: User,
) -> QuestionnaireResponse:
    """Store a rating, its score and the alerts that it demands, all or nothing. The same again is the same rating.

    answers: by link id; what is left out stays unanswered, and a safety item left out is "not assessed". client_id:
    made with the page. Raises AnswerRefused, and SurveyRefused: not-for-staff, no-answers, wrong-time, answer-conflict.
    """
    given = {link_id: value for link_id, value in answers.items() if value is not None}
    _check(questionnaire, given, rated_at)
    slot, made = _slot(patient, questionnaire, client_id, rated_at)
    known = QuestionnaireResponse.objects.filter(slot=slot).first()
    if known is not None:
        return _same(known, given)
    if made:
        audit.record(action=Action.CREATE, actor_id=actor.pk, obj=slot, detail="rating")
    told = [
        Given(link_id, value, uuid5(client_id, link_id), rated_at, AuthLevel.STAFF, "list")
        for link_id, value in given.items()
    ]
    save_answers(slot=slot, given=told, actor=actor)
    return submit_response(slot=slot, actor=actor, auth_level=AuthLevel.STAFF, authored_at=rated_at)


def _check(questionnaire: Questionnaire, given: Mapping[str, AnswerValue], rated_at: datetime) -> None:
    if questionnaire.key not in RATED:
        raise SurveyRefused("not-for-staff", _("This form is filled in by the person."))
    if not given:
        raise SurveyRefused("no-answers", _("Nothing was rated yet."))
    now = clock.now()
    if not now - LATEST <= rated_at <= now + timedelta(minutes=1):
        raise SurveyRefused("wrong-time", _("Choose a time within the last 7 days."))


def _slot(patient: Patient, questionnaire: Questionnaire, client_id: UUID, rated_at: datetime) -> tuple[Slot, bool]:
    """The filling of that page, open in this transaction alone."""
    Patient.objects.select_for_update().get(pk=patient.pk)  # two sends at once come one after the other
    key = f"r-{client_id.hex[-16:]}"
    known = Slot.objects.filter(patient=patient, slot_key=key, questionnaire__key=questionnaire.key).first()
    if known is not None:
        return known, False
    slot = Slot.objects.create(
        clinic_id=patient.clinic_id,
        assignment=_assignment(patient, questionnaire),
        patient=patient,
        questionnaire=questionnaire,
        slot_key=key,
        opens_at=rated_at,
        closes_at=rated_at + timedelta(minutes=1),
        time_zone=patient.time_zone,
        state=SlotState.OPEN,
        next_step_at=rated_at + LATEST,
        synthetic=patient.synthetic,
    )
    return slot, True


def _assignment(patient: Patient, questionnaire: Questionnaire) -> Assignment:
    """The person's schedule of that scale, or a row without a rhythm for ratings to hang on."""
    running = Assignment.objects.filter(patient=patient, questionnaire__key=questionnaire.key, status="active")
    return running.order_by("-created_at").first() or Assignment.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        questionnaire=questionnaire,
        rhythm="staff",
        opens_time="00:00",
        open_hours=24,
        starts_on=local_day(clock.now(), clock.zone_of(patient.time_zone)),
        synthetic=patient.synthetic,
    )


def _same(known: QuestionnaireResponse, given: Mapping[str, AnswerValue]) -> QuestionnaireResponse:
    stored = {link_id: value for link_id, value in known.answers.items() if value is not None}
    if any(given.get(link_id) != value for link_id, value in stored.items()):
        raise SurveyRefused("answer-conflict", _("This page was sent before with other answers. Open it anew."))
    return known
