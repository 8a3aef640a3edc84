"""The person in care, who looks after them, and what must be known in an emergency."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, ClinicRowQuerySet, Membership, User
from apps.accounts.permissions import Permission
from apps.core.encryption import EncryptedTextField


class PatientQuerySet(ClinicRowQuerySet["Patient"]):
    """Sets of people."""

    def visible_to(self, user: Any) -> Self:
        """Without the canary, who is nobody."""
        return super().visible_to(user).filter(is_canary=False)


class Patient(ClinicRow):
    """A person treated by a clinic (FHIR Patient). `user` is how they sign in."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(_("number"), max_length=20)  # the clinic's own, printed on the banner
    family_name = models.CharField(_("family name"), max_length=80)
    given_name = models.CharField(_("given name"), max_length=80)
    birth_on = models.DateField(_("birth date"))
    sex = models.CharField(
        max_length=10,
        choices=[("female", _("female")), ("male", _("male")), ("other", _("other")), ("unknown", _("unknown"))],
    )
    pronouns = models.CharField(max_length=30, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64)
    address = models.CharField(_("address"), max_length=300, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    emergency_number = models.CharField(_("local dispatch number for that address"), max_length=40, blank=True)
    diagnosis = models.CharField(max_length=200, blank=True)
    allergies = models.CharField(max_length=300, blank=True)
    treating = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    quiet_from = models.TimeField(_("no reminders from"), default="21:00")
    quiet_until = models.TimeField(_("no reminders until"), default="08:00")
    reminders_off_at = models.DateTimeField(null=True, blank=True)  # kill switch
    links_off_at = models.DateTimeField(null=True, blank=True)  # "shared phone": no one-tap links
    status = models.CharField(
        max_length=20,
        default="active",
        choices=[
            ("active", _("in care")),
            ("discharged", _("discharged")),
            ("entered-in-error", _("entered in error")),
        ],
    )
    synthetic = models.BooleanField(default=False)
    # The clinic's test of its own paging (telek/canary.py): in no list, in no figure, cannot sign in. Made by the
    # database alone.
    is_canary = models.BooleanField(default=False, db_default=False, editable=False)

    view_permission: ClassVar[Permission] = Permission.SEE_CLINICAL
    own_path: ClassVar[str] = "user_id"
    objects: ClassVar = PatientQuerySet.as_manager()

    class Meta:
        ordering = ["family_name", "given_name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["clinic"], condition=Q(is_canary=True), name="one_canary_a_clinic"),
            models.CheckConstraint(
                condition=Q(is_canary=False) | Q(synthetic=True, status="discharged"), name="canary_is_nobody"
            ),
            models.UniqueConstraint(fields=["clinic", "number"], name="patient_number_once"),
            models.UniqueConstraint(
                fields=["clinic", "user"], condition=~Q(status="entered-in-error"), name="patient_user_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.family_name}, {self.given_name}"

    @property
    def initials(self) -> str:
        return (self.given_name[:1] + self.family_name[:1]).upper()


class EmergencyContact(ClinicRow):
    """Somebody near the person, and whether they may be told."""

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="emergency_contacts")
    name = models.CharField(max_length=120)
    relation = models.CharField(max_length=60, blank=True)
    phone = models.CharField(max_length=40)
    may_be_told = models.BooleanField(default=False)
    note = models.CharField(max_length=200, blank=True)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"


class SafetyPlan(ClinicRow):
    """Six steps (clinical reference 4.5), versioned: the newest version is in force. Encrypted under the person's key."""

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="safety_plans")
    version = models.PositiveIntegerField()
    warning_signs = EncryptedTextField()
    alone = EncryptedTextField()
    people_and_places = EncryptedTextField()
    ask_for_help = EncryptedTextField()
    professionals = EncryptedTextField()
    safer_surroundings = EncryptedTextField()
    reviewed_with = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "patient", "version"], name="safety_plan_version_once")
        ]


class SafetyNote(ClinicRow):
    """What bears on risk, as staff wrote it: past attempts, access to means, changes of medicine. Encrypted."""

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="safety_notes")
    text = EncryptedTextField()
    author = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(
        max_length=20, default="final", choices=[("final", _("final")), ("entered-in-error", _("entered in error"))]
    )

    view_permission = Permission.SEE_CLINICAL


class Consent(ClinicRow):
    """What the person read and agreed to (FHIR Consent): which text, which version, when."""

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="consents")
    scope = models.CharField(max_length=40)  # 'survey-notice'
    version = models.CharField(max_length=20)
    text_hash = models.CharField(max_length=64)  # SHA-256 of the text as shown
    status = models.CharField(
        max_length=20, default="active", choices=[("active", _("active")), ("inactive", _("withdrawn"))]
    )
    auth_level = models.CharField(
        max_length=10, default="session", choices=[("session", _("signed in")), ("link", _("via link"))]
    )

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "patient", "scope", "version"], condition=Q(status="active"), name="consent_once"
            )
        ]


class Whereabouts(ClinicRow):
    """Where the person said they are, with whom, and how to call them back. Each answer is a row."""

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="whereabouts")
    place = models.CharField(max_length=300, blank=True)
    company = models.CharField(
        max_length=10,
        blank=True,
        choices=[("alone", _("alone")), ("someone", _("someone is here")), ("", _("not said"))],
    )
    call_back = models.CharField(max_length=40, blank=True)
    asked_in = models.CharField(
        max_length=20, choices=[("survey", _("check-in")), ("visit", _("video visit")), ("call", _("phone call"))]
    )

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"
