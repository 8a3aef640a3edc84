"""The person books, moves and cancels alone, within the clinic's rules and the clinicians' hours."""

import threading
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.urls import reverse

from apps.accounts.clinic_settings import change_setting
from apps.core import clock
from apps.monitoring.models import Anchor
from apps.notifications.models import Delivery
from apps.notifications.rendering import letter_of
from apps.notifications.transports.email import _message
from apps.sessions import actions
from apps.sessions.after_dose import window_of
from apps.sessions.models import DifferentTime, Visit, VisitHours, VisitStatus
from apps.sessions.open_times import booking_rules, open_times
from apps.sessions.refusal import VisitRefused
from tests.cast import Cast
from tests.visits.scene import booked, fresh, member, soon


def refused(code: str, verb: Any, **what: Any) -> str:
    with pytest.raises(VisitRefused) as refusal:
        verb(**what)
    assert refusal.value.code == code
    return refusal.value.message


def tomorrow(cast: Cast, days: int = 1) -> date:
    return clock.now().astimezone(ZoneInfo(cast.clinic.time_zone)).date() + timedelta(days=days)


def moment(cast: Cast, hour: int, minute: int = 0, days: int = 1) -> datetime:
    return datetime.combine(tomorrow(cast, days), time(hour, minute), ZoneInfo(cast.clinic.time_zone))


@pytest.fixture
def opened(cast: Cast) -> Cast:
    """Dr Okafor holds visits from 9 to 11, tomorrow and the day after, by the clinic's clock."""
    with cast.acting(cast.coordinator) as actor:
        for days in (1, 2):
            actions.add_hours(
                clinician=member(cast.prescriber),
                weekday=tomorrow(cast, days).weekday(),
                opens=time(9),
                closes=time(11),
                time_zone=cast.clinic.time_zone,
                actor=actor,
            )
    return cast


def offered(cast: Cast, days: int = 2) -> list[datetime]:
    with cast.acting(cast.patient_user):
        now = clock.now()
        return [
            one.starts_at
            for one in open_times(cast.patient, booking_rules(cast.patient), now, now + timedelta(days=days + 1))
        ]


def own(cast: Cast, starts_at: datetime) -> Visit:
    with cast.acting(cast.patient_user) as actor:
        return actions.book_own(
            patient=cast.patient, clinician=member(cast.prescriber), starts_at=starts_at, actor=actor
        )


def test_the_person_books_an_open_time_and_it_is_open_no_more(opened: Cast) -> None:
    visit = own(opened, moment(opened, 10))
    with opened.acting(opened.nurse):
        assert (visit.status, visit.minutes, visit.events.get().by_patient) == (VisitStatus.PLANNED, 30, True)
    assert visit.next_step_at is not None
    assert moment(opened, 10) not in offered(opened)
    assert moment(opened, 10, 30) in offered(opened)


def test_no_time_outside_the_hours_can_be_booked(opened: Cast) -> None:
    for starts_at in (moment(opened, 8), moment(opened, 10, 45), moment(opened, 9, 10)):
        with opened.acting(opened.patient_user) as actor:
            refused(
                "not-open",
                actions.book_own,
                patient=opened.patient,
                clinician=member(opened.prescriber),
                starts_at=starts_at,
                actor=actor,
            )


def test_away_closes_times_and_is_a_conflict_for_the_desk_and_extra_time_opens_some(opened: Cast) -> None:
    who = member(opened.prescriber)
    with opened.acting(opened.nurse) as actor:
        away = actions.add_different_time(
            clinician=who, starts_at=moment(opened, 9), ends_at=moment(opened, 10), is_away=True, actor=actor
        )
        actions.add_different_time(
            clinician=who, starts_at=moment(opened, 15), ends_at=moment(opened, 16), is_away=False, actor=actor
        )
    times = offered(opened)
    assert moment(opened, 9) not in times
    assert {moment(opened, 10), moment(opened, 15)} <= set(times)
    with pytest.raises(VisitRefused, match="is away"):
        booked(opened, starts_at=moment(opened, 9, 30))
    with opened.acting(opened.nurse) as actor:
        actions.withdraw_different_time(different=away, actor=actor)
    assert moment(opened, 9) in offered(opened)


def test_every_conflict_is_listed_at_once(opened: Cast) -> None:
    booked(opened, starts_at=moment(opened, 9), patient=opened.patient_2)
    booked(opened, starts_at=moment(opened, 9), clinician=member(opened.nurse))
    with opened.acting(opened.coordinator) as actor:
        span = {"starts_at": moment(opened, 8), "ends_at": moment(opened, 12)}
        actions.add_different_time(clinician=member(opened.prescriber), **span, is_away=True, actor=actor)
    with pytest.raises(VisitRefused) as refusal:
        booked(opened, starts_at=moment(opened, 9))
    assert refusal.value.message.count("has a visit with") == 2
    assert "is away" in refusal.value.message


def test_the_clinic_sets_notice_reach_number_and_whether_at_all(opened: Cast) -> None:
    with opened.acting(opened.clinic_admin) as actor:
        change_setting(clinic=opened.clinic, name="visit_own_open", value=1, actor=actor, reason="few rooms")
    own(opened, moment(opened, 9))
    with opened.acting(opened.patient_user) as actor:
        what = {"patient": opened.patient, "clinician": member(opened.prescriber), "starts_at": moment(opened, 10)}
        refused("limit", actions.book_own, **what, actor=actor)
        refused("not-allowed", actions.book_own, **(what | {"patient": opened.patient_2}), actor=actor)
    with opened.acting(opened.clinic_admin) as actor:
        change_setting(clinic=opened.clinic, name="visit_notice_hours", value=168, actor=actor, reason="x")
    assert offered(opened) == []
    with opened.acting(opened.clinic_admin) as actor:
        change_setting(clinic=opened.clinic, name="visit_self_booking", value=False, actor=actor, reason="x")
    with opened.acting(opened.patient_user) as actor:
        refused("not-allowed", actions.book_own, **what, actor=actor)


def test_moving_frees_the_old_time_and_reminds_anew_until_the_clinics_limit(opened: Cast) -> None:
    visit = own(opened, moment(opened, 9))
    with opened.acting(opened.patient_user) as actor:
        moved = actions.move_own(
            visit=visit, clinician=member(opened.prescriber), starts_at=moment(opened, 10), actor=actor
        )
        assert (moved.starts_at, moved.version) == (moment(opened, 10), 1)
        states = Delivery.objects.filter(subject_id=visit.pk).order_by("created_at").values_list("state", flat=True)
        assert list(states) == ["cancelled", "pending"]
    assert moment(opened, 9) in offered(opened)
    with opened.acting(opened.clinic_admin) as actor:
        change_setting(clinic=opened.clinic, name="visit_cancel_hours", value=72, actor=actor, reason="x")
    with opened.acting(opened.patient_user) as actor:
        what = {"clinician": member(opened.prescriber), "starts_at": moment(opened, 9, days=2)}
        refused("late", actions.move_own, visit=visit, **what, actor=actor)
        refused("late", actions.cancel, visit=visit, reason="", actor=actor)


@pytest.mark.django_db(transaction=True)
def test_of_fifty_who_book_the_same_time_at_once_one_wins(opened: Cast) -> None:
    starts_at, results, gate = moment(opened, 9), [], threading.Barrier(50)
    people = [(opened.patient, opened.patient_user), (opened.patient_2, opened.patient_2_user)]

    def book(number: int) -> None:
        patient, user = people[number % 2]
        gate.wait()
        try:
            with opened.acting(user) as actor:
                what = {"patient": patient, "clinician": member(opened.prescriber), "starts_at": starts_at}
                actions.book_own(**what, actor=actor)
            results.append("booked")
        except VisitRefused as refusal:
            results.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=book, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["booked"] + ["not-open"] * 49


def test_a_mail_about_a_visit_carries_its_entry_for_the_calendar_and_nothing_of_why(opened: Cast) -> None:
    with opened.acting(opened.patient_user):
        opened.patient_user.contact_points.filter(channel="sms").update(opted_out_at=clock.now())
    visit = booked(opened, starts_at=moment(opened, 9), reason="Low mood after dose 2")
    with opened.acting(opened.coordinator) as actor:
        actions.cancel(visit=visit, reason="Ill", actor=actor)
        rows = Delivery.objects.filter(subject_id=visit.pk, channel="email").order_by("created_at")
        mails = [_message(letter_of(row)) for row in rows]
    entries = [mail.attachments[0].content for mail in mails]
    assert ["METHOD:PUBLISH" in entries[0], "METHOD:CANCEL" in entries[1]] == [True, True]
    assert "SEQUENCE:0" in entries[0]
    assert "SEQUENCE:1" in entries[1]
    assert visit.path in entries[0].replace("\r\n ", "")
    assert "mood" not in "".join(entries)
    assert "Ill" not in "".join(entries)


def test_hours_that_overlap_run_backwards_or_belong_to_nobody_who_holds_visits_are_refused(opened: Cast) -> None:
    what = {
        "clinician": member(opened.prescriber),
        "weekday": tomorrow(opened).weekday(),
        "opens": time(10),
        "closes": time(12),
        "time_zone": opened.clinic.time_zone,
    }
    with opened.acting(opened.coordinator) as actor:
        refused("twice", actions.add_hours, **what, actor=actor)
        refused("length", actions.add_hours, **(what | {"closes": time(10)}), actor=actor)
        refused("zone", actions.add_hours, **(what | {"time_zone": "Mars/Olympus"}), actor=actor)
        refused("clinician", actions.add_hours, **(what | {"clinician": member(opened.coordinator)}), actor=actor)
    with opened.acting(opened.patient_user) as actor:
        refused("not-allowed", actions.add_hours, **what, actor=actor)


def test_the_pages_book_and_move_without_javascript(opened: Cast) -> None:
    client, url = opened.client(opened.patient_user), reverse("visit-book")
    page = client.get(url).text
    value = f"{moment(opened, 9).astimezone(ZoneInfo('UTC')).isoformat()} {member(opened.prescriber).pk}"
    assert f'value="{value}"' in page
    assert client.post(url, {"time": "nonsense"}).status_code == 422
    assert client.post(url, {"time": value}).status_code == 302
    assert client.post(url, {"time": value}).status_code == 409
    with opened.acting(opened.patient_user):
        visit = Visit.objects.get(patient=opened.patient)
    again = f"{moment(opened, 10, days=2).isoformat()} {member(opened.prescriber).pk}"
    assert client.post(url, {"time": again, "move": str(visit.pk)}).status_code == 302
    assert fresh(opened, visit).starts_at == moment(opened, 10, days=2)
    stranger = opened.client(opened.patient_2_user)
    assert stranger.post(url, {"time": again, "move": str(visit.pk)}).status_code == 404


def test_the_desk_opens_hours_and_ends_them_on_its_page(cast: Cast) -> None:
    client, url = cast.client(cast.coordinator), reverse("desk-visit-hours")
    hours = {
        "clinician": str(member(cast.nurse).pk),
        "weekday": "2",
        "opens": "09:00",
        "closes": "12:00",
        "time_zone": "America/Chicago",
    }
    assert client.post(reverse("desk-visit-hours-add"), hours).status_code == 302
    assert client.post(reverse("desk-visit-hours-add"), hours).status_code == 409
    day = tomorrow(cast).isoformat()
    away = {"clinician": hours["clinician"], "kind": "away", "first_on": day, "last_on": day}
    assert client.post(reverse("desk-visit-hours-different"), away).status_code == 422
    away |= {"begins": "09:00", "ends": "17:00"}
    assert client.post(reverse("desk-visit-hours-different"), away).status_code == 302
    assert "America/Chicago" in client.get(url).text
    with cast.acting(cast.nurse):
        row, different = VisitHours.objects.get(), DifferentTime.objects.get()
    client.post(reverse("desk-visit-hours-end", args=[row.pk]))
    client.post(reverse("desk-visit-hours-withdraw", args=[different.pk]))
    assert "America/Chicago" not in client.get(url).text.split("<aside")[0]


def test_after_a_dose_both_sides_are_offered_a_visit_until_one_is_booked_in_the_window(opened: Cast) -> None:
    with opened.acting(opened.nurse):
        Anchor.objects.create(
            clinic=opened.clinic, patient=opened.patient, kind="dose", started_at=clock.now() - timedelta(hours=1)
        )
        window = window_of(opened.patient)
        assert window is not None
        assert window.span.ends_at - window.span.starts_at == timedelta(hours=48)
    assert "After your session" in opened.client(opened.patient_user).get(reverse("visits")).text
    assert "Talk it through" in opened.client(opened.patient_user).get("/").text
    assert "After a dose, no visit booked" in opened.client(opened.coordinator).get(reverse("desk-visits")).text
    booked(opened, starts_at=soon(60 * 40))
    assert "After your session" not in opened.client(opened.patient_user).get(reverse("visits")).text
    assert "After a dose" not in opened.client(opened.coordinator).get(reverse("desk-visits")).text
