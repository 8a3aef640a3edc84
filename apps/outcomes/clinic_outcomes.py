"""The courses of one clinic, counted. Rows of simulations, demonstrations and drills stay out of a real clinic's."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from apps.accounts.models import Clinic, User
from apps.core.clock import zone_of
from apps.monitoring.models import Anchor, QuestionnaireResponse, Slot, SlotState
from apps.outcomes.mathematics.disclosure import REST, SMALLEST, Groups, Shown, Strata, shown, strata
from apps.outcomes.mathematics.mixed import Change, mean_change
from apps.outcomes.mathematics.report import Treated, outcomes
from apps.outcomes.people import INSTRUMENT, course_of, thoughts_of, treated
from apps.patients.models import Patient
from apps.sessions.models import Course, CourseStatus, DoseRoute

ASKED_SINCE: Final = timedelta(days=56)
UNKNOWN: Final = "unknown"
TABLES: Final = ("indication", "route", "site")


@dataclass(frozen=True)
class ClinicOutcomes:
    """What may be shown of a clinic. by: table name -> groups; answered: (answered, asked) surveys, None where few."""

    whole: Shown
    by: dict[str, Strata]
    answered: tuple[int, int] | None
    change: Change | None = None  # a second opinion: by a mixed model, over all answers


@dataclass(frozen=True)
class Person:
    """Somebody with a course. indication, route, site: of their first planned series, UNKNOWN without one."""

    treated: Treated
    indication: str
    route: str
    site: str


def clinic_outcomes_of(clinic: Clinic, user: User, at: datetime) -> ClinicOutcomes:
    """Everybody of the clinic whom this person may see, in six queries whatever the number of people."""
    people = people_of(clinic, user, at)
    whole = shown(outcomes([person.treated for person in people]))
    change = mean_change([person.treated for person in people])
    return ClinicOutcomes(whole, tables_of(people), _answered(clinic, user, at), change)


def tables_of(people: list[Person]) -> dict[str, Strata]:
    """One after the other, each judged beside those that are shown already."""
    found: dict[str, Strata] = {}
    beside: list[Groups] = []
    for name in TABLES:
        groups = _groups(people, name)
        found[name] = strata(groups, beside)
        if found[name].groups:
            beside.append(groups)
    return found


def people_of(clinic: Clinic, user: User, at: datetime) -> list[Person]:
    """Everybody with a first dose and a score before it."""
    zone = zone_of(clinic.time_zone)
    doses = _by_patient(_rows(Anchor, user, clinic, "started_at").filter(kind="dose"))
    responses = _by_patient(
        _rows(QuestionnaireResponse, user, clinic, "authored_at").filter(questionnaire__key=INSTRUMENT)
    )
    plans = _first_plans(clinic, user)
    found = []
    for pk in _patients(clinic, user).values_list("pk", flat=True):
        course = course_of(responses[pk], doses[pk], (), at, zone)
        if course is not None:
            thoughts = thoughts_of(responses[pk], doses[pk], zone)
            found.append(Person(treated(course, thoughts), *plans.get(pk, (UNKNOWN,) * len(TABLES))))
    return found


def group_words(name: str) -> str:
    """A group of a table in words."""
    choices = [*(Course._meta.get_field("indication").choices or ()), *DoseRoute.choices]
    known = {str(value): str(words) for value, words in choices}
    return {UNKNOWN: _("not recorded"), REST: _("all others together")}.get(name) or known.get(name, name)


def _groups(people: list[Person], name: str) -> dict[str, list[Treated]]:
    found: defaultdict[str, list[Treated]] = defaultdict(list)
    for person in people:
        found[getattr(person, name)].append(person.treated)
    return found


def _patients(clinic: Clinic, user: User) -> Any:
    people = Patient.objects.visible_to(user).exclude(status="entered-in-error")
    return people if clinic.synthetic else people.filter(synthetic=False)


def _rows(model: Any, user: User, clinic: Clinic, moment: str) -> Any:
    rows = model.objects.visible_to(user).filter(status="completed").order_by(moment)
    return rows if clinic.synthetic else rows.filter(synthetic=False)


def _first_plans(clinic: Clinic, user: User) -> dict[UUID, tuple[str, ...]]:
    rows = Course.objects.visible_to(user).exclude(status=CourseStatus.IN_ERROR)
    rows = rows if clinic.synthetic else rows.filter(synthetic=False)
    newest_first = rows.order_by("-started_at").values_list("patient_id", *TABLES)
    return {person: tuple(group or UNKNOWN for group in groups) for person, *groups in newest_first}


def _answered(clinic: Clinic, user: User, at: datetime) -> tuple[int, int] | None:
    """Of the PHQ-9 whose time is over, the last eight weeks."""
    slots = Slot.objects.filter(
        clinic=clinic,
        patient__in=_patients(clinic, user),
        questionnaire__key=INSTRUMENT,
        closes_at__range=(at - ASKED_SINCE, at),
        state__in=[SlotState.ANSWERED, SlotState.MISSED],
    )
    found = slots.aggregate(
        people=Count("patient", distinct=True),
        asked=Count("pk"),
        answered=Count("pk", filter=Q(state=SlotState.ANSWERED)),
    )
    return (found["answered"], found["asked"]) if found["people"] >= SMALLEST else None


def _by_patient(rows: Iterable[Any]) -> defaultdict[UUID, list[Any]]:
    found: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.patient_id].append(row)
    return found
