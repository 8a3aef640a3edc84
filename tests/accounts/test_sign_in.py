"""Signing in by password, second factor and reset: what opens, what does not, and what it says."""

import re
import threading
import time
from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core import mail
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from apps.accounts.models import User
from apps.accounts.sign_in import verify_address
from apps.audit.models import AuditEvent
from apps.core import live
from apps.core.db.scope import use_clinic
from apps.notifications.models import DemoMessage
from tests.cast import Cast

pytestmark = pytest.mark.django_db
PASSWORD = "a long pass phrase"
LOGIN = "/accounts/login/"


@pytest.fixture
def ready(cast: Cast) -> Cast:
    """Everybody's address is verified, as after an invitation."""
    for user in User.objects.all():
        verify_address(user)
    return cast


def sign_in(email: str, password: str = PASSWORD, client: Client | None = None) -> tuple[Client, int, str]:
    client = client or Client()
    answer = client.post(LOGIN, {"login": email, "password": password})
    return client, answer.status_code, answer.get("Location", answer.content.decode())


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def with_totp(user: User) -> Callable[[], str]:
    """Give the person an authenticator app; the function that reads its code."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return lambda: format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def test_a_patient_signs_in_by_password_and_it_is_written_down(ready: Cast) -> None:
    client, status, _to = sign_in(ready.patient_user.email)
    assert status == 302
    assert is_in(client)
    with use_clinic(ready.clinic.pk):
        event = AuditEvent.objects.get(action="sign-in")
        assert (event.actor_id, event.detail) == (ready.patient_user.pk, "password")


@pytest.mark.parametrize("spelling", ["MARIA@telek.example", " maria@telek.example "])
def test_the_spelling_of_an_address_does_not_matter(ready: Cast, spelling: str) -> None:
    assert is_in(sign_in(spelling)[0])


def test_a_patient_stays_signed_in_for_fourteen_days(ready: Cast) -> None:
    client, _status, _to = sign_in(ready.patient_user.email)
    assert client.cookies["sessionid"]["max-age"] == 14 * 24 * 3600
    assert client.cookies["sessionid"]["httponly"]
    assert client.cookies["sessionid"]["samesite"] == "Lax"


def test_the_session_gets_a_new_key_at_sign_in(ready: Cast) -> None:
    client = Client()
    session = client.session
    session["before"] = 1
    session.save()
    before = session.session_key
    sign_in(ready.patient_user.email, client=client)
    assert client.session.session_key != before


def test_an_unknown_address_and_a_wrong_password_read_the_same(ready: Cast) -> None:
    pages = []
    for email in (ready.patient_user.email, "nobody-at-all@telek.example"):
        client, status, page = sign_in(email, "not the pass phrase")
        assert status == 200
        assert not is_in(client)
        errors = re.findall(r"<li>([^<]*)</li>", page)
        pages.append(errors)
    assert pages[0] == pages[1]
    assert pages[0]


def test_an_inactive_person_does_not_come_in(ready: Cast) -> None:
    User.objects.filter(pk=ready.patient_user.pk).update(is_active=False)
    assert not is_in(sign_in(ready.patient_user.email)[0])


def test_after_five_wrong_passwords_the_right_one_must_wait(ready: Cast) -> None:
    for _attempt in range(5):
        sign_in(ready.patient_user.email, "not the pass phrase")
    assert not is_in(sign_in(ready.patient_user.email)[0])
    assert is_in(sign_in(ready.patient_2_user.email)[0])


def test_the_counters_of_sign_in_stand_in_postgresql(ready: Cast) -> None:
    sign_in(ready.patient_user.email, "not the pass phrase")
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from core_cache where cache_key like '%%login_failed%%'")
        assert cursor.fetchone()[0] > 0


def test_sign_in_works_while_valkey_is_dead(ready: Cast, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    live._redis.cache_clear()
    try:
        assert is_in(sign_in(ready.patient_user.email)[0])
        assert not is_in(sign_in(ready.patient_user.email, "not the pass phrase")[0])
    finally:
        live._redis.cache_clear()


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_the_next_page_is_always_one_of_ours(ready: Cast, target: str) -> None:
    answer = Client().post(LOGIN, {"login": ready.patient_user.email, "password": PASSWORD, "next": target})
    assert answer["Location"] == "/"


def test_nobody_signs_themselves_up(db: None) -> None:
    form = {"email": "me@telek.example", "password1": PASSWORD, "password2": PASSWORD}
    Client().post("/accounts/signup/", form)
    assert not User.objects.filter(email="me@telek.example").exists()


def test_a_very_long_password_is_an_error_and_no_crash(ready: Cast) -> None:
    assert sign_in(ready.patient_user.email, "x" * 10_000)[1] == 200


@pytest.mark.parametrize("name", ["nurse", "coordinator", "clinic_admin", "platform_admin"])
@pytest.mark.parametrize("page", ["/account/", "/admin/", "/"])
def test_staff_without_a_second_factor_are_sent_to_get_one(ready: Cast, name: str, page: str) -> None:
    client, _status, _to = sign_in(getattr(ready, name).email)
    assert is_in(client)
    answer = client.get(page)
    assert (answer.status_code, answer.get("Location")) in [(302, "/accounts/2fa/"), (404, None)]
    assert client.get("/accounts/2fa/").status_code == 200
    assert client.get("/account/")["Location"] == "/accounts/2fa/"


def test_a_patient_needs_no_second_factor(ready: Cast) -> None:
    client, _status, _to = sign_in(ready.patient_user.email)
    assert client.get("/account/").status_code == 200


def test_with_a_second_factor_the_password_alone_opens_nothing(ready: Cast) -> None:
    code = with_totp(ready.nurse)
    client, status, to = sign_in(ready.nurse.email)
    assert (status, to) == (302, "/accounts/2fa/authenticate/")
    assert not is_in(client)
    assert client.post(to, {"code": "000000"}).status_code == 200
    assert not is_in(client)
    client.post(to, {"code": code()})
    assert is_in(client)
    assert client.get("/account/").status_code == 200


def test_the_admin_has_no_side_door(ready: Cast) -> None:
    with_totp(ready.platform_admin)
    client = Client()
    answer = client.post("/admin/login/", {"username": ready.platform_admin.email, "password": PASSWORD})
    assert answer["Location"].startswith(LOGIN)
    assert not is_in(client)


def test_a_code_of_the_app_works_once(ready: Cast) -> None:
    code = with_totp(ready.nurse)()
    clients = [sign_in(ready.nurse.email)[0] for _window in range(2)]
    for client in clients:
        client.post("/accounts/2fa/authenticate/", {"code": code})
    assert [is_in(client) for client in clients] == [True, False]


def test_a_recovery_code_works_once(ready: Cast) -> None:
    with_totp(ready.nurse)
    code = RecoveryCodes.activate(ready.nurse).get_unused_codes()[0]
    clients = [sign_in(ready.nurse.email)[0] for _window in range(2)]
    for client in clients:
        client.post("/accounts/2fa/authenticate/", {"code": code})
    assert [is_in(client) for client in clients] == [True, False]


def test_the_secret_of_the_app_is_not_readable_in_the_database(ready: Cast) -> None:
    secret = generate_totp_secret()
    TOTP.activate(ready.nurse, secret)
    stored = Authenticator.objects.get(user=ready.nurse)
    assert secret not in str(stored.data)
    assert stored.wrap().validate_code(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def test_staff_keep_their_last_second_factor(ready: Cast) -> None:
    code = with_totp(ready.nurse)
    client, _status, to = sign_in(ready.nurse.email)
    client.post(to, {"code": code()})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.post("/accounts/2fa/totp/deactivate/")
    assert Authenticator.objects.filter(user=ready.nurse, type="totp").exists()


def test_a_new_password_does_not_replace_the_second_factor(ready: Cast) -> None:
    with_totp(ready.nurse)
    client = Client()
    client.post("/accounts/password/reset/", {"email": ready.nurse.email})
    body = (DemoMessage.objects.order_by("-id").first() or mail.outbox[-1]).body
    link = re.search(r"/accounts/password/reset/key/\S+", body)
    assert link is not None
    form = client.get(link.group(), follow=True).request["PATH_INFO"]
    client.post(form, {"password1": "a wholly new pass phrase", "password2": "a wholly new pass phrase"})
    assert User.objects.get(pk=ready.nurse.pk).check_password("a wholly new pass phrase")
    assert not is_in(client)
    _client, _status, to = sign_in(ready.nurse.email, "a wholly new pass phrase", client)
    assert to == "/accounts/2fa/authenticate/"
    assert not is_in(client)


def test_a_reset_for_an_unknown_address_reads_the_same(ready: Cast) -> None:
    answers = [
        Client().post("/accounts/password/reset/", {"email": email})
        for email in (ready.nurse.email, "nobody-at-all@telek.example")
    ]
    assert answers[0].status_code == answers[1].status_code == 302
    assert answers[0]["Location"] == answers[1]["Location"]


def test_the_reset_mail_names_our_own_address_whatever_the_host_header_says(ready: Cast) -> None:
    answer = Client(HTTP_HOST="evil.example").post("/accounts/password/reset/", {"email": ready.nurse.email})
    assert answer.status_code == 400


@pytest.mark.django_db(transaction=True)
def test_a_code_used_twice_at_the_same_moment_opens_one_session(ready: Cast) -> None:
    code = with_totp(ready.nurse)()
    clients = [sign_in(ready.nurse.email)[0] for _window in range(4)]
    start = threading.Barrier(len(clients))

    def enter(client: Client) -> None:
        start.wait()
        client.post("/accounts/2fa/authenticate/", {"code": code})
        connection.close()

    threads = [threading.Thread(target=enter, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(is_in(client) for client in clients) == 1
