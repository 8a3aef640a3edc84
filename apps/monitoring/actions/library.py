"""Publish the instruments of the library, so that answers hang on a version that never changes."""

from django.db import transaction

from apps.monitoring.instruments import LIBRARY, Definition
from apps.monitoring.models import Questionnaire, SafetyItem
from apps.monitoring.published import digest, to_json


class PublishedDiffers(ValueError):
    """An instrument was changed without a new version; answers already stand on the old wording."""


@transaction.atomic
def publish_library(*, language: str = "en") -> dict[str, Questionnaire]:
    """Write every instrument that is not published yet; what is published stays. By key of the library.

    Raises PublishedDiffers when the text of a published version was changed.
    """
    return {key: _publish(definition, language) for key, definition in LIBRARY.items()}


def newest(key: str, language: str = "en") -> Questionnaire:
    """The newest published version of an instrument. Raises Questionnaire.DoesNotExist."""
    return Questionnaire.objects.filter(key=key, language=language).latest("created_at")


def _publish(definition: Definition, language: str) -> Questionnaire:
    published = to_json(definition)
    row, made = Questionnaire.objects.get_or_create(
        key=definition.key,
        version=definition.version,
        language=language,
        defaults={"title": definition.title, "definition": published, "digest": digest(published)},
    )
    if made:
        SafetyItem.objects.bulk_create(_safety_items(row, definition))
    elif row.digest != digest(published):
        raise PublishedDiffers(f"{definition.key} {definition.version} was published with another text")
    return row


def _safety_items(row: Questionnaire, definition: Definition) -> list[SafetyItem]:
    unsafe = {(rule.link_id, int(value)) for rule in definition.safety for value in rule.levels}
    return [SafetyItem(questionnaire=row, link_id=link_id, value=value) for link_id, value in sorted(unsafe)]
