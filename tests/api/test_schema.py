"""The API's own description, and a fuzz of everything that it describes: no body and no query may end in a 5xx."""

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from telek.api_urls import router
from tests.cast import Cast
from tests.monitoring.stage import open_slot

pytestmark = pytest.mark.django_db

READ_ONLY = {"get", "head", "options"}
EXAMPLES = 150


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of the whole description."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def fields_of(operation: dict[str, Any], schemas: dict[str, Any]) -> list[str]:
    content = operation.get("requestBody", {}).get("content", {})
    reference = next(iter(content.values()), {}).get("schema", {}).get("$ref", "")
    return sorted(schemas.get(reference.rpartition("/")[2], {}).get("properties", {}))


def test_the_description_is_valid_and_without_a_warning() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


def test_the_description_is_served(cast: Cast) -> None:
    found = cast.client(cast.nurse).get("/api/v1/schema/?format=json")
    assert found.status_code == 200
    assert found.json()["openapi"].startswith("3.")


def test_everything_that_is_served_is_described() -> None:
    described = {path for _method, path, _operation in operations()}
    for prefix, _view, _name in router.registry:
        assert f"/api/v1/{prefix}/" in described
        assert f"/api/v1/{prefix}/{{id}}/" in described


def test_every_operation_says_who_may_ask_and_what_a_refusal_looks_like() -> None:
    for method, path, operation in operations():
        assert {"bearerToken": []} in operation["security"], (method, path)
        assert "application/problem+json" in operation["responses"]["default"]["content"], (method, path)


ODD = [
    *("", "\x00", "phq-9", "q9", "P1", "open", "daily", "once", "weekly", "mood", "{score}", "8867-4", "/min"),
    *("2026-11-25", "9999-12-31", "0001-01-01", "2026-11-25T09:00:00Z", "9999-12-31T23:59:59Z", "08:00", "24:00"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "x" * 9000, "Europe/Berlin", "../etc/passwd"),
    *("nora@telek.example", "phone", "safe", "staff", "{{7*7}}", "<script>", "\u202e", "\U0001f600", "\ud800"),
]
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**31, 2**63, -(2**63) - 1, 10**40, 0, -1]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=60),
    st.sampled_from(ODD),
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))


def test_nothing_that_is_sent_ends_in_an_error_of_ours(cast: Cast) -> None:
    """Bodies and queries made of the description's own names, with ids that exist, and values that do not fit."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    schemas = schema["components"]["schemas"]
    with cast.acting(cast.nurse):
        slot = open_slot(cast)
    client = cast.client(cast.prescriber)
    client.raise_request_exception = False
    thread = client.post("/api/v1/threads/", {"patient": str(cast.patient.pk)}, content_type="application/json").json()
    assert cast.prescriber.membership is not None
    ids = [str(one) for one in (cast.patient.pk, slot.pk, slot.assignment_id, thread["id"], uuid4())]
    ids += [str(cast.prescriber.membership.pk), str(cast.other_patient.pk)]
    known = [(method, path, operation) for method, path, operation in operations()]

    @seed(20261125)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def fuzz(data: Any) -> None:
        method, path, operation = data.draw(st.sampled_from(known))
        some = st.one_of(st.sampled_from(ids), values)
        address = quote(path.replace("{id}", data.draw(st.sampled_from(ids))))
        queries = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
        query = data.draw(st.dictionaries(st.sampled_from([*queries, "x"]), some, max_size=3))
        asked = urlencode({name: str(value).encode("utf-8", "replace") for name, value in query.items()})
        body = _body(data, fields_of(operation, schemas), some)
        response = _send(client, method, f"{address}?{asked}", body)
        assert response.status_code < 500, (method, address, asked, body)
        if response.status_code >= 400:
            assert response["Content-Type"] == "application/problem+json"

    fuzz()


def _body(data: Any, names: list[str], some: Any) -> str:
    if not names:
        return json.dumps(data.draw(some))
    body = {name: data.draw(some) for name in names if data.draw(st.integers(0, 9))}
    return json.dumps(body)


def _send(client: Client, method: str, address: str, body: str) -> Any:
    if method in READ_ONLY:
        return getattr(client, method)(address)
    return getattr(client, method)(address, body, content_type="application/json")
