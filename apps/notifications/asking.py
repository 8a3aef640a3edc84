"""Is a delivery still to be sent? Asked just before the wire, of each alone or of several at once."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction

from apps.notifications import claims
from apps.notifications.models import Delivery

logger = logging.getLogger(__name__)

Wanted = Callable[[Delivery], bool]
WantedOf = Callable[[Sequence[Delivery]], Collection[UUID]]
# The database itself is away: the cycle ends, and the leases bring the rows back.
LINE_DOWN: Final = (OperationalError, InterfaceError)


@dataclass(frozen=True, slots=True)
class Asking:
    """By subject kind: who answers for one delivery, and who for several. Needs the clinic in scope."""

    wanted: Mapping[str, Wanted]
    wanted_of: Mapping[str, WantedOf]

    def about(self, row: Delivery) -> bool:
        """A question that itself fails is answered with yes for an alert, because silence is worse than a repeat."""
        ask = self.wanted.get(row.subject_kind)
        if ask is None:
            return True
        try:
            with transaction.atomic():
                return ask(row)
        except LINE_DOWN:
            raise
        except Exception:
            logger.exception("delivery %s: could not be asked whether it is still wanted", row.pk)
            return row.kind in claims.REPEATED

    def among(self, rows: Sequence[Delivery]) -> set[UUID]:
        """Asked at once where the subject can be; one by one where it cannot, or where that fails."""
        found: set[UUID] = set()
        for kind in {row.subject_kind for row in rows}:
            of_kind = [row for row in rows if row.subject_kind == kind]
            found |= self._at_once(kind, of_kind) or {row.pk for row in of_kind if self.about(row)}
        return found

    def _at_once(self, kind: str, rows: Sequence[Delivery]) -> set[UUID]:
        """Empty when it cannot be asked so, or nothing seems wanted: then each is asked alone, to be sure."""
        ask = self.wanted_of.get(kind)
        if ask is None:
            return set()
        try:
            with transaction.atomic():
                return set(ask(rows))
        except LINE_DOWN:
            raise
        except Exception:
            logger.exception("%s deliveries of %s could not be asked about at once", len(rows), kind)
            return set()
