"""Change a ladder: what only adds to it is in force at once, what makes it weaker waits for a second person."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts import pending
from apps.accounts.models import PendingChange, User
from apps.accounts.pending import ChangeRefused
from apps.alerts.ladder import weaker_ladder
from apps.alerts.models import EscalationPolicy, EscalationRung
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock


@transaction.atomic
def change_rungs(
    *, policy: EscalationPolicy, targets: Sequence[str], actor: User, reason: str = ""
) -> PendingChange | None:
    """Make these the rungs of a ladder; None: done, else what waits for a second person, and nothing has changed.

    Weaker is anything but more rungs at the end. A first ladder for closed hours is measured by the one that holds then.
    """
    before, after = rungs_in_force(policy), list(targets)
    if before == after == rungs_of(policy):
        return None
    if not weaker_ladder(before, after):
        _write(policy, after, actor)
        return None
    return pending.ask(
        clinic=policy.clinic,
        actor=actor,
        kind="ladder",
        subject=str(policy.pk),
        name=f"{policy.level} {policy.name}",
        before=before,
        after=after,
        reason=reason,
    )


@transaction.atomic
def switch_off(*, policy: EscalationPolicy, actor: User, reason: str) -> PendingChange:
    """Ask that nobody be paged by this ladder any more. Raises ChangeRefused: off, reason."""
    if policy.off_at is not None:
        raise ChangeRefused("off", _("This ladder is off already."))
    if not reason.replace("\x00", "").strip():
        raise ChangeRefused("reason", _("Say why."))
    return pending.ask(
        clinic=policy.clinic,
        actor=actor,
        kind="ladder-off",
        subject=str(policy.pk),
        name=f"{policy.level} {policy.name}",
        before=rungs_of(policy),
        after=[],
        reason=reason,
    )


@transaction.atomic
def switch_on(*, policy: EscalationPolicy, actor: User) -> None:
    """In force again, at once: more paging needs no second person. Raises ChangeRefused: on."""
    policy = EscalationPolicy.objects.select_for_update().get(pk=policy.pk)
    if policy.off_at is None:
        raise ChangeRefused("on", _("This ladder is on already."))
    policy.off_at = None
    policy.save(update_fields=["off_at"])
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=policy, detail="on")


def confirmed_rungs(change: PendingChange, actor: User) -> None:
    """What `pending.confirm` does for rungs. Raises ChangeRefused where the ladder was changed meanwhile."""
    policy = _unchanged(change, in_force=True)
    _write(policy, change.after, actor)


def confirmed_off(change: PendingChange, actor: User) -> None:
    """What `pending.confirm` does for a ladder to be switched off. Raises ChangeRefused likewise."""
    policy = _unchanged(change, in_force=False)
    policy.off_at = clock.now()
    policy.save(update_fields=["off_at"])
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=policy, detail="off")


def rungs_of(policy: EscalationPolicy) -> list[str]:
    """The targets of a ladder, the first to page first."""
    return list(policy.rungs.order_by("rung").values_list("target", flat=True))


def rungs_in_force(policy: EscalationPolicy) -> list[str]:
    """What pages at that level and time now: its own rungs, or those of the ladder that holds instead of it."""
    own = [] if policy.off_at is not None else rungs_of(policy)
    if own or policy.hours == "always":
        return own
    always = EscalationPolicy.objects.filter(clinic_id=policy.clinic_id, level=policy.level, hours="always")
    found = always.filter(off_at__isnull=True).first()
    return rungs_of(found) if found else []


def _unchanged(change: PendingChange, *, in_force: bool) -> EscalationPolicy:
    policy = EscalationPolicy.objects.select_for_update().get(clinic_id=change.clinic_id, pk=UUID(change.subject))
    now = rungs_in_force(policy) if in_force else rungs_of(policy)
    if now != change.before or (not in_force and policy.off_at is not None):
        raise ChangeRefused("changed", _("It was changed meanwhile. Ask again."))
    return policy


def _write(policy: EscalationPolicy, targets: Sequence[str], actor: User) -> None:
    """Rungs numbered from 0; those that stay keep their rows."""
    known = list(policy.rungs.order_by("rung"))
    for number, target in enumerate(targets):
        if number < len(known):
            EscalationRung.objects.filter(pk=known[number].pk).update(rung=number, target=target)
        else:
            EscalationRung.objects.create(clinic_id=policy.clinic_id, policy=policy, rung=number, target=target)
    for surplus in known[len(targets) :]:
        surplus.delete()
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=policy, detail="rungs " + " ".join(targets))
