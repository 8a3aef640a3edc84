"""People, clinics and what people are in them."""

from datetime import datetime
from typing import Any, ClassVar, Self, TypeVar
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from apps.accounts.permissions import ASSIGNABLE, CLINICIANS, STAFF, Permission, Role, may
from apps.core import clock
from apps.core.ids import new_id
from apps.core.models import Row

M = TypeVar("M", bound=models.Model)


class UserManager(BaseUserManager["User"]):
    """Makes users; email addresses are kept in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person who can sign in. What they may do hangs on `membership`, the one clinic they work in now."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(_("email"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may open the admin"), default=False)
    language = models.CharField(_("language"), max_length=12, default="en")
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    session_epoch = models.PositiveIntegerField(default=0, editable=False)  # raised to sign out everywhere
    created_at = models.DateTimeField(
        db_default=models.Func(function="telek_now", output_field=models.DateTimeField()), editable=False
    )

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = UserManager()

    # Set by the door (middleware, socket, token), never stored: the membership in force.
    membership: "Membership | None" = None

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.name or self.email

    def get_session_auth_hash(self) -> str:
        """Changes with the password and with `session_epoch`: raising it ends every session and socket."""
        return salted_hmac("telek.session", f"{self.password}:{self.session_epoch}", algorithm="sha256").hexdigest()

    def get_session_auth_fallback_hash(self) -> Any:
        return iter(())

    def may(self, permission: Permission) -> bool:
        """Within the clinic in force."""
        return self.membership is not None and may(self.membership.role, permission)

    @property
    def initials(self) -> str:
        """Up to two letters for the round badge."""
        words = [word for word in self.name.split() if word[0].isalpha() and not word.endswith(".")]
        return (
            "".join(word[0] for word in (words[:1] + words[-1:])[:2]).upper()
            if len(words) > 1
            else self.name[:2].upper()
        )


class Clinic(Row):
    """A clinic: the tenant. Everything clinical belongs to exactly one."""

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(unique=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="America/New_York")
    country = models.CharField(_("country"), max_length=2, default="US")  # ISO 3166-1 alpha-2
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    is_active = models.BooleanField(default=True)
    synthetic = models.BooleanField(default=False, help_text=_("A demonstration clinic: never in outcomes."))

    def __str__(self) -> str:
        return self.name


class ClinicRowQuerySet(models.QuerySet[M]):
    """Rows of one clinic; every door starts from `visible_to`."""

    def visible_to(self, user: Any) -> Self:
        """What this person may see now: staff by the model's permission, patients only what is theirs."""
        membership = getattr(user, "membership", None)
        if membership is None:
            return self.none()
        rows = self.filter(clinic_id=membership.clinic_id)
        if membership.role == Role.PATIENT:
            path = getattr(self.model, "own_path", "")
            return rows.filter(**{path: user.pk}) if path else rows.none()
        needed = getattr(self.model, "view_permission", Permission.MANAGE_CLINIC)
        return rows if may(membership.role, needed) else rows.none()

    def known(self) -> Self:
        """Without what was entered in error."""
        return self.exclude(status="entered-in-error")


class ClinicRow(Row):
    """A row that belongs to a clinic. Subclasses name who may see it.

    view_permission: what staff need. own_path: lookup from the row to the user whose own it is ("" = no patient
    ever sees it).
    """

    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+")

    view_permission: ClassVar[Permission] = Permission.MANAGE_CLINIC
    own_path: ClassVar[str] = ""

    objects = ClinicRowQuerySet.as_manager()

    class Meta:
        abstract = True


class Membership(ClinicRow):
    """What a person is in a clinic. Ended, never deleted."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(
        _("role"), max_length=20, choices=[(role.value, role.value.replace("-", " ")) for role in ASSIGNABLE]
    )
    licence = models.CharField(_("licence"), max_length=80, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=0, editable=False)  # raised when the role changes or ends

    view_permission = Permission.SEE_DESK
    own_path = "user_id"

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "user"], condition=Q(ended_at__isnull=True), name="one_membership"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.role}"

    @property
    def is_staff_role(self) -> bool:
        """Works for the clinic."""
        return self.role in STAFF

    @property
    def is_licensed(self) -> bool:
        """May close a P1 or P2 alert."""
        return self.role in CLINICIANS


class ContactPoint(ClinicRow):
    """Where a person can be reached (FHIR ContactPoint); channels are tried in the order of rank."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="contact_points")
    channel = models.CharField(
        max_length=8,
        choices=[("push", _("push")), ("sms", _("text message")), ("email", _("email")), ("voice", _("phone call"))],
    )
    address = models.CharField(max_length=300)
    rank = models.PositiveSmallIntegerField(default=1)
    opted_out_at = models.DateTimeField(null=True, blank=True)

    view_permission = Permission.MANAGE_PATIENTS
    own_path = "user_id"

    class Meta:
        ordering = ["rank", "channel"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "user", "channel", "address"], name="contact_point_once")
        ]


class ClinicSetting(ClinicRow):
    """A setting as a clinic changed it; append-only, the newest row of a name is in force."""

    name = models.CharField(max_length=80)
    value = models.JSONField()
    changed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["clinic", "name", "-created_at"], name="setting_latest")]


class ClinicLogo(ClinicRow):
    """A picture that a clinic has uploaded, decoded and written anew as a small PNG; the setting "logo" says which is shown."""

    digest = models.CharField(max_length=64)  # SHA-256 of the picture: its address
    picture = models.BinaryField()
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "digest"], name="logo_once")]


class Invitation(ClinicRow):
    """A one-time link with which a person takes up a membership. Only the hash of the token is stored."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="invitations")
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    def is_open(self) -> bool:
        """May still be accepted."""
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > clock.now()


class BreakGlass(ClinicRow):
    """A platform admin's emergency access to a clinic's clinical rows: reason, 60 minutes, notice to the clinic."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "break-glass accesses"


class ApiToken(ClinicRow):
    """A scoped bearer token of a person in a clinic; only its hash is stored."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    label = models.CharField(max_length=80)
    token_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)  # names of Permission; a token never carries more than its holder
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)


def membership_in_force(user_id: UUID, clinic_id: UUID | None, at: datetime) -> Membership | None:
    """The person's active membership: of that clinic, else the first by name. Needs `use_user`."""
    rows = Membership.objects.select_related("clinic").filter(user_id=user_id, clinic__is_active=True)
    rows = rows.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=at))
    if clinic_id is not None:
        rows = rows.filter(clinic_id=clinic_id)
    return rows.order_by(F("clinic__name")).first()


# A table with a module of its own; Django finds its models here.
from apps.accounts.pending_models import PendingChange as PendingChange  # noqa: E402
