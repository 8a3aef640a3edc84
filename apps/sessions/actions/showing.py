"""What both sides of a call look at: the curve, or a scale that they fill in together. Answers are saved as they come."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.clinic_settings import setting
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.core import clock
from apps.monitoring import actions as monitoring
from apps.monitoring.instruments import parse_form_value
from apps.monitoring.models import AuthLevel, Questionnaire, QuestionnaireResponse, SlotState
from apps.monitoring.published import definition_of
from apps.sessions.models import Visit, VisitEventKind, VisitStatus
from apps.sessions.record import announce, for_its_clinician, is_patient, keep, locked
from apps.sessions.refusal import VisitRefused

NOTHING, CURVE, SCALE = "", "curve", "scale"


@transaction.atomic
def show(*, visit: Visit, what: str, actor: User, questionnaire: Questionnaire | None = None) -> Visit:
    """Show the person the curve, a scale to fill in together, or ("") nothing any more.

    Raises VisitRefused: not-yours, not-in-call, hidden (the clinic shows people no scores), invalid; SurveyRefused.
    """
    visit = locked(visit, actor, Permission.HOLD_VISITS)
    for_its_clinician(visit, actor)
    _must_be_in_call(visit)
    _put_away(visit)
    if what == CURVE and not setting(visit.clinic, "show_scores_to_patients"):
        raise VisitRefused("hidden", _("Your clinic shows people no scores."))
    if what == SCALE and questionnaire is not None:
        slot = monitoring.open_together(patient=visit.patient, questionnaire=questionnaire, actor=actor)
        visit.shown_slot = slot
    elif what not in (NOTHING, CURVE):
        raise VisitRefused("invalid", _("Choose what to show."))
    visit.shown = what
    return keep(visit, VisitEventKind.SHOWN, actor, _detail(visit))


@transaction.atomic
def answer_together(*, visit: Visit, link_id: str, raw: str, client_id: UUID, actor: User) -> bool:
    """One answer to the shown scale, by either side, raw as a form has it; was it an unsafe one? It alerts as ever.

    Raises VisitRefused: not-shown, and what save_answer raises.
    """
    visit = _scale(visit, actor)
    assert visit.shown_slot is not None  # noqa: S101  (_scale saw to it)
    saved = monitoring.save_answer(
        slot=visit.shown_slot,
        link_id=link_id,
        value=parse_form_value(definition_of(visit.shown_slot.questionnaire), link_id, raw),
        client_id=client_id,
        answered_at=clock.now(),
        actor=actor,
        auth_level=_auth_level(actor),
        presentation="list",
    )
    _say(visit)
    return saved.suicidal


@transaction.atomic
def hand_in_together(*, visit: Visit, actor: User) -> QuestionnaireResponse:
    """Score the shown scale and put it away. Raises VisitRefused: not-shown, not-yours."""
    visit = _scale(visit, actor)
    for_its_clinician(visit, actor)
    assert visit.shown_slot is not None  # noqa: S101  (_scale saw to it)
    response = monitoring.submit_response(slot=visit.shown_slot, actor=actor, auth_level=_auth_level(actor))
    visit.shown, visit.shown_slot = NOTHING, None
    _say(visit)
    return response


def _scale(visit: Visit, actor: User) -> Visit:
    visit = locked(visit, actor, Permission.HOLD_VISITS, Permission.OWN_RECORD)
    if not is_patient(actor):
        for_its_clinician(visit, actor)
    _must_be_in_call(visit)
    if visit.shown != SCALE or visit.shown_slot is None or visit.shown_slot.state != SlotState.OPEN:
        raise VisitRefused("not-shown", _("This scale is closed."))
    return visit


def _must_be_in_call(visit: Visit) -> None:
    if visit.status != VisitStatus.IN_PROGRESS:
        raise VisitRefused("not-in-call", _("There is no call here."))


def _put_away(visit: Visit) -> None:
    if visit.shown_slot is not None:
        monitoring.put_away(slot=visit.shown_slot)
    visit.shown, visit.shown_slot = NOTHING, None


def _say(visit: Visit) -> None:
    visit.version += 1
    visit.save(update_fields=["version", "shown", "shown_slot"])
    announce(visit)


def _detail(visit: Visit) -> str:
    return visit.shown_slot.questionnaire.key if visit.shown_slot else visit.shown or "nothing"


def _auth_level(actor: User) -> str:
    return AuthLevel.SESSION if is_patient(actor) else AuthLevel.STAFF
