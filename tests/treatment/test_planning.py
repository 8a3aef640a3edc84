"""A course is planned, moved, reviewed and ended, and each decision keeps what was known at that moment."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, transaction

from apps.accounts.models import User
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.monitoring.models import Anchor, Slot
from apps.outcomes.planned import plan_of as forecast_plan
from apps.sessions import actions
from apps.sessions.actions import TreatmentRefused
from apps.sessions.evidence import gate_of
from apps.sessions.models import Course, CourseChange, DifferentTime, DosingSession, PlannedDose, Protocol
from apps.sessions.open_times import BookingRules, open_times
from apps.sessions.protocols import plan_of, starting_body
from tests.cast import Cast
from tests.monitoring.stage import questionnaire
from tests.treatment.scene import IV, PIN, dosed, fresh, given, later, ready

pytestmark = pytest.mark.django_db


def begun(cast: Cast, template: str = "iv-depression") -> Course:
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        actions.start_course(patient=cast.patient, template=template, actor=doctor)
        return Course.objects.select_related("clinic", "patient__clinic").get()


def monday(cast: Cast, hour: int = 9) -> datetime:
    now = clock.now().astimezone(ZoneInfo(cast.clinic.time_zone))
    return (now + timedelta(days=7 - now.weekday())).replace(hour=hour, minute=0, second=0, microsecond=0)


def every(start: datetime, days: int, count: int, first: int = 1) -> dict[int, tuple[datetime, datetime]]:
    starts = [start + timedelta(days=days * n) for n in range(count)]
    return {first + n: (one, one + timedelta(hours=2)) for n, one in enumerate(starts)}


def refused(cast: Cast, do: object, **more: object) -> str:
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        before = PlannedDose.objects.count(), CourseChange.objects.count()
        code = ""
        try:
            do(actor=doctor, **more)  # type: ignore[operator]
        except TreatmentRefused as refusal:
            code = refusal.code
        assert code, "it was not refused"
        assert (PlannedDose.objects.count(), CourseChange.objects.count()) == before
        assert AuditEvent.objects.filter(action="refused", detail=code).exists()
    return code


def test_a_plan_is_proposed_tried_and_kept_at_the_desk(cast: Cast) -> None:
    course = begun(cast)
    nurse = cast.client(cast.nurse)
    page = f"/desk/courses/{course.pk}/plan/"
    first = monday(cast)
    asked = {"first": first.date().isoformat(), "at": "09:00", "minutes": "120", "count": "6"}
    shown = nurse.get(page, asked).content.decode()
    assert shown.count("fits") == 6
    days = {f"day-{n}": (first + timedelta(days=7 * (n - 1) // 2)).strftime("%Y-%m-%dT%H:%M") for n in range(1, 7)}
    crowded = days | {"day-2": days["day-1"], "minutes": "120", **asked}
    assert "Closer to the dose before" in nurse.post(f"{page}keep/", crowded | {"do": "try"}).content.decode()
    assert nurse.post(f"{page}keep/", crowded | {"do": "keep"}).status_code == 409
    kept = nurse.post(f"{page}keep/", {**asked, **days, "do": "keep", "reason": "holidays"}, follow=True)
    assert b"Planned." in kept.content
    with cast.acting(cast.nurse), transaction.atomic():
        assert PlannedDose.objects.filter(status="planned").count() == 6
        assert list(CourseChange.objects.values_list("kind", flat=True)) == ["planned", "started"]


def test_what_the_label_forbids_is_not_planned_whatever_the_reason(cast: Cast) -> None:
    course = begun(cast, "esketamine-trd")
    close = every(monday(cast), 1, 3)
    assert refused(cast, actions.plan_course, course=course, days=close, reason="she travels") == "forbidden"
    past = every(monday(cast) - timedelta(days=21), 7, 1)
    assert refused(cast, actions.plan_course, course=course, days=past, reason="x") == "forbidden"
    assert refused(cast, actions.plan_course, course=course, days=every(monday(cast), 7, 2, first=2)) == "numbers"


def test_an_absence_is_a_conflict_and_a_later_move_takes_those_after_it_along(cast: Cast) -> None:
    course = begun(cast)
    start = monday(cast)
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        actions.plan_course(course=course, days=every(start, 3, 2) | {}, reason="", actor=doctor)
        rows = list(PlannedDose.objects.filter(status="planned").order_by("number"))
        away = start + timedelta(days=1)
        DifferentTime.objects.create(
            clinic=cast.clinic,
            clinician=doctor.membership,
            starts_at=away.replace(hour=0),
            ends_at=away.replace(hour=23),
            is_away=True,
        )
    to = start + timedelta(days=1)
    moving = {"course": course, "planned_id": rows[0].pk, "starts_at": to}
    assert refused(cast, actions.move_planned, **moving, reason="") == "reason"
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        stands = actions.conflicts_of(course, {1: (to, to + timedelta(hours=2))})
        assert stands == {1: ("prescriber_away",)}
        actions.move_planned(**moving, reason="she is ill", actor=doctor)  # type: ignore[arg-type]
        moved = list(PlannedDose.objects.filter(status="planned").order_by("number"))
    assert [row.starts_at - old.starts_at for row, old in zip(moved, rows, strict=True)] == [timedelta(days=1)] * 2


def test_a_dose_that_needs_a_review_waits_for_it(cast: Cast) -> None:
    session = ready(cast)
    with cast.acting(cast.nurse), transaction.atomic():
        DosingSession.objects.filter(pk=session.pk).update(number=3)
    session = fresh(cast, session)
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        assert [item.code for item in gate_of(session, clock.now()).blocking] == ["review_missing"]
        assert not gate_of(session, clock.now()).to_override
        assert refused(cast, actions.review_course, course=session.course, reason=" ") == "reason"
        actions.review_course(course=session.course, reason="PHQ-9 falls, goes on", actor=doctor)
        assert gate_of(session, clock.now()).is_open


def test_each_change_keeps_what_was_known_then_and_cannot_be_changed(cast: Cast) -> None:
    session = dosed(cast)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        actions.leave_against_advice(session=session, reason="wanted to go", actor=nurse)
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        course = Course.objects.get()
        ended = {"status": "revoked", "reason": "dizzy for days", "why": "side-effects"}
        actions.end_course(course=course, **ended, actor=doctor)
        change = CourseChange.objects.filter(kind="revoked").get()
        assert (change.code, change.reason) == ("side-effects", "dizzy for days")
        assert change.seen["doses"] == 1
        assert change.seen["open P2"] == 1
        assert "40" in change.seen["last dose"]
        with pytest.raises(DatabaseError), transaction.atomic():
            CourseChange.objects.filter(pk=change.pk).update(reason="other")
    assert refused(cast, actions.change_phase, course=course, phase=1, reason="x") == "course"
    page = cast.client(cast.nurse).get(f"/desk/courses/{course.pk}/plan/").content.decode()
    assert "side effects" in page
    assert "What was known then" in page


def test_a_plan_asks_whether_two_who_give_doses_are_there(cast: Cast) -> None:
    course, start = begun(cast), monday(cast)
    zone, day = cast.clinic.time_zone, {1: (start, start + timedelta(hours=2))}

    def hours(user: User, closes: time) -> None:
        with cast.acting(user) as staff, transaction.atomic():
            weekly = {"weekday": 0, "opens": time(8), "closes": closes, "time_zone": zone, "purpose": "treatment"}
            actions.add_hours(clinician=staff.membership, **weekly, actor=staff)

    def stands() -> dict[int, tuple[str, ...]]:
        with cast.acting(cast.nurse), transaction.atomic():
            return actions.conflicts_of(course, day)

    assert stands() == {}  # nobody has said hours of treatment
    hours(cast.nurse, time(17))
    assert stands() == {1: ("staff_short",)}
    hours(cast.prescriber, time(17))
    assert stands() == {}
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        gone = {"starts_at": start + timedelta(hours=1), "ends_at": start + timedelta(hours=3), "is_away": True}
        actions.add_different_time(clinician=nurse.membership, **gone, actor=nurse)
        rules = BookingRules(True, timedelta(minutes=30), timedelta(0), timedelta(days=30), timedelta(0), 5)
        assert open_times(cast.patient, rules, start, start + timedelta(hours=8)) == []  # not offered for booking
    assert stands() == {1: ("staff_short",)}
    shown = cast.client(cast.nurse).get("/desk/visits/hours/").content.decode()
    assert shown.count('class="tag dose">treatment') == 2


def test_the_plan_of_a_forecast_is_what_is_kept_else_the_counted_phases(cast: Cast) -> None:
    course, zone = begun(cast, "esketamine-trd"), ZoneInfo(cast.clinic.time_zone)
    assert course.planned_doses == 12
    now = clock.now()
    last = Anchor(label="nasal spray 56 mg", started_at=now)
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        found = sorted(forecast_plan(cast.patient, [last], zone, now.astimezone(zone).date()))
        assert found[:3] == [4, 8, 12]
        assert found[-4:] == [found[-4] + 7 * n for n in range(4)]
        assert len(found) == 11
        start = monday(cast)
        actions.plan_course(course=course, days=every(start, 7, 2), reason="she works", actor=doctor)
        kept = sorted(forecast_plan(cast.patient, [last], zone, now.astimezone(zone).date()))
        assert kept == [(start.date() - now.astimezone(zone).date()).days + n for n in (0, 7)]


def test_when_a_dose_moves_its_surveys_move_with_it(cast: Cast) -> None:
    from apps.monitoring import actions as monitoring

    session = dosed(cast)
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        monitoring.assign(
            patient=cast.patient,
            questionnaire=questionnaire("phq-9"),
            rhythm="anchored",
            offsets=[24 * 60],
            actor=doctor,
        )
        before = Slot.objects.get(state="scheduled").opens_at
    later(20)
    dose_at = session.dose_started_at
    assert dose_at
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        actions.move_dose(session=session, started_at=dose_at + timedelta(minutes=15), reason="typed late", actor=nurse)
        assert Anchor.objects.get().started_at == dose_at + timedelta(minutes=15)
        assert Slot.objects.get(state="scheduled").opens_at - before == timedelta(minutes=15)


def test_a_clinics_own_protocol_is_drafted_looked_at_published_and_running_courses_keep_theirs(cast: Cast) -> None:
    admin = cast.client(cast.clinic_admin)
    form = {
        "key": "iv-depression",
        "name": "IV, slow start",
        "route": "iv",
        "indication": "depression",
        "phases": "Start; 2; 3; 4\nGoing on; open; 7; 14",
        "review_before": "3",
        "max_mg_per_kg": "0.6",
        "source": "Our board, 2026",
        "do": "keep",
    }
    add = "/admin/care_sessions/protocol/add/"
    assert b"Each line" in admin.post(add, form | {"phases": "Start; x; 3; 4"}).content
    assert b"tighter than the hard limit" in admin.post(add, form | {"max_mg_per_kg": "1.9"}).content
    old = begun(cast)
    shown = admin.post(add, form, follow=True)
    assert b"On a made-up person" in shown.content
    with cast.acting(cast.nurse), transaction.atomic():
        draft = Protocol.objects.get()
    page = f"/admin/care_sessions/protocol/{draft.pk}/change/"
    assert b"Done. Courses that run keep" in admin.post(page, {"do": "publish"}, follow=True).content
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        course = Course.objects.get(pk=old.pk)
        assert plan_of(course).doses == 6
        with pytest.raises(DatabaseError), transaction.atomic():
            Protocol.objects.filter(pk=draft.pk).update(body=starting_body("oral"))
        actions.end_course(course=course, status="completed", reason="done", actor=doctor)
        new = actions.start_course(patient=cast.patient, template="iv-depression", actor=doctor)
        assert (new.protocol_id, new.planned_doses) == (draft.pk, 2)
    second = admin.post(page, form | {"name": "IV, slower", "max_mg_per_kg": "0.5"}, follow=True)
    assert b"Beside the one in force" in second.content
    with cast.acting(cast.nurse), transaction.atomic():
        assert list(Protocol.objects.order_by("version").values_list("version", "status")) == [
            (1, "active"),
            (2, "draft"),
        ]
        again = Course.objects.get(pk=new.pk)
        assert plan_of(again).limits.max_mg_per_kg == 0.6


def test_a_protocols_tighter_limit_is_a_hard_stop_at_the_dose(cast: Cast) -> None:
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        body = starting_body("iv-depression") | {"limits": {"max_mg": 39, "max_mg_per_kg": None, "min_minutes": None}}
        draft = actions.draft_protocol(clinic=cast.clinic, key="iv-depression", body=body, actor=doctor)
        actions.publish_protocol(protocol=draft, actor=doctor)
    session = ready(cast)
    with pytest.raises(TreatmentRefused) as caught:
        given(cast, session, IV, pin=PIN)
    assert (caught.value.code, caught.value.missing) == ("hard-stop", ("over_protocol_limit",))


def test_a_consent_text_is_looked_at_compared_and_published_by_the_admin(cast: Cast) -> None:
    admin = cast.client(cast.clinic_admin)
    add = "/admin/care_sessions/consenttext/add/"
    assert b"Consent to treatment" in admin.get(add).content
    text = {"title": "Consent", "body": "New words.", "items": "treatment; required; I agree.", "do": "look"}
    assert b"must be there" in admin.post(add, text | {"items": "video; optional; Yes."}).content
    assert b"stands there twice" in admin.post(add, text | {"items": text["items"] + "\n" + text["items"]}).content
    looked = admin.post(add, text).content
    assert b"<ins>New words.</ins>" in looked
    assert b"Published. Everybody signs" in admin.post(add, text | {"do": "publish"}, follow=True).content
    assert b"New words." in cast.client(cast.patient_user).get("/session-day/consent/").content
