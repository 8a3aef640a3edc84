"""Install the wording of an instrument in a clinic: stage it, look at it, publish it, withdraw it."""

import dataclasses
from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Clinic, User
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.monitoring.actions.library import publish
from apps.monitoring.instruments import Definition
from apps.monitoring.instruments.fhir_questionnaire import is_questionnaire, pack_document
from apps.monitoring.instruments.pack import Pack, PackRefused, Problem, read_json, read_pack
from apps.monitoring.models import Assignment, ContentPack, PackState, Slot, SlotState
from apps.monitoring.published import digest, to_json


def read_upload(text: str | bytes, given: Mapping[str, str] | None = None) -> Pack:
    """The pack in a file: our own schema, or a FHIR R4 Questionnaire. Raises PackRefused with places and reasons.

    given: licence, attribution, source_url, instrument where a Questionnaire does not say them.
    """
    document = read_json(text)
    return read_pack(pack_document(document, given=given) if is_questionnaire(document) else document)


@transaction.atomic
def stage_pack(*, clinic: Clinic, pack: Pack, actor: User | None) -> ContentPack:
    """Keep a checked pack as a draft, to be looked at. A draft of that version is replaced; the same twice is one.

    Raises PackRefused when this version was published with other words: then it needs a version of its own.
    """
    base = pack.definition
    named = {"clinic": clinic, "key": base.key, "version": pack.version, "language": pack.language}
    known = ContentPack.objects.select_for_update().filter(**named).first()
    if known is not None and known.state != PackState.DRAFT:
        if known.digest == pack.digest:
            return known
        raise PackRefused([Problem("version", _("This version is published with other words. Give it a new version."))])
    row = known or ContentPack(**named)
    row.title, row.licence, row.attribution = base.title, base.licence, base.attribution
    row.source_url, row.document, row.digest = base.source_url, dict(pack.document), pack.digest
    row.installed_by = actor.membership if actor else None
    row.save()
    action = Action.UPDATE if known else Action.CREATE
    audit.record(action=action, actor_id=actor.pk if actor else None, obj=row, detail="staged")
    return row


@transaction.atomic
def publish_pack(*, pack: ContentPack, actor: User | None) -> ContentPack:
    """Put the wording in force: new schedules use it, and so do planned forms of running ones from the next on.

    Forms that are open or answered keep their own version for ever, and nothing is sent again. The same again, or a
    withdrawn one, is as good: it is in force afterwards.
    """
    row = ContentPack.objects.select_for_update(of=("self",)).select_related("clinic").get(pk=pack.pk)
    if row.state == PackState.PUBLISHED:
        return row
    row.questionnaire = publish(_named(definition_of_pack(row)), row.language, from_pack=True)
    row.state, row.published_at = PackState.PUBLISHED, clock.now()
    row.save(update_fields=["questionnaire", "state", "published_at"])
    _adopt(row)
    audit.record(action=Action.UPDATE, actor_id=actor.pk if actor else None, obj=row, detail="published")
    return row


@transaction.atomic
def withdraw_pack(*, pack: ContentPack, actor: User) -> ContentPack:
    """No new schedule uses this wording. Running ones end as they were given; answers keep it."""
    row = ContentPack.objects.select_for_update().get(pk=pack.pk)
    if row.state != PackState.PUBLISHED:
        return row
    row.state = PackState.WITHDRAWN
    row.save(update_fields=["state"])
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=row, detail="withdrawn")
    return row


def definition_of_pack(pack: ContentPack) -> Definition:
    """The instrument with this pack's words, as a page shows it before it is published."""
    return read_pack(pack.document).definition


def _named(definition: Definition) -> Definition:
    """With a version that no other wording has: two clinics may each call theirs "1"."""
    return dataclasses.replace(definition, version=f"{definition.version}~{digest(to_json(definition))[:8]}")


def _adopt(pack: ContentPack) -> None:
    """Planned forms of running schedules take the new words; a form that was opened keeps what it began with."""
    running = Assignment.objects.filter(
        clinic=pack.clinic, status="active", questionnaire__key=pack.key, questionnaire__language=pack.language
    )
    ids = list(running.exclude(questionnaire=pack.questionnaire).values_list("pk", flat=True))
    Slot.objects.filter(assignment_id__in=ids, state=SlotState.SCHEDULED).update(questionnaire=pack.questionnaire)
    Assignment.objects.filter(pk__in=ids).update(questionnaire=pack.questionnaire)
