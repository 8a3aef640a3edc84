"""Readings of the person's own devices, in the session at home that they belong to; replayed batches are one event."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction

from apps.monitoring.models import Device, Observation
from apps.sessions.actions.events import CODES, Tap, note_measured
from apps.sessions.home_watch import AT_HOME
from apps.sessions.models import DosingSession

NAMES = {code: name for name, (code, _unit) in CODES.items()}


@transaction.atomic
def take_home_readings(*, stored: Iterable[UUID]) -> int:
    """What a device has just sent: those of people in a session at home become its events; how many were new.

    stored: ids of observations. A reading from before the session, or of another time, is the chart's alone.
    """
    rows = DosingSession.objects.filter(place=AT_HOME, status="in-progress")
    sessions = {one.patient_id: one for one in rows.select_for_update(of=("self",)).select_related(
        "patient__user", "course", "clinic"
    )}  # fmt: skip
    if not sessions:
        return 0
    earliest = min(one.opened_at for one in sessions.values())
    found = Observation.objects.known().filter(
        pk__in=list(stored), patient_id__in=sessions, code__in=NAMES, effective_at__gte=earliest
    )
    labels = dict(Device.objects.filter(revoked_at__isnull=True).values_list("identifier", "label"))
    moments: dict[tuple[UUID, str, datetime], dict[str, int]] = {}
    for row in found:
        values = moments.setdefault((row.patient_id, row.source, row.effective_at), {})
        values[NAMES[row.code]] = round(row.value)
    made = 0
    for patient_id, session in sessions.items():
        taps = [
            Tap(uuid5(session.pk, f"{source} {at.isoformat()}"), "vitals", at, values, text=labels.get(source, source))
            for (whose, source, at), values in moments.items()
            if whose == patient_id and at >= session.opened_at
        ]
        made += len(note_measured(session=session, taps=taps, actor=session.patient.user)) if taps else 0
    return made
