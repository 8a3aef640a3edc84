"""A file of a message, handed out: to whoever may see the message, asked each time."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core.handing_out import handed_out
from apps.messaging.files.reading import PHOTO
from apps.messaging.models import Attachment


@door(Permission.OWN_RECORD, Permission.CHAT)
@require_GET
def file(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """A photo to look at, a document to save; under a name that says nothing."""
    found = get_object_or_404(Attachment.objects.visible_to(request.user), pk=pk)
    audit.record_seen([found], actor_id=request.user.pk, detail="file")
    return handed_out(bytes(found.content), found.pk, photo=found.kind == PHOTO)
