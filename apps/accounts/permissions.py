"""Roles and permissions: one table on one screen. Pure."""

from enum import StrEnum


class Role(StrEnum):
    """What a membership lets a person be in one clinic."""

    PATIENT = "patient"
    PRESCRIBER = "prescriber"
    NURSE = "nurse"
    THERAPIST = "therapist"
    COORDINATOR = "coordinator"
    CLINIC_ADMIN = "clinic-admin"
    EMERGENCY = "emergency-access"  # a platform admin behind broken glass, for an hour; nobody's membership


class Permission(StrEnum):
    """What a door asks for."""

    OWN_RECORD = "own-record"  # a patient's own answers, messages, visits
    SEE_DESK = "see-desk"  # worklist, alerts, who is on call
    SEE_CLINICAL = "see-clinical"  # answers, curves, notes of patients
    HANDLE_ALERTS = "handle-alerts"  # acknowledge, contact, escalate
    CLOSE_ALERTS = "close-alerts"  # close P1 and P2: licensed clinicians only
    CLOSE_TASKS = "close-tasks"  # close P3
    CHAT = "chat"  # write to patients
    HOLD_VISITS = "hold-visits"  # admit, call, write and sign a note
    BOOK_VISITS = "book-visits"
    MANAGE_SCHEDULES = "manage-schedules"  # assign surveys
    MANAGE_PATIENTS = "manage-patients"  # register, invite, contacts
    WRITE_OBSERVATIONS = "write-observations"
    GIVE_DOSES = "give-doses"  # open a dosing session, give a dose, let the person go
    PRESCRIBE = "prescribe"  # start and stop courses, decide to go on in spite of a hold
    MANAGE_CLINIC = "manage-clinic"  # people, roles, roster, policies, settings
    SEE_AUDIT = "see-audit"
    SEE_DELIVERIES = "see-deliveries"


P, R = Permission, Role
_DESK = frozenset({P.SEE_DESK, P.SEE_CLINICAL, P.HANDLE_ALERTS, P.CLOSE_TASKS, P.CHAT, P.BOOK_VISITS})
_CLINICIAN = _DESK | {P.CLOSE_ALERTS, P.HOLD_VISITS, P.WRITE_OBSERVATIONS, P.MANAGE_SCHEDULES}

TABLE: dict[Role, frozenset[Permission]] = {
    R.PATIENT: frozenset({P.OWN_RECORD}),
    R.PRESCRIBER: _CLINICIAN | {P.MANAGE_PATIENTS, P.GIVE_DOSES, P.PRESCRIBE},
    R.NURSE: _CLINICIAN | {P.MANAGE_PATIENTS, P.GIVE_DOSES},
    R.THERAPIST: _CLINICIAN,
    R.COORDINATOR: frozenset(_DESK | {P.MANAGE_PATIENTS, P.MANAGE_SCHEDULES, P.SEE_DELIVERIES}),
    R.CLINIC_ADMIN: frozenset({P.MANAGE_CLINIC, P.SEE_AUDIT, P.SEE_DELIVERIES}),
    R.EMERGENCY: frozenset({P.SEE_DESK, P.SEE_CLINICAL, P.SEE_AUDIT, P.SEE_DELIVERIES}),  # reads, changes nothing
}
STAFF = frozenset(Role) - {Role.PATIENT}
ASSIGNABLE = [role for role in Role if role is not Role.EMERGENCY]
CLINICIANS = frozenset({Role.PRESCRIBER, Role.NURSE, Role.THERAPIST})


def may(role: str | None, permission: Permission) -> bool:
    """Does the role carry the permission? No role carries nothing."""
    return role is not None and permission in TABLE[Role(role)]
