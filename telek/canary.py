"""The canary: does an unsafe answer still become a page that leaves, in every clinic, now?

Every 15 minutes, for each clinic, two ways are gone. The answer is real: the clinic's canary, a synthetic person who is in
no list and no figure, gives item 9 of the PHQ-9 its worst value through the verb of any answer; it is stored with its
alert in one transaction under the database's own check, the alert pages, and the page is leased, marked, sent and recorded
as any other, to a synthetic recipient. The rehearsal raises a P1 for one of the clinic's people, pages the ladder as it
stands at that moment, and takes it all back: nothing of it is ever seen. Once a day a letter goes over the clinic's own
text channel to `pager_test_contact`.

A page that has not arrived within 60 s is late (`/health/alerts`); an answer or a rehearsal that fails, a letter that is
dead, and a clinic whose ladder reaches nobody are told to its administrators.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.accounts.clinic_settings import setting
from apps.accounts.models import Clinic
from apps.alerts.actions import raise_alert
from apps.alerts.actions.canaries import close_canaries
from apps.alerts.levels import Level
from apps.alerts.models import AlertStep
from apps.alerts.paging import canary_key, queue_canary
from apps.alerts.warning import warn_administrators
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.core.failpoints import failpoint
from apps.core.ids import new_id
from apps.monitoring.actions.canary import answer_as_canary
from apps.notifications.models import Channel, Delivery
from apps.notifications.transports.loop import ADDRESS
from apps.patients.models import Patient

logger = logging.getLogger(__name__)

ARRIVES_WITHIN: Final = timedelta(seconds=60)
DUE: Final = """
select c.id from accounts_clinic c where c.is_active and not exists (
  select from notifications_delivery d where d.clinic_id = c.id and d.dedupe_key = %s) limit %s
"""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """steps: pages that the raise made (0: it failed or there is nobody to rehearse with); nobody: no rung reached anybody."""

    steps: int
    nobody: bool
    fault: str = ""


def run_due(limit: int) -> int:
    """Let the canary of every clinic whose time has come fly; how many."""
    key = canary_key(clock.now())
    with connection.cursor() as cursor:
        cursor.execute(DUE, [key, limit])
        due = [row[0] for row in cursor.fetchall()]
    return sum(_fly(clinic_id, key) for clinic_id in due)


def _fly(clinic_id: UUID, key: str) -> bool:
    """One clinic. False where another engine was first: the letter's key is the claim."""
    with use_clinic(clinic_id):
        with transaction.atomic():
            clinic = Clinic.objects.get(pk=clinic_id)
            answered = _answer(clinic, key)
            # Without an answer the letter goes by itself: the end of the way is tried in any case.
            if queue_canary(clinic, key, Channel.EMAIL, ADDRESS) is None and answered is None:
                return False
            failpoint("canary.before-commit")
            _daily(clinic)
        found = rehearse(clinic)
        for why in filter(None, (answered, found.fault, found.nobody and _("no rung of the ladder reaches anybody"))):
            warn_administrators(clinic, "canary-lost", key=f"canary-{clock.now():%Y%m%d%H}", words={"why": str(why)})
    return True


def _answer(clinic: Clinic, key: str) -> str | None:
    """Give the answer; what went wrong, "" where it became an alert and its page, None where nothing was to be done."""
    try:
        with transaction.atomic():
            close_canaries(clinic=clinic)
            if not answer_as_canary(clinic=clinic, key=key):  # another engine was first, or there is nothing to answer
                transaction.set_rollback(True)
                return None
            with connection.cursor() as cursor:
                cursor.execute("set constraints all immediate")
                cursor.execute("set constraints all deferred")
            if not Delivery.objects.filter(clinic_id=clinic.pk, dedupe_key=key).exists():
                raise LookupError("an unsafe answer made no page")
    except Exception as error:
        logger.exception("clinic %s: the canary's answer failed", clinic.pk)
        return type(error).__name__
    return ""


def rehearse(clinic: Clinic) -> Rehearsal:
    """Raise a P1 for one of the clinic's people and take it back. Needs the clinic in scope."""
    try:
        with transaction.atomic():
            patient = Patient.objects.select_related("clinic").filter(clinic=clinic, status="active").first()
            found = Rehearsal(0, nobody=False) if patient is None else _raised(patient)
            transaction.set_rollback(True)
    except Exception as error:
        logger.exception("clinic %s: the rehearsal of an alert failed", clinic.pk)
        return Rehearsal(0, nobody=False, fault=type(error).__name__)
    return found


def _raised(patient: Patient) -> Rehearsal:
    alert = raise_alert(
        patient=patient,
        cause="canary",
        level=Level.P1,
        title="canary",
        source_kind="canary",
        source_id=new_id(),
        rule_code="canary",
        synthetic=True,
    )
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
    steps = AlertStep.objects.filter(alert=alert)
    letters = Delivery.objects.filter(subject_id=alert.pk).exclude(channel=Channel.IN_APP)
    if not letters.exists():
        return Rehearsal(steps.count(), nobody=True)
    return Rehearsal(steps.count(), nobody=not steps.filter(nobody_on_call=False).exists())


def _daily(clinic: Clinic) -> None:
    """Once a day of UTC, over the real channel, to the number or address that the clinic set for it."""
    address = str(setting(clinic, "pager_test_contact")).strip()
    if address:
        channel = Channel.EMAIL if "@" in address else Channel.SMS
        queue_canary(clinic, f"canary-daily:{clock.now():%Y%m%d}", channel, address)


def lost(delivery: Delivery) -> None:
    """A canary is dead: told to the administrators in the transaction that records it."""
    clinic = Clinic.objects.get(pk=delivery.clinic_id)
    at = clock.now()
    warn_administrators(clinic, "canary-lost", key=f"canary-{at:%Y%m%d%H}", words={"why": delivery.channel})


def late_canaries(at: datetime) -> int:
    """Letters of the last hour that did not arrive within their minute, or only after it. Over the pump's clinics."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from notifications_delivery where kind = '6-canary' and not_before > %s"
            " and not_before <= %s and coalesce(sent_at, telek_now()) > not_before + %s::interval and state <> 'cancelled'",
            [at - timedelta(hours=1), at - ARRIVES_WITHIN, f"{ARRIVES_WITHIN.total_seconds()} s"],
        )
        (count,) = cursor.fetchone()
    return int(count)
