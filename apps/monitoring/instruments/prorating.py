"""The missing-item rule of PHQ-9 and GAD-7 (clinical.md 1.0). Pure."""

from __future__ import annotations

from decimal import Decimal

from apps.monitoring.instruments.result import Sheet, round_half_up

#: At most so many missing items are made up for; 3 or more missing give no total.
MOST_MISSING = 2


def prorated_total(sheet: Sheet, most_missing: int = MOST_MISSING) -> tuple[int | None, bool]:
    """(total, prorated): round_half_up(sum * n_items / n_answered) when at most two are missing."""
    numbers = sheet.numbers()
    answered = [number for number in numbers if number is not None]
    missing = len(numbers) - len(answered)
    if not sheet.valid or missing > most_missing:
        return None, False
    exact = Decimal(sum(answered) * len(numbers)) / len(answered)
    return int(round_half_up(exact)), missing > 0
