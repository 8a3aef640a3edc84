"""What a person told and agreed to before a treatment: screening, consent, wishes."""

from django.db import models
from django.db.models import F, Q
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ClinicRow, Membership
from apps.accounts.permissions import Permission
from apps.patients.models import Patient
from apps.sessions.treatment.signature import path_of


class ConsentText(ClinicRow):
    """A version of a text that is signed; immutable, the newest of a key is in force."""

    key = models.CharField(max_length=40)  # 'treatment'
    version = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=12, default="en")
    title = models.CharField(max_length=120)
    body = models.TextField()
    items = models.JSONField()  # [{"code", "words", "required"}], as they were published
    digest = models.CharField(max_length=64)  # SHA-256 of title, body and items
    published_by = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")

    view_permission = Permission.SEE_CLINICAL

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "key", "version"], name="consent_text_once")]

    def __str__(self) -> str:
        return f"{self.title} {self.version}"


class TreatmentConsent(ClinicRow):
    """A signed consent (FHIR Consent): which text, which items, by what name and hand, when, with a hash over all of it."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="treatment_consents")
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="+")
    agreed = models.JSONField()  # codes of the items agreed to
    signed_name = models.CharField(max_length=120)
    strokes = models.JSONField(null=True)  # of a drawn signature (treatment/signature.py); null: the name was typed
    signed_at = models.DateTimeField()
    digest = models.CharField(max_length=64)  # SHA-256 of text digest, items, name, time and, where drawn, the strokes
    status = models.CharField(
        max_length=20, default="active", choices=[("active", _("active")), ("inactive", _("withdrawn or replaced"))]
    )
    withdrawn_at = models.DateTimeField(null=True)
    withdraw_reason = models.CharField(max_length=300, blank=True)

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        ordering = ["-signed_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="inactive") | Q(withdrawn_at__isnull=True), name="withdrawn_consent_is_inactive"
            ),
        ]
        indexes = [models.Index(fields=["clinic", "patient", "-signed_at"], name="treatment_consent_newest")]

    @property
    def signature_path(self) -> str:
        """The drawn signature as the `d` of an SVG path; empty where the name was typed."""
        return path_of(self.strokes) if self.strokes else ""


class Screening(ClinicRow):
    """What the person (or staff with them) answered before treatment. Written once; the newest counts."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="screenings")
    answers = models.JSONField()  # question key -> yes, no, unsure
    medicines = models.CharField(max_length=1000, blank=True)
    notes = models.CharField(max_length=1000, blank=True)
    child_pugh = models.CharField(
        max_length=1, blank=True, choices=[("A", "A"), ("B", "B"), ("C", "C")]
    )  # by staff only
    by_patient = models.BooleanField()
    author = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField()

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        indexes = [models.Index(fields=["clinic", "patient", "-answered_at"], name="screening_newest")]


class SessionWishes(ClinicRow):
    """How the person wants to be treated in the chair, in their words. The newest counts."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="session_wishes")
    touch = models.CharField(_("May we touch you, for example hold your hand?"), max_length=120, blank=True)
    calm = models.CharField(_("What calms you?"), max_length=200, blank=True)
    words_to_avoid = models.CharField(_("Words or topics to avoid"), max_length=200, blank=True)
    surroundings = models.CharField(_("Music, light, blanket"), max_length=200, blank=True)
    call = models.CharField(_("Whom should we call?"), max_length=120, blank=True)
    intention = models.CharField(_("What do you hope for this time?"), max_length=300, blank=True, db_default="")
    music = models.CharField(_("Which music?"), max_length=120, blank=True, db_default="")
    eye_mask = models.CharField(
        _("An eye mask?"),
        max_length=5,
        blank=True,
        db_default="",
        choices=[("yes", _("yes, an eye mask")), ("no", _("no eye mask")), ("later", _("ask me then"))],
    )

    view_permission = Permission.SEE_CLINICAL
    own_path = "patient__user_id"

    class Meta:
        indexes = [models.Index(F("clinic"), F("patient"), F("created_at").desc(), name="wishes_newest")]

    @property
    def setting(self) -> list[str]:
        """Music and eye mask in words; nothing for what was left out."""
        music = [str(_("Music: %(title)s")) % {"title": self.music}] if self.music else []
        return [*music, *([capfirst(self.get_eye_mask_display())] if self.eye_mask else [])]

    @property
    def line(self) -> str:
        """All of it in one line, as the board prints it."""
        words = [self.touch, self.calm, self.surroundings, *self.setting]
        if self.words_to_avoid:
            words.append(str(_("Avoid: %(words)s")) % {"words": self.words_to_avoid})
        if self.call:
            words.append(str(_("Call %(name)s")) % {"name": self.call})
        return ". ".join(word.strip().rstrip(".") for word in words if word.strip()) + "." if any(words) else ""
