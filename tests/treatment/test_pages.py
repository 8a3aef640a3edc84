"""The pages of a treatment, as forms without any script: a whole clinic day, and the person's own pages."""

import json
from uuid import uuid4

import pytest
from django.db import transaction

from apps.accounts.clinic_settings import change_setting
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.sessions.actions import start_course
from apps.sessions.agreements import text_in_force
from apps.sessions.models import DosingSession, MedicationAdministration, Screening, SessionEvent, TreatmentConsent
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.sites import sites_of
from tests.cast import Cast
from tests.treatment.scene import NO, PIN, dosed, fresh, later, noted, ready, tap, well

pytestmark = pytest.mark.django_db


def test_a_person_answers_signs_and_withdraws_in_plain_pages(cast: Cast) -> None:
    client = cast.client(cast.patient_user)
    assert b"Please read and sign" in client.get("/session-day/").content
    assert client.post("/session-day/screening/", {"aneurysm": "no"}).status_code == 422
    answer = client.post("/session-day/screening/", {**NO, "bladder": "unsure", "medicines": "sertraline"}, follow=True)
    assert b"Thank you" in answer.content
    with cast.acting(cast.nurse), transaction.atomic():
        text = text_in_force(cast.clinic)
        row = Screening.objects.get()
    assert (row.by_patient, row.answers["bladder"], row.medicines) == (True, "unsure", "sertraline")
    signed = {"digest": text.digest, "name": "Maria Alvarez", "item-treatment": "on", "item-off-label": "on"}
    assert client.post("/session-day/consent/", signed).status_code == 422  # a marked point is missing
    assert client.post("/session-day/consent/", signed | {"item-ride": "on", "digest": "other"}).status_code == 200
    answer = client.post("/session-day/consent/", signed | {"item-ride": "on"}, follow=True)
    assert b"You signed" in answer.content
    with cast.acting(cast.nurse), transaction.atomic():
        held = TreatmentConsent.objects.get()
    assert (held.agreed, len(held.digest)) == (["treatment", "off-label", "ride"], 64)
    assert b"You withdrew your consent" in client.post("/session-day/consent/withdraw/", follow=True).content
    client.post("/session-day/wishes/", {"touch": "Hand on shoulder is fine", "call": "Elena"})
    assert b"Hand on shoulder" in client.get("/session-day/").content


def test_the_session_page_gives_a_dose_and_says_what_it_refuses(cast: Cast) -> None:
    session = ready(cast)
    nurse = cast.client(cast.nurse)
    assert cast.prescriber.membership
    order = {"dose_mg": "200", "weight_kg": "80", "duration_minutes": "40", "lot": "L-77"}
    signed = {"second": str(cast.prescriber.membership.pk), "pin": PIN}
    looked = nurse.post(f"{session.path}dose/", order | {"look": "1"})
    assert b"Outside the hard limit" in looked.content
    refused = nurse.post(f"{session.path}dose/", order | signed)
    assert (refused.status_code, b"This dose cannot be given" in refused.content) == (409, True)
    assert nurse.post(f"{session.path}dose/", order | signed | {"dose_mg": "40"}).status_code == 302
    page = nurse.get(session.path).content.decode()
    assert "IV infusion 40 mg, 0.5 mg/kg over 40 min" in page
    assert "Not yet, 7 missing" in page
    with cast.acting(cast.nurse), transaction.atomic():
        assert MedicationAdministration.objects.count() == 1


def test_taps_come_as_a_batch_or_as_a_form_and_each_is_answered(cast: Cast) -> None:
    session = dosed(cast)
    nurse = cast.client(cast.nurse)
    one, two = str(uuid4()), str(uuid4())
    at = clock.now().isoformat()
    batch = [
        {"client_id": one, "kind": "vitals", "sbp": 130, "dbp": 80, "occurred_at": at},
        {"client_id": two, "kind": "moaas", "score": 9, "occurred_at": at},
    ]
    sent = {"data": json.dumps({"events": batch}), "content_type": "application/json"}
    first, again = nurse.post(f"{session.path}events/", **sent), nurse.post(f"{session.path}events/", **sent)
    assert (first.json()["taken"], again.json()["taken"]) == ([one], [one])
    assert first.json()["refused"][two][0] == "value"
    nurse.post(f"{session.path}events/", {"kind": "effect", "term": "Nausea"})
    for broken in ("nonsense", "[]", '{"events": [1]}'):
        answer = nurse.post(f"{session.path}events/", data=broken, content_type="application/json")
        assert answer.status_code == 409
    with cast.acting(cast.nurse), transaction.atomic():
        assert SessionEvent.objects.filter(session=session, kind__in=["vitals", "effect"]).count() == 3


def test_the_day_ends_with_a_card_and_no_driving_until_the_morning(cast: Cast) -> None:
    session = dosed(cast)
    later(40)
    cast.client(cast.nurse).post(f"{session.path}dose/end/")
    later(61)
    nurse = cast.client(cast.nurse)
    noted(cast, session, *well(), tap("escort", text="Elena Ruiz"))
    assert b"Missing: " not in nurse.post(f"{session.path}discharge/", follow=True).content
    assert fresh(cast, session).outcome == "discharged"
    assert b"Do not drive" in nurse.get(f"{session.path}card/").content
    assert b"No driving and no machines before" in cast.client(cast.patient_user).get("/session-day/").content


def test_the_board_shows_each_chair_with_the_wishes_and_opens_the_next(cast: Cast) -> None:
    session = dosed(cast)
    cast.client(cast.patient_user).post("/session-day/wishes/", {"calm": "slow breath"})
    nurse = cast.client(cast.nurse)
    page = nurse.get("/desk/sessions/").content.decode()
    assert all(words in page for words in ("ALVAREZ Maria", "slow breath", "On time", "IV infusion 40 mg"))
    later(11)
    assert 'data-state="overdue"' in nurse.get("/desk/sessions/").content.decode()
    doctor = cast.client(cast.prescriber)
    doctor.post(f"/desk/patients/{cast.patient_2.pk}/treatment/start/", {"template": "oral"})
    assert "Brandt, Tobias" in nurse.get("/desk/sessions/").content.decode()
    with cast.acting(cast.nurse), transaction.atomic():
        course = cast.patient_2.courses.get()
    assert nurse.post(f"/desk/courses/{course.pk}/open/", {"chair": "Chair 2"}).status_code == 302
    with cast.acting(cast.nurse), transaction.atomic():
        assert DosingSession.objects.filter(status="in-progress").count() == 2
    assert doctor.get(f"/desk/patients/{cast.patient.pk}/treatment/").status_code == 200
    assert session.chair == "Chair 1"


def test_a_clinic_with_two_sites_says_where_a_course_is_given(cast: Cast) -> None:
    start, doctor = f"/desk/patients/{cast.patient_2.pk}/treatment/start/", cast.client(cast.prescriber)
    with cast.acting(cast.clinic_admin), transaction.atomic():
        change_setting(clinic=cast.clinic, name="sites", value=" North ;South;; North", actor=None, reason="test")
    for site in ("", "Elsewhere"):
        assert doctor.post(start, {"template": "oral", "site": site}).status_code == 409
    assert doctor.post(start, {"template": "oral", "site": "South"}).status_code == 302
    assert "<bdi>South</bdi>" in doctor.get(f"/desk/patients/{cast.patient_2.pk}/treatment/").content.decode()
    with cast.acting(cast.prescriber), transaction.atomic():
        assert sites_of(cast.clinic) == ("North", "South")
        with pytest.raises(TreatmentRefused, match="site"):
            start_course(patient=cast.patient_2, template="oral", site="East", actor=cast.prescriber)


def test_the_site_of_a_course_is_corrected_with_a_reason_that_stays_in_its_history(cast: Cast) -> None:
    with cast.acting(cast.clinic_admin), transaction.atomic():
        change_setting(clinic=cast.clinic, name="sites", value="North; South", actor=None, reason="test")
    with cast.acting(cast.prescriber), transaction.atomic():
        course = start_course(patient=cast.patient_2, template="oral", site="South", actor=cast.prescriber)
    nurse = cast.client(cast.nurse)
    path = f"/desk/courses/{course.pk}/"
    assert "Correct it" in nurse.get(f"{path}plan/").content.decode()
    for wrong in ({"site": "East", "reason": "moved"}, {"site": "North", "reason": " "}):
        nurse.post(f"{path}site/", wrong)
        with cast.acting(cast.nurse):
            course.refresh_from_db()
            assert course.site == "South"
    nurse.post(f"{path}site/", {"site": "North", "reason": "noted wrongly"})
    page = nurse.get(f"{path}plan/").content.decode()
    assert "Site corrected" in page
    assert "South → North. noted wrongly" in page
    with cast.acting(cast.nurse):
        course.refresh_from_db()
        assert course.site == "North"
        assert AuditEvent.objects.filter(detail="site", object_id=course.pk).count() == 1


def test_the_timeline_holds_everything_in_one_place_and_can_be_narrowed(cast: Cast) -> None:
    session = dosed(cast)
    wrong = noted(cast, session, tap("effect", term="Nausea", grade=1))[0]
    noted(cast, session, tap("void", corrects=wrong.pk), tap("effect", term="Headache", grade=2))
    nurse = cast.client(cast.nurse)
    page = nurse.get(f"/desk/patients/{cast.patient.pk}/timeline/").content.decode()
    for words in ("IV infusion 40 mg", "Headache", "Consent signed", "Screening answered", "<s><a"):
        assert words in page
    narrowed = nurse.get(f"/desk/patients/{cast.patient.pk}/timeline/?kind=dose").content.decode()
    assert "Consent signed" not in narrowed
    assert "IV infusion 40 mg" in narrowed
