"""What the rows say, as the pure rules take it: gate, dose check, discharge."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from apps.accounts.clinic_settings import settings_of
from apps.core.clock import zone_of
from apps.monitoring.models import Observation, QuestionnaireResponse
from apps.patients.models import Patient
from apps.sessions.agreements import consent_state
from apps.sessions.course_record import review_due
from apps.sessions.dose_limits import IntervalCheck, Route, interval_check
from apps.sessions.eligibility import Candidate, Drug, EligibilityLimits
from apps.sessions.exposure import standing_of
from apps.sessions.history import history_of
from apps.sessions.home_watch import home_missing
from apps.sessions.models import (
    DosingSession,
    MedicationAdministration,
    PreDoseCheck,
    Product,
    Screening,
    SessionEvent,
)
from apps.sessions.pre_visit import told_of
from apps.sessions.protocols import plan_of
from apps.sessions.treatment import screening as questions
from apps.sessions.treatment.facts import ClosingLimits, Fact, Given, standing
from apps.sessions.treatment.findings import History, findings_of, interactions_of
from apps.sessions.treatment.gate import Evidence, Gate, GateLimits, gate
from apps.sessions.treatment.pre_visit import cautions, holds

VITALS_HOLD = timedelta(minutes=60)  # a reading before the dose counts so long (product default)
CHECK_HOLDS = timedelta(hours=12)  # the questions of the day, also over midnight (product default)
SCREEN_HOLDS = timedelta(days=14)
RISKS = frozenset({"none", "low", "moderate", "high"})


def gate_of(session: DosingSession, at: datetime) -> Gate:
    """Everything that stands against a dose in this session at that moment, from what is recorded."""
    settings = settings_of(session.clinic)
    check = session.pre_dose_checks.order_by("-created_at", "-id").first()
    screened = newest_screening(session.patient)
    today = local_day(session, at)
    history, plan = history_of(session.patient), plan_of(session.course)
    held, due = standing_of(session.patient, at).codes(today)
    told = told_of(session.patient, at)
    if told is not None:
        held, due = held | holds(told), due | cautions(told)
    evidence = Evidence(
        candidate=_candidate(session, check, screened, history, settings["rems_certified"], at),
        today=today,
        consent=consent_state(session.patient),
        screened_on=local_day(session, screened.answered_at) if screened else None,
        unclear=bool(screened and questions.unsure(screened.answers)),
        checked_today=check is not None and at - check.created_at < CHECK_HOLDS,
        prescriber_present=check.prescriber_present if check else None,
        interval=_interval(session, today),
        review_due=review_due(session.course, session.number, plan),
        unchecked=history.unchecked,
        interactions=interactions_of(history.flags),
        overridden=_overridden(session, history),
        home_missing=home_missing(session, at),
        held_by_checks=held,
        checks_due=due,
    )
    limits = EligibilityLimits(rems_applies=session.clinic.country == "US")
    days = min(settings["screening_days"], plan.screening_days or settings["screening_days"])
    return gate(evidence, GateLimits(screening_days=days, eligibility=limits))


def _overridden(session: DosingSession, history: History) -> frozenset[str]:
    """Codes that a prescriber decided about; what the person told afterwards is another matter and holds anew."""
    made = session.overrides.values_list("code", "created_at")
    stale = {"medicines_unchecked": history.told_at}
    return frozenset(code for code, at in made if not (since := stale.get(code)) or at >= since)


def _candidate(
    session: DosingSession,
    check: PreDoseCheck | None,
    screened: Screening | None,
    history: History,
    certified: bool,
    at: datetime,
) -> Candidate:
    course = session.course
    vitals = _vitals(session, at)
    findings = questions.findings(screened.answers) if screened else frozenset()
    asked = _asked(check) | findings_of(history, local_day(session, at))
    return Candidate(
        drug=Drug.ESKETAMINE if course.product == Product.ESKETAMINE else Drug.KETAMINE_IV,
        age=age_on(session.patient.birth_on, local_day(session, at)),
        sbp=vitals.get("sbp"),
        dbp=vitals.get("dbp"),
        spo2=vitals.get("spo2"),
        setting_certified=certified,
        setting_type="inpatient" if course.inpatient else "outpatient",
        rems_enrolled=course.rems_enrolled_on is not None,
        escort_arranged=check.ride if check else None,
        child_pugh=(screened.child_pugh or None) if screened else None,
        food_within_hours=float(check.food_hours) if check else None,
        liquid_within_min=check.liquid_minutes if check else None,
        nasal_spray_within_min=check.nasal_spray_minutes if check else None,
        cssrs_risk=_risk(session.patient, at),
        asrm_total=_mania(session.patient, at),
        findings=findings | asked,
    )


def _asked(check: PreDoseCheck | None) -> frozenset[str]:
    if check is None:
        return frozenset()
    return frozenset(check.new_findings) | ({"intoxicated"} if check.intoxicated else frozenset())


def _vitals(session: DosingSession, at: datetime) -> dict[str, int]:
    """Of each sign the newest reading of the last hour."""
    found: dict[str, int] = {}
    for fact in facts_of(session):
        if fact.kind == "vitals" and at - VITALS_HOLD <= fact.at <= at:
            found |= {name: value for name in ("sbp", "dbp", "spo2") if (value := getattr(fact, name)) is not None}
    return found


def facts_of(session: DosingSession) -> list[Fact]:
    """The session's events that stand, as facts."""
    return standing(fact_of(event) for event in SessionEvent.objects.filter(session=session))


def fact_of(event: SessionEvent) -> Fact:
    """One row as a fact."""
    return Fact(
        kind=event.kind,
        at=event.occurred_at,
        name=event.pk,
        corrects=event.corrects_id,
        sbp=event.sbp,
        dbp=event.dbp,
        hr=event.hr,
        spo2=event.spo2,
        rr=event.rr,
        score=event.score,
        term=event.term,
        grade=event.grade,
    )


def given_of(dose: MedicationAdministration) -> Given:
    """The dose as the rules of leaving see it."""
    return Given(Route(dose.route), dose.started_at, dose.ended_at)


def closing_limits(session: DosingSession) -> ClosingLimits:
    """As the clinic has them."""
    return ClosingLimits(fresh_minutes=settings_of(session.clinic)["discharge_fresh_minutes"])


def newest_screening(patient: Patient) -> Screening | None:
    """The one that counts."""
    return Screening.objects.filter(patient=patient).order_by("-answered_at", "-id").first()


def newest_weight(patient: Patient) -> Observation | None:
    """In kg, however old: its date is shown beside it."""
    rows = Observation.objects.known().filter(patient=patient, code="29463-7")
    return rows.order_by("-effective_at").first()


def newest_height(patient: Patient) -> float | None:
    """In cm."""
    rows = Observation.objects.known().filter(patient=patient, code="8302-2")
    value = rows.order_by("-effective_at").values_list("value", flat=True).first()
    return None if value is None else float(value)


def standing_dose(session: DosingSession) -> MedicationAdministration | None:
    """The session's dose that is not entered in error."""
    return session.doses.exclude(status="entered-in-error").select_related("given_by__user", "checked_by__user").first()


def local_day(session: DosingSession, at: datetime) -> date:
    """The day of the clinic."""
    return at.astimezone(zone_of(session.clinic.time_zone)).date()


def age_on(birth: date, day: date) -> int:
    """Whole years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def _interval(session: DosingSession, today: date) -> IntervalCheck | None:
    """Esketamine only: the label's spacing over all doses of the course."""
    if session.course.product != Product.ESKETAMINE:
        return None
    rows = MedicationAdministration.objects.filter(session__course=session.course).exclude(session=session)
    days = [local_day(session, at) for at in rows.known().values_list("started_at", flat=True)]
    first = min([*days, today])
    return interval_check((today - first).days + 1, [(day - first).days + 1 for day in days])


def _risk(patient: Patient, at: datetime) -> str | None:
    row = _newest_response(patient, ("c-ssrs", "c-ssrs-since"), at)
    return row.severity if row is not None and row.severity in RISKS else None


def _mania(patient: Patient, at: datetime) -> int | None:
    row = _newest_response(patient, ("asrm",), at)
    return int(row.total) if row is not None and row.total is not None else None


def _newest_response(patient: Patient, keys: Sequence[str], at: datetime) -> QuestionnaireResponse | None:
    rows = QuestionnaireResponse.objects.filter(
        patient=patient, questionnaire__key__in=keys, status="completed", authored_at__gte=at - SCREEN_HOLDS
    )
    return rows.order_by("-authored_at").first()
