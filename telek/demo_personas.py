"""Who stands ready in the demo. The seed makes exactly these people; /demo/ signs in as them with one click."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.permissions import Role


@dataclass(frozen=True)
class Persona:
    """One invented person. role and clinic (a slug) are None for the platform admin; lands_on is a path."""

    key: str
    email: str
    name: str
    role: Role | None
    clinic: str | None
    words: str | Promise
    lands_on: str = "/"


RIVERSIDE, HILLSIDE = "riverside", "hillside"

PERSONAS: dict[str, Persona] = {
    persona.key: persona
    for persona in [
        Persona(
            "patient",
            "maria.alvarez@riverside.example",
            "Maria Alvarez",
            Role.PATIENT,
            RIVERSIDE,
            _("In care for depression; a check-in is due today."),
        ),
        Persona(
            "patient-2",
            "tobias.brandt@riverside.example",
            "Tobias Brandt",
            Role.PATIENT,
            RIVERSIDE,
            _("Another person of the same clinic."),
        ),
        Persona("nurse", "nurse@riverside.example", "Rosa Osei", Role.NURSE, RIVERSIDE, _("On call by day."), "/desk/"),
        Persona(
            "prescriber",
            "prescriber@riverside.example",
            "Dr Ngozi Okafor",
            Role.PRESCRIBER,
            RIVERSIDE,
            _("Treats, and leads the clinic."),
            "/desk/",
        ),
        Persona(
            "therapist",
            "therapist@riverside.example",
            "Jonas Lindqvist",
            Role.THERAPIST,
            RIVERSIDE,
            _("Holds the follow-up talks."),
            "/desk/",
        ),
        Persona(
            "coordinator",
            "coordinator@riverside.example",
            "Linh Tran",
            Role.COORDINATOR,
            RIVERSIDE,
            _("Books, registers, sees to the tasks."),
            "/desk/",
        ),
        Persona(
            "clinic-admin",
            "admin@riverside.example",
            "Ruth Adler",
            Role.CLINIC_ADMIN,
            RIVERSIDE,
            _("People, roster, settings and the audit trail; no clinical record."),
            "/admin/",
        ),
        Persona(
            "other-clinic-prescriber",
            "prescriber@hillside.example",
            "Dr Della Marsh",
            Role.PRESCRIBER,
            HILLSIDE,
            _("Works in the other clinic and must see nothing of the first."),
            "/desk/",
        ),
        Persona(
            "other-clinic-patient",
            "yusuf.farah@hillside.example",
            "Yusuf Farah",
            Role.PATIENT,
            HILLSIDE,
            _("In care of the other clinic."),
        ),
        Persona(
            "platform-admin",
            "platform@telek.example",
            "Iris Novak",
            None,
            None,
            _("Runs the installation: clinics and people, no clinical record without break-glass."),
            "/admin/",
        ),
    ]
}
