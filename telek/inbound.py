"""A text message that comes in: the code of an alert takes it; STOP and START are done where a patient says them, and
never silently where staff do.

Whoever was paged by text takes the alert by replying with its code, as with the link in the same message.

A patient's STOP switches reminders to that telephone off (the form and the page stay). A clinician's STOP mutes
nothing here, but the provider itself blocks the number from then on: the person and the clinic's administrators are
told at once, by email, and the sender is told how to undo it.
"""

import re
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import ContactPoint, Membership, User, membership_in_force
from apps.accounts.permissions import Role
from apps.alerts import roster
from apps.alerts.actions.accepting import Outcome, accept_by_code, code_in
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.core.throttle import allow
from apps.notifications.actions import queue
from apps.notifications.models import Channel, Kind
from apps.patients import actions as patients
from apps.patients.models import Patient

STOP: Final = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit"})
START: Final = frozenset({"start", "unstop", "yes"})
PHONE: Final = re.compile(r"\+?[0-9]{6,20}")
SMS: Final = Channel.SMS.value
TRIES: Final = 10
WITHIN: Final = timedelta(minutes=10)
REPEATED_WITHIN: Final = timedelta(days=30)
# What a reply with a code is answered, the best first.
SAID: Final = {
    Outcome.YOURS: gettext_lazy("%(code)s is yours. Nobody else is paged now. Open Telek and call."),
    Outcome.TAKEN: gettext_lazy("A colleague has %(code)s. You do not need to do anything."),
    Outcome.CLOSED: gettext_lazy("%(code)s is closed. You do not need to do anything."),
    Outcome.OVER: gettext_lazy(
        "%(code)s takes nothing now: not one of your pages, too old, or used before. Open Telek."
    ),
}


def hear(*, sender: str, body: str, key: str = "") -> str:
    """What to answer by text; nothing to a telephone that nobody gave.

    key: of the message at its provider. STOP and START are done once a message: heard again, whoever repeats it, it
    switches nothing back.
    Nobody reads texts: other words are answered with where to write and what to do in need.
    """
    word = body.replace("\x00", "").strip().strip(".!").lower()
    number = re.sub(r"[\s().-]", "", sender)
    if not PHONE.fullmatch(number):
        return ""
    clinics = _clinics_of(number)
    if code := code_in(body):
        if clinics and not allow(f"page-code:{re.sub(r'[^0-9]', '', number)}", limit=TRIES, within=WITHIN):
            return _("Too many tries. Open Telek.")
        return next(filter(None, (_take_in(clinic_id, number, code) for clinic_id in clinics)), "")
    if word in STOP | START and key and not allow(f"text:{key}", limit=1, within=REPEATED_WITHIN):
        return ""
    answers = [_hear_in(clinic_id, number, word) for clinic_id in clinics]
    return next(filter(None, answers), "")


def _take_in(clinic_id: UUID, number: str, code: str) -> str:
    """Take the page with that code in the name of whoever has that telephone; "" in a clinic where nobody was paged."""
    with use_clinic(clinic_id), transaction.atomic():
        pages = [
            accept_by_code(code=code, recipient_id=point.user_id, clinic_id=clinic_id)
            for point in _points(clinic_id, number)
            if _is_staff(point)
        ]
    if not pages:
        return _hear_in(clinic_id, number, "")
    best = min(pages, key=lambda page: list(SAID).index(page.outcome or Outcome.OVER))
    return str(SAID[best.outcome or Outcome.OVER]) % {"code": code}


def _is_staff(point: ContactPoint) -> bool:
    member = membership_in_force(point.user_id, point.clinic_id, clock.now())
    return member is not None and member.role != Role.PATIENT


def _clinics_of(number: str) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute("select clinic_id from accounts_clinics_of_phone(%s)", [number])
        return [row[0] for row in cursor.fetchall()]


def _points(clinic_id: UUID, number: str) -> list[ContactPoint]:
    """Whose telephone it is."""
    points = ContactPoint.objects.filter(clinic_id=clinic_id, channel=SMS).select_related("user", "clinic")
    return [point for point in points if re.sub(r"\D", "", point.address) == re.sub(r"\D", "", number)]


def _hear_in(clinic_id: UUID, number: str, word: str) -> str:
    with use_clinic(clinic_id), transaction.atomic():
        answers = [_do(point, word) for point in _points(clinic_id, number)]
    return next(filter(None, answers), "")


def _do(point: ContactPoint, word: str) -> str:
    member = membership_in_force(point.user_id, point.clinic_id, clock.now())
    if member is None:
        return ""
    if word not in STOP | START:
        return _("Nobody reads messages sent to this number. Write to your clinic in Telek.")
    if member.role == Role.PATIENT:
        return _switch(point, member, wanted=word in START)
    return _warn(point, member) if word in STOP else _("Telek can send text messages to this phone again.")


def _switch(point: ContactPoint, member: Membership, *, wanted: bool) -> str:
    patient = Patient.objects.filter(clinic_id=point.clinic_id, user_id=point.user_id).first()
    if patient is not None:
        patients.set_channel(point=point, wanted=wanted, patient=patient, actor=member.user)
    if wanted:
        return _("Reminders to this phone are on again. Reply STOP to end them.")
    return _("You get no more reminders here. Your forms are still in Telek. Reply START to switch them on again.")


def _warn(point: ContactPoint, member: Membership) -> str:
    """Told to the person and to the administrators, over email, because texts to this telephone end now."""
    at = clock.now()
    audit.record(action=Action.UPDATE, actor_id=point.user_id, obj=point, detail="stop-from-staff")
    told = {member.user_id: member.user} | {one.user_id: one.user for one in roster.administrators(point.clinic_id, at)}
    for person in told.values():
        _tell(point, person, at)
    return _("WARNING: you are paged on this phone. After STOP, alerts cannot reach it by text. Reply START now.")


def _tell(point: ContactPoint, person: User, at: datetime) -> None:
    queue(
        clinic_id=point.clinic_id,
        kind=Kind.ACCOUNT,
        dedupe_key=f"stopped:{point.pk}:{person.pk}:{at:%Y%m%d%H}",
        subject_kind="account",
        subject_id=point.user_id,
        recipient_id=person.pk,
        channel=Channel.EMAIL,
        address=person.email,
        template="phone-stopped",
        context={"clinic": point.clinic.name, "name": str(point.user)},
        language=person.language,
    )
