"""A session as page and board show it: words, clocks, signs. Built once, rendered by one template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from apps.monitoring.vital_signs import Vitals, session_alert
from apps.sessions.board import state_of, wishes_of
from apps.sessions.dose_limits import Route
from apps.sessions.models import DosingSession

STATES = {"act-now": "p1", "overdue": "p2", "on-time": "", "waiting": "wait"}


@dataclass(frozen=True)
class Sign:
    """One number of the tile. level: p1, p2 or nothing."""

    name: str
    value: str
    level: str = ""


@dataclass(frozen=True)
class Tile:
    """One chair. state: act-now, overdue, on-time, waiting; look: its class."""

    session: Any
    state: str
    signs: list[Sign]
    wishes: str
    leave_at: datetime | None
    blocking: list[str]

    @property
    def look(self) -> str:
        """Colour beside the words."""
        return STATES[self.state]

    @property
    def next_words(self) -> str:
        """What the next look is for."""
        return _("next look") if self.session.next_check_at else _("no dose yet")


def tile_of(session: DosingSession, at: datetime, blocking: list[str] | None = None) -> Tile:
    """As things stand at that moment; nothing is read."""
    return Tile(
        session=session,
        state=state_of(session, at),
        signs=signs_of(session),
        wishes=wishes_of(session),
        leave_at=earliest_leave(session),
        blocking=blocking or [],
    )


def signs_of(session: DosingSession) -> list[Sign]:
    """Pressure, pulse, saturation, sedation; each with its own level."""
    pair = (session.last_sbp, session.last_dbp)
    pressure = f"{pair[0]}/{pair[1]}" if pair[0] is not None else "\u2013"
    moaas = session.last_moaas
    sedated = "" if moaas is None or moaas > 3 else "p2" if moaas == 3 else "p1"
    return [
        Sign(_("BP"), pressure, _level(sbp=pair[0], dbp=pair[1])),
        Sign(_("HR"), _number(session.last_hr), _level(hr=session.last_hr)),
        Sign(_("SpO\u2082"), _number(session.last_spo2, " %"), _level(spo2=session.last_spo2)),
        Sign(_("MOAA/S"), _number(moaas), sedated),
    ]


def _level(**signs: int | None) -> str:
    found = session_alert(Vitals(**signs)).alert
    return found.value.lower() if found else ""


def _number(value: int | None, unit: str = "") -> str:
    return "\u2013" if value is None else f"{value}{unit}"


def earliest_leave(session: DosingSession) -> datetime | None:
    """The soonest that the clocks allow; evidence may say later."""
    if session.dose_ended_at is None:
        return None
    nasal = session.course.route == Route.INTRANASAL_ESKETAMINE.value
    return session.dose_ended_at + timedelta(minutes=120 if nasal else 60)
