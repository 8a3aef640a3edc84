"""Who first, why, and the one next step: the worklist of the desk, out of alerts, messages, visits and notes.

Two queries whatever the number of rows: the unresolved alerts, and the people in care with their curve, doses,
waiting message, visits of the day and unsigned notes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import DateTimeField, OuterRef, QuerySet, Subquery, prefetch_related_objects
from django.db.models.functions import JSONObject
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.accounts.models import User
from apps.alerts.models import Alert, AlertQuerySet, AlertState
from apps.alerts.rows import alert_row
from apps.core.charts import Dose, Point, Svg, sparkline
from apps.core.clock import zone_of
from apps.messaging.models import Thread
from apps.monitoring.findings import SUICIDAL
from apps.monitoring.instruments.change import MEASURES
from apps.monitoring.models import Anchor, QuestionnaireResponse
from apps.patients.models import Patient
from apps.sessions.models import Visit, VisitNote, VisitStatus
from telek.buckets import Extra, extras_of, reasons

INSTRUMENT = "phq-9"
HIGHEST = MEASURES[INSTRUMENT].highest
MEANINGFUL = float(MEASURES[INSTRUMENT].meaningful or 6)
DAYS = 14  # of the small curve
LOOK_BACK = timedelta(days=60)  # for the answer before the last one
SILENT = "silent"
MOST_PEOPLE = 1000

#: Name, words, and what is said beside them; in the order in which they are worked.
BUCKETS = [
    ("act-now", gettext_lazy("Act now"), gettext_lazy("not yet closed")),
    ("thoughts", gettext_lazy("Thoughts of death"), gettext_lazy("contact due today")),
    ("worse", gettext_lazy("Getting worse"), gettext_lazy("contact due today")),
    ("silent", gettext_lazy("Silent"), gettext_lazy("stopped answering")),
    ("fading", gettext_lazy("Fading"), gettext_lazy("the window for the next session opens")),
    ("labs", gettext_lazy("Labs due"), gettext_lazy("long-term checks")),
    ("form", gettext_lazy("Form due"), gettext_lazy("to be handed in")),
    ("integration", gettext_lazy("No talk after a session"), gettext_lazy("to be booked or made up for")),
    ("unsigned", gettext_lazy("Not signed"), ""),
    ("today", gettext_lazy("Due today"), ""),
    ("soon", gettext_lazy("Soon"), ""),
]
#: beginning of a cause -> bucket, for tasks (P3) that have one of their own.
_OF_CAUSE = {SILENT: "silent", "check-overdue-": "labs", "integration-": "integration"}
_PLACE = {name: number for number, (name, _words, _more) in enumerate(BUCKETS)}


@dataclass
class Entry:
    """One row. alert: the alert as plain data (apps.alerts.rows), and source: itself; None for a message, visit or note.

    clock: {"kind", "at"} to count down to; due: a moment of the day in words; step: what to do next ("acknowledge"
    posts, the others lead on).
    """

    key: str
    bucket: str
    level: str
    rank: str
    person: "Person"
    why: str
    detail: str = ""
    alert: dict[str, Any] | None = None
    clock: dict[str, Any] | None = None
    due: datetime | None = None
    step: str = "open"
    mine: bool = False
    subject: str = ""  # id of the thread or visit
    source: Alert | None = None

    @property
    def is_open_alert(self) -> bool:
        """Nobody has it yet."""
        return self.alert is not None and self.alert["state"] == AlertState.OPEN


@dataclass
class Person:
    """A patient as a row shows them. patient carries the arrays of `people`; at: now; zone: the clinic's."""

    patient: Any
    at: datetime
    zone: ZoneInfo

    @cached_property
    def points(self) -> list[Point]:
        """Valid totals, oldest first; one that is meaningfully worse than the one before is flagged."""
        found: list[Point] = []
        for row in self.patient.curve or []:
            value = float(row["total"])
            worse = bool(found) and value - found[-1].value >= MEANINGFUL
            found.append(Point(datetime.fromisoformat(row["at"]), value, flagged=worse))
        return found

    @cached_property
    def score(self) -> int | None:
        return int(self.points[-1].value) if self.points else None

    @cached_property
    def change(self) -> int | None:
        """Points since the answer before."""
        return int(self.points[-1].value - self.points[-2].value) if len(self.points) > 1 else None

    @property
    def direction(self) -> str:
        """up: meaningfully worse; dn: meaningfully better; eq: neither."""
        if self.change is None or abs(self.change) < MEANINGFUL:
            return "eq"
        return "up" if self.change > 0 else "dn"

    @property
    def change_words(self) -> str:
        if self.change is None:
            return ""
        if self.change == 0:
            return _("same")
        signed = f"{self.change:+d}".replace("-", "−")
        words = {"up": _("worse"), "dn": _("better"), "eq": ""}[self.direction]
        return f"{signed} {words}".strip()

    @cached_property
    def doses(self) -> list[datetime]:
        return sorted(self.patient.dose_times or [])

    @property
    def spark(self) -> Svg:
        """The last 14 days."""
        values = ", ".join(str(int(point.value)) for point in self.points)
        title = _("PHQ-9 over 14 days: %(values)s") % {"values": values or _("no answer")}
        return sparkline(
            self.points,
            [Dose(moment) for moment in self.doses],
            start=self.at - timedelta(days=DAYS),
            end=self.at,
            y_max=HIGHEST,
            gap_days=8,
            title=title,
        )

    @property
    def dose_day(self) -> str:
        """D+5: days since the last dose, in the clinic's calendar."""
        if not self.doses:
            return "–"
        return f"D+{(_day(self.at, self.zone) - _day(self.doses[-1], self.zone)).days}"

    @property
    def sketch(self) -> str:
        """34 F · 8 doses."""
        parts = [f"{age(self.patient.birth_on, _day(self.at, self.zone))} {sex_letter(self.patient)}".strip()]
        if self.doses:
            parts.append(ngettext("%(n)s dose", "%(n)s doses", len(self.doses)) % {"n": len(self.doses)})
        if reviewed := getattr(self.patient, "reviewed_at", None):
            parts.append(_("reviewed %(day)s") % {"day": date_format(_day(reviewed, self.zone), "j M")})
        return " · ".join(parts)


@dataclass
class Worklist:
    """Everybody of a clinic, by bucket. entries: in order; on_track: people without a row."""

    entries: list[Entry]
    on_track: list[Person]
    whose: str = "team"
    team: int = 0
    mine: int = 0
    people: int = 0
    open_items: dict[str, int] = field(default_factory=dict)  # of the whole clinic, by navigation link

    @property
    def buckets(self) -> list[dict[str, Any]]:
        """Every bucket, also the empty ones: a row may arrive."""
        return [
            {"name": name, "words": words, "more": more, "entries": [e for e in self.entries if e.bucket == name]}
            for name, words, more in BUCKETS
        ]

    def count(self, *levels: str) -> int:
        return sum(entry.level in levels for entry in self.entries)

    @property
    def act_now(self) -> int:
        return self.count("P1")

    @property
    def today(self) -> int:
        return self.count("P2")

    @property
    def soon(self) -> int:
        return self.count("P3")


def people(user: User, at: datetime) -> QuerySet[Patient]:
    """The people in care whom this person may see, each with what a row shows."""
    membership = user.membership
    zone = zone_of(membership.clinic.time_zone) if membership else ZoneInfo("UTC")
    midnight = datetime.combine(_day(at, zone), datetime.min.time(), zone)
    visits = Visit.objects.visible_to(user).filter(patient=OuterRef("pk"))
    today = visits.filter(starts_at__gte=midnight, starts_at__lt=midnight + timedelta(days=1)).exclude(
        status__in=[VisitStatus.FINISHED, VisitStatus.CANCELLED]
    )
    notes = VisitNote.objects.visible_to(user).filter(
        visit__patient=OuterRef("pk"), visit__status=VisitStatus.FINISHED, status="preliminary"
    )
    thread = Thread.objects.visible_to(user).filter(patient=OuterRef("pk"))
    return (
        Patient.objects.visible_to(user)
        .filter(status="active")
        .annotate(
            curve=ArraySubquery(_curve(user, at)),
            dose_times=ArraySubquery(_doses(user)),
            thread_id=Subquery(thread.values("pk")[:1]),
            thread_owner=Subquery(thread.values("owner_id")[:1]),
            waiting_since=Subquery(thread.values("waiting_since")[:1], output_field=DateTimeField()),
            **reasons(user, at, zone),
            visits_today=ArraySubquery(
                today.order_by("starts_at").values(
                    json=JSONObject(id="pk", at="starts_at", status="status", who="clinician_id", reason="reason")
                )
            ),
            unsigned=ArraySubquery(
                notes.order_by("created_at").values(
                    json=JSONObject(id="visit_id", at="visit__starts_at", who="author_id")
                )
            ),
        )
    )


def _curve(user: User, at: datetime) -> QuerySet[QuestionnaireResponse, Any]:
    rows = QuestionnaireResponse.objects.visible_to(user).filter(
        patient=OuterRef("pk"), questionnaire__key=INSTRUMENT, valid=True, status="completed"
    )
    rows = rows.filter(authored_at__gte=at - LOOK_BACK, total__isnull=False)
    return rows.order_by("authored_at").values(json=JSONObject(at="authored_at", total="total"))


def _doses(user: User) -> QuerySet[Anchor, Any]:
    rows = Anchor.objects.visible_to(user).filter(patient=OuterRef("pk"), kind="dose", status="completed")
    return rows.order_by("-started_at").values("started_at")


def worklist(user: User, at: datetime, whose: str = "team") -> Worklist:
    """The whole list. whose: "team" or "mine" (own alerts, own patients nobody has, own visits and threads)."""
    zone = _zone_of(user)
    known = {patient.pk: Person(patient, at, zone) for patient in people(user, at)[:MOST_PEOPLE]}
    alerts = _with_known(Alert.objects.visible_to(user).unresolved(), known)
    entries = list(_alert_entries(alerts, known, user, at))
    taken = {entry.person.patient.pk for entry in entries}
    for person in known.values():
        entries += _other_entries(person, user, alone=person.patient.pk not in taken)
    entries.sort(key=lambda entry: entry.rank)
    busy = {entry.person.patient.pk for entry in entries}
    own = [entry for entry in entries if entry.mine]
    return Worklist(
        entries=own if whose == "mine" else entries,
        on_track=sorted((person for pk, person in known.items() if pk not in busy), key=_looked_at),
        whose=whose,
        team=len(entries),
        mine=len(own),
        people=len(known),
        open_items=_open_items(entries, list(known.values())),
    )


def _looked_at(person: Person) -> str:
    """Who was never looked at, or longest ago, comes first."""
    reviewed = getattr(person.patient, "reviewed_at", None)
    return reviewed.isoformat() if reviewed else ""


def _with_known(alerts: AlertQuerySet, known: dict[Any, Person]) -> list[Alert]:
    """The alerts with their people, who are nearly all read already; one query more for those out of care."""
    found = list(alerts.select_related("owner__user"))
    for alert in found:
        if alert.patient_id in known:
            alert.patient = known[alert.patient_id].patient
    prefetch_related_objects([alert for alert in found if alert.patient_id not in known], "patient")
    return found


def _open_items(entries: list[Entry], known: list[Person]) -> dict[str, int]:
    counts = {
        "desk": len(entries),
        "alerts": sum(entry.is_open_alert and entry.level != "P3" for entry in entries),
        "messages": sum(person.patient.waiting_since is not None for person in known),
        "visits": sum(len(person.patient.visits_today or []) for person in known),
    }
    return {name: count for name, count in counts.items() if count}


def alert_entries(alerts: Sequence[Alert], user: User, at: datetime) -> list[Entry]:
    """The rows of some alerts, for the live socket: one query more."""
    zone = _zone_of(user)
    found = people(user, at).filter(pk__in={alert.patient_id for alert in alerts})
    return list(_alert_entries(alerts, {patient.pk: Person(patient, at, zone) for patient in found}, user, at))


def _alert_entries(alerts: Iterable[Alert], known: dict[Any, Person], user: User, at: datetime) -> Iterable[Entry]:
    for alert in alerts:
        person = known.get(alert.patient_id) or Person(_bare(alert.patient), at, _zone_of(user))
        yield alert_entry(alert, person, user)


def _bare(patient: Patient) -> Patient:
    """A patient whose care has ended still has an alert to close."""
    patient.curve, patient.dose_times = [], []  # type: ignore[attr-defined]
    return patient


def alert_entry(alert: Alert, person: Person, user: User) -> Entry:
    """One alert as a row."""
    row = alert_row(alert, user)
    bucket = _bucket(alert, person)
    held = "0" if alert.state == AlertState.OPEN else "1"
    me = user.membership.pk if user.membership else None
    return Entry(
        key=f"alert-{alert.pk}",
        bucket=bucket,
        level=alert.level,
        rank=f"{_PLACE[bucket]}{alert.level}{held}{alert.contact_due_at.isoformat()}{alert.pk}",
        person=person,
        why=alert.title,
        detail=_alert_detail(alert, person),
        alert=row,
        clock=row["clock"],
        step=_step(alert, me),
        mine=alert.owner_id == me if row["owner"] else alert.patient.treating_id == me,
        source=alert,
    )


def _bucket(alert: Alert, person: Person) -> str:
    if alert.level != "P3":
        below = "thoughts" if alert.cause == SUICIDAL else "worse"
        return "act-now" if alert.level == "P1" else below
    for cause, bucket in _OF_CAUSE.items():
        if alert.cause.startswith(cause):
            return bucket
    return "today" if _day(alert.contact_due_at, person.zone) <= _day(person.at, person.zone) else "soon"


def _alert_detail(alert: Alert, person: Person) -> str:
    parts = [_clock_words(alert.raised_at, person)]
    if alert.call_promised_by:
        parts.append(_("asked for a call by %(time)s") % {"time": _clock_words(alert.call_promised_by, person)})
    if alert.count > 1:
        parts.append(_("%(n)s times") % {"n": alert.count})
    return ", ".join(parts)


def _step(alert: Alert, me: Any) -> str:
    if alert.state == AlertState.OPEN and alert.level != "P3":
        return "acknowledge"
    if alert.state == AlertState.CONTACTED:
        return "close"
    if alert.state == AlertState.ACKED and alert.owner_id == me:
        return "contact"
    return "message" if alert.cause == SILENT else "open"


def _other_entries(person: Person, user: User, *, alone: bool) -> Iterable[Entry]:
    """Message, visits and notes; where the person has an alert already, only what has a time of its own."""
    patient, me = person.patient, str(user.membership.pk) if user.membership else ""
    if patient.waiting_since and alone:
        yield _message_entry(person, me)
    for visit in patient.visits_today or []:
        yield _visit_entry(person, visit, me)
    for note in patient.unsigned or []:
        yield _note_entry(person, note, me)
    for extra in extras_of(patient, person.at, person.zone, alone=alone):
        yield _extra_entry(person, extra, me)


def _message_entry(person: Person, me: str) -> Entry:
    patient = person.patient
    since = patient.waiting_since
    owner = str(patient.thread_owner or patient.treating_id)
    return Entry(
        key=f"thread-{patient.thread_id}",
        bucket="today",
        level="P3",
        rank=f"{_PLACE['today']}P3{since.isoformat()}",
        person=person,
        why=_("Message waiting for an answer"),
        detail=_("since %(time)s") % {"time": _clock_words(since, person)},
        step="message",
        subject=str(patient.thread_id),
        mine=owner == me,
    )


def _visit_entry(person: Person, visit: dict[str, Any], me: str) -> Entry:
    at = datetime.fromisoformat(visit["at"])
    waiting = visit["status"] == VisitStatus.ARRIVED
    return Entry(
        key=f"visit-{visit['id']}",
        bucket="today",
        level="P2" if waiting else "P3",
        rank=f"{_PLACE['today']}{'P2' if waiting else 'P3'}{at.isoformat()}",
        person=person,
        why=_("Waits for the video visit") if waiting else _("Video visit today"),
        detail=visit["reason"],
        due=at,
        step="visit",
        subject=str(visit["id"]),
        mine=str(visit["who"]) == me,
    )


def _note_entry(person: Person, note: dict[str, Any], me: str) -> Entry:
    at = datetime.fromisoformat(note["at"])
    return Entry(
        key=f"note-{note['id']}",
        bucket="unsigned",
        level="P3",
        rank=f"{_PLACE['unsigned']}P3{at.isoformat()}",
        person=person,
        why=_("Visit note not signed"),
        detail=_("visit of %(day)s") % {"day": date_format(_day(at, person.zone), "D j M")},
        step="sign",
        subject=str(note["id"]),
        mine=str(note["who"]) == me,
    )


def _extra_entry(person: Person, extra: Extra, me: str) -> Entry:
    return Entry(
        key=extra.key,
        bucket=extra.bucket,
        level=extra.level,
        rank=f"{_PLACE[extra.bucket]}{extra.level}{extra.rank}",
        person=person,
        why=extra.why,
        detail=extra.detail,
        step=extra.step,
        subject=extra.subject,
        mine=str(person.patient.treating_id) == me,
    )


def age(born: date, today: date) -> int:
    """Full years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def sex_letter(patient: Patient) -> str:
    """F, M, or nothing."""
    return {"female": "F", "male": "M"}.get(patient.sex, "")


def _zone_of(user: User) -> ZoneInfo:
    return zone_of(user.membership.clinic.time_zone) if user.membership else ZoneInfo("UTC")


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def _clock_words(moment: datetime, person: Person) -> str:
    """08:41 today, else the day as well."""
    there = moment.astimezone(person.zone)
    return there.strftime("%H:%M") if there.date() == _day(person.at, person.zone) else date_format(there, "D j M H:i")
