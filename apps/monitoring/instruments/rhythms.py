"""When each instrument is due around treatment: the product's default schedule (clinical.md 1.2). Pure.

A clinic replaces the set of a phase by its own. Lines of staff are what a clinician rates; they make no form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from apps.monitoring.instruments.definition import gettext_noop as _

BASELINE, INDUCTION, MAINTENANCE, FOLLOW_UP = "baseline", "induction", "maintenance", "follow-up"
#: The phases of a course, in order, with their names.
PHASES: Mapping[str, str] = {
    BASELINE: _("Baseline"),
    INDUCTION: _("Induction"),
    MAINTENANCE: _("Maintenance"),
    FOLLOW_UP: _("Follow-up"),
}
DAY_1, DAY_7 = 1440, 10080


@dataclass(frozen=True, slots=True)
class Line:
    """An instrument in a phase. every: days or weeks; offsets: minutes after a dose; indicated: not for everybody.

    staff: when a clinician rates it, in words; then it has no rhythm of its own.
    """

    key: str
    phase: str
    rhythm: str
    every: int = 1
    offsets: tuple[int, ...] = ()
    indicated: bool = False
    staff: str = ""


def _once(*keys: str, indicated: bool = False) -> list[Line]:
    return [Line(key, BASELINE, "once", indicated=indicated) for key in keys]


def _weeks(phase: str, every: int, *keys: str, indicated: bool = False) -> list[Line]:
    return [Line(key, phase, "weekly", every=every, indicated=indicated) for key in keys]


_MONTH, _QUARTER = 4, 12
DEFAULTS: tuple[Line, ...] = (
    *_once("phq-9", "c-ssrs", "gad-7", "who-5", "asrm", "audit-c", "dast-10", "icsi-icpi", "pdq-5", "misuse"),
    *_once("qids-sr16", "phq-2", "pcl-5", "oci-r", "isi", "peg", "nrs-pain", indicated=True),
    Line("check-in", BASELINE, "daily"),
    Line("check-in", INDUCTION, "daily"),
    Line("c-ssrs", INDUCTION, "anchored", offsets=(DAY_1, DAY_7)),
    *_weeks(INDUCTION, 1, "phq-9", "gad-7", "who-5", "asrm"),
    *_weeks(INDUCTION, 1, "peg", indicated=True),
    Line("check-in", MAINTENANCE, "daily"),
    *_weeks(MAINTENANCE, _MONTH, "phq-9", "c-ssrs", "gad-7", "who-5", "asrm", "icsi-icpi", "pdq-5", "misuse"),
    *_weeks(MAINTENANCE, _MONTH, "pcl-5", "oci-r", "isi", "peg", indicated=True),
    *_weeks(MAINTENANCE, _QUARTER, "audit-c", "dast-10"),
    *_weeks(FOLLOW_UP, _MONTH, "phq-9", "c-ssrs", "gad-7", "who-5", "asrm"),
    *_weeks(FOLLOW_UP, _QUARTER, "icsi-icpi", "pdq-5", "misuse", "audit-c", "dast-10"),
    Line("madrs", INDUCTION, "staff", staff=_("before the course, at sessions 3 and 6, at its end")),
    Line("cadss-6", INDUCTION, "staff", staff=_("before the dose, at 40 minutes, before leaving")),
    Line("moaa-s", INDUCTION, "staff", staff=_("before the dose, at 40 minutes, before leaving")),
    Line(
        "bprs-positive", INDUCTION, "staff", indicated=True, staff=_("before the dose, at 40 minutes, before leaving")
    ),
    Line("aldrete", INDUCTION, "staff", staff=_("before leaving")),
    Line("padss", INDUCTION, "staff", staff=_("before leaving")),
)


def default_lines(phase: str) -> list[Line]:
    """What everybody fills in during that phase, unless the clinic has a set of its own. Raises KeyError."""
    if phase not in PHASES:
        raise KeyError(phase)
    return [line for line in DEFAULTS if line.phase == phase and line.rhythm != "staff" and not line.indicated]
