"""What happens at a set time: visits; and treatment: courses, dosing sessions, doses, consents, reports."""

from apps.sessions.models.agreement import (
    ConsentText,
    Screening,
    SessionWishes,
    TreatmentConsent,
)
from apps.sessions.models.calm import CalmExercise, CalmTrack, TrackKind
from apps.sessions.models.cognition import CognitionResult
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
from apps.sessions.models.guests import GUEST_ROLES, VisitGuest
from apps.sessions.models.home import HomeWatch, LookIn, LookInKind
from apps.sessions.models.hours import DifferentTime, HoursFor, VisitHours
from apps.sessions.models.integration import IntegrationWindow
from apps.sessions.models.labs import LabCode, LabFinding, LabResult, SafetyCheck
from apps.sessions.models.pre_visit import PreVisitCheck
from apps.sessions.models.protocols import CourseChange, CourseChangeKind, PlannedDose, Protocol
from apps.sessions.models.reports import SERIOUS, AdverseEvent, RemsForm
from apps.sessions.models.stock import StockDifference, StockEntry, StockEntryKind, StockLot
from apps.sessions.models.take_home import TakeHomeCount, TakeHomeSupply
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
    "GUEST_ROLES",
    "LIVE",
    "SERIOUS",
    "SESSION_OPEN",
    "TAPS",
    "AdverseEvent",
    "CalmExercise",
    "CalmTrack",
    "CognitionResult",
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
    "HomeWatch",
    "HoursFor",
    "IntegrationWindow",
    "LabCode",
    "LabFinding",
    "LabResult",
    "LookIn",
    "LookInKind",
    "MedicationAdministration",
    "MorningCheck",
    "PlannedDose",
    "PreDoseCheck",
    "PreVisitCheck",
    "Product",
    "Protocol",
    "RemsForm",
    "SafetyCheck",
    "Screening",
    "SessionEvent",
    "SessionEventKind",
    "SessionStatus",
    "SessionWishes",
    "StockDifference",
    "StockEntry",
    "StockEntryKind",
    "StockLot",
    "TakeHomeCount",
    "TakeHomeSupply",
    "TrackKind",
    "TreatmentConsent",
    "Visit",
    "VisitEvent",
    "VisitEventKind",
    "VisitGuest",
    "VisitHours",
    "VisitNote",
    "VisitSeat",
    "VisitStatus",
]
