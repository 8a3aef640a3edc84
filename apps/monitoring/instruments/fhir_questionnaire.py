"""A FHIR R4 Questionnaire as a content pack, and an instrument as a FHIR R4 Questionnaire. Pure.

What a Questionnaire says of values and conditions is checked against the library and never taken over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apps.monitoring.instruments.definition import LOCAL_SYSTEM, LOINC_SYSTEM, Definition, Item, Kind, Option
from apps.monitoring.instruments.library import LIBRARY
from apps.monitoring.instruments.pack import FORMAT, PackRefused, Problem, shown_version

ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
ORDINALS = (ORDINAL, "http://hl7.org/fhir/StructureDefinition/itemWeight")
SHORT_TEXT = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-shortText"
ITEM_CONTROL = "http://hl7.org/fhir/StructureDefinition/questionnaire-itemControl"
CONTROL_SYSTEM = "http://hl7.org/fhir/questionnaire-item-control"
LOW_HIGH = {"lower": "low_label", "upper": "high_label"}
TYPES = {Kind.CHOICE: "choice", Kind.RANGE: "integer", Kind.BOOLEAN: "boolean", Kind.TEXT: "text"}
DEEPEST = 8
Json = Mapping[str, Any]


def is_questionnaire(document: object) -> bool:
    """Does the document say that it is one?"""
    return isinstance(document, dict) and document.get("resourceType") == "Questionnaire"


def pack_document(resource: Json, *, given: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The same words in our own schema, for `read_pack`.

    given: licence, attribution, source_url and instrument where the resource does not say them. The instrument is
    told by its canonical url (urn:telek:instrument:madrs) or by its LOINC panel code; items by linkId or LOINC code.
    Raises PackRefused for what cannot be carried over.
    """
    extra = {name: value for name, value in (given or {}).items() if value}
    problems: list[Problem] = []
    base = _instrument(resource, extra.get("instrument", ""))
    if base is None:
        raise PackRefused([Problem("url", "names no instrument that is known here; nor does any code")])
    rows = list(_questions(resource.get("item"), "item", problems))
    items = [_item(base, place, row, problems) for place, row in rows]
    if problems:
        raise PackRefused(problems)
    stem = _stem(resource)
    return {
        "format": FORMAT,
        "instrument": base.key,
        "version": str(resource.get("version", "")),
        "language": str(resource.get("language", "en")),
        "title": str(resource.get("title") or base.title),
        "licence": extra.get("licence") or str(resource.get("copyright", "")),
        "attribution": extra.get("attribution") or str(resource.get("publisher", "")),
        "source_url": extra.get("source_url") or _source(resource),
        **({"stem": stem} if stem else {}),
        "items": items,
    }


def to_questionnaire(definition: Definition, *, language: str = "en") -> dict[str, Any]:
    """The instrument as a FHIR R4 Questionnaire; `pack_document` reads it back without loss."""
    codes = [{"system": definition.system, "code": definition.code}] if definition.code else []
    stem = [{"linkId": "stem", "type": "display", "text": definition.stem}] if definition.stem else []
    source = [{"telecom": [{"system": "url", "value": definition.source_url}]}] if definition.source_url else []
    return {
        "resourceType": "Questionnaire",
        "url": definition.url,
        "version": shown_version(definition.version),
        "name": "".join(char for char in definition.title if char.isalnum()),
        "title": definition.title,
        "status": "active",
        "language": language,
        "subjectType": ["Patient"],
        "publisher": definition.attribution,
        **({"contact": source} if source else {}),
        "copyright": definition.licence,
        "code": codes,
        "item": [*stem, *(_fhir_item(item) for item in definition.items)],
    }


def _instrument(resource: Json, named: str) -> Definition | None:
    if named:
        return LIBRARY.get(named)
    url = resource.get("url")
    if isinstance(url, str) and url.startswith(f"{LOCAL_SYSTEM}:"):
        return LIBRARY.get(url.removeprefix(f"{LOCAL_SYSTEM}:"))
    codes = {code.get("code") for code in _objects(resource.get("code")) if code.get("system") == LOINC_SYSTEM}
    panels = (one for one in LIBRARY.values() if one.system == LOINC_SYSTEM and one.code in codes)
    return next(panels, None)


def _questions(rows: object, place: str, problems: list[Problem], depth: int = 0) -> Iterator[tuple[str, Json]]:
    """Questions in order, out of their groups."""
    if not isinstance(rows, list) or depth > DEEPEST:
        problems.append(Problem(place, "a list of items is needed"))
        return
    for index, row in enumerate(rows):
        here = f"{place}[{index}]"
        if not isinstance(row, dict):
            problems.append(Problem(here, "an object is needed"))
        elif row.get("type") == "group":
            yield from _questions(row.get("item"), f"{here}.item", problems, depth + 1)
        elif row.get("type") != "display":
            yield here, row


def _item(base: Definition, place: str, row: Json, problems: list[Problem]) -> dict[str, Any]:
    item = _known(base, row)
    if item is None:
        problems.append(Problem(f"{place}.linkId", f"{base.title} has no such item: {', '.join(base.link_ids)}"))
        return {}
    if row.get("type") != TYPES[item.kind]:
        problems.append(Problem(f"{place}.type", f'"{TYPES[item.kind]}" is needed'))
    problems.extend(_wrong_condition(item, place, row))
    shown: dict[str, Any] = {"link_id": item.link_id, "text": row.get("text", "")}
    if item.kind is Kind.CHOICE:
        shown["options"] = _options(item, place, row, problems)
    return shown | _more_words(row)


def _known(base: Definition, row: Json) -> Item | None:
    link_id = row.get("linkId")
    if isinstance(link_id, str) and (item := base.item(link_id)) is not None:
        return item
    codes = {code.get("code") for code in _objects(row.get("code")) if code.get("system") == LOINC_SYSTEM}
    return next((item for item in base.items if item.loinc and item.loinc in codes), None)


def _wrong_condition(item: Item, place: str, row: Json) -> list[Problem]:
    """A condition of its own is refused: when an item is asked is for the library to say."""
    conditions = row.get("enableWhen")
    if not conditions:
        return []
    rule = item.enable_when
    wanted = None if rule is None else (rule.link_id, "=", rule.value)
    found = [
        (one.get("question"), one.get("operator"), one.get("answerBoolean", one.get("answerInteger")))
        for one in _objects(conditions)
    ]
    if found == [wanted]:
        return []
    meant = f"it is asked when {rule.link_id} is {rule.value}" if rule else "it is always asked"
    return [Problem(f"{place}.enableWhen", meant)]


def _options(item: Item, place: str, row: Json, problems: list[Problem]) -> list[dict[str, Any]]:
    found = []
    for index, option in enumerate(_objects(row.get("answerOption"))):
        coding = option.get("valueCoding")
        coding = coding if isinstance(coding, dict) else {}
        value = _value(item, option, coding)
        if value is None:
            problems.append(Problem(f"{place}.answerOption[{index}]", "its value cannot be told: an ordinal is needed"))
        found.append({"value": value, "label": coding.get("display") or option.get("valueString") or ""})
    return found


def _value(item: Item, option: Json, coding: Json) -> int | None:
    """By ordinal, else by LOINC answer code, else by a code that is a whole number."""
    for extension in (*_objects(coding.get("extension")), *_objects(option.get("extension"))):
        ordinal = extension.get("valueDecimal", extension.get("valueInteger"))
        if extension.get("url") in ORDINALS and isinstance(ordinal, int | float) and _is_whole(ordinal):
            return int(ordinal)
    code = coding.get("code")
    known = {one.code: one.value for one in item.options if one.code}
    if isinstance(code, str) and code in known:
        return known[code]
    if isinstance(code, str) and code.isascii() and code.isdigit() and len(code) < 4:
        return int(code)
    return None


def _is_whole(value: float) -> bool:
    return not isinstance(value, bool) and abs(value) < 1000 and value == value // 1


def _more_words(row: Json) -> dict[str, str]:
    words = {}
    for extension in _objects(row.get("extension")):
        if extension.get("url") == SHORT_TEXT and isinstance(extension.get("valueString"), str):
            words["topic"] = extension["valueString"]
    for inner in _objects(row.get("item")):
        name = LOW_HIGH.get(_control(inner))
        if name and isinstance(inner.get("text"), str):
            words[name] = inner["text"]
    return words


def _control(row: Json) -> str:
    """lower or upper: which end of a scale a display item names."""
    for extension in _objects(row.get("extension")):
        concept = extension.get("valueCodeableConcept")
        for coding in _objects(concept.get("coding")) if isinstance(concept, dict) else ():
            if extension.get("url") == ITEM_CONTROL:
                return str(coding.get("code", ""))
    return ""


def _stem(resource: Json) -> str:
    """The words before the first question: a display item, or the title of a group around the questions."""
    for row in _objects(resource.get("item")):
        if row.get("type") in ("display", "group") and isinstance(row.get("text"), str):
            return str(row["text"])
        break
    return ""


def _source(resource: Json) -> str:
    for contact in _objects(resource.get("contact")):
        for telecom in _objects(contact.get("telecom")):
            if telecom.get("system") == "url":
                return str(telecom.get("value", ""))
    url = resource.get("url")
    return url if isinstance(url, str) and url.startswith("http") else ""


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _fhir_item(item: Item) -> dict[str, Any]:
    shown: dict[str, Any] = {"linkId": item.link_id, "type": TYPES[item.kind], "required": item.required}
    if item.text:
        shown["text"] = item.text
    if item.loinc:
        shown["code"] = [{"system": LOINC_SYSTEM, "code": item.loinc}]
    if item.topic:
        shown["extension"] = [{"url": SHORT_TEXT, "valueString": item.topic}]
    if item.options:
        shown["answerOption"] = [_fhir_option(option) for option in item.options]
    if item.enable_when is not None:
        answer = "answerBoolean" if isinstance(item.enable_when.value, bool) else "answerInteger"
        rule = {"question": item.enable_when.link_id, "operator": "=", answer: item.enable_when.value}
        shown["enableWhen"] = [rule]
    ends = [
        _fhir_end(item, control, text)
        for control, text in (("lower", item.low_label), ("upper", item.high_label))
        if text
    ]
    return shown | ({"item": ends} if ends else {})


def _fhir_option(option: Option) -> dict[str, Any]:
    coding: dict[str, Any] = {
        "extension": [{"url": ORDINAL, "valueDecimal": option.value}],
        "system": LOINC_SYSTEM if option.code else LOCAL_SYSTEM,
        "code": option.code or str(option.value),
    }
    return {"valueCoding": coding | ({"display": option.label} if option.label else {})}


def _fhir_end(item: Item, control: str, text: str) -> dict[str, Any]:
    concept = {"coding": [{"system": CONTROL_SYSTEM, "code": control}]}
    extension = [{"url": ITEM_CONTROL, "valueCodeableConcept": concept}]
    return {"linkId": f"{item.link_id}-{control}", "type": "display", "text": text, "extension": extension}
