"""Publish the instruments of the library and of content packs: answers hang on a version that never changes."""

from functools import cache

from django.db import transaction
from django.db.models import Q

from apps.accounts.models import Clinic
from apps.monitoring.instruments import LIBRARY, Definition
from apps.monitoring.models import ContentPack, PackState, Questionnaire, SafetyItem
from apps.monitoring.published import definition_of, digest, to_json


class PublishedDiffers(ValueError):
    """An instrument was changed without a new version; answers already stand on the old wording."""


@transaction.atomic
def publish_library(*, language: str = "en") -> dict[str, Questionnaire]:
    """Write every instrument that is not published yet; what is published stays. By key of the library.

    Raises PublishedDiffers when the text of a published version was changed.
    """
    known = {
        (row.key, row.version): row for row in Questionnaire.objects.filter(language=language, key__in=LIBRARY.keys())
    }
    for key, definition in LIBRARY.items():
        row = known.get((key, definition.version))
        if row is None:
            known[key, definition.version] = publish(definition, language)
        elif row.digest != _library_digest(key):
            raise _differs(definition)
    return {key: known[key, definition.version] for key, definition in LIBRARY.items()}


def newest(key: str, clinic: Clinic | None = None, language: str = "en") -> Questionnaire:
    """What the clinic gives to people now: its own newest wording, else the library's newest version.

    Raises Questionnaire.DoesNotExist.
    """
    own = ContentPack.objects.filter(clinic=clinic, key=key, language=language, state=PackState.PUBLISHED)
    pack = own.select_related("questionnaire").order_by("-published_at", "-id").first() if clinic else None
    if pack is not None and pack.questionnaire is not None:
        return pack.questionnaire
    return Questionnaire.objects.filter(key=key, language=language, from_pack=False).latest("created_at")


def worded(key: str, clinic: Clinic, language: str = "en") -> Questionnaire | None:
    """The same where people may be shown it; None where its wording is not installed."""
    try:
        found = newest(key, clinic, language)
    except Questionnaire.DoesNotExist:
        return None
    return found if definition_of(found).has_wording else None


def on_offer(clinic: Clinic) -> list[Questionnaire]:
    """What may be given out in that clinic: of each instrument and language its own newest, else the library's."""
    packs = ContentPack.objects.filter(clinic=clinic, state=PackState.PUBLISHED).values("questionnaire")
    rows = Questionnaire.objects.filter(Q(from_pack=False) | Q(pk__in=packs)).order_by("created_at", "id")
    pairs = {(row.key, row.language) for row in rows}
    return sorted((newest(key, clinic, language) for key, language in pairs), key=lambda row: row.title)


def publish(definition: Definition, language: str, *, from_pack: bool = False) -> Questionnaire:
    """The row of a definition, made if it is not there. Raises PublishedDiffers."""
    published = to_json(definition)
    row, made = Questionnaire.objects.get_or_create(
        key=definition.key,
        version=definition.version,
        language=language,
        defaults={
            "title": definition.title,
            "definition": published,
            "digest": digest(published),
            "from_pack": from_pack,
        },
    )
    if made:
        SafetyItem.objects.bulk_create(_safety_items(row, definition))
    elif row.digest != digest(published):
        raise _differs(definition)
    return row


def _differs(definition: Definition) -> PublishedDiffers:
    return PublishedDiffers(f"{definition.key} {definition.version} was published with another text")


@cache
def _library_digest(key: str) -> str:
    return digest(to_json(LIBRARY[key]))


def _safety_items(row: Questionnaire, definition: Definition) -> list[SafetyItem]:
    unsafe = {(rule.link_id, int(value)) for rule in definition.safety for value in rule.levels}
    return [SafetyItem(questionnaire=row, link_id=link_id, value=value) for link_id, value in sorted(unsafe)]
