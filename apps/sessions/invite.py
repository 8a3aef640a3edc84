"""A visit for a calendar: the file that is downloaded and the one that goes along with a mail."""

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from apps.core import clock
from apps.sessions.invite_file import calendar_file
from apps.sessions.models import Visit, VisitStatus


def calendar_of(visit: Visit) -> str:
    """In the person's language. It says when and where to join; a cancelled visit takes its entry back."""
    with translation.override(visit.patient.user.language):
        title = _("%(clinic)s: your appointment") % {"clinic": visit.clinic.name}
    return calendar_file(
        uid=f"{visit.pk}@telek",
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        made_at=clock.now(),
        title=title,
        link=f"{settings.PUBLIC_URL}{visit.path}",
        sequence=visit.version,
        cancelled=visit.status == VisitStatus.CANCELLED,
    )
