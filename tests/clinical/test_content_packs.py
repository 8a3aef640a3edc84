"""Wording that a clinic installs: what is taken, what is refused and where, and FHIR both ways."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.monitoring.instruments import LIBRARY, Kind
from apps.monitoring.instruments.fhir_questionnaire import is_questionnaire, pack_document, to_questionnaire
from apps.monitoring.instruments.pack import SIZE_LIMIT, PackRefused, read_json, read_pack, to_document
from apps.monitoring.published import from_json, to_json
from tests.clinical.packs import pack_for
from tests.clinical.strategies import thorough

PACKABLE = sorted(key for key, definition in LIBRARY.items() if not definition.own_wording)
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40).filter(
    str.strip
)


@pytest.mark.parametrize("key", PACKABLE)
def test_a_pack_brings_words_and_changes_nothing_else(key: str) -> None:
    base, worded = LIBRARY[key], read_pack(pack_for(key)).definition
    assert worded.has_wording
    assert (worded.safety, worded.respondent, worded.code, worded.url) == (
        base.safety, base.respondent, base.code, base.url,
    )  # fmt: skip
    for mine, theirs in zip(base.items, worded.items, strict=True):
        assert (mine.link_id, mine.kind, mine.bounds, mine.enable_when, mine.loinc, mine.required) == (
            theirs.link_id, theirs.kind, theirs.bounds, theirs.enable_when, theirs.loinc, theirs.required,
        )  # fmt: skip
    assert from_json(to_json(worded)) == worded


@pytest.mark.parametrize("key", PACKABLE)
def test_our_schema_and_fhir_both_come_back_as_they_went(key: str) -> None:
    worded = read_pack(pack_for(key, stem="Over a while, how often?")).definition
    assert read_pack(to_document(worded)).definition == worded
    resource = json.loads(json.dumps(to_questionnaire(worded)))
    assert is_questionnaire(resource)
    assert read_pack(pack_document(resource)).definition == worded


@pytest.mark.parametrize("key", sorted(LIBRARY))
def test_every_instrument_is_a_questionnaire_with_its_codes(key: str) -> None:
    definition = LIBRARY[key]
    resource = to_questionnaire(definition)
    assert resource["url"] == definition.url
    assert resource["code"] == [{"system": definition.system, "code": definition.code}]
    items = [item for item in resource["item"] if item["type"] != "display"]
    assert [item["linkId"] for item in items] == list(definition.link_ids)
    assert [item.get("code", [{}])[0].get("code") for item in items] == [item.loinc for item in definition.items]


@thorough
@given(st.data())
def test_any_words_survive_the_way_through_fhir(data: st.DataObject) -> None:
    document = pack_for("madrs", title=data.draw(words), licence=data.draw(words), attribution=data.draw(words))
    for item in document["items"]:
        item["text"] = data.draw(words)
    worded = read_pack(document).definition
    assert read_pack(pack_document(to_questionnaire(worded))).definition == worded


def _without(key: str) -> Any:
    return lambda pack: pack.pop(key)


def _put(*path: Any, value: Any) -> Any:
    def change(pack: Any) -> None:
        for step in path[:-1]:
            pack = pack[step]
        pack[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (_put("format", value="2"), "format"),
        (_put("instrument", value="madrs-2"), "instrument"),
        (_put("instrument", value="check-in"), "instrument"),
        (_put("instrument", value=["madrs"]), "instrument"),
        (_put("version", value=""), "version"),
        (_put("version", value="1~2"), "version"),
        (_put("version", value=1), "version"),
        (_put("language", value="English"), "language"),
        (_without("licence"), "licence"),
        (_put("licence", value="  "), "licence"),
        (_put("attribution", value=None), "attribution"),
        (_put("source_url", value="javascript:alert(1)"), "source_url"),
        (_put("source_url", value="https://a.example/" + "a" * 300), "source_url"),
        (_put("title", value="x" * 121), "title"),
        (_put("colour", value="red"), "colour"),
        (_put("items", value={}), "items"),
        (_put("items", value=[]), "items"),
        (lambda pack: pack["items"].pop(), "items"),
        (_put("items", 0, value="q1"), "items[0]"),
        (_put("items", 2, "link_id", value="q1"), "items[2].link_id"),
        (_put("items", 2, "link_id", value="q99"), "items[2].link_id"),
        (_put("items", 2, "link_id", value=None), "items[2].link_id"),
        (_put("items", 2, "text", value=""), "items[2].text"),
        (_put("items", 2, "text", value="a\x00b"), "items[2].text"),
        (_put("items", 2, "text", value="\ud800"), "items[2].text"),
        (_put("items", 2, "text", value="x" * 1001), "items[2].text"),
        (_put("items", 2, "weight", value=2), "items[2].weight"),
        (_put("items", 2, "options", value=None), "items[2].options"),
        (lambda pack: pack["items"][2]["options"].pop(), "items[2].options"),
        (_put("items", 2, "options", 1, "label", value=""), "items[2].options[1].label"),
        (_put("items", 2, "options", 1, "value", value=0), "items[2].options[1].value"),
        (_put("items", 2, "options", 1, "value", value=7), "items[2].options[1].value"),
        (_put("items", 2, "options", 1, "value", value=True), "items[2].options[1].value"),
        (_put("items", 2, "options", 1, "value", value=1.0), "items[2].options[1].value"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(change: Any, place: str) -> None:
    document = copy.deepcopy(pack_for("madrs"))
    change(document)
    with pytest.raises(PackRefused) as refusal:
        read_pack(document)
    assert place in [problem.place for problem in refusal.value.problems]
    assert all(problem.reason for problem in refusal.value.problems)


def test_all_that_is_wrong_is_said_at_once() -> None:
    document = pack_for("madrs", version="", licence="")
    document["items"][0]["text"] = ""
    with pytest.raises(PackRefused) as refusal:
        read_pack(document)
    assert [problem.place for problem in refusal.value.problems] == ["version", "licence", "items[0].text"]


@pytest.mark.parametrize("document", [None, [], "pack", 1, {}])
def test_what_is_no_object_is_refused(document: Any) -> None:
    with pytest.raises(PackRefused):
        read_pack(document)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1,]", '{"a": NaN}', '{"a": 1, "a": 2}', "[" * 100_000, b"\xff\xfe", "x" * (SIZE_LIMIT + 1), "\ud800"],
)
def test_what_is_no_strict_json_is_refused(text: Any) -> None:
    with pytest.raises(PackRefused):
        read_json(text)


def test_yes_no_items_take_no_options() -> None:
    document = pack_for("c-ssrs")
    document["items"][0]["options"] = [{"value": 1, "label": "Yes"}]
    with pytest.raises(PackRefused, match="has no options"):
        read_pack(document)


def foreign() -> dict[str, Any]:
    """A PHQ-9 as others write it: LOINC link ids, a group, answer codes without ordinals, R5 weights."""
    items = [
        {
            "linkId": f"/{item.loinc}",
            "type": "choice",
            "code": [{"system": "http://loinc.org", "code": item.loinc}],
            "text": item.text,
            "answerOption": [
                {"valueCoding": {"system": "http://loinc.org", "code": one.code, "display": one.label}}
                for one in item.options
            ],
        }
        for item in LIBRARY["phq-9"].items
    ]
    return {
        "resourceType": "Questionnaire",
        "url": "https://forms.example/phq9",
        "version": "2.1",
        "status": "active",
        "code": [{"system": "http://loinc.org", "code": "44249-1"}],
        "copyright": "No permission required.",
        "publisher": "Somebody",
        "item": [{"linkId": "g", "type": "group", "text": "Over the last 2 weeks", "item": items}],
    }


def test_a_questionnaire_of_somebody_else_is_read_by_its_codes() -> None:
    definition = read_pack(pack_document(foreign())).definition
    assert definition.key == "phq-9"
    assert definition.link_ids == LIBRARY["phq-9"].link_ids
    assert definition.stem == "Over the last 2 weeks"
    assert [one.value for one in definition.items[0].options] == [0, 1, 2, 3]
    assert definition.source_url == "https://forms.example/phq9"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (_put("code", value=[]), "url"),
        (_put("code", value="44249-1"), "url"),
        (_put("item", value=None), "item"),
        (_put("item", 0, "item", 3, value=7), "item[0].item[3]"),
        (_put("item", 0, "item", 3, "type", value="boolean"), "item[0].item[3].type"),
        (_put("item", 0, "item", 3, "code", value=[]), "item[0].item[3].linkId"),
        (_put("item", 0, "item", 3, "answerOption", 1, "valueCoding", "code", value="LA0"), "item[0].item[3].answerOption[1]"),
        (
            _put("item", 0, "item", 3, "enableWhen", value=[{"question": "q1", "operator": "=", "answerBoolean": True}]),
            "item[0].item[3].enableWhen",
        ),
    ],
)  # fmt: skip
def test_a_questionnaire_that_would_change_the_instrument_is_refused_with_its_place(change: Any, place: str) -> None:
    resource = foreign()
    change(resource)
    with pytest.raises(PackRefused) as refusal:
        pack_document(resource)
    assert place in [problem.place for problem in refusal.value.problems]


def test_what_a_questionnaire_leaves_out_is_given_beside_it() -> None:
    resource = foreign()
    del resource["copyright"], resource["publisher"]
    with pytest.raises(PackRefused) as refusal:
        read_pack(pack_document(resource))
    assert [problem.place for problem in refusal.value.problems] == ["licence", "attribution"]
    said = {"licence": "CC0", "attribution": "Us", "source_url": "https://x.example/", "instrument": "phq-9"}
    resource["code"] = []
    definition = read_pack(pack_document(resource, given=said)).definition
    assert (definition.licence, definition.attribution, definition.source_url) == ("CC0", "Us", "https://x.example/")


@thorough
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["resourceType", "item", "linkId", "type", "code", "answerOption", "text",
                                       "valueCoding", "extension", "instrument", "items", "options"]), inner, max_size=5),
    max_leaves=12,
))  # fmt: skip
def test_no_document_at_all_makes_the_reader_fall_over(document: Any) -> None:
    for read in (read_pack, lambda given: pack_document({**foreign(), "item": given})):
        with contextlib.suppress(PackRefused):
            assert read(document)


def test_items_with_codes_alone_keep_their_kinds_in_fhir() -> None:
    kinds = {item["linkId"]: item["type"] for item in to_questionnaire(LIBRARY["check-in"])["item"]}
    assert kinds["mood"] == "integer"
    assert kinds["problem"] == "boolean"
    assert kinds["note"] == "text"
    assert all(item.kind is Kind.CHOICE for item in LIBRARY["madrs"].items)
