"""Before the call: devices checked, arrived, told of a delay, phone instead."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.actions import raise_alert, request_call
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.desk_words import for_the_desk
from apps.core.ids import new_id
from apps.patients.models import Whereabouts
from apps.sessions import notices
from apps.sessions.models import Visit, VisitEventKind, VisitSeat, VisitStatus
from apps.sessions.record import clean, keep, locked, member_of, note
from apps.sessions.refusal import VisitRefused
from apps.sessions.visit_rules import DELAY_MAX_MINUTES, may_arrive

COMPANY = ("alone", "someone")
CHECKS = ("camera", "microphone", "speaker", "connection")


@transaction.atomic
def note_device_check(*, visit: Visit, results: dict[str, bool], actor: User) -> None:
    """The result of the device check, for the clinic; the same again says nothing new.

    results: any of CHECKS to whether it works.
    """
    visit = locked(visit, actor, Permission.OWN_RECORD)
    _must_be_live(visit)
    words = [f"{name} {'ok' if results[name] else 'failed'}" for name in CHECKS if name in results]
    detail = ", ".join(words)
    last = visit.events.filter(kind=VisitEventKind.CHECKED).order_by("-created_at", "-id").first()
    if last is None or last.detail != detail:
        keep(visit, VisitEventKind.CHECKED, actor, detail)


@transaction.atomic
def arrive(*, visit: Visit, place: str, company: str, call_back: str, actor: User) -> Visit:
    """Enter the waiting room; said again, only the answers are new.

    place: where help would be sent; company: "alone" or "someone" (can anyone hear?); call_back: a number for when
    the picture drops. Raises VisitRefused: over, early, late, place, company, call-back.
    """
    visit = locked(visit, actor, Permission.OWN_RECORD)
    _must_be_live(visit)
    if visit.status == VisitStatus.PLANNED and not may_arrive(visit.starts_at, visit.ends_at, clock.now()):
        if clock.now() < visit.starts_at:
            raise VisitRefused("early", _("The waiting room opens 30 minutes before your visit."))
        raise VisitRefused("late", _("This visit's time is over. Please phone the clinic."))
    _write_whereabouts(visit, place, company, call_back, actor)
    if visit.status == VisitStatus.PLANNED:
        visit.status, visit.arrived_at, visit.next_step_at = VisitStatus.ARRIVED, clock.now(), None
    return keep(visit, VisitEventKind.ARRIVED, actor)


def _write_whereabouts(visit: Visit, place: str, company: str, call_back: str, actor: User) -> None:
    place, call_back = clean(place, 300), clean(call_back, 40)
    if not place:
        raise VisitRefused("place", _("Say where you are, so that help could find you."))
    if company not in COMPANY:
        raise VisitRefused("company", _("Say whether anyone can hear you."))
    if sum(letter.isdigit() for letter in call_back) < 3:
        raise VisitRefused("call-back", _("Give a number that we can call if the video drops."))
    row = Whereabouts.objects.create(
        clinic_id=visit.clinic_id,
        patient=visit.patient,
        place=place,
        company=company,
        call_back=call_back,
        asked_in="visit",
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row)


@transaction.atomic
def wait(*, visit: Visit, token: UUID, actor: User) -> None:
    """The waiting room's page is still open; without such a word the desk sees since when it is not.

    Raises VisitRefused: not-found, not-waiting.
    """
    visit = locked(visit, actor, Permission.OWN_RECORD)
    if visit.status != VisitStatus.ARRIVED:
        raise VisitRefused("not-waiting", _("Nobody waits for this visit."))
    at = clock.now()
    said = {"membership": member_of(actor), "token": token, "seen_at": at}
    VisitSeat.objects.update_or_create(
        clinic_id=visit.clinic_id,
        visit=visit,
        by_patient=True,
        defaults=said,
        create_defaults=said | {"taken_at": at},
    )


@transaction.atomic
def say_delay(*, visit: Visit, minutes: int, actor: User) -> Visit:
    """Tell the waiting person honestly how late it will be; 0 takes it back."""
    visit = locked(visit, actor, Permission.BOOK_VISITS)
    if visit.status not in (VisitStatus.PLANNED, VisitStatus.ARRIVED):
        raise VisitRefused("begun", _("The visit has begun."))
    if not 0 <= minutes <= DELAY_MAX_MINUTES:
        raise VisitRefused("delay", _("Say a delay of at most four hours, or book another time."))
    visit.delay_minutes = minutes
    return keep(visit, VisitEventKind.DELAYED, actor, f"{minutes} min")


@transaction.atomic
def ask_for_phone(*, visit: Visit, actor: User) -> Visit:
    """The person wants to be phoned instead: a task for the clinic, and seen at once beside the visit.

    Once they wait or were in the call and nobody of the clinic is there, it is a request to be called, which pages.
    """
    visit = locked(visit, actor, Permission.OWN_RECORD)
    _must_be_live(visit)
    note_only = visit.by_phone_at is not None
    visit.by_phone_at = visit.by_phone_at or clock.now()
    if visit.status == VisitStatus.PLANNED:
        _task(visit)
    elif not _staff_is_there(visit):
        request_call(patient=visit.patient, after_positive=False, source_id=new_id(), synthetic=visit.synthetic)
    if note_only:
        note(visit, VisitEventKind.PHONE_ASKED, actor)
        return visit
    return keep(visit, VisitEventKind.PHONE_ASKED, actor)


@for_the_desk()
def _task(visit: Visit) -> None:
    raise_alert(
        patient=visit.patient,
        cause="visit-by-phone",
        level="P3",
        title=_("Wants the video visit by phone"),
        source_kind="visit",
        source_id=visit.pk,
        rule_code="visit-by-phone",
        synthetic=visit.synthetic,
    )


def _staff_is_there(visit: Visit) -> bool:
    seats = visit.seats.filter(by_patient=False, left_at__isnull=True)
    return seats.filter(seen_at__gt=notices.fresh_since()).exists()


def _must_be_live(visit: Visit) -> None:
    if visit.status == VisitStatus.CANCELLED:
        raise VisitRefused("cancelled", _("This visit was cancelled."))
    if not visit.is_live:
        raise VisitRefused("over", _("This visit is over."))
