"""Raise an alert, in the caller's transaction: answer, alert, first page and its deliveries are one commit."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from apps.accounts.clinic_settings import settings_of
from apps.accounts.models import Clinic
from apps.alerts import ladder
from apps.alerts.hours import hours_from
from apps.alerts.levels import Level
from apps.alerts.models import (
    Alert,
    AlertOccurrence,
    AlertState,
    Audience,
    EscalationRung,
    EventKind,
    ReviewedLevel,
)
from apps.alerts.paging import CANARY_RUNG, page_rung
from apps.alerts.standing import announce, keep, note, policy_of, put, set_timer, standing_of
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.failpoints import failpoint
from apps.patients.models import Patient

CODE_LETTERS = "ABCDEFGHJKLMNPQRTUVWXY346789"  # none that is misread or misheard for another
CODE_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, and how urgent it is for this person (a reviewed level may have made a task of it)."""

    level: Level
    source_kind: str
    source_id: UUID
    rule_code: str
    value: int | None
    detail: str
    reviewed: bool = False


@transaction.atomic
def raise_alert(
    *,
    patient: Patient,
    cause: str,
    level: Level | str,
    title: str,
    source_kind: str,
    source_id: UUID,
    rule_code: str,
    value: int | None = None,
    detail: str = "",
    call_promised_by: datetime | None = None,
    audience: str = Audience.DESK,
    synthetic: bool = False,
) -> Alert:
    """Open an alert, or count the finding onto the unresolved one of the same patient and cause.

    Worse than before (a higher level or value) reopens an alert that was taken or contacted, and pages. The same
    finding (source_kind, source_id, rule_code) twice changes nothing. level: P1, P2 or P3; value: of the item, 0 or
    more, higher is worse; title and detail are for the desk only; audience: who sees it, the wider of two. Needs the clinic in scope. Raises ValueError for
    an unknown level.
    """
    queue_up(patient)
    found = Finding(Level(level), source_kind, source_id, rule_code, value, _clean(detail, 300))
    if (occurrence := _seen_before(patient, found)) is not None:
        return occurrence.alert
    at = clock.now()
    finding = _judged(patient, cause, found, at)
    alert = unresolved(patient, cause)
    if alert is None:
        alert = _open(patient, cause, title, finding, at, audience=audience, synthetic=synthetic or patient.synthetic)
    else:
        if audience == Audience.DESK and alert.audience == Audience.CLINICIANS:
            alert.audience = Audience.DESK
        _add(alert, title, finding, at)
    if call_promised_by is not None:
        promise_call(alert, call_promised_by)
        alert.save()
    failpoint("alert.before-commit")
    return alert


def queue_up(patient: Patient) -> None:
    """One raise a patient at a time, until the end of the transaction: two at once see each other's rows."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"alert:{patient.pk}"])


def unresolved(patient: Patient, cause: str) -> Alert | None:
    """The patient's unresolved alert of that cause, locked."""
    rows = Alert.objects.unresolved().filter(clinic_id=patient.clinic_id, patient=patient, cause=cause)
    return rows.select_for_update().first()


def promise_call(alert: Alert, by: datetime) -> None:
    """The person was told that somebody calls by then: it becomes the contact limit if that is later. Not saved.

    A promise still ahead stands if it is sooner; one that was kept or broken does not.
    """
    at = clock.now()
    ahead = alert.call_promised_by if alert.call_promised_by and alert.call_promised_by > at else by
    alert.call_promised_by = min(by, ahead)
    if alert.state in (AlertState.OPEN, AlertState.ACKED):
        if alert.contact_due_at <= at:
            alert.contact_due_at, alert.contact_overdue_paged_at = alert.call_promised_by, None
        alert.contact_due_at = min(alert.contact_due_at, alert.call_promised_by)
        set_timer(alert)


def _seen_before(patient: Patient, finding: Finding) -> AlertOccurrence | None:
    rows = AlertOccurrence.objects.select_related("alert").filter(
        clinic_id=patient.clinic_id,
        source_kind=finding.source_kind,
        source_id=finding.source_id,
        rule_code=finding.rule_code,
    )
    return rows.first()


def _judged(patient: Patient, cause: str, finding: Finding, at: datetime) -> Finding:
    """A clinician's signed, unexpired word about this person's known answer makes a task of the same or less."""
    if finding.value is None or not finding.level.pages:
        return finding
    signed = ReviewedLevel.objects.filter(clinic_id=patient.clinic_id, patient=patient, cause=cause, expires_at__gt=at)
    newest = signed.order_by("-created_at", "-id").first()
    if newest is None or finding.value > newest.value:
        return finding
    return replace(finding, level=Level.P3, reviewed=True)


def _open(
    patient: Patient, cause: str, title: str, finding: Finding, at: datetime, *, audience: str, synthetic: bool
) -> Alert:
    failpoint("alert.before-insert")
    clinic = patient.clinic
    snapshot = _policy_for(patient, finding.level)
    policy = ladder.policy_from(snapshot, clock.scaled)
    alert = Alert(
        clinic=clinic,
        patient=patient,
        cause=cause,
        level=finding.level.value,
        title=_clean(title, 200),
        worst_value=finding.value,
        code="".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH)),
        policy_snapshot=snapshot,
        raised_at=at,
        contact_due_at=at + policy.contact,
        audience=Audience.NOBODY if patient.is_canary else audience,
        synthetic=synthetic,
    )
    if finding.reviewed:
        alert.contact_due_at = min(alert.contact_due_at, end_of_day(clinic, at))
    put(alert, ladder.begin(policy, standing_of(alert), at))
    alert.save(force_insert=True)
    _count(alert, finding)
    note(alert, EventKind.RAISED, text=alert.title)
    audit.record(action=Action.CREATE, actor_id=None, obj=alert, detail=cause)
    if policy.pages:
        page_rung(alert, at)
        alert.save()
    announce(alert)
    return alert


def _add(alert: Alert, title: str, finding: Finding, at: datetime) -> None:
    """The same again is counted; worse begins the ladder anew."""
    _count(alert, finding)
    alert.count += 1
    worse = finding.level > Level(alert.level) or _higher(finding, alert.worst_value)
    if finding.value is not None:
        alert.worst_value = max(finding.value, alert.worst_value or 0)
    if not worse or finding.reviewed:
        keep(alert, EventKind.REPEATED, text=_clean(title, 200))
        return
    worsen(alert, finding.level, at)
    alert.title = _clean(title, 200)
    keep(alert, EventKind.WORSE, text=alert.title)


def worsen(alert: Alert, level: Level, at: datetime) -> None:
    """Open again at the first rung, at the higher level of the two, and page. Not saved.

    Contact that was made, or was overdue, is due anew; else the earlier of both limits stands.
    """
    renew = alert.state == AlertState.CONTACTED or alert.contact_overdue_paged_at is not None
    if level > Level(alert.level):
        alert.level = level.value
        alert.policy_snapshot = _policy_for(alert.patient, level)
    policy = policy_of(alert)
    due = at + policy.contact
    alert.contact_due_at = due if renew else min(due, alert.contact_due_at)
    alert.call_promised_by = None if renew else alert.call_promised_by
    alert.contact_overdue_paged_at = None
    alert.worsened_at = at
    alert.cycle += 1
    put(alert, ladder.begin(policy, standing_of(alert), at))
    if policy.pages:
        page_rung(alert, at)


def _higher(finding: Finding, before: int | None) -> bool:
    return finding.value is not None and before is not None and finding.value > before


def _count(alert: Alert, finding: Finding) -> None:
    AlertOccurrence.objects.create(
        clinic_id=alert.clinic_id,
        alert=alert,
        source_kind=finding.source_kind,
        source_id=finding.source_id,
        rule_code=finding.rule_code,
        level=finding.level.value,
        value=finding.value,
        detail=finding.detail,
    )


def snapshot_policy(clinic: Clinic, level: Level) -> dict[str, Any]:
    """The ladder and the limits of a level as the clinic has them now; later changes do not touch open alerts.

    While the desk is closed the ladder for that time, where there is one with a rung on it.
    """
    settings = settings_of(clinic)
    closed = not hours_from(settings, clock.zone_of(clinic.time_zone)).is_open(clock.now())
    ladders = _ladders(clinic, level)
    rungs = (closed and ladders.get("after-hours")) or ladders.get("always", [])
    return {"level": level.value, "rungs": rungs} | _limits(level, settings)


def _policy_for(patient: Patient, level: Level) -> dict[str, Any]:
    """The clinic's ladder; for the canary one page to a synthetic recipient, and quiet until the next canary."""
    if not patient.is_canary:
        return snapshot_policy(patient.clinic, level)
    limits = ("acknowledge_minutes", "contact_minutes", "repeat_minutes", "lease_minutes")
    return {"level": level.value, "rungs": [CANARY_RUNG]} | dict.fromkeys(limits, 24 * 60)


def _ladders(clinic: Clinic, level: Level) -> dict[str, list[str]]:
    """The rungs of the level by the time for which they are meant."""
    rungs = EscalationRung.objects.filter(clinic=clinic, policy__level=level.value, policy__off_at__isnull=True)
    rungs = rungs.order_by("rung")
    found: dict[str, list[str]] = {}
    for hours, target in rungs.values_list("policy__hours", "target"):
        found.setdefault(hours, []).append(target)
    return found


def _limits(level: Level, settings: dict[str, Any]) -> dict[str, int]:
    """Minutes. A task has one limit: it is due, told on, and comes back, at the end of the same time."""
    if level is Level.P3:
        names = ("acknowledge_minutes", "contact_minutes", "repeat_minutes", "lease_minutes")
        return dict.fromkeys(names, settings["p3_due_minutes"])
    prefix = level.value.lower()
    return {
        "acknowledge_minutes": settings[f"{prefix}_acknowledge_minutes"],
        "contact_minutes": settings[f"{prefix}_contact_minutes"],
        "repeat_minutes": settings["repeat_page_minutes"],
        "lease_minutes": settings[f"{prefix}_lease_minutes"],
    }


def end_of_day(clinic: Clinic, at: datetime) -> datetime:
    """The end of that day where the clinic is (shortened as every delay is)."""
    zone = clock.zone_of(clinic.time_zone)
    tomorrow = at.astimezone(zone).date() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time(0), zone).astimezone(at.tzinfo)
    return at + clock.scaled(midnight - at)


def _clean(text: str, limit: int) -> str:
    """What a text column takes: no NUL, no more than its length."""
    return text.replace("\x00", "")[:limit]
