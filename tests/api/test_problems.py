"""Whatever goes wrong, the API says so as RFC 9457 problem details, and never with a 500."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from apps.accounts.permissions import Permission
from tests.api.conversation import API, by_token, post, problem, token_of
from tests.cast import Cast

pytestmark = pytest.mark.django_db

LISTS = [
    "patients",
    "assignments",
    "slots",
    "item-answers",
    "questionnaire-responses",
    "observations",
    "alerts",
    "threads",
    "visits",
]


def test_nobody_is_let_in_without_a_name(cast: Cast) -> None:
    for name in LISTS:
        response = Client().get(f"{API}{name}/")
        problem(response, 401, "not-authenticated")
        assert response["WWW-Authenticate"] == "Bearer"


def test_every_list_answers_its_staff(cast: Cast) -> None:
    client = cast.client(cast.nurse)
    for name in LISTS:
        response = client.get(f"{API}{name}/")
        assert response.status_code == 200, name
        assert set(response.json()) == {"count", "next", "previous", "results"}


def test_neither_a_stranger_nor_a_clinic_admin_reads_anything_clinical(cast: Cast) -> None:
    for user in (cast.nobody, cast.clinic_admin, cast.platform_admin):
        client = cast.client(user)
        for name in LISTS:
            problem(client.get(f"{API}{name}/"), 403, "permission-denied")


def test_what_is_not_there_is_a_problem_too(cast: Cast) -> None:
    client = cast.client(cast.nurse)
    for path in ("", "nothing/", "patients", "alerts/7/", "patients/x%00y/", "%ff/", "../../etc/passwd"):
        problem(client.get(API + path), 404, "not-found")


def test_a_key_that_is_no_uuid_or_that_nobody_has_names_nothing(cast: Cast) -> None:
    client = cast.client(cast.nurse)
    keys = ["7", "-1", "0", str(2**63), "null", "x" * 300, "01890a5d-ac96-774b-bcce-b302099a805", str(uuid4())]
    for name in LISTS:
        for key in keys:
            problem(client.get(f"{API}{name}/{key}/"), 404, "not-found")


def test_a_method_that_does_not_exist_is_said(cast: Cast) -> None:
    client = cast.client(cast.nurse)
    for method in ("put", "delete"):
        response = post(client, f"patients/{cast.patient.pk}/", method=method)
        problem(response, 405, "method-not-allowed")
        assert "GET" in response["Allow"]
    problem(post(client, "slots/"), 405, "method-not-allowed")
    problem(client.get(f"{API}visits/{uuid4()}/cancel/"), 405, "method-not-allowed")


def test_a_method_in_a_header_changes_nothing(cast: Cast) -> None:
    client = cast.client(cast.nurse)
    path = f"{API}patients/{cast.patient.pk}/"
    response = client.get(path, headers={"X-HTTP-Method-Override": "DELETE"})
    assert response.status_code == 200
    assert client.get(path).status_code == 200


def test_only_json_is_spoken(cast: Cast) -> None:
    client = cast.client(cast.nurse)
    problem(client.get(f"{API}patients/", headers={"Accept": "text/html"}), 406, "not-acceptable")
    problem(client.get(f"{API}patients/?format=xml"), 404)


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-7",
        "application/json; charset=utf-16",
    ],
)
def test_only_json_in_utf8_is_read(cast: Cast, content_type: str) -> None:
    response = post(cast.client(cast.nurse), "threads/", {"patient": str(cast.patient.pk)}, content_type=content_type)
    problem(response, 415, "unsupported-media-type")


NOT_JSON: list[str | bytes] = [
    "",
    "{",
    "[]]",
    '{"a": NaN}',
    '{"a": Infinity}',
    '{"a": -Infinity}',
    '{"a": 1e309}',
    '{"a": -1e999}',
    '{"a": ' + "9" * 5000 + "}",
    '{"a": 1, "a": 2}',
    '{"x": {"b": 1, "b": 2}}',
    "[" * 100_000 + "]" * 100_000,
    "{'a': 1}",
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b'{"a": "\xc3"}',
]


def test_json_is_read_strictly(cast: Cast) -> None:
    client = cast.client(cast.nurse)
    for body in NOT_JSON:
        problem(post(client, "observations/", body), 400)


def test_a_body_that_is_no_object_is_refused(cast: Cast) -> None:
    client = cast.client(cast.nurse)
    for path in ("observations/", "observations/bulk/", "item-answers/", "threads/", "visits/", "patients/"):
        for body in ("[]", "null", "3", '"text"', "true", "[{}]", "1.5"):
            problem(post(client, path, body), 400, "invalid")


def test_a_megabyte_is_too_much(cast: Cast) -> None:
    client = cast.client(cast.nurse)
    problem(post(client, "threads/", json.dumps({"patient": "x" * (1024 * 1024)})), 413, "too-big")
    thread = post(client, "threads/", {"patient": str(cast.patient.pk)}).json()["id"]
    long = {"client_id": str(uuid4()), "body": "x" * (1024 * 1024 - 200)}
    problem(post(client, f"threads/{thread}/messages/", long), 400, "invalid")
    wide = {"client_id": str(uuid4()), "body": "\u20ac" * 8000}  # fits by letters, not by bytes
    problem(post(client, f"threads/{thread}/messages/", wide), 409, "too-long")


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "x\udfff"])
def test_what_postgresql_cannot_hold_is_refused(cast: Cast, text: str) -> None:
    client = cast.client(cast.nurse)
    thread = post(client, "threads/", {"patient": str(cast.patient.pk)}).json()["id"]
    problem(post(client, f"threads/{thread}/messages/", {"client_id": str(uuid4()), "body": text}), 400, "invalid")
    record = post(client, f"patients/{cast.patient.pk}/", {"address": text}, "patch")
    assert "address" in problem(record, 400, "invalid")["errors"]


def test_a_page_that_does_not_exist_is_not_found(cast: Cast) -> None:
    client = cast.client(cast.nurse)
    for query in ["page=0", "page=-1", "page=1e9", "page=99999999999999999999", "page=%00", "page=9"]:
        problem(client.get(f"{API}patients/?{query}"), 404, "not-found")


def test_pages_stay_small_whatever_is_asked(cast: Cast) -> None:
    client = cast.client(cast.nurse)
    for size in ["1e9", "1000000000", "-5", "0", "x", "%00", str(2**63)]:
        response = client.get(f"{API}patients/?page_size={size}")
        assert response.status_code == 200
        assert len(response.json()["results"]) == 2


def test_a_large_page_holds_two_hundred_rows_at_most(cast: Cast) -> None:
    client = cast.client(cast.nurse)
    readings = [
        {
            "code": "mood",
            "value": n % 100,
            "unit": "{score}",
            "effective_at": f"2026-11-{1 + n // 24:02}T{n % 24:02}:00Z",
        }
        for n in range(250)
    ]
    sent = post(client, "observations/bulk/", {"patient": str(cast.patient.pk), "readings": readings})
    assert sent.json()["created"] == 250
    assert len(client.get(f"{API}observations/?page_size=1000").json()["results"]) == 200
    assert len(client.get(f"{API}observations/").json()["results"]) == 50


def test_a_filter_that_means_nothing_is_refused(cast: Cast) -> None:
    client = cast.client(cast.nurse)
    for query in ["patient=7", "patient=%00", "patient=null", "state=weird", "level=P9"]:
        problem(client.get(f"{API}alerts/?{query}"), 400, "invalid")


@pytest.mark.parametrize(
    "query", ["ordering=password", "patient__user__email__startswith=a", "user__password__regex=.", "search=%00"]
)
def test_nobody_asks_what_the_list_does_not_offer(cast: Cast, query: str) -> None:
    client = cast.client(cast.nurse)
    assert client.get(f"{API}patients/?{query}").json() == client.get(f"{API}patients/").json()


def test_a_day_that_does_not_exist_is_refused(cast: Cast) -> None:
    client = cast.client(cast.nurse)
    for date in ["2026-02-30", "2026-13-01", "24:00", "0000-00-00", "999999-01-01", "\u0661", "1"]:
        body = {"patient": str(cast.patient.pk), "questionnaire": "phq-9", "rhythm": "daily", "starts_on": date}
        assert "starts_on" in problem(post(client, "assignments/", body), 400, "invalid")["errors"]


@pytest.mark.parametrize(
    "moment", ["2026-02-30T10:00Z", "2026-01-01T24:30Z", "2026-01-01T10:00+99:99", "yesterday", "0001-01-01T00:00Z", 5]
)
def test_a_moment_that_does_not_exist_is_refused(cast: Cast, moment: Any) -> None:
    body = {"patient": str(cast.patient.pk), "code": "mood", "value": 5, "unit": "{score}", "effective_at": moment}
    response = post(cast.client(cast.nurse), "observations/", body)
    assert response.status_code in (400, 422)
    problem(response, response.status_code)


def test_a_session_needs_its_token_against_forgery_and_a_bearer_does_not(cast: Cast) -> None:
    body = {"patient": str(cast.patient.pk)}
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = cast.client(cast.nurse).cookies
    problem(post(strict, "threads/", body), 403, "permission-denied")
    bearer = by_token(token_of(cast, cast.nurse, Permission.CHAT, Permission.SEE_CLINICAL), enforce_csrf_checks=True)
    assert post(bearer, "threads/", body).status_code == 200


def test_options_and_head_are_answered_as_a_reader(cast: Cast) -> None:
    client = cast.client(cast.nurse)
    assert client.head(f"{API}patients/").status_code == 200
    assert client.options(f"{API}patients/").status_code == 200
    problem(Client().options(f"{API}patients/"), 401)
