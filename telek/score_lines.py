"""The scores of a person, one line an instrument: baseline, last, change, and what the change means."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.monitoring.instruments.change import MEASURES, Change
from apps.monitoring.instruments.scales import Scale, change_of, measured, scale_of
from apps.monitoring.models import Anchor, QuestionnaireResponse
from telek.curves import band_words

NO_CHANGE = Change()


class Scored(NamedTuple):
    """A valid total without its answers and its survey's definition: a page reads thousands."""

    pk: UUID
    key: str
    title: str
    authored_at: datetime
    total: Decimal


def scored(rows: QuerySet[QuestionnaireResponse]) -> list[Scored]:
    """The valid totals among them, oldest first."""
    valid = rows.filter(valid=True, total__isnull=False).order_by("authored_at")
    names = ("pk", "questionnaire__key", "questionnaire__title", "authored_at", "total")
    return [Scored(*row) for row in valid.values_list(*names)]


@dataclass(frozen=True)
class ScoreLine:
    """first: the last one before the first dose, else the first of all; both on the scale's axis."""

    title: str
    scale: Scale | None
    first: Decimal
    last: Decimal
    response: Scored
    change: Change
    only: bool

    @property
    def points(self) -> Decimal:
        """The difference in points of the axis."""
        return self.last - self.first

    @property
    def band(self) -> str:
        """The band of the last score, in words."""
        return band_words(self.scale.band_of(float(self.last))) if self.scale else ""

    @property
    def tags(self) -> list[tuple[str, str]]:
        """(class, words): remission with its definition, response, meaningful change; the source defines which."""
        if self.only:
            return []
        found = []
        if self.change.remission:
            at_most = MEASURES[self.response.key].remission_at_most
            found.append(("o", _("remission (%(at_most)s or less)") % {"at_most": at_most}))
        if self.change.response:
            found.append(("o", _("response (%(percent)s %% better)") % {"percent": self.change.percent_improvement}))
        meaning = {"improved": ("o", _("real improvement")), "worsened": ("w", _("really worse"))}
        if self.change.meaningful_change in meaning and not self.change.response:
            found.append(meaning[self.change.meaningful_change])
        return found


def score_lines(totals: Sequence[Scored], doses: Sequence[Anchor]) -> list[ScoreLine]:
    """One line an instrument, by title. totals: valid, oldest first; doses: oldest first."""
    rows: dict[str, list[Scored]] = {}
    for response in totals:
        rows.setdefault(response.key, []).append(response)
    return sorted((_line(found, doses) for found in rows.values()), key=lambda line: line.title)


def _line(found: list[Scored], doses: Sequence[Anchor]) -> ScoreLine:
    earlier = [row for row in found if doses and row.authored_at < doses[0].started_at]
    first, last = (earlier or found[:1])[-1], found[-1]
    key = last.key
    return ScoreLine(
        title=last.title,
        scale=scale_of(key),
        first=measured(key, first.total),
        last=measured(key, last.total),
        response=last,
        change=change_of(key, first.total, last.total) or NO_CHANGE,
        only=first.pk == last.pk,
    )
