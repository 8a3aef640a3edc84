"""The notice before the first form: who sees the answers, who calls, when, and what to do in an emergency."""

from django.utils.translation import gettext as _

from apps.accounts.models import Clinic
from apps.monitoring.care import Cover, cover_of
from apps.patients.models import Consent, Patient

SCOPE = "survey-notice"
VERSION = "1"


def is_due(patient: Patient) -> bool:
    """Has the person not yet read this version?"""
    return not Consent.objects.filter(patient=patient, scope=SCOPE, version=VERSION, status="active").exists()


def paragraphs(clinic: Clinic) -> list[tuple[str, str]]:
    """Heading and text of each part, as shown; true for how the clinic is staffed today."""
    cover = cover_of(clinic)
    return [
        (
            _("Who sees your answers"),
            _(
                "Your care team at %(clinic)s, and nobody else. Each answer is sent as soon as you give it, "
                "even if you stop half-way."
            )
            % {"clinic": clinic.name},
        ),
        (_("If an answer tells us that you may be in danger"), _urgent(cover)),
        (_("When somebody is there"), _hours(cover)),
        (
            _("In an emergency"),
            _(
                "This is not an emergency service. If you may hurt yourself or somebody else, call the numbers at the "
                "bottom of every page. Do not wait for us."
            ),
        ),
        (
            _("Your choice"),
            _("You can leave out any question, stop at any time and pick up later. It does not change your care."),
        ),
    ]


def as_text(clinic: Clinic) -> str:
    """The whole notice in one text, for the record of what was read."""
    return "\n".join(f"{heading}\n{text}" for heading, text in paragraphs(clinic))


def _urgent(cover: Cover) -> str:
    if cover.night_cover:
        return _("A member of the team is told at once, day and night, and will try to call you.")
    return _(
        "A member of the team is told at once between %(opens)s and %(closes)s, and will try to call you. "
        "At night nobody reads your answers."
    ) % {"opens": cover.opens, "closes": cover.closes}


def _hours(cover: Cover) -> str:
    return _("The team reads other answers between %(opens)s and %(closes)s.") % {
        "opens": cover.opens,
        "closes": cover.closes,
    }
