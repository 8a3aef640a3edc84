"""A session at home: who may begin it, the look-ins of whoever is there, and what happens when nobody answers."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from apps.accounts.clinic_settings import change_setting
from apps.alerts.models import Alert
from apps.core import clock
from apps.core.db.roles import as_role
from apps.core.db.scope import use_clinic
from apps.monitoring.actions import add_device
from apps.monitoring.models import Observation
from apps.patients.guest_links import answer_link, give_link, revoke_link
from apps.patients.models import GuestLink
from apps.sessions import actions
from apps.sessions.actions import Order, TreatmentRefused
from apps.sessions.actions.stock import note_difference
from apps.sessions.evidence import gate_of
from apps.sessions.models import DosingSession, HomeWatch, LookIn, SessionEvent, StockLot, Visit
from apps.sessions.owed import ask_after_windows, tell_checks_overdue, tell_differences, tell_missed_look_ins
from tests.cast import Cast
from tests.treatment.scene import FINE, NO, PIN, consent, fresh, given, later, tap, worked
from tests.visits.scene import PLACE

pytestmark = pytest.mark.django_db
ORAL = Order(dose_mg=150, weight_kg=80, lot="OR-1")


def peer(cast: Cast, *, yes: bool = True) -> tuple[GuestLink, str]:
    with cast.acting(cast.patient_user) as maria, transaction.atomic():
        until = clock.now() + timedelta(days=2)
        link, path = give_link(patient=cast.patient, purpose="peer", name="Elena", expires_at=until, actor=maria)
        return (answer_link(link=link, yes=True) if yes else link), path


def course_of(cast: Cast, template: str = "oral") -> Any:
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        change_setting(clinic=cast.clinic, name="home_sessions", value=True, actor=doctor, reason="")
        return actions.start_course(patient=cast.patient, template=template, actor=doctor)


def at_home(cast: Cast) -> tuple[DosingSession, str]:
    """Everything is in order but the dose."""
    consent(cast)
    with cast.acting(cast.patient_user) as maria, transaction.atomic():
        actions.answer_screening(patient=cast.patient, answers=NO, actor=maria)
    link, path = peer(cast)
    course = course_of(cast)
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        actions.set_pin(pin=PIN, actor=doctor)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        session = actions.open_home_session(course=course, link=link, actor=nurse)
        actions.check_before_dose(session=session, asked=FINE, actor=nurse)
    return fresh(cast, session), path


def begun(cast: Cast) -> tuple[DosingSession, str]:
    session, path = at_home(cast)
    Client().post(path, {"do": "signs", "sbp": 122, "dbp": 76, "hr": 70, "spo2": 98, "client_id": str(uuid4())})
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        actions.confirm_video(session=session, actor=nurse)
    given(cast, session, ORAL)
    return fresh(cast, session), path


def watch(cast: Cast) -> HomeWatch:
    with use_clinic(cast.clinic.pk):
        return HomeWatch.objects.get()


def look_in(cast: Cast, path: str, how: str = "fine", **more: Any) -> Any:
    due = watch(cast).look_in_due_at
    data = {"how": how, "due": due.isoformat() if due else "", "client_id": str(uuid4())} | more
    return Client().post(path, data)


def test_it_begins_only_where_clinic_drug_route_and_a_named_adult_allow_it(cast: Cast) -> None:
    link, _path = peer(cast, yes=False)
    course = course_of(cast)

    def refused() -> str:
        with cast.acting(cast.nurse) as nurse, transaction.atomic(), pytest.raises(TreatmentRefused) as caught:
            actions.open_home_session(course=course, link=link, actor=nurse)
        return caught.value.code

    assert refused() == "home-peer"
    with cast.acting(cast.patient_user), transaction.atomic():
        answer_link(link=link, yes=True)
        revoke_link(link=link, actor=None)
    assert refused() == "home-peer"
    link, _path = peer(cast)
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        change_setting(clinic=cast.clinic, name="home_sessions", value=False, actor=doctor, reason="")
    assert refused() == "home-off"
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        actions.end_course(course=course, status="completed", reason="done", actor=doctor)
    course = course_of(cast, "esketamine-trd")
    assert refused() == "home-route"


def test_the_gate_wants_pressure_oxygen_video_and_somebody_there(cast: Cast) -> None:
    session, path = at_home(cast)

    def missing() -> set[str]:
        with cast.acting(cast.nurse), transaction.atomic():
            return {item.code for item in gate_of(fresh(cast, session), clock.now()).blocking}

    assert missing() == {"sbp_not_recorded", "dbp_not_recorded", "spo2_not_recorded", "home_no_video"}
    guest = Client()
    assert guest.post(path, {"do": "signs", "sbp": 500, "dbp": 76, "client_id": str(uuid4())}).status_code == 422
    assert guest.post(path, {"do": "signs", "sbp": 122, "dbp": 76, "spo2": 98}).status_code == 302
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        actions.confirm_video(session=session, actor=nurse)
    assert missing() == set()
    guest.get(path)
    with cast.acting(cast.nurse), transaction.atomic():
        revoke_link(link=HomeWatch.objects.get().link, actor=None)
    assert missing() == {"home_nobody_there"}
    assert guest.get(path).status_code == 404


def test_a_reading_of_their_own_device_opens_the_gate_and_a_replayed_batch_is_one_event(cast: Cast) -> None:
    session, _path = at_home(cast)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        _device, token = add_device(identifier="cuff-7", label="Cuff", patient=cast.patient, actor=nurse)

    def sent(at: datetime, *values: tuple[str, float, str]) -> None:
        readings = [{"code": c, "value": v, "unit": u, "effective_at": at.isoformat()} for c, v, u in values]
        answer = Client().post(
            "/api/v1/device-readings/",
            json.dumps({"readings": readings}),
            content_type="application/json",
            headers={"Authorization": f"Device {token}"},
        )
        assert answer.status_code == 200, answer.content

    def events() -> list[tuple[Any, ...]]:
        with use_clinic(cast.clinic.pk):
            rows = SessionEvent.objects.filter(session=session, kind="vitals").order_by("occurred_at")
            return list(rows.values_list("sbp", "dbp", "spo2", "text"))

    now = clock.now()
    pressure = (("8480-6", 124, "mm[Hg]"), ("8462-4", 78, "mm[Hg]"))
    sent(now - timedelta(hours=3), *pressure)  # of this morning: the chart's alone
    assert events() == []
    for _again in range(2):
        sent(now, *pressure, ("59408-5", 98, "%"))
    assert events() == [(124, 78, 98, "Cuff")]
    with cast.acting(cast.nurse):
        assert not {"bp_not_recorded", "spo2_not_recorded"} & {item.code for item in gate_of(session, now).blocking}
        assert Observation.objects.filter(effective_at=now).count() == 3  # measured once, not once more as an event
    later(1)
    sent(clock.now(), ("8480-6", 188, "mm[Hg]"), ("8462-4", 112, "mm[Hg]"))
    with use_clinic(cast.clinic.pk):
        assert Alert.objects.get(cause__startswith="vital").level == "P1"
        assert DosingSession.objects.get().level == "P1"


def test_the_sessions_own_video_visit_is_the_proof_while_both_are_in_it(cast: Cast) -> None:
    session, _path = at_home(cast)
    desk = cast.client(cast.nurse)

    def lacks_video() -> bool:
        with cast.acting(cast.nurse):
            return "home_no_video" in {item.code for item in gate_of(session, clock.now()).items}

    for _again in range(2):
        started = desk.post(f"{session.path}video/", {"do": "visit"})
    with use_clinic(cast.clinic.pk):
        visit = Visit.objects.get()
        assert HomeWatch.objects.get().visit_id == visit.pk
    assert started.url == f"/desk/visits/{visit.pk}/"
    assert lacks_video()  # booked is not seen
    with cast.acting(cast.patient_user) as maria, transaction.atomic():
        actions.arrive(visit=visit, **PLACE, actor=maria)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        actions.admit(visit=visit, actor=nurse)
        actions.join(visit=visit, token=uuid4(), actor=nurse)
    assert lacks_video()
    with cast.acting(cast.patient_user) as maria, transaction.atomic():
        actions.join(visit=visit, token=uuid4(), actor=maria)
    assert not lacks_video()
    assert b"Live video: both are in" in desk.get(session.path).content
    later(1)  # both pages are silent
    assert lacks_video()


def test_the_home_limit_of_the_dose_holds(cast: Cast) -> None:
    session, path = at_home(cast)
    Client().post(path, {"do": "signs", "sbp": 122, "dbp": 76, "spo2": 98})
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        actions.confirm_video(session=session, actor=nurse)
    with pytest.raises(TreatmentRefused) as caught:
        given(cast, session, Order(dose_mg=301, weight_kg=140, lot="OR-1", reason="more"))
    assert caught.value.code == "hard-stop"


def test_a_look_in_answered_twice_is_one_event_and_asks_again_in_fifteen_minutes(cast: Cast) -> None:
    _session, path = begun(cast)
    due = watch(cast).look_in_due_at
    assert due is not None
    later(15)
    same = {"client_id": str(uuid4()), "due": due.isoformat()}
    assert look_in(cast, path, **same).status_code == 302
    assert look_in(cast, path, **same).status_code == 302  # the same tap again
    assert look_in(cast, path, due=due.isoformat()).status_code == 302  # another phone, the same question
    with use_clinic(cast.clinic.pk):
        assert LookIn.objects.count() == 1
        assert SessionEvent.objects.filter(kind="look-in").count() == 1
    following = watch(cast).look_in_due_at
    assert following is not None
    assert timedelta(minutes=14) < following - clock.now() <= timedelta(minutes=15)
    assert worked(cast, tell_missed_look_ins) == 0


def test_a_missed_look_in_is_told_and_becomes_urgent_until_somebody_answers(cast: Cast) -> None:
    _session, path = begun(cast)
    later(17)
    assert worked(cast, tell_missed_look_ins) == 0
    later(1.1)
    assert worked(cast, tell_missed_look_ins) == 1
    with use_clinic(cast.clinic.pk):
        assert Alert.objects.get(cause="home-look-in").level == "P2"
    later(5.1)
    assert worked(cast, tell_missed_look_ins) == 1
    assert worked(cast, tell_missed_look_ins) == 0
    with use_clinic(cast.clinic.pk):
        assert Alert.objects.get(cause="home-look-in").level == "P1"
    assert look_in(cast, path).status_code == 302
    assert (watch(cast).missed, watch(cast).next_step_at is not None) == (0, True)


@pytest.mark.parametrize(("how", "level"), [("worried", "P2"), ("hard-to-wake", "P1"), ("help", "P1")])
def test_what_worries_whoever_is_there_is_told_at_once(cast: Cast, how: str, level: str) -> None:
    _session, path = begun(cast)
    answer = Client().post(path, {"how": how, "client_id": str(uuid4())}, follow=True)
    with use_clinic(cast.clinic.pk):
        assert Alert.objects.get(cause="home-help").level == level
    assert ("The team is being called" in answer.content.decode()) is (how == "help")
    assert Client().post(path, {"how": "nonsense"}).status_code == 422


def test_it_ends_only_after_the_recovery_check_and_its_timer_with_it(cast: Cast) -> None:
    session, path = begun(cast)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        assert "no_recovery_check" in actions.leaving(session, clock.now()).blockers  # type: ignore[union-attr]
    later(70)
    Client().post(path, {"do": "signs", "sbp": 122, "dbp": 76, "spo2": 98})
    assert Client().post(path, {"how": "recovered", "client_id": str(uuid4())}).status_code == 302
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        done = [tap("moaas", score=5), tap("cadss", score=0), tap("aldrete", score=10), tap("escort", text="Elena")]
        assert actions.note_events(session=session, taps=done, actor=nurse).refused == {}
        actions.discharge(session=session, actor=nurse)
    assert (watch(cast).look_in_due_at, watch(cast).next_step_at) == (None, None)
    page = Client().post(path, {"how": "help"}, follow=True).content.decode()
    assert "The team is being called" in page  # whoever keeps the page open after the end is heard
    assert "Next look-in" not in page
    with use_clinic(cast.clinic.pk):
        assert Alert.objects.get(cause="home-help").level == "P1"
    assert Client().post(path, {"how": "recovered"}).status_code == 422
    later(60 * 24)
    page = Client().post(path, {"how": "help"})
    assert (page.status_code, b"This reached nobody" in page.content) == (409, True)  # and it is said


def test_a_call_for_help_is_never_taken_for_an_earlier_tap(cast: Cast) -> None:
    _session, path = begun(cast)
    due = watch(cast).look_in_due_at
    assert due is not None
    later(15)
    page = {"client_id": str(uuid4()), "due": due.isoformat()}  # one page that does not renew itself
    for how in ("fine", "worried", "hard-to-wake", "hard-to-wake"):
        assert look_in(cast, path, how, **page).status_code == 302
    with use_clinic(cast.clinic.pk):
        assert list(LookIn.objects.values_list("how", flat=True)) == ["fine", "worried", "hard-to-wake"]
        assert Alert.objects.get(cause="home-help").level == "P1"
    later(3)
    assert look_in(cast, path, "hard-to-wake", **page).status_code == 302  # still, or again
    signs = {"do": "signs", "sbp": 122, "dbp": 76, "client_id": page["client_id"]}
    for sbp in (122, 122, 190):
        assert Client().post(path, signs | {"sbp": sbp}).status_code == 302
    with use_clinic(cast.clinic.pk):
        assert LookIn.objects.count() == 4
        assert SessionEvent.objects.filter(kind="vitals", sbp=190).count() == 1
        assert SessionEvent.objects.filter(kind="vitals", sbp=122).count() == 2  # and the one before the dose


def test_a_session_holds_its_link_open(cast: Cast) -> None:
    link, _path = peer(cast)
    with use_clinic(cast.clinic.pk):
        GuestLink.objects.update(expires_at=clock.now() + timedelta(minutes=30))
    course = course_of(cast)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        actions.open_home_session(course=course, link=link, actor=nurse)
        assert GuestLink.objects.get().expires_at > clock.now() + timedelta(hours=23)


def test_help_is_reached_beside_somebody_who_guesses_and_without_cookies(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.patients.guest_doors.TRIES", 1)
    _session, path = at_home(cast)
    guest = Client(enforce_csrf_checks=True)
    assert [guest.get(f"/with/guess{n}/").status_code for n in range(3)] == [404, 429, 429]  # from the same address
    assert [guest.get(path).status_code for _look in range(3)] == [200, 200, 200]
    assert guest.post(path, {"how": "help"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 429
    assert guest.post(path, {"how": "help"}, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 302
    with use_clinic(cast.clinic.pk):
        assert Alert.objects.get(cause="home-help").level == "P1"


def test_the_desk_begins_it_and_sees_the_look_ins_on_the_session_page(cast: Cast) -> None:
    link, path = peer(cast)
    course = course_of(cast)
    nurse = cast.client(cast.nurse)
    page = nurse.get(reverse("treatment", args=[cast.patient.pk])).content.decode()
    assert reverse("session-open-at-home", args=[course.pk]) in page
    answer = nurse.post(reverse("session-open-at-home", args=[course.pk]), {"link": str(link.pk)})
    assert answer.status_code == 302
    assert nurse.post(f"{answer['Location']}video/").status_code == 302
    assert Client().post(path, {"how": "sleepy"}).status_code == 302
    page = nurse.get(answer["Location"]).content.decode()
    assert "sleepy, wakes easily" in page
    assert "At home" in nurse.get(reverse("sessions")).content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_pumps_own_role_tells_of_all_that_is_overdue_around_the_dose(cast: Cast) -> None:
    session, _path = begun(cast)
    assert cast.nurse.membership
    with use_clinic(cast.clinic.pk), transaction.atomic():
        lot = StockLot.objects.create(
            clinic=cast.clinic, product="ketamine", description="x", lot="1", expires_on=clock.now().date(), unit_mg=1
        )
        note_difference(lot, Decimal(5), Decimal(4), cast.nurse.membership)
    later(60 * 24 * 17)
    with as_role("pump"):
        work = (tell_missed_look_ins, tell_checks_overdue, tell_differences, ask_after_windows)
        assert [do() for do in work] == [1, 4, 1, 1]
    with use_clinic(cast.clinic.pk), transaction.atomic():
        causes = set(Alert.objects.values_list("cause", flat=True))
        assert {"home-look-in", "check-overdue-bladder", "integration-missed"} <= causes
        assert session.pk
