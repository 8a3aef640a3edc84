"""A dosing session at home: opened with a named adult beside the person, watched by look-ins that escalate when missed."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.clinic_settings import settings_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.actions import raise_alert
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock, live
from apps.core.desk_words import for_the_desk
from apps.core.ids import new_id
from apps.patients.models import GuestLink, LinkPurpose
from apps.sessions.actions.booking import book_visit
from apps.sessions.actions.courses import open_session
from apps.sessions.actions.events import Tap, note_from_home
from apps.sessions.actions.sitting import announce, keep, locked, member_of, note, refusals_audited
from apps.sessions.board import set_next_check
from apps.sessions.home_watch import AT_HOME, HOME_ROUTES, watch_of
from apps.sessions.models import LIVE, Course, DosingSession, HomeWatch, LookIn, LookInKind, SessionEventKind, Visit
from apps.sessions.refusal import TreatmentRefused, VisitRefused

#: What each answer means to the desk, and in which words.
LEVELS = {LookInKind.WORRIED: "P2", LookInKind.HARD_TO_WAKE: "P1", LookInKind.HELP: "P1"}
VIDEO_MINUTES = 60  # of the calendar; the call itself goes on as long as it must
SIGNS = ("sbp", "dbp", "hr", "spo2")
AFTERWARDS = timedelta(hours=24)  # product default: help is called for on the same page so long after the end
SAME_TAP = timedelta(minutes=2)


@refusals_audited
@transaction.atomic
def open_home_session(*, course: Course, link: GuestLink, actor: User) -> DosingSession:
    """The person is at home, with the adult whom the link names.

    Raises TreatmentRefused: home-off, home-route, home-peer, and those of open_session.
    """
    member_of(actor, Permission.GIVE_DOSES)
    if not settings_of(course.clinic)["home_sessions"]:
        raise TreatmentRefused("home-off", _("This clinic holds no sessions at home."))
    if course.product != "ketamine" or course.route not in HOME_ROUTES:
        raise TreatmentRefused("home-route", _("Only ketamine by mouth or under the tongue is taken at home."))
    link = GuestLink.objects.visible_to(actor).select_for_update(of=("self",)).get(pk=link.pk)
    if link.patient_id != course.patient_id or link.purpose != LinkPurpose.PEER or not link.stands:
        raise TreatmentRefused("home-peer", _("A named adult must have said yes to being there."))
    session = open_session(course=course, chair=str(_("At home")), actor=actor)
    _hold_open(link, actor)
    session.place = AT_HOME
    HomeWatch.objects.create(clinic_id=session.clinic_id, session=session, patient=course.patient, link=link)
    return keep(session, actor, "home")


def _hold_open(link: GuestLink, actor: User) -> None:
    """The link does not end in the middle of the session."""
    until = clock.now() + AFTERWARDS
    if link.expires_at < until:
        link.expires_at = until
        link.save(update_fields=["expires_at"])
        audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=link, detail="held open for a session")


@refusals_audited
@transaction.atomic
def start_home_video(*, session: DosingSession, actor: User) -> Visit:
    """The video visit of this session, booked for now with whoever starts it; a running one is found again.

    While both sides are in it, the dose asks for no other proof of live video. Raises TreatmentRefused: not-home, video.
    """
    member = member_of(actor, Permission.GIVE_DOSES)
    session = locked(session, actor)
    watch = _watch(session)
    if watch.visit is not None and watch.visit.status in LIVE:
        return watch.visit
    try:
        visit = book_visit(
            patient=session.patient,
            clinician=member,
            starts_at=clock.now() + timedelta(minutes=1),
            minutes=VIDEO_MINUTES,
            reason=_("Session at home"),
            actor=actor,
            synthetic=session.synthetic,
        )
    except VisitRefused as refusal:
        raise TreatmentRefused("video", refusal.message) from refusal
    watch.visit = visit
    watch.save(update_fields=["visit"])
    keep(session, actor, "home video visit")
    return visit


@refusals_audited
@transaction.atomic
def confirm_video(*, session: DosingSession, actor: User) -> HomeWatch:
    """Staff see and hear the person by other video than Telek's now. Raises TreatmentRefused: not-home."""
    member = member_of(actor, Permission.GIVE_DOSES)
    session = locked(session, actor)
    watch = _watch(session)
    watch.video_at, watch.video_by = clock.now(), member
    watch.save(update_fields=["video_at", "video_by"])
    keep(session, actor, "home video")
    return watch


def _watch(session: DosingSession) -> HomeWatch:
    watch = watch_of(session, lock=True)
    if watch is None:
        raise TreatmentRefused("not-home", _("This session is not at home."))
    return watch


@transaction.atomic
def answer_look_in(*, link: GuestLink, how: str, client_id: UUID, due_at: datetime | None = None) -> LookIn:
    """What the person at home taps. The same tap again, or the same answer to the same look-in, is one event.

    A call for help is never taken for an earlier tap: not when it follows "fine" on a page that did not renew itself,
    and not when the session has ended meanwhile (for a day). due_at: the look-in that is answered; None for help and
    recovery. Raises TreatmentRefused: over, kind.
    """
    if how not in LookInKind.values:
        raise TreatmentRefused("kind", _("Choose one of the answers."))
    session, watch = _of(link, after=AFTERWARDS if LookInKind(how) in LEVELS else timedelta())
    known = _known(session, how, client_id, due_at)
    if known is not None:
        return known
    asked = due_at if due_at is not None and due_at == watch.look_in_due_at else None
    row = LookIn.objects.create(
        clinic_id=session.clinic_id,
        session=session,
        client_id=_free_key(session, how, client_id),
        due_at=asked,
        how=how,
        name=link.name,
        answered_at=clock.now(),
    )
    with for_the_desk():
        text = f"{link.name}: {row.get_how_display()}"
    note(session, SessionEventKind.LOOK_IN, None, text=text, client_id=new_id())
    audit.record(action=Action.CREATE, actor_id=None, obj=row, detail="look-in", patient_id=session.patient_id)
    _tell(session, row)
    if session.is_open and (
        asked is not None or (watch.look_in_due_at is not None and row.answered_at >= watch.look_in_due_at)
    ):
        ask_again(session, watch, row.answered_at)
    _changed(session)
    return row


def _known(session: DosingSession, how: str, client_id: UUID, due_at: datetime | None) -> LookIn | None:
    """The event that this tap is already."""
    rows = LookIn.objects.filter(session=session)
    if LookInKind(how) in LEVELS:
        keys = (client_id, uuid5(client_id, how))
        return rows.filter(client_id__in=keys, how=how, answered_at__gt=clock.now() - SAME_TAP).first()
    same = rows.filter(client_id=client_id).first()
    return same or (rows.filter(due_at=due_at).first() if due_at is not None else None)


def _free_key(session: DosingSession, how: str, client_id: UUID) -> UUID:
    """The tap's own name; another one where an earlier answer of the same page has it."""
    keys = (client_id, uuid5(client_id, how))
    taken = set(LookIn.objects.filter(session=session, client_id__in=keys).values_list("client_id", flat=True))
    return next((key for key in keys if key not in taken), new_id())


def _of(link: GuestLink, *, after: timedelta = timedelta()) -> tuple[DosingSession, HomeWatch]:
    """The open session of that link, or one that ended no longer ago than that, locked; and its watch."""
    rows = DosingSession.objects.select_for_update(of=("self",)).select_related("patient", "course", "clinic")
    session = rows.filter(home_watches__link=link).order_by("-opened_at").first()
    if session is None or not (session.is_open or ended_lately(session, after)):
        raise TreatmentRefused("over", _("There is no session going on."))
    return session, _watch(session)


def ended_lately(session: DosingSession, within: timedelta = AFTERWARDS) -> bool:
    """Is it over, and since no longer than that?"""
    return session.finished_at is not None and clock.now() - session.finished_at < within


@for_the_desk()
def _tell(session: DosingSession, row: LookIn) -> None:
    level = LEVELS.get(LookInKind(row.how))
    if level is None:
        return
    raise_alert(
        patient=session.patient,
        cause="home-help",
        level=level,
        title=_("At home: %(name)s says: %(how)s") % {"name": row.name, "how": row.get_how_display()},
        source_kind="look-in",
        source_id=row.pk,
        rule_code=row.how,
        value=2 if level == "P1" else 1,
        synthetic=session.synthetic,
    )


def ask_again(session: DosingSession, watch: HomeWatch, at: datetime) -> None:
    """The next look-in, so many minutes from then; the desk is told when it is not answered in time."""
    settings = settings_of(session.clinic)
    watch.look_in_due_at = at + clock.scaled(timedelta(minutes=settings["home_look_in_minutes"]))
    watch.next_step_at = watch.look_in_due_at + clock.scaled(timedelta(minutes=settings["home_grace_minutes"]))
    watch.missed = 0
    watch.save(update_fields=["look_in_due_at", "next_step_at", "missed"])


def _changed(session: DosingSession) -> None:
    if session.is_open:
        set_next_check(session)
    session.version += 1
    session.save(update_fields=["version", "next_check_at"])
    announce(session)
    live.wake_pump()


@transaction.atomic
def read_at_home(*, link: GuestLink, signs: dict[str, int], client_id: UUID) -> None:
    """Pressure, pulse and oxygen that the person at home read off; judged as any reading. Raises TreatmentRefused."""
    session, _watch_row = _of(link)
    values = {name: value for name, value in signs.items() if name in SIGNS}
    same = uuid5(
        client_id, str(sorted(values.items()))
    )  # other numbers on a page that did not renew itself are new ones
    tap = Tap(client_id=same, kind="vitals", occurred_at=clock.now(), values=values, text=link.name)
    note_from_home(session=session, tap=tap, actor=session.patient.user)


def tell_missed(watch: HomeWatch, now: datetime) -> None:
    """A look-in was not answered: told at once (P2), five minutes later as P1; from there the ladder goes on by itself."""
    session = watch.session
    watch.missed += 1
    again = clock.scaled(timedelta(minutes=settings_of(session.clinic)["repeat_page_minutes"]))
    watch.next_step_at = now + again if watch.missed == 1 else None
    watch.save(update_fields=["missed", "next_step_at"])
    due = watch.look_in_due_at or now
    raise_alert(
        patient=watch.patient,
        cause="home-look-in",
        level="P2" if watch.missed == 1 else "P1",
        title=_("At home: a look-in was missed"),
        source_kind="home-watch",
        source_id=watch.pk,
        rule_code=f"{due:%Y%m%d%H%M%S}-{watch.missed}",
        synthetic=session.synthetic,
    )
