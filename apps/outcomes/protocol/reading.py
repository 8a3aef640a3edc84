"""Training courses, forecast cases and monitoring streams, as their files give them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from apps.outcomes.mathematics.courses import Course
from apps.outcomes.mathematics.report import Treated
from apps.outcomes.protocol.checked import Node, load

LATEST: Final = 3650  # days
PHASES: Final = ("induction", "maintenance")
AHEAD: Final = (7, 14, 28)


@dataclass(frozen=True, slots=True)
class Case:
    """One question. totals: which of 7, 14, 28 days ahead; response_in: days ahead, or None."""

    name: str
    patient: str
    course: Course
    totals: frozenset[int]
    response_in: int | None
    relapse: bool
    days: bool


@dataclass(frozen=True, slots=True)
class Stream:
    """One course to be watched from first to course.last_day. unsafe: days with an observed item 9 of 1 or more."""

    patient: str
    first: int
    course: Course
    treated: Treated
    unsafe: frozenset[int]


def read_training(path: Path) -> list[Course]:
    """The courses of a telek-train/1 file."""
    seen: set[str] = set()
    found = []
    for each in load(path, "telek-train/1").key("patients").items(least=1):
        each.key("patient_id").unique(seen)
        found.append(_course(each, each.key("last_day").whole(0, LATEST)))
    return found


def read_cases(path: Path) -> list[Case]:
    """The questions of a telek-forecast/1 file."""
    seen: set[str] = set()
    return [_case(each, seen) for each in load(path, "telek-forecast/1").key("cases").items(least=1)]


def read_streams(path: Path) -> list[Stream]:
    """The courses of a telek-stream/1 file."""
    seen: set[str] = set()
    return [_stream(each, seen) for each in load(path, "telek-stream/1").key("patients").items(least=1)]


def _case(each: Node, seen: set[str]) -> Case:
    name, patient = each.key("case_id").unique(seen), each.key("patient_id").text()
    each.key("kind").word("early", "post", "maint")
    cutoff, want = each.key("cutoff_day").whole(0, LATEST), each.key("want")
    course = _course(each, cutoff, plan=each.key("plan").by_day(cutoff, LATEST, _dose))
    response = want.key("response_day")
    return Case(
        name,
        patient,
        course,
        totals=frozenset(_days_ahead(want.key("phq_days"), cutoff)),
        response_in=None if response.value is None else response.whole(cutoff + 1, cutoff + 365) - cutoff,
        relapse=want.key("relapse").truth(),
        days=want.key("ttt").truth(),
    )


def _days_ahead(node: Node, cutoff: int) -> list[int]:
    found: list[int] = []
    for day in node.items():
        later = day.whole(0, 2 * LATEST) - cutoff
        if later not in AHEAD:
            raise day.refuse("expected the cutoff day and 7, 14 or 28 days")
        if found and later <= found[-1]:
            raise day.refuse("days are not in order")
        found.append(later)
    return found


def _stream(each: Node, seen: set[str]) -> Stream:
    patient, first = each.key("patient_id").unique(seen), each.key("monitor_from").whole(0, LATEST)
    last = each.key("monitor_to").whole(first, LATEST)
    course = _course(each, LATEST)
    phases = each.key("sessions").by_day(0, LATEST, lambda session: session.key("phase").word(*PHASES))
    unsafe = each.key("scores").by_day(0, LATEST, lambda score: score.key("item9").whole(0, 3))
    treated = Treated(
        baseline=course.baseline,
        threshold=course.threshold,
        scores=tuple(course.scores.items()),
        induction=tuple(day for day, phase in phases.items() if phase == "induction"),
        maintenance=tuple(day for day, phase in phases.items() if phase == "maintenance"),
    )
    watched = Course(course.baseline, course.threshold, last, course.doses, course.scores, course.moods)
    return Stream(patient, first, watched, treated, frozenset(day for day, item in unsafe.items() if item >= 1))


def _course(each: Node, last: int, plan: dict[int, float] | None = None) -> Course:
    """A person's history up to the last day. With a plan, a session of the last day itself belongs to the plan."""
    before = last if plan is None else last - 1
    each.key("sessions").by_day(0, before, lambda session: session.key("phase").word(*PHASES))
    return Course(
        baseline=each.key("baseline_phq9").whole(0, 27),
        threshold=each.key("relapse_threshold").whole(1, 27),
        last_day=last,
        doses=each.key("sessions").by_day(0, before, _dose),
        scores=each.key("scores").by_day(0, last, _total),
        moods=each.key("moods").by_day(0, last, lambda mood: mood.key("value").number(0, 10)),
        plan=plan or {},
    )


def _dose(session: Node) -> float:
    place = session.key("dose_mg_per_kg")
    found = place.number(0, 20)
    if found == 0:
        raise place.refuse("expected more than 0")
    return found


def _total(score: Node) -> float:
    score.key("item9").whole(0, 3)
    return float(score.key("total").whole(0, 27))
