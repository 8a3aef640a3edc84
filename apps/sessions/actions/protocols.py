"""Write, publish and withdraw a clinic's own course templates. What is published never changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Clinic, User
from apps.accounts.permissions import Permission
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.sessions.actions.sitting import member_of, refusals_audited
from apps.sessions.models import Protocol
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.treatment.protocols import ProtocolFaults, read_body

NEEDED = (Permission.MANAGE_CLINIC, Permission.PRESCRIBE)


@refusals_audited
@transaction.atomic
def draft_protocol(*, clinic: Clinic, key: str, body: Mapping[str, Any], actor: User) -> Protocol:
    """Keep a draft: a new version, or the draft that is there. Raises TreatmentRefused: not-allowed, protocol, busy."""
    member = member_of(actor, *NEEDED)
    _check(key, body)
    draft = Protocol.objects.select_for_update().filter(clinic=clinic, key=key, status="draft").first()
    if draft is None:
        last = Protocol.objects.filter(clinic=clinic, key=key).order_by("-version").first()
        draft = Protocol(clinic=clinic, key=key, version=last.version + 1 if last else 1, author=member)
    draft.body, draft.author = dict(body), member
    try:
        with transaction.atomic():
            draft.save()
    except IntegrityError:
        raise TreatmentRefused("busy", _("Somebody else began a draft just now.")) from None
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=draft, detail="draft")
    return draft


@refusals_audited
@transaction.atomic
def publish_protocol(*, protocol: Protocol, actor: User) -> Protocol:
    """From now on courses begin with it; those that run keep theirs. Raises TreatmentRefused: not-allowed, not-draft, protocol."""
    member = member_of(actor, *NEEDED)
    protocol = Protocol.objects.select_for_update().get(pk=protocol.pk)
    if protocol.status != "draft":
        raise TreatmentRefused("not-draft", _("Only a draft can be published."))
    _check(protocol.key, protocol.body)
    before = Protocol.objects.select_for_update().filter(
        clinic_id=protocol.clinic_id, key=protocol.key, status="active"
    )
    before.update(status="retired")
    protocol.status, protocol.published_by, protocol.published_at = "active", member, clock.now()
    protocol.save(update_fields=["status", "published_by", "published_at"])
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=protocol, detail="published")
    return protocol


@refusals_audited
@transaction.atomic
def retire_protocol(*, protocol: Protocol, actor: User) -> Protocol:
    """No course begins with it any more. Raises TreatmentRefused: not-allowed, not-published."""
    member_of(actor, *NEEDED)
    protocol = Protocol.objects.select_for_update().get(pk=protocol.pk)
    if protocol.status != "active":
        raise TreatmentRefused("not-published", _("It is not in force."))
    protocol.status = "retired"
    protocol.save(update_fields=["status"])
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=protocol, detail="withdrawn")
    return protocol


def _check(key: str, body: Mapping[str, Any]) -> None:
    try:
        read_body(key, body)
    except ProtocolFaults as faults:
        raise TreatmentRefused("protocol", str(faults)) from None
