"""The driver's link: one purpose, no sign-in, over when it is over. And nobody drives before a morning was answered."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import given as each
from hypothesis import strategies as st

from apps.alerts.models import Alert
from apps.core import clock
from apps.notifications.models import Delivery
from apps.sessions import actions
from apps.sessions.actions import TreatmentRefused
from apps.sessions.driver_links import driving_of
from apps.sessions.models import DosingSession, DriverLink
from apps.sessions.owed import all_clears_due
from apps.sessions.treatment.driving import driving, morning_after
from tests.cast import Cast
from tests.treatment.scene import dosed, fresh, later

pytestmark = pytest.mark.django_db


def linked(cast: Cast, session: DosingSession, phone: str = "") -> str:
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        made = actions.make_driver_link(session=session, name="Elena Ruiz", phone=phone, actor=nurse)
    return f"/d/{made.token}/"


def to_morning(cast: Cast, session: DosingSession) -> None:
    assert session.dose_started_at
    morning = morning_after(session.dose_started_at, cast.patient.time_zone)
    clock.shift(morning - clock.now() + timedelta(minutes=5))


def titles(cast: Cast) -> list[tuple[str, str]]:
    with cast.acting(cast.nurse), transaction.atomic():
        return list(Alert.objects.filter(patient=cast.patient).values_list("cause", "level").order_by("cause"))


def test_the_driver_says_that_they_have_them_and_next_morning_that_all_is_well(cast: Cast) -> None:
    session = dosed(cast)
    path = linked(cast, session)
    anybody = Client(enforce_csrf_checks=True)
    page = anybody.get(path)
    assert (page.status_code, page["Referrer-Policy"]) == (200, "no-referrer")
    assert b"Alvarez" not in page.content
    assert b"Maria" not in page.content
    assert b"ketamine" not in page.content.lower()
    assert anybody.post(path, {"do": "well"}).status_code == 409  # not before the morning
    assert b"Thank you for taking them home" in anybody.post(path, {"do": "took-over"}).content
    to_morning(cast, session)
    assert b"All is well this morning" in anybody.get(path).content
    assert b"all is well" in anybody.post(path, {"do": "well"}).content
    with cast.acting(cast.nurse), transaction.atomic():
        link = DriverLink.objects.get()
    assert link.took_over_at
    assert link.all_clear_at
    assert link.next_step_at is None
    assert titles(cast) == []
    assert b"all well" in cast.client(cast.nurse).get(session.path).content


def test_a_worried_driver_pages_at_once(cast: Cast) -> None:
    path = linked(cast, dosed(cast), phone="(555) 0177-204")
    assert b"is told and calls you" in Client().post(path, {"do": "worried"}).content
    assert titles(cast) == [("driver-worried", "P2")]


def test_the_link_goes_out_as_a_text_without_a_word_about_the_person(cast: Cast, settings: Any) -> None:
    settings.TRANSPORTS = settings.TRANSPORTS | {"sms": "http"}
    linked(cast, dosed(cast), phone="(555) 0177-204")
    with cast.acting(cast.nurse), transaction.atomic():
        row = Delivery.objects.get(subject_kind="driver-link")
    assert (row.channel, row.address, set(row.context)) == ("sms", "(555) 0177-204", {"clinic", "link"})


def test_a_link_that_is_forged_revoked_replaced_expired_or_no_longer_agreed_to_opens_nothing(cast: Cast) -> None:
    session = dosed(cast)
    anybody = Client()
    first = linked(cast, session)
    for forged in (first[:-2] + "/", "/d/x/", f"/d/{'a' * 200}/"):
        assert anybody.get(forged).status_code == 404
        assert anybody.post(forged, {"do": "worried"}).status_code == 404
    second = linked(cast, session)
    assert anybody.get(first).status_code == 410
    assert anybody.post(second, {"do": "took-over"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert cast.client(cast.nurse).post(f"{session.path}driver/revoke/").status_code == 302
    assert anybody.post(second, {"do": "worried"}).status_code == 410
    third = linked(cast, session)
    with cast.acting(cast.patient_user) as maria, transaction.atomic():
        actions.withdraw_consent(patient=cast.patient, reason="", actor=maria)
    assert anybody.get(third).status_code == 410
    with cast.acting(cast.nurse) as nurse, transaction.atomic(), pytest.raises(TreatmentRefused) as caught:
        actions.make_driver_link(session=session, name="Elena", actor=nurse)
    assert caught.value.code == "peer-consent"
    assert ("driver-worried", "P2") not in titles(cast)


def test_an_old_link_is_over_and_guessing_is_slowed_down(cast: Cast) -> None:
    session = dosed(cast)
    path = linked(cast, session)
    clock.shift(timedelta(hours=48))
    over = Client().post(path, {"do": "worried"})
    assert over.status_code == 410
    assert b'href="tel:911"' in over.content  # whoever is worried now has a number to tap
    codes = [Client().get(f"/d/guess-{n}/").status_code for n in range(31)]
    assert codes[-1] == 429


def test_a_worried_driver_is_not_held_up_by_somebody_who_guesses(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.sessions.views.driver.TRIES", 0)
    path = linked(cast, dosed(cast))
    assert Client().get("/d/guess/").status_code == 429
    assert Client().post(path, {"do": "worried"}).status_code == 200
    assert titles(cast) == [("driver-worried", "P2")]


def test_no_all_clear_by_late_morning_becomes_one_task(cast: Cast) -> None:
    session = dosed(cast)
    linked(cast, session)
    with cast.acting(cast.nurse):  # the pump's own rights are asked in tests/architecture
        assert all_clears_due() == 0
        clock.shift(timedelta(hours=36))
        assert (all_clears_due(), all_clears_due()) == (1, 0)
    assert titles(cast) == [("no-all-clear", "P3")]


def test_nobody_drives_before_the_morning_was_answered(cast: Cast) -> None:
    session = dosed(cast)
    maria = cast.client(cast.patient_user)
    assert b"Do not drive today" in maria.get("/").content
    assert (
        b"This is asked on the morning"
        in maria.post("/session-day/morning/", {"slept": "yes", "well": "yes"}, follow=True).content
    )
    to_morning(cast, session)
    assert b"Before you drive" in maria.get("/").content
    assert b"Please answer both" in maria.post("/session-day/morning/", {"slept": "yes"}, follow=True).content
    assert (
        b"do not drive yet" in maria.post("/session-day/morning/", {"slept": "yes", "well": "no"}, follow=True).content
    )
    assert b"Before you drive" in maria.get("/").content
    assert titles(cast) == [("morning-not-well", "P3")]
    assert (
        b"You may drive again"
        in maria.post("/session-day/morning/", {"slept": "yes", "well": "yes"}, follow=True).content
    )
    now = fresh(cast, session)
    with cast.acting(cast.nurse), transaction.atomic():
        assert driving_of(now, clock.now()) is None
    later(1)


ZONES = st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])


@each(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), ZONES, st.booleans(), st.floats(0, 200))  # noqa: DTZ001
def test_between_a_dose_and_the_next_morning_driving_is_forbidden_whatever_was_said(
    day: datetime, zone: str, released: bool, hours: float
) -> None:
    dosed_at = day.replace(tzinfo=UTC)
    at = dosed_at + timedelta(hours=hours)
    stands = driving(dosed_at, zone, at, released=released)
    morning = morning_after(dosed_at, zone)
    assert morning > dosed_at
    if at < morning:
        assert stands is not None
        assert not stands.ask
    elif released:
        assert stands is None
