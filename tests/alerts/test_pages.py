"""The verbs as plain forms: they work without JavaScript, for the right people, and lose nothing that was typed."""

from typing import Any

import pytest

from apps.accounts.models import User
from apps.alerts.actions import acknowledge, record_contact
from apps.alerts.models import Alert, RosterShift
from apps.audit.models import AuditEvent
from tests.alerts.scene import a_raise, a_record, as_form, fresh
from tests.cast import Cast

pytestmark = pytest.mark.django_db

ALL_VERBS = ["acknowledge", "contact", "still", "hand-over", "escalate", "resolve", "snooze", "review"]
STAFF = ["prescriber", "nurse", "therapist", "coordinator"]


@pytest.fixture
def alert(cast: Cast) -> Alert:
    return a_raise(cast.patient, "P1", value=2, title="PHQ-9 item 9 = 2")


def path(alert: Alert, verb: str) -> str:
    return f"/desk/alerts/{alert.pk}/{verb}/"


def send(cast: Cast, user: User | None, alert: Alert, verb: str, **data: Any) -> Any:
    return cast.client(user).post(path(alert, verb), data)


@pytest.mark.parametrize("who", STAFF)
def test_taking_by_form_goes_back_to_the_alert_and_says_so(cast: Cast, alert: Alert, who: str) -> None:
    user = getattr(cast, who)
    client = cast.client(user)
    response = client.post(path(alert, "acknowledge"))
    assert (response.status_code, response["Location"]) == (302, alert.path)
    assert fresh(alert).owner == user.membership
    assert "Paging has stopped" in client.get(alert.path).content.decode()


def test_the_second_to_take_it_reads_who_has_it(cast: Cast, alert: Alert) -> None:
    send(cast, cast.nurse, alert, "acknowledge")
    response = send(cast, cast.therapist, alert, "acknowledge")
    assert response.status_code == 409
    assert "Taken by Rosa Osei" in response.content.decode()


@pytest.mark.parametrize("verb", ALL_VERBS)
def test_every_verb_has_a_page_of_its_own_that_is_written_down(cast: Cast, alert: Alert, verb: str) -> None:
    response = cast.client(cast.nurse).get(path(alert, verb))
    assert response.status_code == 200
    page = response.content.decode()
    assert "Alvarez" in page
    assert f'action="{path(alert, verb)}"' in page
    assert "style=" not in page
    with cast.acting(cast.nurse):
        assert AuditEvent.objects.filter(object_id=alert.pk, action="read", detail=verb).count() == 1


@pytest.mark.parametrize("verb", ALL_VERBS)
@pytest.mark.parametrize(
    ("who", "status"),
    [("patient_user", 404), ("patient_2_user", 404), ("other_prescriber", 404), ("clinic_admin", 403), ("nobody", 404)],
)
def test_whoever_may_not_handle_alerts_is_kept_out(cast: Cast, alert: Alert, verb: str, who: str, status: int) -> None:
    client = cast.client(getattr(cast, who))
    for response in (client.get(path(alert, verb)), client.post(path(alert, verb), {"reason": "x"})):
        assert response.status_code == status
        assert "Alvarez" not in response.content.decode()
    assert fresh(alert).version == alert.version


@pytest.mark.parametrize("verb", ALL_VERBS)
def test_without_signing_in_one_is_sent_to_sign_in(cast: Cast, alert: Alert, verb: str) -> None:
    response = send(cast, None, alert, verb)
    assert response.status_code == 302
    assert "/accounts/login/" in response["Location"]


@pytest.mark.parametrize("bad", ["nonsense", "1", "00000000-0000-0000-0000-000000000000"])
def test_an_alert_that_is_not_there_is_not_there(cast: Cast, alert: Alert, bad: str) -> None:
    assert cast.client(cast.nurse).post(f"/desk/alerts/{bad}/acknowledge/").status_code == 404


def test_a_whole_alert_is_worked_by_forms_alone(cast: Cast, alert: Alert) -> None:
    client = cast.client(cast.nurse)
    assert client.post(path(alert, "acknowledge")).status_code == 302
    assert (
        client.post(path(alert, "contact"), {"channel": "phone", "reached": "no", "text": "Voicemail"}).status_code
        == 302
    )
    assert client.post(path(alert, "still")).status_code == 302
    assert client.post(path(alert, "escalate"), {"reason": "No answer"}).status_code == 302
    assert client.post(path(alert, "contact"), {"channel": "contact", "reached": "yes"}).status_code == 302
    to = cast.prescriber.membership
    assert to
    assert client.post(path(alert, "hand-over"), {"to": str(to.pk), "reason": "Off at two"}).status_code == 302
    closing = {"disposition": "safe", "text": "Spoke with her and her sister.", **as_form(a_record())}
    assert cast.client(cast.prescriber).post(path(alert, "resolve"), closing).status_code == 302
    assert fresh(alert).state == "resolved"


def test_closing_too_early_says_what_is_missing_and_keeps_the_note(cast: Cast, alert: Alert) -> None:
    with cast.acting(cast.nurse):
        acknowledge(alert=alert, actor=cast.nurse)
    response = send(cast, cast.nurse, alert, "resolve", disposition="safe", text="A long note about the call.")
    page = response.content.decode()
    assert response.status_code == 409
    assert "Reach the person" in page
    assert "A long note about the call." in page


def test_the_closing_page_says_beforehand_what_is_missing(cast: Cast, alert: Alert) -> None:
    page = cast.client(cast.coordinator).get(path(alert, "resolve")).content.decode()
    for missing in ("Only a licensed clinician", "Somebody must take it first", "Reach the person"):
        assert missing in page


def test_a_coordinator_is_told_that_closing_is_for_clinicians(cast: Cast, alert: Alert) -> None:
    with cast.acting(cast.nurse):
        record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=True)
    response = send(cast, cast.coordinator, alert, "resolve", disposition="safe", text="Done.")
    assert response.status_code == 409
    assert "licensed clinician" in response.content.decode()


@pytest.mark.parametrize(
    ("verb", "data"),
    [
        ("contact", {}),
        ("contact", {"channel": "pigeon", "reached": "yes"}),
        ("contact", {"channel": "phone", "reached": "perhaps"}),
        ("contact", {"channel": "phone", "reached": "yes", "text": "x" * 401}),
        ("contact", {"channel": "phone", "reached": "yes", "text": "\x00"}),
        ("escalate", {"reason": ""}),
        ("escalate", {"reason": "   "}),
        ("hand-over", {"to": "", "reason": "x"}),
        ("hand-over", {"to": "not-an-id", "reason": "x"}),
        ("hand-over", {"to": "00000000-0000-0000-0000-000000000000", "reason": "x"}),
        ("resolve", {"disposition": "bored", "text": "x"}),
        ("resolve", {"disposition": "safe", "text": ""}),
        ("resolve", {"disposition": "safe", "text": "x" * 4001}),
        ("snooze", {"hours": "0", "reason": "x"}),
        ("snooze", {"hours": "1e9", "reason": "x"}),
        ("snooze", {"hours": "NaN", "reason": "x"}),
        ("review", {"value": "-1", "days": "5", "reason": "x"}),
        ("review", {"value": "1", "days": "9999999999", "reason": "x"}),
    ],
)
def test_bad_input_is_said_in_the_form_and_changes_nothing(
    cast: Cast, alert: Alert, verb: str, data: dict[str, str]
) -> None:
    response = send(cast, cast.nurse, alert, verb, **data)
    assert response.status_code == 422
    assert "Please check this form" in response.content.decode()
    assert fresh(alert).version == alert.version


def test_fields_that_the_form_does_not_have_are_ignored(cast: Cast, alert: Alert) -> None:
    send(cast, cast.nurse, alert, "acknowledge", state="resolved", owner=str(cast.therapist.pk), level="P3")
    now = fresh(alert)
    assert (now.state, now.owner, now.level) == ("acked", cast.nurse.membership, "P1")


def test_handing_over_offers_colleagues_who_may_take_alerts_and_nobody_else(cast: Cast, alert: Alert) -> None:
    page = cast.client(cast.nurse).get(path(alert, "hand-over")).content.decode()
    assert "Jonas Lindqvist" in page
    assert "Ruth Adler" not in page
    assert "Maria Alvarez, patient" not in page
    assert "Della Marsh" not in page


def test_htmx_gets_a_short_answer_in_place(cast: Cast, alert: Alert) -> None:
    client = cast.client(cast.nurse)
    done = client.post(path(alert, "acknowledge"), headers={"HX-Request": "true"})
    assert (done.status_code, done["HX-Trigger"]) == (200, "alert-changed")
    assert "<html" not in done.content.decode()
    refused = cast.client(cast.therapist).post(path(alert, "acknowledge"), headers={"HX-Request": "true"})
    assert refused.status_code == 200, "htmx swaps only good answers"
    assert "Taken by Rosa Osei" in refused.content.decode()


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(cast: Cast, alert: Alert, method: str) -> None:
    assert getattr(cast.client(cast.nurse), method)(path(alert, "acknowledge")).status_code == 405


def test_a_form_from_elsewhere_is_refused(cast: Cast, alert: Alert) -> None:
    client = cast.client(cast.nurse)
    client.handler.enforce_csrf_checks = True
    assert client.post(path(alert, "acknowledge")).status_code == 403
    assert fresh(alert).state == "open"


# --- the roster ------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", [*STAFF, "clinic_admin"])
def test_the_roster_says_who_is_on_and_where_nobody_is(cast: Cast, who: str) -> None:
    with cast.acting(cast.nurse):
        RosterShift.objects.filter(rota="director").delete()
    page = cast.client(getattr(cast, who)).get("/desk/roster/").content.decode()
    assert "Rosa Osei" in page
    assert "Medical director on call: nobody" in page
    assert "Della Marsh" not in page


def test_a_full_roster_says_that_no_hour_is_missing(cast: Cast) -> None:
    page = cast.client(cast.nurse).get("/desk/roster/").content.decode()
    assert "Every hour of the next 14 days" in page


@pytest.mark.parametrize("who", ["patient_user", "nobody"])
def test_the_roster_is_not_for_patients(cast: Cast, who: str) -> None:
    assert cast.client(getattr(cast, who)).get("/desk/roster/").status_code == 404


def test_a_clinic_without_a_roster_is_told_so(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        RosterShift.objects.all().delete()
    page = cast.client(cast.nurse).get("/desk/roster/").content.decode()
    assert "Nobody is on call now" in page
    assert "No shift is entered." in page
