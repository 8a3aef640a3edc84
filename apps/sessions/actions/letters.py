"""The person's own doctor or therapist elsewhere: by consent, a link to a summary, and a reply into the thread."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid5

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User, membership_in_force
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.throttle import allow
from apps.messaging.actions import open_thread, send_message
from apps.messaging.models import Message
from apps.messaging.refusal import MessageRefused
from apps.patients.actions import give_consent
from apps.patients.guest_links import give_link, revoke_link
from apps.patients.models import Consent, GuestLink, LinkPurpose, Patient
from apps.sessions.record import clean
from apps.sessions.refusal import TreatmentRefused

SCOPE = "outside-prescriber"
HOLDS_FOR = timedelta(days=180)
LONGEST = 3000
REPLIES_A_DAY = 20


def consent_text() -> str:
    """What the person agrees to, as it is shown and kept."""
    return str(
        _(
            "My clinic may show this person a summary of my treatment (what I take, doses and dates, my last score, who"
            " treats me) and take an answer into my messages. I can take this back at any time."
        )
    )


@transaction.atomic
def invite_prescriber(*, patient: Patient, name: str, agreed: bool, actor: User) -> tuple[GuestLink, str]:
    """The link and its path, shown this once. Raises TreatmentRefused: not-yours, consent; ValidationError of give_link."""
    if patient.user_id != actor.pk:
        raise TreatmentRefused("not-yours", _("Only the person can do this."))
    if not agreed:
        raise TreatmentRefused("consent", _("Tick that you agree."))
    until = clock.now() + HOLDS_FOR
    link, path = give_link(patient=patient, purpose=LinkPurpose.PRESCRIBER, name=name, expires_at=until, actor=actor)
    give_consent(
        patient=patient, scope=SCOPE, version=version_of(link), text=consent_text(), actor=actor, auth_level="session"
    )
    return link, path


def version_of(link: GuestLink) -> str:
    """Under which the consent of that link is kept."""
    return link.pk.hex[-20:]


@transaction.atomic
def withdraw_prescriber(*, link: GuestLink, actor: User) -> None:
    """The link is dead and the consent withdrawn, from now on."""
    revoke_link(link=link, actor=actor)
    rows = Consent.objects.filter(patient=link.patient, scope=SCOPE, version=version_of(link), status="active")
    for consent in rows:
        consent.status = "inactive"
        consent.save(update_fields=["status"])
        audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=consent, detail="withdrawn")


@transaction.atomic
def take_reply(*, link: GuestLink, text: str, client_id: UUID) -> Message:
    """Into the person's thread, as come by their link and under the name that the link carries; once a client id.

    Raises TreatmentRefused: empty, consent (it was withdrawn), too-many, and what a message is refused for.
    """
    body = clean(text, LONGEST)
    if not body:
        raise TreatmentRefused("empty", _("Write your answer first."))
    if not has_consent(link):
        raise TreatmentRefused("consent", _("This link opens nothing now."))
    patient = link.patient
    member = membership_in_force(patient.user_id, link.clinic_id, clock.now())
    if member is None:
        raise TreatmentRefused("consent", _("This link opens nothing now."))
    if not allow(f"letter-reply:{link.pk}", limit=REPLIES_A_DAY, within=timedelta(days=1)):
        raise TreatmentRefused("too-many", _("That is enough for one day. Please phone the clinic."))
    user = patient.user
    user.membership = member
    words = _("Through my link, from %(name)s:") % {"name": link.name}
    key = uuid5(link.pk, f"{client_id}")  # of this link alone: never one of the person's own messages
    try:
        message = send_message(thread=open_thread(patient=patient), body=f"{words}\n{body}", client_id=key, actor=user)
    except MessageRefused as refusal:
        raise TreatmentRefused(refusal.code, refusal.message) from refusal
    audit.record(action=Action.CREATE, actor_id=None, obj=link, detail="reply")
    return message


def has_consent(link: GuestLink) -> bool:
    """Does what the person agreed to for this link still stand?"""
    rows = Consent.objects.filter(patient=link.patient, scope=SCOPE, version=version_of(link), status="active")
    return rows.exists()
