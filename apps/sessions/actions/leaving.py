"""Let the person go: the evidence decides. Two people may decide otherwise only where clinical.md 2.6 allows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Membership, User
from apps.accounts.permissions import Permission
from apps.alerts.actions import raise_alert
from apps.core import clock
from apps.sessions.actions.countersign import confirmed_by
from apps.sessions.actions.reports import owe_form
from apps.sessions.actions.sitting import keep, locked, member_of, refusals_audited
from apps.sessions.discharge import CloseOut
from apps.sessions.evidence import closing_limits, facts_of, given_of, standing_dose
from apps.sessions.home_watch import recovery_missing
from apps.sessions.models import DosingSession, HomeWatch, SessionStatus
from apps.sessions.record import clean
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.treatment.facts import close_out
from apps.sessions.words import listed


def leaving(session: DosingSession, at: datetime) -> CloseOut | None:
    """What stands against leaving at that moment; None without a dose."""
    dose = standing_dose(session)
    if dose is None:
        return None
    found = close_out(given_of(dose), facts_of(session), at, closing_limits(session))
    if recovery_missing(session, at):
        return replace(found, blockers=(*found.blockers, "no_recovery_check"))
    return found


@refusals_audited
def discharge(
    *, session: DosingSession, actor: User, reason: str = "", second_id: UUID | None = None, pin: str = ""
) -> DosingSession:
    """The person may go. With something missing: reason and a second person, where an override exists at all.

    Raises TreatmentRefused: not-allowed, over, no-dose, missing (all of it), no-override, reason, confirmed_by's.
    """
    member = member_of(actor, Permission.GIVE_DOSES)
    second = None
    if second_id is not None:
        second = confirmed_by(member_id=second_id, pin=pin, clinic=session.clinic, actor=actor)
    return _discharge(session, actor, member, reason, second)


@transaction.atomic
def _discharge(
    session: DosingSession, actor: User, member: Membership, reason: str, second: Membership | None
) -> DosingSession:
    session = locked(session, actor)
    at = clock.now()
    found = leaving(session, at)
    if found is None:
        raise TreatmentRefused("no-dose", _("No dose was given. End the session without one."))
    if found.can_discharge:
        return _finish(session, actor, member, "discharged", at)
    what = listed(found.blockers)
    if second is None:
        raise TreatmentRefused("missing", _("Not yet. Missing: %(what)s.") % {"what": what}, found.blockers)
    if not found.overridable:
        words = _("Nobody can override this: %(what)s. Leaving anyway is against advice.")
        raise TreatmentRefused("no-override", words % {"what": what}, found.blockers)
    if not clean(reason):
        raise TreatmentRefused("reason", _("Say why."))
    session.outcome_reason, session.countersigned_by = clean(reason, 300), second
    session.outcome_missing = list(found.blockers)
    return _finish(session, actor, member, "overridden", at)


@refusals_audited
@transaction.atomic
def leave_against_advice(*, session: DosingSession, reason: str, actor: User) -> DosingSession:
    """The person goes although they should not: written down with what was missing, and somebody is told (P2)."""
    member = member_of(actor, Permission.GIVE_DOSES)
    session = locked(session, actor)
    at = clock.now()
    found = leaving(session, at)
    if found is None or found.can_discharge:
        raise TreatmentRefused("nothing-missing", _("Nothing stands against leaving."))
    if not clean(reason):
        raise TreatmentRefused("reason", _("Say what happened."))
    session.outcome_reason, session.outcome_missing = clean(reason, 300), list(found.blockers)
    _finish(session, actor, member, "against-advice", at)
    raise_alert(
        patient=session.patient,
        cause="left-against-advice",
        level="P2",
        title=_("Left against advice: %(what)s") % {"what": listed(found.blockers)},
        source_kind="dosing-session",
        source_id=session.pk,
        rule_code="against-advice",
        synthetic=session.synthetic,
    )
    return session


@refusals_audited
@transaction.atomic
def end_without_dose(*, session: DosingSession, reason: str, actor: User) -> DosingSession:
    """No dose today. Raises TreatmentRefused dosed when one was given."""
    member = member_of(actor, Permission.GIVE_DOSES)
    session = locked(session, actor)
    if standing_dose(session) is not None:
        raise TreatmentRefused("dosed", _("A dose was given: the person is discharged, not sent away."))
    if not clean(reason):
        raise TreatmentRefused("reason", _("Say why."))
    session.outcome_reason = clean(reason, 300)
    return _finish(session, actor, member, "no-dose", clock.now())


def _finish(session: DosingSession, actor: User, member: Membership, outcome: str, at: datetime) -> DosingSession:
    session.status = SessionStatus.CANCELLED if outcome == "no-dose" else SessionStatus.FINISHED
    session.outcome, session.finished_at, session.finished_by = outcome, at, member
    session.next_check_at, session.level = None, ""
    HomeWatch.objects.filter(session=session).update(look_in_due_at=None, next_step_at=None)
    if outcome != "no-dose":
        owe_form(session)
    return keep(session, actor, outcome)
