"""Alerts over the API."""

from typing import Any

import pytest

from apps.alerts.actions import acknowledge, record_contact
from apps.alerts.models import Alert
from apps.audit.models import AuditEvent
from tests.alerts.scene import a_raise, a_record, fresh
from tests.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.alerts.api_urls")]

LIST = "/api/v1/alerts/"
VERBS = ["acknowledge", "contact", "still-with-them", "hand-over", "escalate", "resolve"]


@pytest.fixture
def alert(cast: Cast) -> Alert:
    return a_raise(cast.patient, "P1", value=2)


def send(cast: Cast, who: str | None, alert: Alert, verb: str, **data: Any) -> Any:
    client = cast.client(getattr(cast, who) if who else None)
    return client.post(f"{LIST}{alert.pk}/{verb}/", data, content_type="application/json")


def test_the_list_shows_the_clinics_alerts_most_urgent_first_and_is_written_down(cast: Cast, alert: Alert) -> None:
    task = a_raise(cast.patient, "P3", cause="missed-survey")
    today = a_raise(cast.patient_2, "P2")
    a_raise(cast.other_patient, "P1")
    answer = cast.client(cast.nurse).get(LIST).json()
    assert [row["id"] for row in answer["results"]] == [str(one.pk) for one in (alert, today, task)]
    with cast.acting(cast.nurse):
        assert AuditEvent.objects.filter(action="read", detail="api").count() == 3


@pytest.mark.parametrize(
    ("query", "count"), [("level=P1", 1), ("state=open", 2), ("state=resolved", 0), ("level=P2&state=open", 0)]
)
def test_the_list_can_be_narrowed(cast: Cast, alert: Alert, query: str, count: int) -> None:
    a_raise(cast.patient, "P3", cause="missed-survey")
    assert cast.client(cast.nurse).get(f"{LIST}?{query}").json()["count"] == count


@pytest.mark.parametrize("query", ["level=P9", "state=weird", "patient=7", "patient=%00"])
def test_a_filter_that_means_nothing_is_a_problem(cast: Cast, alert: Alert, query: str) -> None:
    response = cast.client(cast.nurse).get(f"{LIST}?{query}")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "page=99"])
def test_a_page_that_is_not_there_is_not_there(cast: Cast, alert: Alert, query: str) -> None:
    assert cast.client(cast.nurse).get(f"{LIST}?{query}").status_code == 404


def test_one_alert_with_its_history(cast: Cast, alert: Alert) -> None:
    client = cast.client(cast.coordinator)
    row = client.get(f"{LIST}{alert.pk}/").json()
    assert (row["level"], row["state"], row["owner_name"]) == ("P1", "open", None)
    assert [event["kind"] for event in client.get(f"{LIST}{alert.pk}/history/").json()] == ["raised", "paged"]


def test_an_alert_is_worked_over_the_api(cast: Cast, alert: Alert) -> None:
    taken = send(cast, "nurse", alert, "acknowledge").json()
    assert (taken["state"], taken["owner_name"]) == ("acked", "Rosa Osei")
    assert send(cast, "nurse", alert, "contact", channel="phone", reached=False).json()["state"] == "acked"
    assert send(cast, "nurse", alert, "still-with-them").status_code == 200
    assert send(cast, "nurse", alert, "escalate", reason="No answer").status_code == 200
    assert send(cast, "nurse", alert, "contact", channel="contact", reached=True).json()["state"] == "contacted"
    to = cast.prescriber.membership
    assert to
    assert send(cast, "nurse", alert, "hand-over", to=str(to.pk), reason="Off").json()["owner"] == str(to.pk)
    closed = send(
        cast, "prescriber", alert, "resolve", disposition="safe", text="Spoke, safe.", record=a_record()
    ).json()
    assert (closed["state"], closed["disposition"]) == ("resolved", "safe")


def test_the_second_gets_a_conflict_that_says_who_was_faster(cast: Cast, alert: Alert) -> None:
    with cast.acting(cast.nurse):
        acknowledge(alert=alert, actor=cast.nurse)
    response = send(cast, "therapist", alert, "acknowledge")
    assert response.status_code == 409
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["detail"].startswith("Taken by Rosa Osei")


def test_closing_too_early_is_a_conflict_with_what_is_missing(cast: Cast, alert: Alert) -> None:
    with cast.acting(cast.nurse):
        acknowledge(alert=alert, actor=cast.nurse)
    response = send(cast, "nurse", alert, "resolve", disposition="safe", text="x")
    assert response.status_code == 409
    assert "Reach the person" in response.json()["detail"]


def test_a_coordinator_cannot_close_a_p1(cast: Cast, alert: Alert) -> None:
    with cast.acting(cast.nurse):
        record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=True)
    assert send(cast, "coordinator", alert, "resolve", disposition="safe", text="x").status_code == 409
    assert fresh(alert).state == "contacted"


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("who", "status"), [("patient_user", 404), ("other_prescriber", 404), ("clinic_admin", 403), (None, 403)]
)
def test_whoever_may_not_handle_alerts_is_kept_out(
    cast: Cast, alert: Alert, verb: str, who: str | None, status: int
) -> None:
    response = send(cast, who, alert, verb, reason="x", disposition="safe", text="x", channel="phone", reached=True)
    assert response.status_code in {status, 401 if who is None else status}
    assert fresh(alert).version == alert.version


@pytest.mark.parametrize("who", ["patient_user", "other_prescriber"])
def test_whoever_may_not_see_it_does_not_find_it(cast: Cast, alert: Alert, who: str) -> None:
    client = cast.client(getattr(cast, who))
    assert client.get(f"{LIST}{alert.pk}/").status_code == 404
    assert client.get(f"{LIST}{alert.pk}/history/").status_code == 404


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("contact", "{}"),
        ("contact", '{"channel": "pigeon", "reached": true}'),
        ("contact", '{"channel": "phone", "reached": "perhaps"}'),
        ("contact", '{"channel": "phone", "reached": true, "text": "a\\u0000b"}'),
        ("contact", '{"channel": ["phone"], "reached": {}}'),
        ("escalate", '{"reason": ""}'),
        ("escalate", '{"reason": null}'),
        ("hand-over", '{"to": "7", "reason": "x"}'),
        ("resolve", '{"disposition": "bored", "text": "x"}'),
        ("resolve", '{"disposition": "safe", "text": "   "}'),
        ("resolve", "[]"),
        ("resolve", "not json"),
    ],
)
def test_bad_bodies_are_problems_and_change_nothing(cast: Cast, alert: Alert, verb: str, body: str) -> None:
    response = cast.client(cast.nurse).post(f"{LIST}{alert.pk}/{verb}/", body, content_type="application/json")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert fresh(alert).version == alert.version


def test_handing_over_to_a_stranger_is_a_conflict(cast: Cast, alert: Alert) -> None:
    with cast.acting(cast.nurse):
        acknowledge(alert=alert, actor=cast.nurse)
    to = cast.other_prescriber.membership
    assert to
    assert send(cast, "nurse", alert, "hand-over", to=str(to.pk), reason="x").status_code == 409


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_an_alert_is_changed_by_its_verbs_alone(cast: Cast, alert: Alert, method: str) -> None:
    client = cast.client(cast.nurse)
    body = '{"state": "resolved", "level": "P3"}'
    response = getattr(client, method)(f"{LIST}{alert.pk}/", body, content_type="application/json")
    assert response.status_code in {403, 405}
    assert cast.client(cast.nurse).post(LIST, body, content_type="application/json").status_code in {403, 405}
    assert fresh(alert).version == alert.version
