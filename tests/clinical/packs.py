"""Content packs for tests: invented words under the codes of an instrument."""

from __future__ import annotations

from typing import Any

from apps.monitoring.instruments import LIBRARY, Kind
from apps.monitoring.instruments.pack import FORMAT


def pack_for(key: str, *, version: str = "1", words: str = "Invented question", **more: Any) -> dict[str, Any]:
    """A whole pack of that instrument; `more` replaces fields."""
    items = []
    for item in LIBRARY[key].items:
        row: dict[str, Any] = {"link_id": item.link_id, "text": f"{words} {item.link_id}"}
        if item.kind is Kind.CHOICE:
            row["options"] = [{"value": one.value, "label": f"Answer {one.value}"} for one in item.options]
        items.append(row)
    return {
        "format": FORMAT,
        "instrument": key,
        "version": version,
        "language": "en",
        "title": LIBRARY[key].title,
        "licence": "Used with the owners' permission for this test.",
        "attribution": "Invented for a test",
        "source_url": "https://licences.example/one",
        "items": items,
        **more,
    }
