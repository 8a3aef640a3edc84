"""The desk's pages: who gets in, what they say, how many queries they need."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.permissions import Role
from apps.alerts.actions import acknowledge, record_contact, resolve
from apps.alerts.models import Alert
from apps.audit.models import AuditEvent
from apps.monitoring.actions import submit_response
from apps.monitoring.models import Slot
from tests.alerts.scene import a_record
from tests.cast import Cast, make_patient, make_person
from tests.desk.conftest import answer_phq9, give_dose, make_alert, write_plan
from tests.monitoring.stage import give_all, open_slot

pytestmark = pytest.mark.django_db


def test_the_worklist_says_who_comes_first_and_why(acting: Cast) -> None:
    make_alert(acting.patient_2, "P2", title="PHQ-9 up 7 in 7 days", cause="worse")
    make_alert(acting.patient, "P1", title="PHQ-9 item 9 = 2, was 0")
    answer_phq9(acting.patient, 7, 1, 1, 2, 2, 1, 2, 2, 1, 0)
    answer_phq9(acting.patient, 0.1, 2, 2, 3, 3, 1, 2, 2, 1, 2)
    give_dose(acting.patient, 5)
    page = acting.client(acting.nurse).get("/desk/").content.decode()
    assert page.index("PHQ-9 item 9 = 2, was 0") < page.index("PHQ-9 up 7 in 7 days")
    assert "+6 worse" in page
    assert "D+5" in page
    assert "1 act now" in page


def test_an_empty_worklist_shows_what_it_rests_on(acting: Cast) -> None:
    page = acting.client(acting.nurse).get("/desk/").content.decode()
    assert "Nobody needs action now" in page
    assert "no clean round was ever seen" in page
    assert "Rosa Osei" in page


def test_mine_shows_only_what_is_mine(acting: Cast) -> None:
    alert = make_alert(acting.patient)
    make_alert(acting.patient_2, title="Another one")
    acknowledge(alert=alert, actor=acting.nurse)
    page = acting.client(acting.nurse).get("/desk/?whose=mine").content.decode()
    assert "PHQ-9 item 9 = 2" in page
    assert "Another one" not in page


PAGES: list[Callable[[Any, Any], str]] = [
    lambda alert, patient: "/desk/",
    lambda alert, patient: "/desk/alerts/",
    lambda alert, patient: "/desk/alerts/?show=closed",
    lambda alert, patient: f"/desk/alerts/{alert.pk}/",
    lambda alert, patient: f"/desk/alerts/{alert.pk}/panel/",
    *(
        lambda alert, patient, tab=tab: f"/desk/patients/{patient.pk}/?tab={tab}"
        for tab in ("summary", "answers", "alerts", "visits", "safety", "opened")
    ),
]


@pytest.mark.parametrize("where", PAGES, ids=range(len(PAGES)))
@pytest.mark.parametrize("who", ["prescriber", "nurse", "therapist", "coordinator"])
def test_every_page_opens_for_whoever_works_at_the_desk(acting: Cast, where: Any, who: str) -> None:
    alert = make_alert(acting.patient)
    for days, last in ((20, 0), (9, 0), (1, 2)):
        answer_phq9(acting.patient, days, 1, 1, 2, 2, 1, 2, 2, 1, last)
    give_dose(acting.patient, 10)
    write_plan(acting.patient)
    answer = acting.client(getattr(acting, who)).get(where(alert, acting.patient))
    assert answer.status_code == 200
    assert b"Alvarez" in answer.content or b"ALVAREZ" in answer.content or b"closed" in answer.content
    assert b" style=" not in answer.content


@pytest.mark.parametrize("where", PAGES, ids=range(len(PAGES)))
@pytest.mark.parametrize(
    ("who", "status"), [("clinic_admin", 403), ("patient_user", 404), ("patient_2_user", 404), (None, 302)]
)
def test_nobody_else_gets_in(acting: Cast, where: Any, who: str | None, status: int) -> None:
    alert = make_alert(acting.patient)
    user = getattr(acting, who) if who else None
    assert acting.client(user).get(where(alert, acting.patient)).status_code == status


@pytest.mark.parametrize("where", PAGES[3:], ids=range(len(PAGES[3:])))
def test_another_clinic_finds_nothing(acting: Cast, where: Any) -> None:
    alert = make_alert(acting.patient)
    assert acting.client(acting.other_prescriber).get(where(alert, acting.patient)).status_code == 404


def test_the_alert_page_shows_the_ladder_the_answers_and_what_closing_needs(acting: Cast) -> None:
    answer_phq9(acting.patient, 7, 1, 1, 2, 2, 1, 2, 2, 1, 0)
    alert = make_alert(acting.patient)
    page = acting.client(acting.nurse).get(alert.path).content.decode()
    for words in ("Rosa Osei", "Dr Ngozi Okafor", "Somebody must take it first.", "(555) 0100-911", "Elena Ruiz"):
        assert words in page


def test_an_alert_is_taken_reached_and_closed_without_javascript(acting: Cast) -> None:
    alert = make_alert(acting.patient)
    client = acting.client(acting.nurse)
    client.post(f"{alert.path}acknowledge/")
    client.post(f"{alert.path}contact/", {"channel": "phone", "reached": "yes", "text": "Spoke."})
    page = client.get(alert.path).content.decode()
    assert "Close this alert" in page
    done = client.post(f"{alert.path}resolve/", {"disposition": "safe", "text": "Safe with her plan."}, follow=True)
    assert "Safe with her plan." in done.content.decode()
    assert "Spoken to, safe" in done.content.decode()


def test_a_closed_alert_offers_no_verb(acting: Cast) -> None:
    alert = make_alert(acting.patient)
    acknowledge(alert=alert, actor=acting.nurse)
    record_contact(alert=alert, actor=acting.nurse, channel="phone", reached=True)
    resolve(alert=alert, actor=acting.nurse, disposition="safe", text="Safe.", record=a_record())
    page = acting.client(acting.nurse).get(alert.path).content.decode()
    assert "/acknowledge/" not in page
    assert "/resolve/" not in page


def test_everything_shown_is_in_the_audit_trail(acting: Cast) -> None:
    alert = make_alert(acting.patient)
    client = acting.client(acting.nurse)
    client.get("/desk/")
    client.get(alert.path)
    client.get(f"/desk/patients/{acting.patient.pk}/")
    seen = AuditEvent.objects.filter(action="read", actor_id=acting.nurse.pk)
    assert seen.filter(object_id=alert.pk, detail="worklist").count() == 1
    assert seen.filter(object_id=alert.pk, detail="alert page").count() == 1
    assert seen.filter(object_id=acting.patient.pk, detail="chart summary").count() == 1


def test_the_palette_finds_patients_and_pages_by_what_the_person_may_see(acting: Cast) -> None:
    found = acting.client(acting.nurse).get("/desk/go/", {"q": "alva"}).json()["rows"]
    assert found[0]["words"] == "Alvarez, Maria"
    assert acting.client(acting.nurse).get("/desk/go/", {"q": "20417"}).json()["rows"][0]["words"] == "Alvarez, Maria"
    other = acting.client(acting.other_prescriber).get("/desk/go/", {"q": "alva"}).json()["rows"]
    assert other == []
    pages = acting.client(acting.nurse).get("/desk/go/", {"q": "work"}).json()["rows"]
    assert [row["words"] for row in pages] == ["Worklist"]


def test_fifty_rows_need_no_more_than_eight_queries(acting: Cast) -> None:
    for number in range(50):
        user = make_person(acting.clinic, f"p{number}", f"Person {number}", Role.PATIENT)
        patient = make_patient(
            acting.clinic, user, f"7{number}", f"Family{number:02}", "Given", acting.nurse.membership
        )
        make_alert(patient, "P2" if number % 2 else "P1")
        if number < 10:
            answer_phq9(patient, 3, 1, 1, 1, 1, 1, 1, 1, 1, 0)
    client = acting.client(acting.nurse)
    client.get("/desk/")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = client.get("/desk/")
    counted = [
        q["sql"]
        for q in queries
        if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "select set_config"))
    ]
    assert answer.content.decode().count("data-row") == 50
    assert len(counted) <= 8, "\n".join(sql[:160] for sql in counted)


def test_the_alert_page_shows_what_was_answered_before_it_was_submitted(acting: Cast) -> None:
    slot = open_slot(acting)
    answer_phq9(acting.patient, 7, 1, 1, 2, 2, 1, 2, 2, 1, 0)
    give_all(acting, slot, 2, 2, 3, 3, 1, 2, 2, 1, 2)
    alert = Alert.objects.get(cause="suicidal-thoughts")
    page = acting.client(acting.nurse).get(alert.path).content.decode()
    assert "not submitted yet" in page
    assert '<tr class="hit"><td class="num">9</td><td>Thoughts of death or self-harm</td><td class="num">0</td>' in page
    assert "+2" in page


def test_the_alert_page_shows_the_total_once_it_is_submitted(acting: Cast) -> None:
    slot = open_slot(acting)
    answer_phq9(acting.patient, 7, 1, 1, 2, 2, 1, 2, 2, 1, 0)
    give_all(acting, slot, 2, 2, 3, 3, 1, 2, 2, 1, 2)
    submit_response(slot=slot, actor=acting.patient_user, auth_level="session")
    page = acting.client(acting.nurse).get(Alert.objects.get(cause="suicidal-thoughts").path).content.decode()
    assert "not submitted yet" not in page
    assert "<b>18</b>" in page
    assert "+6" in page


@pytest.mark.parametrize("what", ["' or 1=1", "%", "\x00", "<script>", "a" * 5000, "\ud800"])
def test_odd_words_in_the_palette_find_nothing_and_break_nothing(acting: Cast, what: str) -> None:
    answer = acting.client(acting.nurse).get("/desk/go/", {"q": what.encode(errors="surrogatepass")})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "query", ["whose=nobody", "whose=", "show=none", "page=0", "page=-1", "page=1e9", "page=abc", "tab=../x", "tab="]
)
def test_odd_parameters_show_the_usual_page(acting: Cast, query: str) -> None:
    make_alert(acting.patient)
    client = acting.client(acting.nurse)
    for page in ("/desk/", "/desk/alerts/", f"/desk/patients/{acting.patient.pk}/"):
        assert client.get(f"{page}?{query}").status_code == 200


def test_an_alert_shows_that_the_person_opened_help_and_what_was_written_down_at_closing(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        alert = make_alert(cast.patient)
    patient = cast.client(cast.patient_user)
    patient.get("/help/")
    patient.get("/help/", headers={"Sec-Fetch-Mode": "cors"})  # the worker's own copy is no opening
    patient.get("/safety-plan/")
    with cast.acting(cast.nurse):
        write_plan(cast.patient)
    patient.get("/safety-plan/")
    nurse = cast.client(cast.nurse)
    page = nurse.get(alert.path).content.decode()
    assert page.count("Opened the page “Help now”") == 1
    assert page.count("Opened their safety plan") == 1
    with cast.acting(cast.nurse):
        record_contact(alert=alert, actor=cast.nurse, channel="phone", reached=True, place="At work")
    assert "What was asked" in (page := nurse.get(alert.path).content.decode())
    assert "At work" in page
    with cast.acting(cast.nurse):
        resolve(alert=alert, actor=cast.nurse, disposition="safe", text="Safe.", record=a_record())
    closed = nurse.get(alert.path).content.decode()
    for words in ("wishes to be dead", "Elena Ruiz, sister", "at home, somebody stays", "continue"):
        assert words in closed


def test_an_empty_list_does_not_say_that_nobody_is_silent_when_two_surveys_in_a_row_were_missed(acting: Cast) -> None:
    for days in (3, 2):
        answered = answer_phq9(acting.patient, days, *[1] * 9)
        Slot.objects.filter(pk=answered.slot_id).update(state="missed")
    page = acting.client(acting.nurse).get("/desk/").content.decode()
    assert "1 person left the last two surveys unanswered" in page
    answer_phq9(acting.patient, 1, *[1] * 9)
    assert "Nobody has gone silent" in acting.client(acting.nurse).get("/desk/").content.decode()
