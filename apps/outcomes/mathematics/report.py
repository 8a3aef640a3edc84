"""How a clinic's courses ended: response, remission, deterioration, and how long a response lasts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from apps.outcomes.mathematics.survival import Survival, kaplan_meier, wilson

SERIES: Final = 6  # sessions of the induction
ENDPOINT_DAYS: Final = 14
LONG_ENOUGH: Final = 56  # days since the first session, after which a series should be complete
REMISSION: Final = 5  # below it (clinical.md 1.2)
WORSE: Final = 5  # points above baseline


@dataclass(frozen=True, slots=True)
class Treated:
    """One person. scores: (day, total), by day; induction, maintenance: days of sessions.

    thoughts_before: item 9 of the score before treatment; thoughts: (day, item 9); days: since the first session.
    """

    baseline: float
    threshold: float
    scores: tuple[tuple[int, float], ...]
    induction: tuple[int, ...]
    maintenance: tuple[int, ...]
    thoughts_before: int | None = None
    thoughts: tuple[tuple[int, int], ...] = ()
    days: int = 0


@dataclass(frozen=True, slots=True)
class Ending:
    """A completed series. endpoint: (day, total) or None when nothing was answered in time."""

    person: Treated
    endpoint: tuple[int, float] | None

    @property
    def responded(self) -> bool:
        """At most half the baseline. Missing is no response."""
        return self.endpoint is not None and self.endpoint[1] <= self.person.baseline / 2


@dataclass(frozen=True, slots=True)
class Lasting:
    """Time from the endpoint on: (days, relapsed)."""

    treatment_policy: tuple[float, bool]
    while_untreated: tuple[float, bool]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Counts and curves of a group of people."""

    people: int
    completed: int
    missing: int
    responded: int
    remitted: int
    worse: int
    treatment_policy: Survival
    while_untreated: Survival
    began: int = 0  # long enough ago to have completed the series
    finished: int = 0  # of them, those who did
    thoughts: int = 0  # with an item 9 of 1 or more before, and one known at the endpoint
    thoughts_gone: int = 0
    no_thoughts: int = 0  # with an item 9 of 0 before, and one known at the endpoint
    thoughts_new: int = 0

    @property
    def known(self) -> int:
        """Completed, with an endpoint."""
        return self.completed - self.missing


def ending(person: Treated) -> Ending | None:
    """The endpoint is the last score in the 14 days after the sixth session; None if the series is not complete."""
    if len(person.induction) < SERIES:
        return None
    end = sorted(person.induction)[SERIES - 1]
    inside = [each for each in person.scores if end + 1 <= each[0] <= end + ENDPOINT_DAYS]
    return Ending(person, inside[-1] if inside else None)


def lasting(found: Ending) -> Lasting:
    """When a responder's score came back to the threshold, with and without regard to later sessions."""
    assert found.endpoint is not None  # noqa: S101  responders have one
    start = found.endpoint[0]
    later = [each for each in found.person.scores if each[0] > start]
    event = next((day for day, total in later if total >= found.person.threshold), None)
    last = later[-1][0] if later else start
    session = min((day for day in found.person.maintenance if day > start), default=None)
    policy = (last if event is None else event, event is not None)
    if session is None or (event is not None and session >= event):
        untreated = policy
    else:
        untreated = (session if event is not None else min(session, last), False)
    return Lasting((policy[0] - start, policy[1]), (untreated[0] - start, untreated[1]))


def outcomes(people: Sequence[Treated]) -> Outcomes:
    """Everybody's endings, counted."""
    endings = [found for found in map(ending, people) if found is not None]
    reached = [(found, found.endpoint[1]) for found in endings if found.endpoint is not None]
    courses = [lasting(found) for found in endings if found.responded]
    began = [person for person in people if person.days >= LONG_ENOUGH]
    before_after = [pair for pair in map(_thoughts, endings) if pair is not None]
    return Outcomes(
        people=len(people),
        completed=len(endings),
        missing=len(endings) - len(reached),
        responded=sum(found.responded for found in endings),
        remitted=sum(total < REMISSION for _found, total in reached),
        worse=sum(total >= found.person.baseline + WORSE for found, total in reached),
        treatment_policy=kaplan_meier(each.treatment_policy for each in courses),
        while_untreated=kaplan_meier(each.while_untreated for each in courses),
        began=len(began),
        finished=sum(len(person.induction) >= SERIES for person in began),
        thoughts=sum(before >= 1 for before, _after in before_after),
        thoughts_gone=sum(before >= 1 and after == 0 for before, after in before_after),
        no_thoughts=sum(before == 0 for before, _after in before_after),
        thoughts_new=sum(before == 0 and after >= 1 for before, after in before_after),
    )


def _thoughts(found: Ending) -> tuple[int, int] | None:
    """Item 9 before treatment and at the endpoint; None where either is not known."""
    if found.endpoint is None or found.person.thoughts_before is None:
        return None
    after = dict(found.person.thoughts).get(found.endpoint[0])
    return None if after is None else (found.person.thoughts_before, after)


def as_file(found: Outcomes) -> dict[str, Any]:
    """The report in the words of the file protocol; a rate of nobody is null."""
    rate = _rate(found.known)
    response, remission = wilson(found.responded, found.known), wilson(found.remitted, found.known)
    return {
        "n_patients": found.people,
        "n_completed": found.completed,
        "n_endpoint_missing": found.missing,
        "response_rate": rate(found.responded),
        "response_ci95": list(response) if response else None,
        "response_rate_missing_as_nonresponse": _rate(found.completed)(found.responded),
        "remission_rate": rate(found.remitted),
        "remission_ci95": list(remission) if remission else None,
        "deterioration_rate": rate(found.worse),
        "km_treatment_policy": _curve(found.treatment_policy),
        "km_median_treatment_policy": found.treatment_policy.median,
        "km_while_untreated": _curve(found.while_untreated),
        "km_median_while_untreated": found.while_untreated.median,
        "n_km": found.treatment_policy.people,
        "events_treatment_policy": found.treatment_policy.events,
        "events_while_untreated": found.while_untreated.events,
    }


def _rate(total: int) -> Any:
    return lambda yes: yes / total if total else None


def _curve(found: Survival) -> dict[str, dict[str, float]]:
    return {str(day): dict(zip(("S", "se"), found.at(day), strict=True)) for day in (28, 56)}
