"""The fire drill: a synthetic person triggers a real P1, and the report says who answered how fast.

The ladder, the pages, the leases and the desk are those of any alert; only the person is nobody, and everything carries
the synthetic mark. One drill a clinic at a time. Whoever handles alerts may start it and end it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Clinic, User
from apps.alerts import ladder
from apps.alerts.actions.handling import locked
from apps.alerts.actions.raising import raise_alert
from apps.alerts.levels import Level
from apps.alerts.models import Alert, AlertEvent, AlertQuerySet, AlertState, Disposition, EventKind
from apps.alerts.refusal import AlertRefused
from apps.alerts.standing import keep, policy_of, put, standing_of
from apps.core import clock
from apps.core.ids import new_id
from apps.notifications import actions as notifications
from apps.notifications.models import Channel, Delivery, Kind
from apps.patients.models import Patient

CAUSE: Final = "fire-drill"
NUMBER: Final = "DRILL"
BORN: Final = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Answer:
    """One person who was paged. Times from the start of the drill; None where there is nothing to say."""

    name: str
    channels: list[str]
    paged_after: timedelta
    arrived_after: timedelta | None
    answered_after: timedelta | None


@dataclass(frozen=True, slots=True)
class Report:
    """How a drill went. in_time: taken within the clinic's own limit for a P1; None while it still may be."""

    alert: Alert
    limit: timedelta
    taken_after: timedelta | None
    taken_by: str
    in_time: bool | None
    answers: list[Answer]


def drills(user: User) -> AlertQuerySet:
    """The clinic's drills, newest first."""
    rows: AlertQuerySet = Alert.objects.visible_to(user).filter(cause=CAUSE).select_related("patient", "clinic")
    return rows.order_by("-raised_at")


@transaction.atomic
def start_drill(*, clinic: Clinic, actor: User) -> Alert:
    """Raise it now. Refused while another one is unresolved. The history names who started it."""
    person = _nobody(clinic)
    if Alert.objects.unresolved().filter(clinic=clinic, patient=person, cause=CAUSE).exists():
        raise AlertRefused("running", _("A drill is running already. End it first."))
    alert = raise_alert(
        patient=person,
        cause=CAUSE,
        level=Level.P1,
        title=_("FIRE DRILL: nobody is in danger. Do what you would do."),
        source_kind="drill",
        source_id=new_id(),
        rule_code=CAUSE,
        synthetic=True,
    )
    keep(alert, EventKind.REPEATED, actor.membership, _("drill started"))
    return alert


@transaction.atomic
def end_drill(*, alert: Alert, actor: User) -> Alert:
    """Close it, whether or not somebody took it. Refused for any other alert: those are closed by what was done."""
    if alert.cause != CAUSE or not alert.synthetic:
        raise AlertRefused("no-drill", _("This is no drill."))
    fresh, member = locked(alert, actor)
    at = clock.now()
    if fresh.state == AlertState.OPEN:  # nobody took it: no event says that somebody did
        fresh.owner, fresh.acked_at = member, at
        put(fresh, ladder.lease(policy_of(fresh), standing_of(fresh), at))
        fresh.save()
    fresh.state, fresh.disposition, fresh.note = AlertState.RESOLVED, Disposition.DONE, _("End of the drill")
    fresh.resolved_at, fresh.resolved_by = at, member
    fresh.next_step_at, fresh.lease_until, fresh.quieted_step = None, None, fresh.step_no
    notifications.cancel(subject_kind="alert", subject_id=fresh.pk)
    keep(fresh, EventKind.CLOSED, member)
    return fresh


def report(alert: Alert) -> Report:
    """Who was paged when and how, when it arrived, and who took it how fast."""
    limit = timedelta(minutes=alert.policy_snapshot["acknowledge_minutes"])
    taken = AlertEvent.objects.filter(alert=alert, kind=EventKind.TAKEN).select_related("actor__user").first()
    after = taken.created_at - alert.raised_at if taken else None
    over = alert.state == AlertState.RESOLVED or clock.now() - alert.raised_at > limit
    return Report(
        alert=alert,
        limit=limit,
        taken_after=after,
        taken_by=str(taken.actor.user) if taken and taken.actor else "",
        in_time=after <= limit if after is not None else (False if over else None),
        answers=_answers(alert),
    )


def _answers(alert: Alert) -> list[Answer]:
    """One line a person and page that went out, in the order of the pages."""
    letters = Delivery.objects.filter(
        clinic_id=alert.clinic_id, subject_kind="alert", subject_id=alert.pk, kind=Kind.ALERT
    )
    names = dict(User.objects.filter(pk__in=letters.values("recipient_id")).values_list("pk", "name"))
    pages: dict[tuple[object, str], list[Delivery]] = {}
    for letter in letters.exclude(channel=Channel.IN_APP).order_by("created_at", "pk"):
        pages.setdefault((letter.recipient_id, str(letter.context.get("page"))), []).append(letter)
    return [
        _answer(alert, rows, str(names.get(rows[0].recipient_id, _("fallback contact")))) for rows in pages.values()
    ]


def _answer(alert: Alert, rows: list[Delivery], name: str) -> Answer:
    return Answer(
        name=name,
        channels=[row.get_channel_display() for row in rows if row.sent_at],
        paged_after=_since(alert, min(row.created_at for row in rows)) or timedelta(0),
        arrived_after=_since(alert, min((row.delivered_at for row in rows if row.delivered_at), default=None)),
        answered_after=_since(alert, min((row.answered_at for row in rows if row.answered_at), default=None)),
    )


def _since(alert: Alert, moment: datetime | None) -> timedelta | None:
    return None if moment is None else max(moment - alert.raised_at, timedelta(0))


def _nobody(clinic: Clinic) -> Patient:
    """The clinic's synthetic person: cannot sign in, is not in care, is in no list and no figure."""
    known = Patient.objects.filter(clinic=clinic, number=NUMBER).first()
    if known is not None:
        return known
    user, _made = User.objects.get_or_create(
        email=f"drill.{clinic.pk}@telek.invalid",
        defaults={"name": _("Fire Drill"), "is_active": False, "password": "!"},
    )
    return Patient.objects.create(
        clinic=clinic,
        user=user,
        number=NUMBER,
        given_name=_("Fire"),
        family_name=_("Drill"),
        birth_on=BORN,
        sex="unknown",
        time_zone=clinic.time_zone,
        status="discharged",
        synthetic=True,
    )
