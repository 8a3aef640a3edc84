"""The clinic's outcomes as lines of words and figures, for the page, the CSV and the PDF alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from apps.outcomes.clinic_outcomes import ClinicOutcomes, group_words
from apps.outcomes.mathematics.disclosure import Figure, Lasted, Shown

#: What studies found, with its source: beside our own figures, and no target.
ANCHORS = (
    ("response", "53.6 %", "McInnes 2022, 537 people, observational"),
    ("remission", "28.9 %", "McInnes 2022, 537 people, observational"),
    ("treatment_policy", "about 80 % after 4 weeks, 60 % after 8", "McInnes 2022"),
    ("while_untreated", "half after 18 days", "Murrough 2013, 24 people, six infusions"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One measure of one group, ready to be read; share and interval are "" where it is not shown."""

    name: str
    words: str
    people: str
    share: str
    interval: str

    @property
    def is_shown(self) -> bool:
        return bool(self.share)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of groups: columns are measures, rows are groups; "" where it is not shown."""

    words: str
    columns: list[str]
    rows: list[tuple[str, str, list[str]]]


def measures() -> dict[str, str]:
    """Every measure in words."""
    return {
        "response": _("Response: at most half the score before treatment"),
        "response_missing_as_nonresponse": _("Response, who did not answer counted as no response"),
        "remission": _("Remission: below 5 points"),
        "deterioration": _("Worse by 5 points or more"),
        "thoughts_gone": _("Thoughts of death before, none after (item 9)"),
        "thoughts_new": _("No thoughts of death before, some after (item 9)"),
        "series_completed": _("Had six sessions, of those who began eight weeks ago or more"),
        "treatment_policy": _("Whatever was given later"),
        "while_untreated": _("While no further session was given"),
    }


def figure_lines(found: Shown) -> list[Line]:
    """Response first; the suppressed ones are empty."""
    by_name = {each.name: each for each in found.figures}
    return [_line(words, by_name[name]) for name, words in measures().items() if name in by_name]


def lasting_lines(found: Shown) -> list[tuple[str, str, list[str]]]:
    """(words, people, [28 days, 56 days, median]) for both ways of counting; empty texts where not shown."""
    words = measures()
    return [(words[one.name], str(one.people or ""), _lasting(one)) for one in found.lasting]


def group_tables(found: ClinicOutcomes) -> list[Table]:
    """By indication, by route and by site; without those that cannot be shown."""
    titles = {"indication": _("By indication"), "route": _("By route"), "site": _("By site")}
    return [_table(titles[name], each.groups) for name, each in found.by.items() if each.groups]


def rows_for_csv(found: ClinicOutcomes) -> Iterator[list[Any]]:
    """Header and lines; what is suppressed is empty."""
    yield ["table", "group", "measure", "people", "of", "value", "low95", "high95"]
    for table, group, one in _groups(found):
        yield [table, group, "completed", one.completed, "", "", "", ""]
        yield [table, group, "endpoint_missing", one.missing, one.completed, "", "", ""]
        for each in one.figures:
            yield [table, group, each.name, each.yes, each.of, each.share, *(each.interval or ("", ""))]
        for last in one.lasting:
            yield from _lasting_rows(table, group, last)


def _groups(found: ClinicOutcomes) -> Iterator[tuple[str, str, Shown]]:
    if found.whole.completed is not None:
        yield "clinic", "all", found.whole
    for name, each in found.by.items():
        for group, one in each.groups:
            yield name, group, one


def _lasting_rows(table: str, group: str, last: Lasted) -> Iterator[list[Any]]:
    for name, point in (("day28", last.day28), ("day56", last.day56)):
        low, high = _limits(point)
        yield [table, group, f"still_responding_{name}_{last.name}", last.people, "", point and point[0], low, high]
    yield [table, group, f"median_days_{last.name}", last.people, "", last.median, "", ""]


def _limits(point: tuple[float, float] | None) -> tuple[float | str, float | str]:
    if point is None:
        return "", ""
    return max(point[0] - 1.96 * point[1], 0.0), min(point[0] + 1.96 * point[1], 1.0)


def _line(words: str, figure: Figure) -> Line:
    if figure.share is None or figure.interval is None:
        return Line(figure.name, words, "", "", "")
    people = _("%(yes)s of %(of)s") % {"yes": figure.yes, "of": figure.of}
    low, high = (round(100 * each) for each in figure.interval)
    return Line(figure.name, words, people, f"{100 * figure.share:.0f} %", f"{low}–{high} %")


def _lasting(one: Lasted) -> list[str]:
    if one.day28 is None or one.day56 is None:
        return ["", "", ""]
    shares = [f"{100 * share:.0f} % ± {100 * error:.0f}" for share, error in (one.day28, one.day56)]
    return [*shares, "–" if one.median is None else f"{one.median:.0f}"]


def _table(words: str, groups: tuple[tuple[str, Shown], ...]) -> Table:
    columns = [
        _("Completed"),
        _("No answer"),
        _("Response"),
        _("Missing as none"),
        _("Remission"),
        _("Worse"),
        _("Half, after days"),
    ]
    rows = [(group_words(name), str(one.completed), _cells(one)) for name, one in groups]
    return Table(words, columns, rows)


def _cells(one: Shown) -> list[str]:
    lines = {line.name: line for line in figure_lines(one)}
    median = next(last for last in one.lasting if last.name == "treatment_policy")
    wanted = ("response", "response_missing_as_nonresponse", "remission", "deterioration")
    figures = [f"{lines[name].share} ({lines[name].interval})" if lines[name].is_shown else "" for name in wanted]
    return ["" if one.missing is None else str(one.missing), *figures, _lasting(median)[2]]
