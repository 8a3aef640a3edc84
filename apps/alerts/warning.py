"""Tell a clinic's administrators that something about the paging itself is wrong, by every way to reach them."""

from collections.abc import Mapping

from django.db import transaction

from apps.accounts.models import Clinic
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
        for way in ways_of(person) if urgent else [Way("email", person.user.email)]:
            queue(
                clinic_id=clinic.pk,
                kind=Kind.ACCOUNT,
                dedupe_key=f"warn:{key}:{person.user_id}:{way.key}",
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
    return len(people)
