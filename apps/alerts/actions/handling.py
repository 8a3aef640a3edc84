"""What a person does with an alert: take it, try to reach the patient, stay with it, pass it on, call for more help.

Every verb locks the row and looks again: whoever comes second is told (AlertRefused), and nothing changes.
"""

from datetime import datetime

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import Membership, User
from apps.accounts.permissions import Permission
from apps.alerts import ladder, roster
from apps.alerts.models import Alert, AlertState, ContactAttempt, EventKind
from apps.alerts.paging import page_owner, page_rung
from apps.alerts.refusal import AlertRefused
from apps.alerts.standing import keep, policy_of, put, standing_of
from apps.core import clock
from apps.core.failpoints import failpoint
from apps.notifications import actions as notifications
from apps.patients import actions as patients
from apps.patients.models import Whereabouts

COMPANIES = frozenset(value for value, _label in Whereabouts._meta.get_field("company").choices or [])
CHANNELS = frozenset(value for value, _label in ContactAttempt._meta.get_field("channel").choices or [])

_BY = {
    "link": gettext_lazy("by the link in the page"),
    "call": gettext_lazy("by a key press in the call"),
    "text": gettext_lazy("by its code, as a text message"),
}


@transaction.atomic
def acknowledge(*, alert: Alert, actor: User, by: str = "") -> Alert:
    """Take an open alert: paging stops, the lease begins. Refused: taken by somebody else, closed, not staff.

    by: where it was not on the desk, "link", "call" or "text" of a page.
    """
    alert, member = locked(alert, actor)
    if alert.state != AlertState.OPEN:
        raise AlertRefused("taken", _taken_by(alert))
    _take(alert, member, clock.now())
    keep(alert, EventKind.TAKEN, member, str(_BY.get(by, "")))
    failpoint("ack.before-commit")
    return alert


@transaction.atomic
def record_contact(
    *, alert: Alert, actor: User, channel: str, reached: bool, text: str = "", place: str = "", company: str = ""
) -> Alert:
    """Write down a try to reach the person. Reached: the clocks stop; not reached: the lease begins anew.

    Trying on an open alert takes it. channel: of ContactAttempt; place, company: where and with whom the person
    (or who answered for them) says that they are, as in Whereabouts.
    """
    alert, member = locked(alert, actor)
    if channel not in CHANNELS:
        raise AlertRefused("channel", _("Say how you tried: by phone, video, message, in person or through a contact."))
    at = clock.now()
    if alert.state == AlertState.OPEN:
        _take(alert, member, at)
        keep(alert, EventKind.TAKEN, member)
    ContactAttempt.objects.create(
        clinic_id=alert.clinic_id,
        alert=alert,
        actor=member,
        channel=channel,
        reached=reached,
        note=text.replace("\x00", "")[:500],
    )
    if place.strip() or company:
        _said_where(alert, actor, channel, place, company)
    if reached:
        _contacted(alert)
    elif alert.state == AlertState.ACKED:
        put(alert, ladder.lease(policy_of(alert), standing_of(alert), at))
    keep(alert, EventKind.REACHED if reached else EventKind.TRIED, member, channel)
    return alert


def _said_where(alert: Alert, actor: User, channel: str, place: str, company: str) -> None:
    patients.tell_whereabouts(
        patient=alert.patient,
        place=place.replace("\x00", "").strip()[:300],
        company=company if company in COMPANIES else "",
        call_back="",
        asked_in="visit" if channel == "video" else "call",
        actor=actor,
    )


@transaction.atomic
def still_with_them(*, alert: Alert, actor: User) -> Alert:
    """The owner is at it: the lease begins anew."""
    alert, member = locked(alert, actor)
    if alert.state == AlertState.OPEN:
        raise AlertRefused("open", _("This alert is open again. Take it first."))
    if alert.owner_id != member.pk:
        raise AlertRefused("owner", _taken_by(alert))
    if alert.state == AlertState.ACKED:
        put(alert, ladder.lease(policy_of(alert), standing_of(alert), clock.now()))
    keep(alert, EventKind.STILL, member)
    return alert


@transaction.atomic
def hand_over(*, alert: Alert, actor: User, to: Membership, reason: str) -> Alert:
    """Give a taken alert to a colleague, who is paged; the lease begins anew with them."""
    alert, member = locked(alert, actor)
    reason = needed(reason, _("Say why you hand this over."))
    if alert.state == AlertState.OPEN:
        raise AlertRefused("open", _("Nobody has this alert yet. Take it first."))
    at = clock.now()
    person = roster.handlers(alert.clinic_id, at).filter(pk=to.pk).first()
    if person is None or person.pk == alert.owner_id:
        raise AlertRefused("to", _("Choose a colleague who may take alerts and does not have this one already."))
    _quiet(alert)
    alert.owner = person
    if alert.state == AlertState.ACKED:
        alert.acked_at = at
        put(alert, ladder.lease(policy_of(alert), standing_of(alert), at))
    page_owner(alert, at)
    keep(alert, EventKind.HANDED_OVER, member, f"{person.user}: {reason}")
    return alert


@transaction.atomic
def escalate_now(*, alert: Alert, actor: User, reason: str) -> Alert:
    """Page the next rung now, whoever has the alert; it stays theirs."""
    alert, member = locked(alert, actor)
    reason = needed(reason, _("Say why more help is needed."))
    at = clock.now()
    put(alert, ladder.climb(policy_of(alert), standing_of(alert), at))
    page_rung(alert, at)
    keep(alert, EventKind.ESCALATED, member, reason)
    return alert


def locked(alert: Alert, actor: User) -> tuple[Alert, Membership]:
    """The alert as it is now, locked, and the actor's membership.

    Refused: whoever may not handle alerts (never the patient), and a closed alert. Raises Alert.DoesNotExist for
    what the actor may not see.
    """
    member = actor.membership
    if member is None or not actor.may(Permission.HANDLE_ALERTS):
        raise AlertRefused("not-allowed", _("Only staff who handle alerts can do this."))
    # No joins: after waiting for the lock, PostgreSQL reads this row anew, and joined ones as they were before.
    fresh = Alert.objects.visible_to(actor).select_for_update().get(pk=alert.pk)
    if fresh.state == AlertState.RESOLVED:
        raise AlertRefused("closed", _closed_by(fresh))
    return fresh, member


def needed(text: str, message: str) -> str:
    """A reason or note that may not be blank."""
    cleaned = text.replace("\x00", "").strip()
    if not cleaned:
        raise AlertRefused("reason", message)
    return cleaned


def _take(alert: Alert, member: Membership, at: datetime) -> None:
    alert.owner, alert.acked_at = member, at
    put(alert, ladder.lease(policy_of(alert), standing_of(alert), at))
    _quiet(alert)


def _contacted(alert: Alert) -> None:
    alert.state, alert.next_step_at, alert.lease_until = AlertState.CONTACTED, None, None
    _quiet(alert)


def _quiet(alert: Alert) -> None:
    """Pages made until now are no longer wanted."""
    alert.quieted_step = alert.step_no
    notifications.cancel(subject_kind="alert", subject_id=alert.pk)


def _taken_by(alert: Alert) -> str:
    """Who was faster, and when."""
    if alert.owner is None or alert.acked_at is None:
        return _("Somebody else was faster. Look again.")
    return _("Taken by %(name)s, %(time)s.") % {"name": alert.owner.user, "time": _local(alert, alert.acked_at)}


def _closed_by(alert: Alert) -> str:
    if alert.resolved_by is None or alert.resolved_at is None:
        return _("This alert is closed.")
    when = _local(alert, alert.resolved_at)
    return _("Closed by %(name)s, %(time)s.") % {"name": alert.resolved_by.user, "time": when}


def _local(alert: Alert, moment: datetime) -> str:
    return date_format(moment.astimezone(clock.zone_of(alert.clinic.time_zone)), "H:i")
