"""What should have gone out and has not: counts over all clinics, without naming any. Works in every role."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection


@dataclass(frozen=True, slots=True)
class Late:
    """waiting: pages of alerts past their time; lapsed: rows of any kind whose sender has died."""

    waiting: int
    lapsed: int

    @property
    def total(self) -> int:
        """Nothing of this should be."""
        return self.waiting + self.lapsed


def deliveries(grace: timedelta) -> Late:
    """Deliveries that are late by more than `grace`."""
    with connection.cursor() as cursor:
        cursor.execute("select waiting, lapsed from notifications_late(%s::interval)", [f"{grace.total_seconds()} s"])
        waiting, lapsed = cursor.fetchone()
    return Late(waiting, lapsed)
