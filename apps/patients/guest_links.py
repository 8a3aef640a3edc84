"""Give somebody without an account a link, find it by its token, take it back. Only the hash of a token is stored."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.throttle import allow
from apps.notifications.actions import queue
from apps.notifications.models import Channel, Delivery, Kind
from apps.patients.models import GuestLink, LinkPurpose, Patient

TOKEN_BYTES = 20  # 160 bits
LONGEST_TOKEN = 64
LONGEST = timedelta(days=180)
OPEN_AT_MOST = 12  # links of one person that are open at once
SENT_A_DAY = 10
SUBJECT = "guest-link"
#: Where the link of each purpose leads.
PATHS = {
    LinkPurpose.PEER: "/with/{token}/",
    LinkPurpose.PRESCRIBER: "/letter/{token}/",
}


@transaction.atomic
def give_link(
    *,
    patient: Patient,
    purpose: LinkPurpose | str,
    name: str,
    expires_at: datetime,
    actor: User,
    subject_id: UUID | None = None,
) -> tuple[GuestLink, str]:
    """The row, and the path that is shown this once. Raises ValidationError: nobody named, too long, too many."""
    at, name = clock.now(), clean_name(name)
    if not name or actor.membership is None:
        raise ValidationError(_("Write the name of the person who gets the link."))
    if not at < expires_at <= at + LONGEST:
        raise ValidationError(_("A link holds for at most half a year, and ends in the future."))
    if GuestLink.objects.filter(patient=patient, revoked_at=None, expires_at__gt=at).count() >= OPEN_AT_MOST:
        raise ValidationError(_("There are many open links already. Take one back first."))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link = GuestLink.objects.create(
        clinic_id=patient.clinic_id,
        patient=patient,
        purpose=LinkPurpose(purpose),
        name=name,
        subject_id=subject_id,
        token_hash=hash_of(token),
        expires_at=expires_at,
        made_by=actor.membership,
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=link, detail=link.purpose)
    return link, PATHS[LinkPurpose(purpose)].format(token=token)


def clean_name(name: str) -> str:
    """As it stands in alerts and on other people's pages: one line, no control or direction signs.

    >>> clean_name(" El\\u202eena\\n Ruiz ")
    'Elena Ruiz'
    """
    kept = "".join(" " if one.isspace() else one for one in name if one.isspace() or is_seen(one))
    return " ".join(kept.split())[:120]


def is_seen(letter: str) -> bool:
    """Not a sign that only moves or hides others; joiners are letters of some languages."""
    return unicodedata.category(letter)[0] != "C" or letter in "\u200c\u200d"


def send_link(*, link: GuestLink, path: str, address: str) -> Delivery | None:
    """By text or mail to an address that the person named: the clinic's name and the link, nothing else.

    None after so many on one day: nobody sends out mail to strangers in the clinic's name.
    """
    if not allow(f"guest-link-sent:{link.patient_id}", limit=SENT_A_DAY, within=timedelta(days=1)):
        return None
    by_mail = "@" in address
    return queue(
        clinic_id=link.clinic_id,
        kind=Kind.MESSAGE,
        dedupe_key=f"guest-link:{link.pk}",
        subject_kind=SUBJECT,
        subject_id=link.pk,
        recipient_id=link.pk,  # nobody's account
        channel=Channel.EMAIL if by_mail else Channel.SMS,
        address=address,
        template="guest-link",
        context={"clinic": link.clinic.name, "link": path},
        expires_at=link.expires_at,
        synthetic=link.patient.synthetic,
    )


def still_wanted(delivery: Delivery) -> bool:
    """Asked just before the wire: the link was not taken back meanwhile."""
    link = GuestLink.objects.filter(pk=delivery.subject_id).first() if delivery.subject_id else None
    return link is not None and link.is_open


@transaction.atomic
def revoke_link(*, link: GuestLink, actor: User | None) -> None:
    """It opens nothing from now on. The same again changes nothing."""
    if GuestLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=clock.now()):
        audit.record(action=Action.UPDATE, actor_id=actor.pk if actor else None, obj=link, detail="revoked")


@transaction.atomic
def answer_link(*, link: GuestLink, yes: bool) -> GuestLink:
    """Whoever holds it says whether they come; the last word counts."""
    row = GuestLink.objects.select_for_update(of=("self",)).get(pk=link.pk)
    at = clock.now()
    row.accepted_at, row.declined_at = (row.accepted_at or at, None) if yes else (None, row.declined_at or at)
    row.save(update_fields=["accepted_at", "declined_at"])
    audit.record(action=Action.UPDATE, actor_id=None, obj=row, detail="accepted" if yes else "declined")
    return row


def note_use(link: GuestLink) -> None:
    """Counted, with its time."""
    GuestLink.objects.filter(pk=link.pk).update(uses=F("uses") + 1, last_used_at=clock.now())
    audit.record(action=Action.READ, actor_id=None, obj=link, detail=f"link {link.purpose}")


def hash_of(token: str) -> str:
    """What is stored of a token: SHA-256 in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def clinic_of(token: str) -> UUID | None:
    """The clinic of that token's link; asked of a function of the owner, since no clinic is known yet."""
    if len(token) > LONGEST_TOKEN:
        return None
    with connection.cursor() as cursor:
        cursor.execute("select clinic_id from patients_clinic_of_link(%s)", [hash_of(token)])
        row = cursor.fetchone()
    return None if row is None else row[0]


def open_link(token: str, purpose: LinkPurpose) -> GuestLink | None:
    """The link of that token if it opens that purpose's page now. Needs the clinic in scope."""
    rows = GuestLink.objects.select_related("patient__clinic", "patient__user", "clinic")
    link = rows.filter(token_hash=hash_of(token), purpose=purpose).first()
    usable = link is not None and link.is_open and link.clinic.is_active and link.patient.status == "active"
    return link if usable else None
