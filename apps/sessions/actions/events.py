"""Note what happens in a session, one or many at once; the same client id twice is one event. What alarms, alarms here.

Each event is taken or refused by itself, so that a queue of ten minutes offline never hangs on one of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import Membership, User
from apps.accounts.permissions import Permission
from apps.alerts.actions import raise_alert
from apps.audit import actions as audit
from apps.audit.actions import Fact
from apps.audit.models import Action
from apps.core import clock, live
from apps.core.db import kept
from apps.core.db.joined import joined
from apps.core.db.kept import KeptQuery
from apps.monitoring.actions import Reading, record_observations
from apps.monitoring.observations.ward import Ward, ward_of
from apps.monitoring.vital_signs import PLAUSIBLE, Vitals, session_alert
from apps.sessions.actions.sitting import announce, locked, member_of, refusals_audited
from apps.sessions.board import KEPT, reread, set_next_check, take
from apps.sessions.evidence import fact_of
from apps.sessions.models import TAPS, DosingSession, SessionEvent
from apps.sessions.record import clean
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.treatment.facts import pressure, standing
from apps.sessions.words import EFFECTS, GRADES

AHEAD = timedelta(minutes=1)  # how far a browser's clock may run ahead
CODES = {"sbp": ("8480-6", "mm[Hg]"), "dbp": ("8462-4", "mm[Hg]"), "hr": ("8867-4", "/min"), "rr": ("9279-1", "/min")}
CODES["spo2"] = ("59408-5", "%")
SCORES = {"moaas": 5, "cadss": 24, "aldrete": 10}
BATCH = 200


@dataclass(frozen=True, slots=True)
class Tap:
    """One thing to note. values: sbp, dbp, hr, spo2, rr (vitals), score, grade, rate_ml_h; term: an effect's name."""

    client_id: UUID
    kind: str
    occurred_at: datetime
    values: dict[str, int] = field(default_factory=dict)
    term: str = ""
    text: str = ""
    rate_ml_h: Decimal | None = None
    corrects: UUID | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """What became of a batch: rows made, client ids that were there already, refused client id -> (code, words)."""

    created: list[SessionEvent]
    repeated: list[UUID]
    refused: dict[UUID, tuple[str, str]]


@refusals_audited
@joined
def note_events(*, session: DosingSession, taps: Sequence[Tap], actor: User) -> Noted:
    """Store what fits, in order of time; alarms of it are raised in the same transaction.

    Raises TreatmentRefused only for the whole: not-allowed, not-found, too-many.
    """
    member = member_of(actor, Permission.WRITE_OBSERVATIONS)
    session = locked(session, actor, must_be_open=False)
    if len(taps) > BATCH:
        raise TreatmentRefused("too-many", _("Too many events at once."))
    asked = {tap.client_id for tap in taps}
    known = _known(session, asked)
    made: list[SessionEvent] = []
    refused: dict[UUID, tuple[str, str]] = {}
    for tap in sorted(taps, key=lambda one: one.occurred_at):
        if tap.client_id in known:
            continue
        try:
            made.append(_store(session, tap, member))
        except TreatmentRefused as refusal:
            refused[tap.client_id] = (refusal.code, refusal.message)
        known.add(tap.client_id)
    if made:
        _settle(session, made, actor)
    repeated = [one for one in asked if one in known and one not in refused and one not in {e.client_id for e in made}]
    return Noted(made, repeated, refused)


@transaction.atomic
def note_from_home(*, session: DosingSession, tap: Tap, actor: User) -> SessionEvent:
    """What was read at home, by whom the tap's text names; the same client id again is the same event.

    actor: the person in care, in whose name it is audited. The session is locked by the caller.
    """
    known = session.events.filter(client_id=tap.client_id).first()
    return known or _noted(session, tap, actor)


@transaction.atomic
def note_own(*, session: DosingSession, tap: Tap, actor: User) -> SessionEvent:
    """What the person themselves does, such as the music that they play; the same client id again is the same event.

    The session is locked by the caller.
    """
    known = session.events.filter(client_id=tap.client_id).first()
    return known or _noted(session, tap, actor)


def note_measured(*, session: DosingSession, taps: Sequence[Tap], actor: User) -> list[SessionEvent]:
    """Readings that a device sent: observations they are already, and have alarmed as such. What cannot be one is left out.

    The session is locked by the caller; the same client id again is the same event.
    """
    known = _known(session, {tap.client_id for tap in taps})
    made: list[SessionEvent] = []
    for tap in sorted(taps, key=lambda one: one.occurred_at):
        if tap.client_id not in known:
            with contextlib.suppress(TreatmentRefused):
                made.append(_store(session, tap, None))
    if made:
        _settle(session, made, actor, measured=True)
    return made


_ONE: KeptQuery[SessionEvent] = KeptQuery(
    lambda session, client: SessionEvent.objects.filter(session=session, client_id=client).values_list("client_id")
)


def _known(session: DosingSession, asked: Collection[UUID]) -> set[UUID]:
    """Which of these were noted before."""
    if len(asked) == 1:
        return {client for (client,) in _ONE.rows(session.pk, *asked)}
    return set(session.events.filter(client_id__in=asked).values_list("client_id", flat=True))


def _noted(session: DosingSession, tap: Tap, actor: User) -> SessionEvent:
    event = _store(session, tap, None)
    _settle(session, [event], actor)
    return event


def _store(session: DosingSession, tap: Tap, member: Membership | None) -> SessionEvent:
    _check_kind(tap)
    _check_time(session, tap)
    corrects = _corrected(session, tap)
    event = SessionEvent(
        clinic_id=session.clinic_id,
        session=session,
        client_id=tap.client_id,
        kind=tap.kind,
        occurred_at=tap.occurred_at,
        actor=member,
        term=clean(tap.term, 60),
        text=clean(tap.text, 300),
        rate_ml_h=_rate(tap),
        corrects=corrects,
        **_checked_values(tap),
    )
    return kept.insert(event)


def _check_kind(tap: Tap) -> None:
    if tap.kind not in TAPS:
        raise TreatmentRefused("kind", _("This cannot be noted here."))
    if tap.kind in ("effect", "effect-gone") and not clean(tap.term, 60):
        raise TreatmentRefused("term", _("Say which side effect."))
    if tap.kind in ("escort", "note", "music", "eye-mask") and not clean(tap.text):
        raise TreatmentRefused("text", _("Write a name or a note."))
    if tap.kind == "void" and tap.corrects is None:
        raise TreatmentRefused("corrects", _("Say which event is taken back."))


def _check_time(session: DosingSession, tap: Tap) -> None:
    if tap.occurred_at > clock.now() + AHEAD:
        raise TreatmentRefused("future", _("That lies in the future."))
    if tap.occurred_at < session.opened_at:
        raise TreatmentRefused("before-session", _("That is before the session began."))
    if session.finished_at is not None and tap.occurred_at > session.finished_at:
        raise TreatmentRefused("over", _("This session was over by then."))


def _checked_values(tap: Tap) -> dict[str, int]:
    """Only whole numbers that can be; nothing is rounded or clamped."""
    if tap.kind == "vitals":
        return _signs(tap)
    if tap.kind in SCORES:
        return {"score": _whole(tap.values.get("score"), 0, SCORES[tap.kind])}
    if tap.kind == "effect":
        return {"grade": _whole(tap.values.get("grade", 1), 1, 5)}
    return {}


def _signs(tap: Tap) -> dict[str, int]:
    signs = {name: _whole(tap.values[name], *PLAUSIBLE[name]) for name in CODES if tap.values.get(name) is not None}
    if not signs:
        raise TreatmentRefused("empty", _("Nothing was read."))
    if ("sbp" in signs) != ("dbp" in signs):
        raise TreatmentRefused("half", _("A blood pressure has two numbers."))
    if "sbp" in signs and signs["dbp"] >= signs["sbp"]:
        raise TreatmentRefused("swapped", _("The lower number of the pressure is not below the upper one."))
    return signs


def _whole(value: object, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise TreatmentRefused("value", _("A whole number from %(low)s to %(high)s.") % {"low": low, "high": high})
    return value


def _rate(tap: Tap) -> Decimal | None:
    if tap.kind != "rate":
        return None
    try:
        rate = Decimal(tap.rate_ml_h if tap.rate_ml_h is not None else "NaN").quantize(Decimal("0.01"))
    except InvalidOperation:
        rate = Decimal("NaN")
    if not (rate.is_finite() and 0 <= rate <= 2000):
        raise TreatmentRefused("value", _("The rate is a number of ml/h."))
    return rate


def _corrected(session: DosingSession, tap: Tap) -> SessionEvent | None:
    """A tap of this session that nothing has corrected yet."""
    if tap.corrects is None:
        return None
    event = session.events.filter(pk=tap.corrects, kind__in=TAPS - {"void"}).first()
    if event is None or session.events.filter(corrects=event).exists():
        raise TreatmentRefused("corrects", _("This event cannot be corrected (any more)."))
    if tap.kind not in ("void", event.kind):
        raise TreatmentRefused("corrects", _("A correction is of the same kind."))
    return event


@dataclass(frozen=True, slots=True)
class _Scale:
    """What the vital signs of a batch are judged by, read once. base: the pressure before the dose."""

    ward: Ward
    base: tuple[int, int] | None


def _settle(session: DosingSession, made: Sequence[SessionEvent], actor: User, *, measured: bool = False) -> None:
    """Alarms, observations, the board's row; once for the batch. measured: they are observations already."""
    signs = [event.occurred_at for event in made if event.kind == "vitals"]
    scale = _Scale(ward_of(session.patient, signs), _base(session)) if signs else None
    written = [Fact(Action.CREATE, actor.pk, event, patient_id=session.patient_id) for event in made]
    corrected = any(event.corrects_id for event in made)
    alarmed = False
    for event in made:
        level = _level_of(event, session, scale) if measured and scale else _alarm(session, event, scale, written)
        alarmed = alarmed or bool(level)
        if not corrected:
            take(session, fact_of(event), level)
        elif event.kind == "vitals":
            session.level = level
    audit.record_together(written)
    if corrected:
        reread(session)
    else:
        set_next_check(session, scale.ward.settings if scale else None)
    session.version += 1
    kept.update(session, [*KEPT, "version"])
    announce(session)
    if alarmed:  # else nothing is due that the pump's own look each second would not find in time
        live.wake_pump()


_BEFORE: KeptQuery[SessionEvent] = KeptQuery(
    lambda session, dose: SessionEvent.objects.filter(
        Q(kind="vitals", occurred_at__lte=dose) | Q(corrects__isnull=False), session=session
    )
)


def _base(session: DosingSession) -> tuple[int, int] | None:
    """The pressure before the dose; corrections count whenever they were made."""
    dose = session.dose_started_at
    if dose is None:
        return None
    facts = standing(fact_of(event) for event in _BEFORE.rows(session.pk, dose))
    return pressure([fact for fact in facts if fact.at <= dose])


def _alarm(session: DosingSession, event: SessionEvent, scale: _Scale | None, written: list[Fact]) -> str:
    """The level of what was noted, "" for none; raised now. written: takes the audit row of what is kept of it."""
    if event.kind == "vitals" and scale is not None:
        return _vitals(session, event, scale, written)
    level = title = ""
    if event.kind == "moaas" and (event.score or 0) <= 3 and event.score is not None:
        level = "P1" if event.score <= 2 else "P2"
        title = _("Sedation, MOAA/S %(score)s") % {"score": event.score}
    elif event.kind == "effect" and (event.grade or 1) >= 3:
        level = "P1" if (event.grade or 1) >= 4 else "P2"
        name = EFFECTS.get(event.term, event.term)
        title = f"{name}, {GRADES[event.grade or 1]}"
    if level:
        _raise(session, event, "sedation" if event.kind == "moaas" else "side-effect", level, title, event.kind)
    return level


def _vitals(session: DosingSession, event: SessionEvent, scale: _Scale, written: list[Fact]) -> str:
    """Kept as observations, which alarm by the bands (clinical.md 3.1) and the rise over before; the level for the board."""
    read = {name: getattr(event, name) for name in CODES if getattr(event, name) is not None}
    readings = [Reading(CODES[name][0], value, CODES[name][1], event.occurred_at) for name, value in read.items()]
    record_observations(
        patient=session.patient,
        readings=readings,
        source=f"session {session.pk}",
        actor=None,
        synthetic=session.synthetic,
        ward=scale.ward,
        facts=written,
    )
    return _level_of(event, session, scale)


def _level_of(event: SessionEvent, session: DosingSession, scale: _Scale) -> str:
    """P1, P2 or "" by the limits that hold in a session, the rise over before among them."""
    read = {name: getattr(event, name) for name in CODES if getattr(event, name) is not None}
    base = scale.base
    after = base is not None and session.dose_started_at is not None and event.occurred_at > session.dose_started_at
    bases = {"base_sbp": base[0], "base_dbp": base[1]} if after and base else {}
    found = session_alert(Vitals(**read, **bases), limits=scale.ward.limits["session"]).alert
    return found.value if found else ""


def _raise(session: DosingSession, event: SessionEvent, cause: str, level: str, title: str, rule: str) -> None:
    raise_alert(
        patient=session.patient,
        cause=cause,
        level=level,
        title=f"{session.chair}: {title}",
        source_kind="session-event",
        source_id=event.pk,
        rule_code=rule,
        synthetic=session.synthetic,
    )
