"""A clinic's logo: kept, shown, taken down. Which one is shown is a setting, so that its history tells who changed it."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.clinic_settings import change_setting
from apps.accounts.doors import public
from apps.accounts.logo_picture import logo
from apps.accounts.models import Clinic, ClinicLogo, User
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core.db.scope import use_clinic

ALT_LETTERS = 2


@transaction.atomic
def set_logo(*, clinic: Clinic, data: bytes, words: str, reason: str, actor: User) -> ClinicLogo:
    """Keep the picture and show it from now on. words: what it says, for who can't see it. Raises ValidationError."""
    if len(words.strip()) < ALT_LETTERS:
        raise ValidationError(_("Write what the logo says: screen readers read it out."))
    picture = logo(data)
    kept, new = ClinicLogo.objects.get_or_create(
        clinic=clinic,
        digest=picture.digest,
        defaults={"picture": picture.content, "width": picture.width, "height": picture.height},
    )
    if new:
        audit.record(action=Action.CREATE, actor_id=actor.pk, obj=kept, detail="logo")
    value = f"{kept.digest} {kept.width}x{kept.height} {words.strip()[:120]}"
    change_setting(clinic=clinic, name="logo", value=value, actor=actor, reason=reason)
    return kept


@transaction.atomic
def take_down(*, clinic: Clinic, reason: str, actor: User) -> None:
    """Telek's own mark again."""
    change_setting(clinic=clinic, name="logo", value="", actor=actor, reason=reason)


@require_GET
@public("a clinic's own sign, as on its door; it holds nothing about anybody")
def logo_picture(request: HttpRequest, clinic: UUID, digest: str) -> HttpResponse:
    """The picture, named by its content, so that it never changes and may be kept."""
    with use_clinic(clinic), transaction.atomic():
        row = ClinicLogo.objects.filter(clinic_id=clinic, digest=digest).first()
    if row is None:
        raise Http404
    response = HttpResponse(bytes(row.picture), content_type="image/png")
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Content-Disposition"] = "inline"
    return response
