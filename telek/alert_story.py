"""An alert's history as the desk reads it: what staff and system did, and what the person saw and did meanwhile."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import Clinic
from apps.alerts.closing_record import PARTS, QUESTIONS
from apps.alerts.models import Alert, AlertEvent, EventKind
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.templatetags.telek import local_time
from apps.patients.models import Whereabouts

RED = (EventKind.RAISED, EventKind.WORSE)
#: What the person may open in need, as the audit trail names it.
HELP = {
    "patients.help": gettext_lazy("Opened the page “Help now”"),
    "patients.safetyplan": gettext_lazy("Opened their safety plan"),
}
OPENED_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One line. mark: r (alert), b (somebody's act) or nothing; who: a name, empty for the system and the person."""

    at: datetime
    words: str
    mark: str = ""
    who: str = ""
    text: str = ""
    new_day: bool = False


def story(alert: Alert, events: Iterable[AlertEvent], asked: Iterable[Whereabouts]) -> list[StoryLine]:
    """Everything since the alert was raised, oldest first."""
    lines = [_of_event(event) for event in events]
    lines += [StoryLine(row.created_at, _("Said where they are"), text=_where(row)) for row in asked]
    lines += [StoryLine(row.created_at, str(HELP[row.object_type])) for row in _opened(alert)]
    return _with_days(sorted(lines, key=lambda line: line.at), clock.zone_of(alert.clinic.time_zone))


def _with_days(lines: list[StoryLine], zone: ZoneInfo) -> list[StoryLine]:
    """Where another day begins than the line before, the day must be said."""
    days = [line.at.astimezone(zone).date() for line in lines]
    return [replace(line, new_day=place > 0 and days[place] != days[place - 1]) for place, line in enumerate(lines)]


def record_of(events: Iterable[AlertEvent], clinic: Clinic) -> list[tuple[str, list[tuple[str, Any]]]]:
    """What was written down at closing: headings with label and answer. Empty while the alert is not closed."""
    record = next((event.recorded for event in events if event.kind == EventKind.CLOSED), {})
    found = []
    for part, heading in PARTS.items():
        names = [name for name, question in QUESTIONS.items() if question.part == part and name in record]
        lines = [(str(QUESTIONS[name].label), _answer(name, record[name], clinic)) for name in names]
        if lines:
            found.append((str(heading), lines))
    return found


def _answer(name: str, value: str, clinic: Clinic) -> Any:
    if name == "follow_up_at":
        return local_time(datetime.fromisoformat(value), clinic.time_zone)
    return QUESTIONS[name].words(value)


def _of_event(event: AlertEvent) -> StoryLine:
    kind = str(event.get_kind_display())
    mark = "r" if event.kind in RED else "b" if event.actor_id else ""
    who = str(event.actor.user) if event.actor else ""
    return StoryLine(event.created_at, kind[:1].upper() + kind[1:], mark, who, event.text)


def _where(row: Whereabouts) -> str:
    return ", ".join(str(part) for part in (row.place, row.get_company_display()) if part)


def _opened(alert: Alert) -> list[AuditEvent]:
    """Help pages that the person opened while the alert ran."""
    rows = AuditEvent.objects.filter(
        clinic_id=alert.clinic_id,
        patient_id=alert.patient_id,
        actor_id=alert.patient.user_id,
        object_type__in=HELP,
        created_at__gte=alert.raised_at,
    )
    if alert.resolved_at:
        rows = rows.filter(created_at__lte=alert.resolved_at)
    return list(rows.order_by("created_at")[:OPENED_AT_MOST])
