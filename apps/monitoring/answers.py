"""What was answered in a slot so far: the newest answer of each item counts."""

from collections.abc import Mapping

from apps.monitoring.instruments import Answers, AnswerValue, Definition, Kind
from apps.monitoring.models import ItemAnswer, Slot


def typed(definition: Definition, row: ItemAnswer) -> AnswerValue:
    """The answer of a row as the instrument knows it: true and false for yes and no, a text for a note."""
    item = definition.item(row.link_id)
    if item is not None and item.kind is Kind.TEXT:
        return row.text or None
    if item is not None and item.kind is Kind.BOOLEAN and row.value is not None:
        return bool(row.value)
    return row.value


def newest_rows(slot: Slot) -> dict[str, ItemAnswer]:
    """The newest row of each item, by link id."""
    rows = ItemAnswer.objects.filter(slot=slot).order_by("received_at", "id")
    return {row.link_id: row for row in rows}


def answers_of(slot: Slot, definition: Definition) -> dict[str, AnswerValue]:
    """The newest answer of each item that was touched; None for one that was skipped or cleared."""
    return {link_id: typed(definition, row) for link_id, row in newest_rows(slot).items()}


def counted(definition: Definition, answers: Answers) -> Mapping[str, AnswerValue]:
    """Without the answers of items that are not asked, given the others (a problem's kind after "no problem")."""
    return {
        item.link_id: answers[item.link_id]
        for item in definition.items
        if item.link_id in answers and item.is_enabled(answers)
    }
