"""Clinics that do not exist: courses with a known truth, to judge forecasts by. Every number here is simulated.

The people are drawn from continuous distributions, not from the model's grid; answers go missing more often when a
person feels worse, boosters are given because scores rose, some answers are careless, and life events come that the
model does not know. Severity follows the same bodily picture as the forecast: a fast and a slow effect that fade.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

RECALL: Final = float(np.exp(-1 / 2.5))
HORIZON: Final = 75
LAST_DAY: Final = 180


@dataclass(frozen=True)
class Clinic:
    """What distinguishes a clinic. Half-lives in days, walks and swings in PHQ-9 points."""

    level: float = 18.0
    level_spread: float = 4.3
    fast: float = 5.0
    slow: float = 60.0
    kappa: float = 0.45
    rho: float = 0.32
    unmoved: float = 0.2  # share of people whom the treatment moves little
    reach: float = 0.78  # mean reduction of the others
    walk: float = 0.25
    swing: float = 2.1
    swing_decay: float = 0.85
    answer: float = 1.8
    careless: float = 0.02
    mood_slope: float = 0.28
    mood_noise: float = 1.0
    answers: float = 0.9  # of the questionnaires, by one who feels fair
    moods: float = 0.45  # of the days
    gap: int = 7  # days between questionnaires after the series
    events: float = 1 / 1500  # a day: something happens in life, +4 points
    boosters: float = 0.15  # a day, once the score is over the threshold
    schedules: tuple[tuple[int, ...], ...] = field(
        default=((0, 3, 7, 10, 14, 17), (0, 2, 4, 7, 9, 11), (0, 7, 14, 21, 28, 35), (0, 4, 8, 11, 15, 18))
    )


BASE: Final = Clinic()
SHIFTED: Final = {
    "fast fade": replace(BASE, fast=3.0, slow=25.0, swing=2.6, walk=0.32, level=19.5, events=1 / 150),
    "weekly, mild": replace(
        BASE,
        level=14.5,
        level_spread=3.5,
        unmoved=0.4,
        reach=0.6,
        schedules=((0, 7, 14, 21, 28, 35),),
        answer=2.3,
        swing=1.8,
    ),
    "slow, noisy": replace(
        BASE,
        fast=8.0,
        slow=100.0,
        kappa=0.25,
        answer=2.6,
        careless=0.06,
        swing_decay=0.75,
        mood_noise=1.6,
        mood_slope=0.2,
    ),
    "sparse": replace(BASE, answers=0.45, moods=0.08, gap=14),
}
_OTHER: Final = replace(
    BASE,
    level=17.2,
    reach=0.74,
    fast=4.2,
    slow=75.0,
    kappa=0.4,
    rho=0.25,
    unmoved=0.25,
    walk=0.28,
    swing=2.3,
    swing_decay=0.88,
    events=1 / 1000,
)
_WEEKLY: Final = ((0, 7, 14, 21, 28, 35),)
_MILD: Final = {
    "mild, hardly moved": replace(
        BASE, level=14.0, level_spread=3.2, unmoved=0.3, reach=0.55, answer=2.0, swing=2.0, fast=4.5, slow=45.0,
        schedules=_WEEKLY,
    ),
    "mild, half of them unmoved": replace(
        BASE, level=15.5, level_spread=4.0, unmoved=0.45, reach=0.72, answer=2.4, swing=2.4, fast=3.8, slow=80.0,
        kappa=0.38, rho=0.22, walk=0.3, schedules=_WEEKLY, events=1 / 900,
    ),
    "mild, slow swings": replace(
        BASE, level=13.2, level_spread=3.0, unmoved=0.5, reach=0.65, swing=2.2, swing_decay=0.88, fast=6.0, rho=0.28,
        schedules=(*_WEEKLY, (0, 7, 14, 21, 29, 36)), answers=0.8,
    ),
}  # fmt: skip
_THIRD: Final = replace(
    BASE,
    level=17.6,
    level_spread=4.0,
    reach=0.76,
    fast=4.6,
    slow=68.0,
    kappa=0.42,
    rho=0.28,
    unmoved=0.22,
    walk=0.26,
    swing=2.2,
    swing_decay=0.86,
    events=1 / 1200,
)
_FOURTH: Final = replace(
    BASE,
    level=17.4,
    level_spread=4.2,
    reach=0.75,
    fast=5.4,
    slow=55.0,
    kappa=0.47,
    rho=0.3,
    unmoved=0.18,
    walk=0.27,
    swing=2.25,
    swing_decay=0.87,
    events=1 / 1300,
)
#: development, mild: to look at while the model is made; held-out, -2, -3: other people of other clinics, each looked at once.
SETS: Final = {
    "development": {"base": BASE, **SHIFTED},
    "held-out": {
        "base": _OTHER,
        "faster fade": replace(_OTHER, fast=2.6, slow=20.0, level=19.0, swing=2.5, events=1 / 250),
        "weekly, mild": replace(
            _OTHER, level=15.0, unmoved=0.35, reach=0.65, answer=2.1, schedules=((0, 7, 14, 21, 28, 35),)
        ),
        "sparse": replace(_OTHER, answers=0.5, moods=0.1, gap=14),
    },
    "mild": _MILD,
    "held-out-2": {
        "base": _THIRD,
        "faster fade": replace(_THIRD, fast=2.9, slow=23.0, level=19.2, swing=2.4, walk=0.3, events=1 / 200),
        "weekly, mild": replace(
            _THIRD, level=14.4, level_spread=3.4, unmoved=0.38, reach=0.62, answer=2.2, swing=1.9, schedules=_WEEKLY
        ),
        "sparse": replace(_THIRD, answers=0.48, moods=0.09, gap=14),
    },
    "held-out-3": {
        "base": _FOURTH,
        "faster fade": replace(_FOURTH, fast=2.5, slow=24.0, level=18.8, swing=2.4, events=1 / 250),
        "weekly, mild": replace(
            _FOURTH, level=14.8, level_spread=3.6, unmoved=0.36, reach=0.64, answer=2.1, swing=2.0, schedules=_WEEKLY
        ),
        "sparse": replace(_FOURTH, answers=0.5, moods=0.08, gap=14),
    },
}


@dataclass
class Person:
    """One simulated person's constants and state."""

    rng: np.random.Generator
    level: float
    reach: float
    fast: float
    slow: float
    kappa: float
    rho: float
    mood: float
    swing: float
    recall: float
    f: float = 0.0
    c: float = 0.0

    def fork(self, seed: int) -> "Person":
        """The same person, with another future."""
        return replace(self, rng=np.random.default_rng(seed))


def person(clinic: Clinic, rng: np.random.Generator) -> Person:
    """Somebody ill enough to be treated."""
    level = float(np.clip(rng.normal(clinic.level, clinic.level_spread), 10, 26))
    moved = rng.random() >= clinic.unmoved
    share = rng.beta(clinic.reach * 8, (1 - clinic.reach) * 8) if moved else rng.beta(1.5, 7)
    swing = float(rng.normal(0, clinic.swing))
    return Person(
        rng=rng,
        level=level,
        reach=level * float(share),
        fast=float(clinic.fast * np.exp(rng.normal(0, 0.35))),
        slow=float(clinic.slow * np.exp(rng.normal(0, 0.7))),
        kappa=float(rng.beta(clinic.kappa * 9, (1 - clinic.kappa) * 9)),
        rho=float(rng.beta(clinic.rho * 20, (1 - clinic.rho) * 20)),
        mood=float(rng.normal(8.8, 1.0)),
        swing=swing,
        recall=level + swing,
    )


def severity(who: Person) -> float:
    """Today's severity, 0..27."""
    effect = 1 - (1 - who.f) * (1 - who.c)
    return float(np.clip(who.level - who.reach * effect + who.swing, 0, 27))


def night(who: Person, clinic: Clinic) -> None:
    """One day further."""
    who.f *= 0.5 ** (1 / who.fast)
    who.c *= 0.5 ** (1 / who.slow)
    jump = 4.0 if who.rng.random() < clinic.events else 0.0
    who.level = float(np.clip(who.level + clinic.walk * who.rng.normal() + jump, 2, 29))
    who.reach = max(who.reach + 0.12 * float(who.rng.normal()), 0.0)
    shock = float(who.rng.standard_t(5)) / np.sqrt(5 / 3)
    who.swing = clinic.swing_decay * who.swing + clinic.swing * np.sqrt(1 - clinic.swing_decay**2) * shock
    who.recall = RECALL * who.recall + (1 - RECALL) * severity(who)


def dose(who: Person, amount: float) -> None:
    """A session of mg/kg."""
    weight = (amount / 0.5) ** 0.3
    who.f += min(who.kappa * weight, 1) * (1 - who.f)
    who.c += min(who.rho * weight, 1) * (1 - who.c)


def reported(who: Person, clinic: Clinic) -> int:
    """The PHQ-9 total that this person would report today."""
    careless = float(who.rng.uniform(-9, 9)) if who.rng.random() < clinic.careless else 0.0
    return int(np.clip(np.rint(who.recall + clinic.answer * who.rng.normal() + careless), 0, 27))


@dataclass
class Simulated:
    """A course as observed, the truth beside it, and the person as they were on each day (before that day's session)."""

    record: dict[str, Any]
    truth: list[float]
    states: list[Person]


class Booking:
    """When this simulated clinic gives sessions: the series, then boosters because scores rose."""

    def __init__(self, clinic: Clinic, rng: np.random.Generator) -> None:
        self.clinic, self.rng = clinic, rng
        days = clinic.schedules[int(rng.integers(len(clinic.schedules)))]
        shift = np.cumsum([0, *rng.integers(0, 2, len(days) - 1)]) if rng.random() < 0.4 else np.zeros(len(days), int)
        count = 6 if rng.random() < 0.88 else int(rng.integers(2, 6))
        self.induction = [int(day + more) for day, more in zip(days, shift, strict=True)][:count]
        self.routine = int(rng.choice([21, 28])) if rng.random() < 0.2 else 0
        self.booked: int | None = None
        self.amount = 0.5

    def phase(self, day: int, score: int | None, baseline: int, threshold: int) -> str | None:
        """The phase of a session on this day, or None."""
        if day in self.induction:
            if day > 5 and score is not None and score > 0.75 * baseline and self.rng.random() < 0.3:
                self.amount = min(round(self.amount + 0.1, 1), 0.9)
            return "induction"
        since = day - self.induction[-1]
        if self.booked == day or (self.routine and since > 0 and since % self.routine == 0):
            self.booked = None
            return "maintenance"
        risen = since > 7 and self.booked is None and score is not None and score >= threshold
        if risen and self.rng.random() < self.clinic.boosters:
            self.booked = day + int(self.rng.integers(2, 6))
        return None


def course(name: str, clinic: Clinic, rng: np.random.Generator) -> Simulated:
    """One whole observed course."""
    who, booking = person(clinic, rng), Booking(clinic, rng)
    baseline = max(reported(who, clinic), 10)
    threshold = max(10, baseline // 2 + 1)
    last = LAST_DAY if rng.random() < 0.75 else int(rng.integers(45, LAST_DAY))
    record: dict[str, Any] = {
        "patient_id": name, "baseline_phq9": baseline, "relapse_threshold": threshold, "last_day": last,
        "sessions": [], "scores": [{"day": 0, "total": baseline, "item9": 0}], "moods": [],
    }  # fmt: skip
    seen = Simulated(record, [], [])
    asked = {*booking.induction, *(day + 1 for day in booking.induction[::2])}
    for day in range(last + 1):
        if day:
            night(who, clinic)
        seen.truth.append(who.recall)
        seen.states.append(replace(who))
        note_mood(who, clinic, record, day)
        due = day in asked or (day > booking.induction[-1] and (day - booking.induction[-1]) % clinic.gap == 0)
        score = answer(who, clinic, record, day) if due else None
        phase = booking.phase(day, score, baseline, threshold)
        if phase:
            record["sessions"].append({"day": day, "dose_mg_per_kg": booking.amount, "phase": phase})
            dose(who, booking.amount)
    return seen


def note_mood(who: Person, clinic: Clinic, record: dict[str, Any], day: int) -> None:
    """A mood of the day itself, by some on some days. It must not know of a later one."""
    if day and who.rng.random() < clinic.moods:
        value = who.mood - clinic.mood_slope * severity(who) + clinic.mood_noise * who.rng.normal()
        record["moods"].append({"day": day, "value": int(np.clip(np.rint(value), 0, 10))})


def answer(who: Person, clinic: Clinic, record: dict[str, Any], day: int) -> int | None:
    """What was answered, if anything: the worse a person feels, the less."""
    willing = 1 / (1 + np.exp(-(np.log(clinic.answers / (1 - clinic.answers)) - 0.09 * (who.recall - 9))))
    if not day or who.rng.random() >= willing:
        return None
    total = reported(who, clinic)
    item = int(np.clip(np.floor((total - 12) / 7 + who.rng.normal(0, 0.7)), 0, 3))
    record["scores"].append({"day": day, "total": total, "item9": item})
    return total


def courses(clinic: Clinic, people: int, seed: int) -> list[Simulated]:
    """So many people of one clinic."""
    return [course(f"t{number:04d}", clinic, np.random.default_rng((seed, number))) for number in range(people)]


@dataclass
class Case:
    """One question with its answer: totals that would be reported, first day of the run at the threshold, or None.

    below: the truth of the cutoff day is below the threshold as well, not only the last answer.
    """

    asked: dict[str, Any]
    totals: list[int]
    response: bool | None
    relapsed: bool | None
    days: int | None
    below: bool


def cases(clinic: Clinic, seen: list[Simulated], seed: int) -> Iterator[Case]:
    """Early, after the series, and on a later day, with the plan as its only sessions."""
    for number, one in enumerate(seen):
        rng = np.random.default_rng((seed, 77, number))
        induction = [each["day"] for each in one.record["sessions"] if each["phase"] == "induction"]
        if len(induction) < 6:
            continue
        end, last = induction[5], one.record["last_day"]
        yield case(one, clinic, "early", induction[2], induction[2:6], end + 7, rng)
        if end + 7 <= last:
            yield case(one, clinic, "post", end + 7, [], None, rng)
        if last > end + 25:
            day = int(rng.integers(end + 20, last))
            yield case(one, clinic, "maint", day, [day + 3] if rng.random() < 0.4 else [], None, rng)


def case(
    one: Simulated,
    clinic: Clinic,
    kind: str,
    cutoff: int,
    plan: list[int],
    response_day: int | None,
    rng: np.random.Generator,
) -> Case:
    """What was known on the cutoff day, and what then came of the plan."""
    record, threshold = one.record, one.record["relapse_threshold"]
    asked = {
        "case_id": f"{record['patient_id']}-{kind}-{cutoff}", "kind": kind, "cutoff_day": cutoff,
        "patient_id": record["patient_id"], "baseline_phq9": record["baseline_phq9"], "relapse_threshold": threshold,
        "sessions": [each for each in record["sessions"] if each["day"] < cutoff],
        "scores": [each for each in record["scores"] if each["day"] <= cutoff],
        "moods": [each for each in record["moods"] if each["day"] <= cutoff],
        "plan": [{"day": day, "dose_mg_per_kg": 0.5} for day in plan],
    }  # fmt: skip
    truth, totals = future(one.states[cutoff].fork(int(rng.integers(2**32))), clinic, cutoff, set(plan))
    days = [cutoff + 7, cutoff + 14, cutoff + 28]
    calm = (
        kind != "early" and not plan and asked["scores"][-1]["total"] < threshold
    )  # by what is known, not by the truth
    asked["want"] = {"phq_days": days, "response_day": response_day, "relapse": calm, "ttt": calm}
    first = first_run(truth, threshold) if calm else None
    response = None if response_day is None else totals[response_day - cutoff] <= record["baseline_phq9"] / 2
    return Case(asked, [totals[h] for h in (7, 14, 28)], response, first is not None and first <= 14 if calm else None,
                min(first or 60, 60) if calm else None, one.truth[cutoff] < threshold)  # fmt: skip


def future(who: Person, clinic: Clinic, cutoff: int, plan: set[int]) -> tuple[list[float], list[int]]:
    """Severity and reported totals of the days after the cutoff (index 0 is the cutoff itself)."""
    truth, totals = [who.recall], [reported(who, clinic)]
    for day in range(cutoff, cutoff + HORIZON):
        if day in plan:
            dose(who, 0.5)
        night(who, clinic)
        truth.append(who.recall)
        totals.append(reported(who, clinic))
    return truth, totals


def first_run(truth: list[float], threshold: float) -> int | None:
    """The first day after the cutoff that begins three days at or above the threshold."""
    for day in range(1, len(truth) - 2):
        if min(truth[day : day + 3]) >= threshold:
            return day
    return None


def stream(seen: list[Simulated]) -> list[tuple[dict[str, Any], list[float]]]:
    """Whole courses to be watched from a week after the series on, with the truth."""
    watched = []
    for one in seen:
        induction = [each["day"] for each in one.record["sessions"] if each["phase"] == "induction"]
        start, last = induction[-1] + 7, one.record["last_day"]
        if len(induction) >= 6 and start < last:
            record = {key: value for key, value in one.record.items() if key != "last_day"}
            watched.append((record | {"monitor_from": start, "monitor_to": last}, one.truth))
    return watched
