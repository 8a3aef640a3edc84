"""The demo's sign-in works for a browser on this machine, and for nobody else."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from apps.accounts.middleware import CLINIC_KEY
from apps.accounts.models import Clinic, User
from apps.audit.models import AuditEvent
from apps.core.db.scope import use_clinic
from apps.notifications.models import DemoMessage
from telek.demo_personas import PERSONAS
from tests.cast import Cast, make_person

pytestmark = pytest.mark.django_db
PAGES = ("/demo/", "/demo/outbox/")


@pytest.fixture
def demo(settings: Settings) -> None:
    settings.DEMO = True
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def nurse(cast: Cast) -> User:
    persona = PERSONAS["nurse"]
    with use_clinic(cast.clinic.pk):
        user = make_person(cast.clinic, "demo-nurse", persona.name, persona.role)  # type: ignore[arg-type]
        User.objects.filter(pk=user.pk).update(email=persona.email)
    return user


def browser(**extra: str) -> Client:
    return Client(HTTP_HOST="localhost:8000", **extra)


def test_one_click_signs_in_as_that_person_in_their_clinic(demo: None, nurse: User, cast: Cast) -> None:
    client = browser()
    answer = client.post("/demo/sign-in/nurse/")
    assert (answer.status_code, answer["Location"]) == (302, "/desk/")
    assert client.session["_auth_user_id"] == str(nurse.pk)
    assert client.session[CLINIC_KEY] == str(cast.clinic.pk)
    with use_clinic(cast.clinic.pk):
        assert AuditEvent.objects.get(action="sign-in").actor_id == nurse.pk


def test_the_sign_in_is_a_post(demo: None, nurse: User) -> None:
    assert browser().get("/demo/sign-in/nurse/").status_code == 405


def test_the_sign_in_asks_for_the_token_of_its_own_page(demo: None, nurse: User) -> None:
    client = Client(HTTP_HOST="localhost:8000", enforce_csrf_checks=True)
    assert client.post("/demo/sign-in/nurse/").status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_the_demo_opens_on_this_machine(demo: None, page: str) -> None:
    assert browser().get(page).status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_without_the_demo_its_pages_do_not_exist(page: str, db: None) -> None:
    assert browser().get(page).status_code == 404


def test_without_the_demo_its_sign_in_does_not_exist(nurse: User) -> None:
    assert browser().post("/demo/sign-in/nurse/").status_code == 404


@pytest.mark.parametrize(
    "extra",
    [
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_X_FORWARDED_HOST": "localhost"},
        {"HTTP_X_FORWARDED_PROTO": "https"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"HTTP_HOST": "telek.example"},
        {"HTTP_HOST": "localhost.evil.example"},
        {"REMOTE_ADDR": "10.0.0.7"},
        {"REMOTE_ADDR": ""},
    ],
)
def test_whoever_is_not_on_this_machine_gets_404(
    demo: None, nurse: User, settings: Settings, extra: dict[str, str]
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    client = Client(**{"HTTP_HOST": "localhost:8000", **extra})
    answers = [client.get(page) for page in PAGES] + [client.post("/demo/sign-in/nurse/")]
    assert {answer.status_code for answer in answers} == {404}
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("persona", ["nobody", "root"])
def test_an_unknown_persona_is_404(demo: None, cast: Cast, persona: str) -> None:
    assert browser().post(f"/demo/sign-in/{persona}/").status_code == 404


def test_the_outbox_shows_what_was_sent_newest_first_with_links(demo: None) -> None:
    DemoMessage.objects.create(channel="sms", address="+15550100", body="an older text")
    DemoMessage.objects.create(
        channel="email", address="a@b.example", subject="Hello", body="Open http://localhost:8000/s/x/ <b>"
    )
    page = browser().get("/demo/outbox/").content.decode()
    assert page.index("Hello") < page.index("an older text")
    assert '<a href="http://localhost:8000/s/x/"' in page
    assert "&lt;b&gt;" in page


def test_every_persona_has_an_invented_address_and_belongs_to_a_clinic_or_runs_the_platform() -> None:
    assert all(persona.email.endswith(".example") for persona in PERSONAS.values())
    assert len({persona.email for persona in PERSONAS.values()}) == len(PERSONAS) == 10
    assert [p.key for p in PERSONAS.values() if p.clinic is None] == ["platform-admin"]
    assert {p.clinic for p in PERSONAS.values()} - {None} == {"riverside", "hillside"}
    assert Clinic._meta.get_field("slug").unique
