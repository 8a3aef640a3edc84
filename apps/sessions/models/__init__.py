"""What happens at a set time: visits; and treatment: courses, dosing sessions, doses, consents, reports."""

from apps.sessions.models.agreement import (
    ConsentText,
    Screening,
    SessionWishes,
    TreatmentConsent,
)
from apps.sessions.models.dosing import (
    SESSION_OPEN,
    TAPS,
    CountersignPin,
    Course,
    CourseStatus,
    DoseRoute,
    DosingSession,
    GateOverride,
    MedicationAdministration,
    PreDoseCheck,
    Product,
    SessionEvent,
    SessionEventKind,
    SessionStatus,
)
from apps.sessions.models.driver import DriverLink, MorningCheck
from apps.sessions.models.hours import DifferentTime, VisitHours
from apps.sessions.models.protocols import CourseChange, CourseChangeKind, PlannedDose, Protocol
from apps.sessions.models.reports import SERIOUS, AdverseEvent, RemsForm
from apps.sessions.models.visits import (
    LIVE,
    Visit,
    VisitEvent,
    VisitEventKind,
    VisitNote,
    VisitSeat,
    VisitStatus,
)

__all__ = [
    "LIVE",
    "SERIOUS",
    "SESSION_OPEN",
    "TAPS",
    "AdverseEvent",
    "ConsentText",
    "CountersignPin",
    "Course",
    "CourseChange",
    "CourseChangeKind",
    "CourseStatus",
    "DifferentTime",
    "DoseRoute",
    "DosingSession",
    "DriverLink",
    "GateOverride",
    "MedicationAdministration",
    "MorningCheck",
    "PlannedDose",
    "PreDoseCheck",
    "Product",
    "Protocol",
    "RemsForm",
    "Screening",
    "SessionEvent",
    "SessionEventKind",
    "SessionStatus",
    "SessionWishes",
    "TreatmentConsent",
    "Visit",
    "VisitEvent",
    "VisitEventKind",
    "VisitHours",
    "VisitNote",
    "VisitSeat",
    "VisitStatus",
]
