"""Report a problem, note what was done, close it; what nobody looks at becomes a task."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.alerts import actions as alerts
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.core.desk_words import for_the_desk
from apps.core.encryption import Clear
from apps.monitoring.actions.observations import record_observations
from apps.monitoring.findings import cause_of
from apps.monitoring.instruments import LIBRARY, answer_findings
from apps.monitoring.models import Problem, ProblemNote, ProblemPhoto
from apps.monitoring.observations.reading import Reading
from apps.monitoring.plausibility import MEASURABLE, PROBLEM_CODE
from apps.monitoring.refusals import SurveyRefused
from apps.patients.models import Patient

#: How long a problem may lie without a look, by severity (product default).
LOOK_WITHIN = {1: timedelta(days=7), 2: timedelta(days=3), 3: timedelta(days=1)}
AGAIN = timedelta(days=3)
TASK_FROM = 2  # severity
PHOTOS = 6  # of one problem, while it is open


@dataclass(frozen=True, slots=True)
class Photo:
    """A JPEG that was decoded and written anew. given: SHA-256 of what was sent; scanned: nothing was found in it."""

    content: bytes
    width: int
    height: int
    given: str
    scanned: bool


@transaction.atomic
def report_problem(
    *,
    patient: Patient,
    kind: int,
    severity: int,
    since: date | None,
    text: str = "",
    source: str,
    actor: User | None,
    judged: bool = False,
    photo: Photo | None = None,
) -> Problem:
    """Store it as a coded observation and open it, or count it onto the open one of its kind.

    kind, severity: of the check-in's lists. since: None for today. judged: its answers have raised their alerts
    already (check-in). Raises SurveyRefused (bad-problem, bad-date, photos).
    """
    _check(patient, kind, severity, since)
    now = clock.now()
    code = PROBLEM_CODE.format(kind)
    reading = Reading(code, severity, MEASURABLE[code].unit, now)
    record_observations(patient=patient, readings=[reading], source=source, actor=actor)
    problem = Problem.objects.select_for_update().filter(patient=patient, kind=kind, closed_at__isnull=True).first()
    if problem is None:
        problem = _open(patient, kind, severity, since or local_day(patient), text, source, now)
    else:
        _count(problem, severity, text, now)
    if photo is not None:
        _keep_photo(problem, photo, actor)
    if not judged:
        _raise(problem)
    audit.record(action=Action.CREATE, actor_id=actor.pk if actor else None, obj=problem)
    return problem


def local_day(patient: Patient) -> date:
    """Today where the person is."""
    return clock.now().astimezone(clock.zone_of(patient.time_zone)).date()


def _check(patient: Patient, kind: int, severity: int, since: date | None) -> None:
    if PROBLEM_CODE.format(kind) not in MEASURABLE or severity not in LOOK_WITHIN:
        raise SurveyRefused("bad-problem", _("Choose what bothers you, and how bad it is."))
    if since is not None and since > local_day(patient):
        raise SurveyRefused("bad-date", _("This day is still to come."))


def _open(patient: Patient, kind: int, severity: int, since: date, text: str, source: str, now: datetime) -> Problem:
    return Problem.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        kind=kind,
        severity=severity,
        since=since,
        text=text.strip()[:500],
        reported_at=now,
        last_reported_at=now,
        source=source,
        next_look_at=now + clock.scaled(LOOK_WITHIN[severity]),
        synthetic=patient.synthetic,
    )


def _keep_photo(problem: Problem, photo: Photo, actor: User | None) -> None:
    """The same picture again is the same row."""
    if problem.photos.filter(given=photo.given).exists():
        return
    if problem.photos.count() >= PHOTOS:
        raise SurveyRefused(
            "photos", _("There are %(n)s photos of this already. Send others as a message.") % {"n": PHOTOS}
        )
    row = ProblemPhoto.objects.create(
        clinic_id=problem.clinic_id,
        problem=problem,
        patient_id=problem.patient_id,
        content=Clear(photo.content),
        size=len(photo.content),
        width=photo.width,
        height=photo.height,
        given=photo.given,
        scanned=photo.scanned,
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk if actor else None, obj=row, patient_id=problem.patient_id)


def _count(problem: Problem, severity: int, text: str, now: datetime) -> None:
    worse = severity > problem.severity
    problem.severity, problem.last_reported_at, problem.count = severity, now, problem.count + 1
    problem.text = text.strip()[:500] or problem.text
    if worse and problem.next_look_at is not None:
        problem.next_look_at = min(problem.next_look_at, now + clock.scaled(LOOK_WITHIN[severity]))
    problem.save()


@for_the_desk()
def _raise(problem: Problem) -> None:
    """The rules of the check-in's answers, for a report outside of it."""
    check_in = LIBRARY["check-in"]
    found = answer_findings(check_in, "problem_kind", problem.kind)
    for finding in (*found, *answer_findings(check_in, "problem_severity", problem.severity)):
        alerts.raise_alert(
            patient=problem.patient,
            cause=cause_of(finding),
            level=finding.level.value,
            title=_("Reported: %(what)s") % {"what": words_of(problem)},
            source_kind="problem",
            source_id=problem.pk,
            rule_code=f"{finding.code}-{problem.count}",
            synthetic=problem.synthetic,
        )


def words_of(problem: Problem) -> str:
    """The kind, as the person chose it."""
    return _(MEASURABLE[PROBLEM_CODE.format(problem.kind)].name)


@transaction.atomic
def note_problem(*, problem: Problem, text: str, actor: User) -> None:
    """Somebody looked; the next look is due anew. Raises SurveyRefused: closed, empty."""
    problem = _locked(problem)
    if not text.strip():
        raise SurveyRefused("empty", _("Write what was done."))
    assert actor.membership is not None  # noqa: S101  (doors let nobody else in)
    ProblemNote.objects.create(
        clinic_id=problem.clinic_id, problem=problem, author=actor.membership, text=text.strip()[:500]
    )
    problem.next_look_at = clock.now() + clock.scaled(LOOK_WITHIN[problem.severity])
    problem.save(update_fields=["next_look_at"])
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=problem, detail="note")


@transaction.atomic
def close_problem(*, problem: Problem, outcome: str, text: str, actor: User) -> None:
    """It is over. Raises SurveyRefused: closed, empty (a severe one needs words)."""
    problem = _locked(problem)
    if text.strip() or problem.severity == max(LOOK_WITHIN):
        note_problem(problem=problem, text=text, actor=actor)
    problem.closed_at, problem.closed_by, problem.next_look_at = clock.now(), actor.membership, None
    problem.outcome = outcome
    problem.save()
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=problem, detail="closed")


def _locked(problem: Problem) -> Problem:
    found = Problem.objects.select_for_update(of=("self",)).select_related("patient").get(pk=problem.pk)
    if found.closed_at is not None:
        raise SurveyRefused("closed", _("This problem is closed already."))
    return found


def tell_unlooked(limit: int = 50) -> int:
    """Problems that nobody looked at in their time, mild ones apart, become tasks, again every three days; how many."""
    now = clock.now()
    with transaction.atomic():
        due = Problem.objects.filter(next_look_at__lte=now).order_by("next_look_at")
        problems = list(due.select_for_update(skip_locked=True)[:limit])
        for problem in problems:
            with use_clinic(problem.clinic_id), transaction.atomic():
                _tell(problem)
                problem.next_look_at = now + clock.scaled(AGAIN)
                problem.save(update_fields=["next_look_at"])
    return len(problems)


@for_the_desk()
def _tell(problem: Problem) -> None:
    """A mild one waits in the list without a task of its own: thirty of those would hide the one that matters."""
    if problem.severity < TASK_FROM:
        return
    assert problem.next_look_at is not None  # noqa: S101  (it was due)
    alerts.raise_alert(
        patient=problem.patient,
        cause=f"problem-open-{problem.kind}",
        level="P3",
        title=_("Problem not looked at: %(what)s") % {"what": words_of(problem)},
        source_kind="problem",
        source_id=problem.pk,
        rule_code=f"problem-unlooked-{problem.next_look_at:%Y%m%d%H%M%S}",
        synthetic=problem.synthetic,
    )
