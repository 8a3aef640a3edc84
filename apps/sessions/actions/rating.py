"""After the call: how picture and sound were, in one word of the person's."""

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.sessions.models import Visit, VisitEventKind, VisitStatus
from apps.sessions.record import keep, locked
from apps.sessions.refusal import VisitRefused

RATINGS = frozenset(value for value, _label in Visit._meta.get_field("rating").choices or [])


@transaction.atomic
def rate(*, visit: Visit, rating: str, actor: User) -> Visit:
    """good, patchy or bad; said again, the newest counts. Raises VisitRefused: not-over, invalid."""
    visit = locked(visit, actor, Permission.OWN_RECORD)
    if visit.status != VisitStatus.FINISHED:
        raise VisitRefused("not-over", _("The visit is not over."))
    if rating not in RATINGS:
        raise VisitRefused("invalid", _("Choose one of the three."))
    if visit.rating == rating:
        return visit
    visit.rating = rating
    return keep(visit, VisitEventKind.RATED, actor, rating)
