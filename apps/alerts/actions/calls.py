""" "Ask a person to call me": what can truthfully be promised, and the alert that keeps the promise."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.clinic_settings import settings_of
from apps.accounts.models import Membership
from apps.alerts import roster
from apps.alerts.actions.raising import promise_call, queue_up, raise_alert, snapshot_policy, unresolved, worsen
from apps.alerts.hours import hours_from
from apps.alerts.levels import Level
from apps.alerts.models import Alert, AlertState, EventKind
from apps.alerts.paging import page_owner
from apps.alerts.standing import keep
from apps.core import clock
from apps.core.desk_words import for_the_desk
from apps.core.ids import new_id
from apps.patients.models import Patient

CAUSE = "call-request"


@dataclass(frozen=True, slots=True)
class CallPromise:
    """by: until when somebody calls, None where nothing can be promised; people: who is asked first, maybe nobody."""

    by: datetime | None
    people: list[Membership]


def call_promise(*, patient: Patient, after_positive: bool) -> CallPromise:
    """What may be said now: who is on duty for this person and until when they call."""
    at = clock.now()
    rungs = snapshot_policy(patient.clinic, _level(after_positive))["rungs"]
    people = _first_asked(patient, rungs, at)
    values = settings_of(patient.clinic)
    delay = clock.scaled(timedelta(minutes=values["call_back_minutes"]))
    hours = hours_from(values, clock.zone_of(patient.clinic.time_zone))
    opening = None if values["night_cover"] else hours.next_opening(at)
    if opening is not None:  # kept by whoever is there then, if the roster names anybody
        return CallPromise(opening + delay if _first_asked(patient, rungs, opening) else None, [])
    return CallPromise(at + delay if people else None, people)


def _first_asked(patient: Patient, rungs: list[str], at: datetime) -> list[Membership]:
    """Who is paged first at that moment."""
    return next((found for rung in rungs if (found := roster.people_on(rung, patient, at))), [])


@transaction.atomic
def request_call(
    *, patient: Patient, after_positive: bool, source_id: UUID | None = None, synthetic: bool = False
) -> Alert:
    """The person asks to be called. P1 after a positive safety item or "not safe", else P2.

    Where a P1 or P2 of theirs is unresolved the request joins it, and whoever has it is told once; after contact it
    opens again. source_id: of the request, so that a second tap changes nothing. call_promised_by of the alert is
    what the person may be told (None: nothing can be promised). Needs the clinic in scope.
    """
    queue_up(patient)
    promise = call_promise(patient=patient, after_positive=after_positive)
    before = _most_urgent(patient)
    promised = before.call_promised_by if before else None
    asked_before = promised is not None and promised > clock.now()
    reached_before = before is not None and before.state == AlertState.CONTACTED
    with for_the_desk():
        title = before.title if before else _("Asks to be called")
    alert = raise_alert(
        patient=patient,
        cause=before.cause if before else CAUSE,
        level=_level(after_positive),
        title=title,
        source_kind=CAUSE,
        source_id=source_id or new_id(),
        rule_code=CAUSE,
        call_promised_by=promise.by,
        synthetic=synthetic,
    )
    return _tell(alert, promise) if reached_before or not asked_before else alert


def _tell(alert: Alert, promise: CallPromise) -> Alert:
    """The history says so; the owner of a taken alert is paged; contact made before does not answer a new request."""
    at = clock.now()
    if alert.state == AlertState.CONTACTED:
        worsen(alert, Level(alert.level), at)
        if promise.by is not None:
            promise_call(alert, promise.by)
    elif alert.state == AlertState.ACKED:
        page_owner(alert, at)
    keep(alert, EventKind.CALL_ASKED)
    return alert


def _most_urgent(patient: Patient) -> Alert | None:
    rows = Alert.objects.unresolved().filter(clinic_id=patient.clinic_id, patient=patient).exclude(level=Level.P3.value)
    first = rows.order_by("level", "raised_at").values_list("cause", flat=True).first()
    return unresolved(patient, first) if first else unresolved(patient, CAUSE)


def _level(after_positive: bool) -> Level:
    return Level.P1 if after_positive else Level.P2
