"""The result of scoring, and the sheet of checked answers that scorers read. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from apps.alerts.levels import Level
from apps.monitoring.instruments.answers import AnswerRefused, check_answer
from apps.monitoring.instruments.definition import Answers, AnswerValue, Definition

#: The one error code of an instrument's own refusal; ``Score.refused`` names items and exact causes.
REFUSED = "value_out_of_range"


@dataclass(frozen=True, slots=True)
class Score:
    """What an instrument says about a set of answers.

    valid: no answer was refused (missing answers don't make a score invalid).
    total: sum by the instrument's rule, None when missing items or a refusal forbid one.
    severity, positive: band and cut-off of a screen, not a diagnosis; None where not computable.
    alert: the worst level that these answers demand on submit, also when the score is invalid.
    detail: what only this instrument has (domains, sub-scales, percent, dsm_algorithm ...).
    """

    valid: bool
    total: int | float | None
    prorated: bool = False
    missing: int = 0
    severity: str | None = None
    positive: bool | None = None
    alert: Level | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
    error: str | None = None
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sheet:
    """Answers checked against a definition: a refused one is kept apart and reads as None."""

    definition: Definition
    values: Mapping[str, AnswerValue]
    refused: Mapping[str, str]
    sex: str = "unknown"

    @property
    def valid(self) -> bool:
        """No answer was refused."""
        return not self.refused

    @property
    def missing(self) -> int:
        """Number of required, asked items without an answer (a refused answer is not a missing one)."""
        return sum(
            self.values[item.link_id] is None and item.link_id not in self.refused
            for item in self.definition.items
            if item.required and item.is_enabled(self.values)
        )

    def number(self, link_id: str) -> int | None:
        """The integer answer of an item; None when blank, refused or not an integer item."""
        value = self.values.get(link_id)
        return value if isinstance(value, int) else None

    def numbers(self, link_ids: Sequence[str] | None = None) -> list[int | None]:
        """Integer answers in order, of the given items or of all."""
        return [self.number(link_id) for link_id in link_ids or self.definition.link_ids]

    def complete_sum(self, link_ids: Sequence[str] | None = None) -> int | None:
        """Sum of the items; None when the sheet is invalid or one of them is missing."""
        return complete_sum(self.numbers(link_ids)) if self.valid else None


def scored(
    sheet: Sheet,
    *,
    total: int | float | None,
    prorated: bool = False,
    severity: str | None = None,
    positive: bool | None = None,
    alert: Level | None = None,
    detail: Mapping[str, object] | None = None,
    missing: int | None = None,
) -> Score:
    """The Score of a sheet, with what the sheet itself knows filled in."""
    return Score(
        valid=sheet.valid,
        total=total,
        prorated=prorated,
        missing=sheet.missing if missing is None else missing,
        severity=severity,
        positive=positive,
        alert=alert,
        detail=detail or {},
        error=None if sheet.valid else REFUSED,
        refused=sheet.refused,
    )


def read_sheet(definition: Definition, answers: Answers, *, sex: str = "unknown") -> Sheet:
    """Check every answer; unknown items are refused too. ``sex`` (female, male, other) moves some cut-offs."""
    values: dict[str, AnswerValue] = dict.fromkeys(definition.link_ids)
    refused: dict[str, str] = {}
    for link_id, value in answers.items():
        try:
            check_answer(definition, link_id, value)
        except AnswerRefused as refusal:
            refused[link_id] = refusal.code
        else:
            values[link_id] = value
    return Sheet(definition, values, refused, sex)


def complete_sum(numbers: Sequence[int | None]) -> int | None:
    """Sum, or None if any is missing: a missing answer is never 0."""
    present = [number for number in numbers if number is not None]
    return sum(present) if len(present) == len(numbers) else None


def round_half_up(value: Decimal, places: int = 0) -> Decimal:
    """Commercial rounding: a half goes away from zero."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def band(total: int | None, bands: Sequence[tuple[int, str]]) -> str | None:
    """Name of the first band whose inclusive upper edge is not passed; bands from low to high."""
    if total is None:
        return None
    return next(name for upper, name in bands if total <= upper)


def reaches(total: int | None, cut: int) -> bool | None:
    """total >= cut, or None where there is no total."""
    return None if total is None else total >= cut
