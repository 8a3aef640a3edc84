"""The driver's link: made, taken back, used; and the morning after, said by the person or the driver."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.clinic_settings import settings_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.actions import raise_alert
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.desk_words import for_the_desk
from apps.notifications import actions as notifications
from apps.notifications.models import Kind
from apps.sessions.actions.sitting import announce, locked, member_of, refusals_audited
from apps.sessions.agreements import agreed_to
from apps.sessions.driver_links import PEER, SUBJECT, driving_of, hash_token, is_usable, new_token
from apps.sessions.models import DosingSession, DriverLink, MorningCheck
from apps.sessions.record import clean
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.treatment.driving import morning_after

OPEN_AFTER_MORNING = timedelta(hours=12)
MAKE_WITHIN = timedelta(hours=12)  # of the dose
DIGITS_AT_LEAST = 6


@dataclass(frozen=True, slots=True)
class MadeLink:
    """token is known here and nowhere else."""

    link: DriverLink
    token: str


@refusals_audited
@transaction.atomic
def make_driver_link(*, session: DosingSession, name: str, actor: User, phone: str = "") -> MadeLink:
    """A link for whoever takes the person home; with a phone it is sent there, with no word about the person.

    An older link of the session ends. Raises TreatmentRefused: not-allowed, no-dose, too-late, peer-consent, name, phone.
    """
    member = member_of(actor, Permission.GIVE_DOSES)
    session = locked(session, actor, must_be_open=False)
    at = clock.now()
    _refuse(session, name, phone)
    for old in session.driver_links.select_for_update().filter(revoked_at__isnull=True):
        _end(old, actor)
    assert session.dose_started_at is not None  # noqa: S101  (_refuse asked)
    zone = clock.zone_of(session.patient.time_zone).key
    opens_at = morning_after(session.dose_started_at, zone)
    token = new_token()
    try:
        with transaction.atomic():
            link = DriverLink.objects.create(
                clinic_id=session.clinic_id,
                session=session,
                name=clean(name, 120),
                phone=clean(phone, 40),
                token_hash=hash_token(token),
                made_by=member,
                opens_at=opens_at,
                expires_at=opens_at + OPEN_AFTER_MORNING,
                next_step_at=max(
                    at, morning_after(session.dose_started_at, zone, settings_of(session.clinic)["all_clear_hour"])
                ),
                synthetic=session.synthetic,
            )
    except IntegrityError:
        raise TreatmentRefused("made-already", _("Somebody made a link just now.")) from None
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=link)
    _send(link, token)
    announce(session)
    return MadeLink(link, token)


def _refuse(session: DosingSession, name: str, phone: str) -> None:
    if session.dose_started_at is None:
        raise TreatmentRefused("no-dose", _("No dose was given: no link is needed."))
    if clock.now() - session.dose_started_at > MAKE_WITHIN:
        raise TreatmentRefused("too-late", _("The day of the dose is over."))
    if not agreed_to(session.patient, PEER):
        raise TreatmentRefused("peer-consent", _("The person has not agreed that a helper may be told."))
    if not clean(name):
        raise TreatmentRefused("name", _("Say who takes them home."))
    if clean(phone) and sum(one.isdigit() for one in phone) < DIGITS_AT_LEAST:
        raise TreatmentRefused("phone", _("Write a phone number that can get a text message."))


def _send(link: DriverLink, token: str) -> None:
    if not link.phone or settings.TRANSPORTS.get("sms") == "none":
        return
    notifications.queue(
        clinic_id=link.clinic_id,
        kind=Kind.VISIT,
        dedupe_key=f"driver:{link.pk}",
        subject_kind=SUBJECT,
        subject_id=link.pk,
        recipient_id=link.pk,
        channel="sms",
        address=link.phone,
        template="driver-link",
        context={"clinic": link.session.clinic.name, "link": f"/d/{token}/"},
        language=link.session.patient.user.language,
        expires_at=link.expires_at,
        synthetic=link.synthetic,
    )


@refusals_audited
@transaction.atomic
def revoke_driver_link(*, link: DriverLink, actor: User) -> DriverLink:
    """From now on it opens nothing."""
    member_of(actor, Permission.GIVE_DOSES)
    link = DriverLink.objects.visible_to(actor).select_for_update().select_related("session").get(pk=link.pk)
    if link.revoked_at is None:
        _end(link, actor)
        announce(link.session)
    return link


def _end(link: DriverLink, actor: User) -> None:
    link.revoked_at, link.revoked_by, link.next_step_at = clock.now(), actor.membership, None
    link.save(update_fields=["revoked_at", "revoked_by", "next_step_at"])
    notifications.cancel(subject_kind=SUBJECT, subject_id=link.pk)
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=link, detail="revoked")


@transaction.atomic
def use_driver_link(*, link: DriverLink, what: str) -> DriverLink:
    """By whoever holds it. what: took-over, well (from the morning on), worried.

    Worried raises a P2 at once, each time. Raises TreatmentRefused: gone, too-early, unknown.
    """
    rows = DriverLink.objects.select_for_update(of=("self",)).select_related("session__patient", "session__clinic")
    link = rows.get(pk=link.pk)
    at = clock.now()
    if not is_usable(link, at):
        raise TreatmentRefused("gone", _("This link opens nothing now."))
    if what == "took-over":
        link.took_over_at = link.took_over_at or at
    elif what == "worried":
        link.worried_at = link.worried_at or at
        _tell_worried(link)
    elif what == "well":
        if at < link.opens_at:
            raise TreatmentRefused("too-early", _("Please say so in the morning."))
        link.all_clear_at, link.next_step_at = link.all_clear_at or at, None
    else:
        raise TreatmentRefused("unknown", _("Choose one of the buttons."))
    link.save(update_fields=["took_over_at", "worried_at", "all_clear_at", "next_step_at"])
    if what != "took-over":
        _say_morning(link.session, "driver", well=what == "well")
    audit.record(action=Action.UPDATE, actor_id=None, obj=link, detail=what)
    announce(link.session)
    return link


@for_the_desk()
def _tell_worried(link: DriverLink) -> None:
    words = _("The driver is worried: call %(name)s %(phone)s")
    raise_alert(
        patient=link.session.patient,
        cause="driver-worried",
        level="P2",
        title=(words % {"name": link.name, "phone": link.phone}).strip()[:200],
        source_kind=SUBJECT,
        source_id=link.pk,
        rule_code=f"worried-{clock.now().isoformat()}"[:60],
        synthetic=link.synthetic,
    )


@refusals_audited
@transaction.atomic
def say_own_morning(*, session: DosingSession, slept: bool, well: bool, actor: User) -> MorningCheck:
    """The person says how the morning is; not slept or not well goes on forbidding to drive, and tells staff (P3).

    Raises TreatmentRefused: not-yours, not-asked.
    """
    if session.patient.user_id != actor.pk:
        raise TreatmentRefused("not-yours", _("This is not your record."))
    stands = driving_of(session, clock.now())
    if stands is None or not stands.ask:
        raise TreatmentRefused("not-asked", _("This is asked on the morning after a session."))
    row = _say_morning(session, "person", well=well, slept=slept)
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row)
    if not well:
        _tell_not_well(row)
    announce(session)
    return row


@for_the_desk()
def _tell_not_well(row: MorningCheck) -> None:
    raise_alert(
        patient=row.session.patient,
        cause="morning-not-well",
        level="P3",
        title=_("Not as usual on the morning after a session"),
        source_kind="morning-check",
        source_id=row.pk,
        rule_code="not-well",
        synthetic=row.session.synthetic,
    )


def _say_morning(session: DosingSession, source: str, *, well: bool, slept: bool | None = None) -> MorningCheck:
    return MorningCheck.objects.create(
        clinic_id=session.clinic_id, session=session, source=source, slept=slept, well=well
    )
