"""The pager goes to a colleague now: the holder is ill, a stand-in comes, two swap. Nobody waits for the administrator."""

from datetime import timedelta

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts.models import Membership, User
from apps.accounts.permissions import Permission
from apps.alerts import roster
from apps.alerts.models import Alert, AlertState, RosterShift
from apps.alerts.paging import page_rung
from apps.alerts.refusal import AlertRefused
from apps.alerts.standing import policy_of, save
from apps.alerts.warning import tell_member
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock

SHORTEST = timedelta(seconds=1)


@transaction.atomic
def hand_over_pager(*, shift: RosterShift, to: Membership, actor: User) -> RosterShift:
    """End the shift now and give the rest of it to a colleague; the new row. Both are told by every way.

    By the holder, by the colleague who takes it, or by whoever keeps the roster. Open alerts on that rung page the new
    holder at once; taken ones stay with whoever has them. Raises AlertRefused: not-allowed, not-now, to.
    """
    row = RosterShift.objects.select_for_update().get(pk=shift.pk)
    at = clock.now()
    mine = actor.membership is not None and actor.membership.pk in (row.membership_id, to.pk)
    if not actor.may(Permission.MANAGE_CLINIC) and not (mine and actor.may(Permission.HANDLE_ALERTS)):
        raise AlertRefused("not-allowed", _("Only who holds the pager, or takes it, hands it over."))
    if not row.starts_at <= at < row.ends_at:
        raise AlertRefused("not-now", _("This shift is not running now. Look again."))
    person = roster.handlers(row.clinic_id, at).filter(pk=to.pk).first()
    if person is None or person.pk == row.membership_id:
        raise AlertRefused("to", _("Choose a colleague who may take alerts and does not hold this pager already."))
    begins, ends = max(at, row.starts_at + SHORTEST), row.ends_at
    row.ends_at = begins
    row.save(update_fields=["ends_at"])
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=row, detail="pager handed over")
    new = RosterShift.objects.create(
        clinic_id=row.clinic_id,
        rota=row.rota,
        membership=person,
        starts_at=begins,
        ends_at=ends,
        stands_in_for_id=row.membership_id,
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=new, detail="pager handed over")
    zone = clock.zone_of(row.clinic.time_zone)
    words = {"rota": str(new.get_rota_display()), "until": date_format(ends.astimezone(zone), "D j M H:i")}
    tell_member(row.clinic, person, "pager-yours", key=f"pager:{new.pk}", words=words)
    if actor.membership is None or actor.membership.pk != row.membership_id:  # nobody loses the pager unseen
        gone = {"rota": words["rota"], "name": str(person.user)}
        tell_member(row.clinic, row.membership, "pager-gone", key=f"pager-gone:{new.pk}", words=gone)
    _page_new_holder(new, actor)
    return new


def _page_new_holder(shift: RosterShift, actor: User) -> None:
    """What nobody has taken yet and waits on that rung: the new holder hears of it now, not at the next repeat."""
    open_ones = Alert.objects.filter(clinic_id=shift.clinic_id, state=AlertState.OPEN, paged_at__isnull=False)
    for alert in open_ones.select_for_update().order_by("level", "raised_at"):
        rungs = policy_of(alert).rungs
        if rungs and rungs[min(alert.rung, len(rungs) - 1)] == shift.rota:
            page_rung(alert, shift.starts_at)
            save(alert, actor.membership, detail="pager handed over")
