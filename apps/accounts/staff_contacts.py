"""How staff are reached changes only with two people: a page that goes to a wrong number wakes nobody.

Whoever changes their own contact point needs nobody else; a new one of a colleague only adds a way.
"""

from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import pending
from apps.accounts.models import ContactPoint, PendingChange, User
from apps.audit import actions as audit
from apps.audit.models import Action

KIND: Final = "contact"


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
