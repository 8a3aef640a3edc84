"""The visit after a dose: within the clinic's window (24 to 72 hours) the person and the desk are offered one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from apps.accounts.clinic_settings import settings_of
from apps.accounts.models import Clinic, User
from apps.core import clock
from apps.monitoring.models import Anchor
from apps.patients.models import Patient
from apps.sessions.free_times import Span
from apps.sessions.models import Visit, VisitStatus


@dataclass(frozen=True, slots=True)
class DoseWindow:
    """A dose, and when its visit should take place."""

    patient: Patient
    dosed_at: datetime
    span: Span


def window_of(patient: Patient) -> DoseWindow | None:
    """The window of the person's last dose while it is open or ahead, and holds no visit."""
    return next(iter(_without_visit(Patient.objects.filter(pk=patient.pk), patient.clinic)), None)


def windows_without_visit(user: User, clinic: Clinic) -> list[DoseWindow]:
    """Of everybody in care whom the person may see; the window that closes first comes first."""
    return _without_visit(Patient.objects.visible_to(user).filter(status="active"), clinic)


def _without_visit(patients: Iterable[Patient], clinic: Clinic) -> list[DoseWindow]:
    values, now = settings_of(clinic), clock.now()
    opens, closes = (timedelta(hours=values[f"visit_after_dose_{edge}_hours"]) for edge in ("from", "to"))
    doses = Anchor.objects.filter(patient__in=patients, kind="dose", status="completed")
    doses = doses.filter(started_at__gt=now - closes, started_at__lte=now).select_related("patient__clinic")
    last = {dose.patient_id: dose for dose in doses.order_by("started_at")}
    windows = [
        DoseWindow(dose.patient, dose.started_at, Span(dose.started_at + opens, dose.started_at + closes))
        for dose in last.values()
    ]
    seen = _visits(last)
    free = [one for one in windows if not any(one.span.touches(visit) for visit in seen.get(one.patient.pk, []))]
    return sorted(free, key=lambda one: one.span.ends_at)


def _visits(patients: Iterable[UUID]) -> dict[UUID, list[Span]]:
    rows = Visit.objects.filter(patient_id__in=list(patients)).exclude(status=VisitStatus.CANCELLED)
    found: dict[UUID, list[Span]] = {}
    for visit in rows.filter(ends_at__gt=clock.now() - timedelta(days=14)):
        found.setdefault(visit.patient_id, []).append(Span(visit.starts_at, visit.ends_at))
    return found
