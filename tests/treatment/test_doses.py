"""A dose passes the gate, stays inside the limits, is signed by two different people, and is one."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.db.models.expressions import RawSQL

from apps.accounts.clinic_settings import change_setting
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.models import RateCount
from apps.monitoring.models import Anchor
from apps.sessions import actions
from apps.sessions.actions import Order, TreatmentRefused
from apps.sessions.actions.countersign import confirmed_by
from apps.sessions.evidence import gate_of
from apps.sessions.models import DosingSession, MedicationAdministration, PreDoseCheck, SessionEvent
from tests.cast import Cast
from tests.treatment.scene import FINE, IV, NASAL, PIN, consent, dosed, fresh, given, later, noted, ready, tap

pytestmark = pytest.mark.django_db


def rows(cast: Cast) -> tuple[int, int, int]:
    with cast.acting(cast.nurse), transaction.atomic():
        return MedicationAdministration.objects.count(), Anchor.objects.count(), SessionEvent.objects.count()


def refused(cast: Cast, session: DosingSession, order: Order = IV, **more: Any) -> TreatmentRefused:
    before = rows(cast)
    with pytest.raises(TreatmentRefused) as caught:
        given(cast, session, order, **more)
    assert rows(cast) == before
    with cast.acting(cast.nurse), transaction.atomic():
        last = AuditEvent.objects.filter(action="refused").order_by("-created_at", "-id")[0]
    assert (last.object_type, last.detail) == ("give_dose", caught.value.code)
    assert caught.value.message
    return caught.value


def test_a_dose_is_one_row_an_anchor_and_a_line_and_says_mg_per_kg(cast: Cast) -> None:
    session = ready(cast)
    dose = given(cast, session)
    assert (dose.level, float(dose.mg_per_kg or 0), dose.solo) == ("within_usual", 0.5, False)
    assert dose.checked_by == cast.prescriber.membership
    with cast.acting(cast.nurse), transaction.atomic():
        anchor = Anchor.objects.get()
        assert (anchor.started_at, anchor.patient_id) == (dose.started_at, cast.patient.pk)
        assert session.events.filter(kind="dose-started").count() == 1
    now = fresh(cast, session)
    assert now.dose_label == "IV infusion 40 mg, 0.5 mg/kg over 40 min"
    assert now.next_check_at == dose.started_at + timedelta(minutes=10)


OUTSIDE: list[tuple[dict[str, Any], str]] = [
    ({"dose_mg": 121}, "hard-stop"),  # over 1.5 mg/kg
    ({"dose_mg": -1}, "hard-stop"),
    ({"dose_mg": 0}, "hard-stop"),
    ({"dose_mg": float("nan")}, "hard-stop"),
    ({"dose_mg": float("inf")}, "hard-stop"),
    ({"weight_kg": None}, "hard-stop"),
    ({"weight_kg": -80.0}, "hard-stop"),
    ({"weight_kg": float("nan")}, "hard-stop"),
    ({"duration_minutes": None}, "hard-stop"),
    ({"duration_minutes": 14}, "hard-stop"),
    ({"dose_mg": 40.001}, "too-exact"),
    ({"dose_mg": 100}, "reason"),  # over 1.0 mg/kg without a word
    ({"lot": " "}, "lot"),
    ({"wasted_mg": -2}, "waste"),
]


def test_a_dose_outside_the_limits_is_refused_in_words(cast: Cast) -> None:
    session = ready(cast)
    assert [refused(cast, session, replace(IV, **change)).code for change, _ in OUTSIDE] == [c for _, c in OUTSIDE]


def test_above_usual_goes_with_a_reason_which_is_kept(cast: Cast) -> None:
    dose = given(cast, ready(cast), replace(IV, dose_mg=100, reason="no response to five at 0.5"))
    assert (dose.level, dose.reasons) == ("above_usual", ["mg_per_kg_over_usual"])


def test_a_backdated_or_future_dose_is_refused(cast: Cast) -> None:
    session = ready(cast)
    later(60)
    assert refused(cast, session, replace(IV, started_at=clock.now() + timedelta(minutes=1))).code == "future"
    assert refused(cast, session, replace(IV, started_at=clock.now() - timedelta(minutes=20))).code == "backdated"


def test_the_same_person_cannot_sign_twice_and_a_wrong_pin_does_not_count(cast: Cast) -> None:
    session = ready(cast)
    assert cast.nurse.membership
    assert cast.therapist.membership
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        actions.set_pin(pin="963258", actor=nurse)
    assert refused(cast, session, second_id=cast.nurse.membership.pk, pin="963258").code == "same-person"
    assert refused(cast, session, second_id=cast.therapist.membership.pk, pin=PIN).code == "second-person"
    assert refused(cast, session, second_id=None, pin="").code == "second-person"
    codes = [refused(cast, session, pin="000111").code for _ in range(6)]
    assert codes == ["wrong-pin"] * 5 + ["throttled"]
    assert refused(cast, session, pin=PIN).code == "throttled"


def test_a_pin_is_counted_before_it_is_looked_at(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many tries at the same moment are many tries: none of them waits for another one's end to be counted."""
    session = ready(cast)
    counted: list[int] = []
    doctor = cast.prescriber.membership
    assert doctor
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        for _right in range(6):
            assert confirmed_by(member_id=doctor.pk, pin=PIN, clinic=cast.clinic, actor=nurse) == doctor

    def look(_pin: str, _stored: str) -> bool:
        counted.append(RateCount.objects.get(key__startswith="countersign:").count)
        return False

    monkeypatch.setattr("apps.sessions.actions.countersign.check_password", look)
    assert [refused(cast, session, pin="000111").code for _ in range(3)] == ["wrong-pin"] * 3
    assert counted == [1, 2, 3]


def test_the_database_itself_refuses_what_no_verb_would_write(cast: Cast) -> None:
    dose = given(cast, ready(cast))

    def broken(**change: Any) -> None:
        with cast.acting(cast.nurse), transaction.atomic(), pytest.raises(DatabaseError), transaction.atomic():
            MedicationAdministration.objects.filter(pk=dose.pk).update(**change)

    broken(started_at=clock.now() + timedelta(hours=1))
    broken(started_at=clock.now() - timedelta(days=1))
    broken(checked_by=dose.given_by)
    broken(dose_mg=80)
    broken(level="hard_stop")
    broken(ended_at=dose.started_at - timedelta(minutes=1))
    broken(wasted_mg=RawSQL("'NaN'::numeric", []))


def test_a_clinic_that_works_solo_has_each_dose_reviewed_by_another(cast: Cast) -> None:
    session = ready(cast)
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        change_setting(clinic=cast.clinic, name="solo_dosing", value=True, actor=doctor, reason="one nurse")
    dose = given(cast, session, second_id=None, pin="")
    assert dose.solo
    assert dose.next_step_at == dose.started_at + timedelta(hours=24)
    with cast.acting(cast.nurse) as nurse, transaction.atomic(), pytest.raises(TreatmentRefused, match="else"):
        actions.review_dose(dose=dose, actor=nurse)
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        assert actions.review_dose(dose=dose, actor=doctor).next_step_at is None


def test_the_gate_lists_everything_that_stands_in_the_way(cast: Cast) -> None:
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        course = actions.start_course(patient=cast.patient, template="esketamine-trd", actor=doctor)
        session = actions.open_session(course=course, chair="Chair 1", actor=doctor)
        codes = {item.code for item in gate_of(session, clock.now()).blocking}
    assert codes == {
        "consent_missing",
        "screening_missing",
        "pre_dose_check_missing",
        "prescriber_not_present",
        "setting_not_rems_certified",
        "patient_not_rems_enrolled",
        "sbp_not_recorded",
        "dbp_not_recorded",
        "spo2_not_recorded",
        "escort_arranged_not_recorded",
    }


def test_a_hold_is_overridden_by_a_prescriber_with_a_reason_and_a_contraindication_by_nobody(cast: Cast) -> None:
    session = ready(cast)
    noted(cast, session, tap("vitals", sbp=150, dbp=80, spo2=98))
    found = refused(cast, session)
    assert (found.code, found.missing) == ("gate", ("bp_over_140_90",))
    with cast.acting(cast.nurse) as nurse, transaction.atomic(), pytest.raises(TreatmentRefused):
        actions.override_gate(session=session, code="bp_over_140_90", reason="usual for her", actor=nurse)
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        actions.override_gate(session=session, code="bp_over_140_90", reason="usual for her", actor=doctor)
    assert "bp_over_140_90" in given(cast, session).gate


def test_what_is_new_today_counts_and_a_contraindication_has_no_override(cast: Cast) -> None:
    session = ready(cast)
    new = replace(FINE, nothing_new=False, new_findings=("intracerebral_haemorrhage_history",))
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        actions.check_before_dose(session=session, asked=new, actor=nurse)
        assert PreDoseCheck.objects.count() == 2
    assert refused(cast, session).missing == ("intracerebral_haemorrhage_history",)
    with cast.acting(cast.prescriber) as doctor, transaction.atomic(), pytest.raises(TreatmentRefused) as caught:
        actions.override_gate(
            session=session, code="intracerebral_haemorrhage_history", reason="long ago", actor=doctor
        )
    assert caught.value.code == "not-overridable"


def test_no_dose_after_a_withdrawn_or_outdated_consent(cast: Cast) -> None:
    session = ready(cast)
    with cast.acting(cast.patient_user) as maria, transaction.atomic():
        actions.withdraw_consent(patient=cast.patient, reason="not today", actor=maria)
    assert refused(cast, session).missing == ("consent_withdrawn",)
    consent(cast)
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        items = [{"code": "treatment", "words": "I agree.", "required": True}]
        actions.publish_consent(clinic=cast.clinic, title="New", body="Text", items=items, actor=doctor)
    assert refused(cast, session).missing == ("consent_outdated",)
    consent(cast)
    assert given(cast, session).status == "in-progress"


def test_the_nasal_spray_counts_its_devices_and_the_last_one_ends_the_dose(cast: Cast) -> None:
    session = dosed(cast, "esketamine-trd", NASAL)
    assert session.dose_ended_at is None
    later(5)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        dose = actions.give_device(session=session, actor=nurse)
        assert dose.ended_at is not None
        assert Anchor.objects.get().ended_at == dose.ended_at
        with pytest.raises(TreatmentRefused):
            actions.give_device(session=session, actor=nurse)
        actions.void_dose(session=session, reason="wrong chair", actor=nurse)
    given(cast, session, NASAL)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        assert actions.give_device(session=session, actor=nurse).ended_at is not None  # its own second one


def test_moving_and_voiding_a_dose_moves_and_voids_its_anchor(cast: Cast) -> None:
    session = dosed(cast)
    later(45)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        dose = actions.end_dose(session=session, actor=nurse, given_mg=30)
        assert (Anchor.objects.get().ended_at, dose.given_mg) == (dose.ended_at, 30)
    later(5)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        moved = dose.started_at + timedelta(minutes=3)
        actions.move_dose(session=session, started_at=moved, reason="pump log", actor=nurse)
        assert Anchor.objects.get().started_at == moved
        actions.void_dose(session=session, reason="wrong chair", actor=nurse)
        assert Anchor.objects.get().status == "entered-in-error"
    assert given(cast, session).status == "in-progress"  # the right one is entered anew


def test_esketamine_twice_on_one_day_has_no_override(cast: Cast) -> None:
    session = dosed(cast, "esketamine-trd", NASAL)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        actions.leave_against_advice(session=session, reason="would not stay", actor=nurse)
        second = actions.open_session(course=session.course, chair="Chair 2", actor=nurse)
        actions.check_before_dose(session=second, asked=FINE, actor=nurse)
    noted(cast, second, tap("vitals", sbp=120, dbp=70, spo2=98))
    assert refused(cast, second, NASAL).missing == ("second_session_same_day",)
