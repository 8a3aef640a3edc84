"""How staff are reached changes only with two people: a page that goes to a wrong number wakes nobody.

Whoever changes their own contact point needs nobody else. A new one of a colleague is in force at once where it only
adds a way after those that are there; one that would be tried before or beside them delays or hides them, and waits.
"""

from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.accounts import pending
from apps.accounts.models import Clinic, ContactPoint, PendingChange, User
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core.ids import new_id

KIND: Final = "contact"
KIND_NEW: Final = "contact-new"


def as_kept(point: ContactPoint) -> dict[str, Any]:
    """{channel, address, rank} of a contact point: what a change may change."""
    return {"channel": point.channel, "address": point.address, "rank": point.rank}


@transaction.atomic
def ask_for_contact(
    *, point: ContactPoint, channel: str, address: str, rank: int, actor: User, reason: str
) -> PendingChange | None:
    """Change how a person is reached; somebody else's waits for a second person: then what waits."""
    row = ContactPoint.objects.select_for_update().select_related("user", "clinic").get(pk=point.pk)
    after = {"channel": channel, "address": address, "rank": rank}
    if after == as_kept(row):
        return None
    if row.user_id == actor.pk:
        _write(row, after, actor)
        return None
    return pending.ask(
        clinic=row.clinic,
        actor=actor,
        kind=KIND,
        subject=str(row.pk),
        name=row.user.name,
        before=as_kept(row),
        after=after,
        reason=reason,
    )


@transaction.atomic
def add_contact(
    *, clinic: Clinic, user: User, channel: str, address: str, rank: int, actor: User, reason: str
) -> ContactPoint | PendingChange:
    """A further way to reach a person: made, or, where it would come before what is there, waiting for a second person."""
    after = {"channel": channel, "address": address, "rank": rank}
    known = ContactPoint.objects.filter(clinic=clinic, user=user, opted_out_at__isnull=True)
    last = known.aggregate(last=Max("rank"))["last"]
    if user.pk == actor.pk or last is None or rank > last:
        return _make(clinic, user, after, actor)
    return pending.ask(
        clinic=clinic,
        actor=actor,
        kind=KIND_NEW,
        subject=str(new_id()),
        name=user.name,
        before="",
        after={**after, "user": str(user.pk)},
        reason=reason,
    )


def confirmed_new_contact(change: PendingChange, actor: User) -> None:
    """What `pending.confirm` does for a new contact point. Raises ChangeRefused where the person has it, or has left."""
    after = dict(change.after)
    colleagues = User.objects.filter(memberships__clinic_id=change.clinic_id, memberships__ended_at__isnull=True)
    user = colleagues.filter(pk=after.pop("user")).first()
    if user is None:
        raise pending.ChangeRefused("left", _("The person does not work here any more."))
    try:
        with transaction.atomic():
            _make(change.clinic, user, after, change.asked_by)
    except IntegrityError:
        raise pending.ChangeRefused("double", _("The person has this contact already.")) from None


def _make(clinic: Clinic, user: User, after: dict[str, Any], actor: User) -> ContactPoint:
    row = ContactPoint.objects.create(clinic=clinic, user=user, **after)
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row, detail="contact")
    return row


def confirmed_contact(change: PendingChange, actor: User) -> None:
    """What `pending.confirm` does for a contact point. Raises ChangeRefused where it was changed meanwhile."""
    row = ContactPoint.objects.select_for_update().filter(clinic_id=change.clinic_id, pk=change.subject).first()
    if row is None or as_kept(row) != change.before:
        raise pending.ChangeRefused("changed", _("It was changed meanwhile. Ask again."))
    same = ContactPoint.objects.filter(clinic_id=row.clinic_id, user_id=row.user_id).exclude(pk=row.pk)
    if same.filter(channel=change.after["channel"], address=change.after["address"]).exists():
        raise pending.ChangeRefused("double", _("The person has this contact already."))
    _write(row, change.after, change.asked_by)


def _write(row: ContactPoint, after: dict[str, Any], actor: User) -> None:
    row.channel, row.address, row.rank = after["channel"], after["address"], after["rank"]
    row.save(update_fields=["channel", "address", "rank"])
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=row, detail="contact")
