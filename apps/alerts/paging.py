"""One page: who, over which channels, written as a step and its deliveries in the transaction of the change.

Actions page with it when an alert is raised or gets worse, the engine when a step is due. Nothing here sends.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from apps.accounts.clinic_settings import setting
from apps.accounts.models import Clinic, ContactPoint, Membership
from apps.accounts.permissions import Permission, may
from apps.alerts import channels, ladder, roster
from apps.alerts.channels import Sending, Way
from apps.alerts.ladder import Policy
from apps.alerts.levels import Level
from apps.alerts.models import Alert, AlertState, AlertStep, EventKind
from apps.alerts.standing import note, policy_of, put, standing_of
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.core.failpoints import failpoint
from apps.notifications import actions as notifications
from apps.notifications.models import Channel, Delivery, Kind
from apps.notifications.transports.loop import ADDRESS as LOOP_ADDRESS

#: The only rung of the canary's alerts: nobody is woken, a letter goes to a synthetic recipient.
CANARY_RUNG: Final = "canary"
CANARY_EVERY: Final = timedelta(minutes=15)


def page_rung(alert: Alert, at: datetime) -> None:
    """Page the alert's rung; a rung with nobody on it is passed over at once, and a ladder with nobody at all
    goes to the clinic's fallback contact and its administrators. The caller saves the alert."""
    policy = policy_of(alert)
    if policy.rungs == (CANARY_RUNG,):
        _page_canary(alert, at)
        return
    for _ in policy.rungs:
        people = roster.people_on(policy.rungs[_rung_of(alert, policy)], alert.patient, at)
        _page(alert, people, at)
        if people:
            note(alert, EventKind.PAGED, text=_names(people))
            return
        note(alert, EventKind.NOBODY, text=policy.rungs[_rung_of(alert, policy)])
        put(alert, ladder.climb(policy, standing_of(alert), at))
    _page_fallback(alert, at)


def page_owner(alert: Alert, at: datetime) -> None:
    """Page the owner alone; an owner who may no longer be paged is passed over for the rung."""
    owner = roster.handlers(alert.clinic_id, at).filter(pk=alert.owner_id).first() if alert.owner_id else None
    if owner is None:
        page_rung(alert, at)
        return
    _page(alert, [owner], at)
    note(alert, EventKind.PAGED, text=_names([owner]))


def page_administrators(alert: Alert, at: datetime, *, template: str, key: str) -> list[Membership]:
    """Tell the clinic's administrators about an alert that the ladder could not place. key: part of the dedupe key."""
    people = roster.administrators(alert.clinic_id, at)
    for person in people:
        for sending in channels.sendings(Level(alert.level), ways_of(person), repeat=True):
            _queue(alert, at, person.user_id, person.user.language, sending, template=template, key=key)
    return people


def still_wanted(delivery: Delivery) -> bool:
    """Just before the wire: is this page of an alert still to be sent?

    No once the alert is resolved, or was taken after the page was made, or the recipient may no longer be paged; a
    message that waited for the first channels to stay silent is not wanted when one of them arrived.
    """
    with use_clinic(delivery.clinic_id), transaction.atomic():
        alert = Alert.objects.filter(pk=delivery.subject_id).first() if delivery.subject_id else None
        if alert is None or alert.state == AlertState.RESOLVED:
            return False
        if int(delivery.context.get("page", 0)) < alert.quieted_step or _arrived_otherwise(delivery):
            return False
        return _entitled(delivery)


def _arrived_otherwise(delivery: Delivery) -> bool:
    if not delivery.context.get("if_silent"):
        return False
    same_page = Delivery.objects.filter(
        clinic_id=delivery.clinic_id,
        subject_kind="alert",
        subject_id=delivery.subject_id,
        recipient_id=delivery.recipient_id,
        context__page=delivery.context["page"],
    )
    return same_page.filter(delivered_at__isnull=False).exclude(channel=channels.IN_APP).exists()


def _entitled(delivery: Delivery) -> bool:
    if delivery.recipient_id == delivery.clinic_id:  # the fallback contact is no member
        return True
    at = clock.now()
    members = Membership.objects.select_related("user").filter(user_id=delivery.recipient_id, user__is_active=True)
    roles = [member.role for member in members if member.ended_at is None or member.ended_at > at]
    return any(may(role, need) for role in roles for need in (Permission.HANDLE_ALERTS, Permission.MANAGE_CLINIC))


def _rung_of(alert: Alert, policy: Policy) -> int:
    return min(alert.rung, len(policy.rungs) - 1)


def _page(alert: Alert, people: Iterable[Membership], at: datetime) -> None:
    """A step with its deliveries; nobody at all makes a step that says so."""
    repeat = AlertStep.objects.filter(alert=alert, rung=alert.rung, nobody_on_call=False).exists()
    targets = []
    for person in people:
        plan = channels.sendings(Level(alert.level), ways_of(person), repeat=repeat)
        for sending in plan:
            _queue(alert, at, person.user_id, person.user.language, sending, template="alert_page")
        ways = [sending.way.channel for sending in plan]
        targets.append({"membership": str(person.pk), "name": str(person.user), "channels": ways})
    _write_step(alert, at, targets)


def _page_fallback(alert: Alert, at: datetime) -> None:
    """Nobody on any rung: the fallback contact and the administrators, and the history says "uncovered"."""
    targets = []
    if alert.level != Level.P3.value and (contact := _fallback_contact(alert.clinic)):
        sending = Sending(contact, channels.FALLBACK_AFTER * 0)
        _queue(alert, at, alert.clinic_id, "en", sending, template="alert_page")
        targets.append({"membership": None, "name": contact.address, "channels": [contact.channel]})
    people = page_administrators(alert, at, template="alert_uncovered", key="uncovered")
    targets += [{"membership": str(one.pk), "name": str(one.user), "channels": []} for one in people]
    _write_step(alert, at, targets, nobody=True)
    note(alert, EventKind.UNCOVERED, text=", ".join(str(target["name"]) for target in targets))


def _page_canary(alert: Alert, at: datetime) -> None:
    """The page of a canary's alert."""
    queue_canary(alert.clinic, canary_key(at), Channel.EMAIL, LOOP_ADDRESS)
    _write_step(alert, at, [{"membership": None, "name": CANARY_RUNG, "channels": [str(Channel.EMAIL)]}])


def canary_key(at: datetime) -> str:
    """One canary a clinic and quarter of an hour."""
    return f"canary:{int(at.timestamp()) // int(CANARY_EVERY.total_seconds())}"


def queue_canary(clinic: Clinic, key: str, channel: str, address: str) -> Delivery | None:
    """The canary's letter; None where it is there already."""
    return notifications.queue(
        clinic_id=clinic.pk,
        kind=Kind.CANARY,
        dedupe_key=key,
        subject_kind="canary",
        subject_id=clinic.pk,
        recipient_id=clinic.pk,
        channel=channel,
        address=address,
        template="canary",
        context={"clinic": clinic.name},
        synthetic=True,
    )


def _fallback_contact(clinic: Clinic) -> Way | None:
    """The clinic's fallback contact: a mail address, or else a telephone number for a text message."""
    address = str(setting(clinic, "fallback_contact")).strip()
    if not address:
        return None
    return Way("email" if "@" in address else "sms", address)


def _write_step(alert: Alert, at: datetime, targets: Sequence[Mapping[str, object]], *, nobody: bool = False) -> None:
    """Its key (alert, cycle, number) is the guard against firing twice."""
    failpoint("step.before-insert")
    AlertStep.objects.create(
        clinic_id=alert.clinic_id,
        alert=alert,
        cycle=alert.cycle,
        step_no=alert.step_no,
        rung=alert.rung,
        fired_at=at,
        targets=list(targets),
        nobody_on_call=nobody or not targets,
    )
    failpoint("step.after-insert")
    put(alert, ladder.paged(standing_of(alert), at))


def ways_of(person: Membership) -> list[Way]:
    """The person's contact points in the order of rank; without any, the address that they sign in with."""
    points = ContactPoint.objects.filter(clinic_id=person.clinic_id, user_id=person.user_id, opted_out_at__isnull=True)
    ways = channels.ways_from((one.channel, one.address) for one in points.order_by("rank", "channel", "id"))
    return ways or [Way("email", person.user.email)]


def _queue(
    alert: Alert,
    at: datetime,
    recipient_id: UUID,
    language: str,
    sending: Sending,
    *,
    template: str,
    key: str = "",
) -> None:
    number = f"alert:{alert.pk}:{alert.cycle}:{alert.step_no}:{recipient_id}:{sending.way.key}"
    notifications.queue(
        clinic_id=alert.clinic_id,
        kind=Kind.ALERT,
        dedupe_key=f"{number}:{key}" if key else number,
        subject_kind="alert",
        subject_id=alert.pk,
        recipient_id=recipient_id,
        channel=sending.way.channel,
        address=sending.way.address,
        template=template,
        context=_words(alert, silent=bool(sending.after)),
        language=language,
        not_before=at + clock.scaled(sending.after),
        synthetic=alert.synthetic,
    )


def _words(alert: Alert, *, silent: bool) -> dict[str, str]:
    """What a page may say: the clinic's name, a code, a link. Nothing clinical, no name of a patient."""
    words = {"clinic": alert.clinic.name, "code": alert.code, "link": alert.path, "page": str(alert.step_no)}
    return words | ({"if_silent": "1"} if silent else {})


def _names(people: Iterable[Membership]) -> str:
    return ", ".join(str(person.user) for person in people)
