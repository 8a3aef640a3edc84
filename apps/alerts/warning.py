"""Tell a clinic's administrators that something about the paging itself is wrong, by every way to reach them."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Q

from apps.accounts.models import Clinic, Membership
from apps.accounts.permissions import Role
from apps.alerts import roster
from apps.alerts.channels import Way
from apps.alerts.paging import ways_of
from apps.core import clock
from apps.notifications.actions import queue
from apps.notifications.models import Kind


@transaction.atomic
def warn_administrators(
    clinic: Clinic, template: str, *, key: str, words: Mapping[str, str] | None = None, urgent: bool = True
) -> int:
    """How many people are told; the same key tells nobody twice. Needs the clinic in scope.

    urgent: by every way that there is, else by mail alone. words: for the template, nothing clinical.
    """
    people = roster.administrators(clinic.pk, clock.now())
    for person in people:
        tell_member(clinic, person, template, key=f"warn:{key}", words=words, urgent=urgent)
    return len(people)


@transaction.atomic
def warn_members(clinic: Clinic, role: Role, template: str, *, key: str) -> int:
    """The same for everybody who holds that role now, by every way. Needs the clinic in scope."""
    rows = Membership.objects.filter(clinic=clinic, role=role, user__is_active=True).select_related("user")
    people = list(rows.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=clock.now())))
    for person in people:
        tell_member(clinic, person, template, key=f"warn:{key}")
    return len(people)


def tell_member(
    clinic: Clinic,
    person: Membership,
    template: str,
    *,
    key: str,
    words: Mapping[str, str] | None = None,
    urgent: bool = True,
) -> None:
    """The same for one person of the clinic, about the paging and never about a patient."""
    for way in ways_of(person) if urgent else [Way("email", person.user.email)]:
        queue(
            clinic_id=clinic.pk,
            kind=Kind.ACCOUNT,
            dedupe_key=f"{key}:{person.user_id}:{way.key}",
            subject_kind="account",
            subject_id=person.user_id,
            recipient_id=person.user_id,
            channel=way.channel,
            address=way.address,
            template=template,
            context={"clinic": clinic.name, **(words or {})},
            language=person.user.language,
            synthetic=clinic.synthetic,
        )
