"""The REMS-shaped form: owed, filled from the evidence, louder as its day comes, handed in by a person. Adverse events."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from apps.alerts.models import Alert
from apps.core import clock
from apps.core.db.roles import as_role
from apps.sessions import actions, owed
from apps.sessions.actions import Happened, TreatmentRefused
from apps.sessions.models import AdverseEvent, DosingSession, RemsForm
from apps.sessions.rems_content import as_csv, as_json
from tests.cast import Cast
from tests.treatment.scene import NASAL, dosed, fresh, later, noted, tap, well

pytestmark = pytest.mark.django_db


def sprayed(cast: Cast) -> DosingSession:
    """A session of esketamine from the first device to the door."""
    session = dosed(cast, "esketamine-trd", NASAL)
    later(5)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        actions.give_device(session=session, actor=nurse)
    later(10)
    noted(cast, session, tap("effect", term="Dissociation", grade=2), tap("moaas", score=4))
    later(30)
    noted(cast, session, tap("vitals", sbp=144, dbp=86, spo2=97), tap("effect-gone", term="Dissociation"))
    later(20)
    noted(cast, session, *well())
    later(65)
    noted(cast, session, *well(), tap("escort", text="Elena Ruiz"))
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        actions.discharge(session=session, actor=nurse)
    return fresh(cast, session)


def owed_form(cast: Cast) -> RemsForm:
    with cast.acting(cast.nurse), transaction.atomic():
        return RemsForm.objects.select_related("session__course", "session__clinic", "session__patient").get()


def test_the_form_is_filled_from_the_evidence_and_leaves_as_pdf_csv_and_json(cast: Cast) -> None:
    session = sprayed(cast)
    form = owed_form(cast)
    with cast.acting(cast.nurse), transaction.atomic():
        said = json.loads(as_json(session))["form"]
        table = as_csv(session)
    assert said["Treatment"] | {"date": ""} == {
        "date": "",
        "dose_mg": "56",
        "lot": "24KJ118",
        "total_minutes": "130",
        "ready_minutes": "65",
        "left": "discharged",
    }
    assert said["Vital signs"]["bp_40"] == "144/86"
    assert (said["Vital signs"]["acceptable_before"], said["Serious adverse events"]["serious"]) == ("yes", "no")
    assert said["Sedation, dissociation, breathing"]["dissociation"].startswith("yes, ")
    assert "Treatment,lot,Lot number,24KJ118" in table
    nurse = cast.client(cast.nurse)
    pdf = nurse.get(f"/desk/rems-forms/{form.pk}/form.pdf")
    assert (pdf.content[:5], pdf["Content-Type"]) == (b"%PDF-", "application/pdf")
    assert b"Telek does not send this form" in nurse.get(f"/desk/rems-forms/{form.pk}/").content
    assert b"Alvarez" in nurse.get("/desk/rems-forms/").content


@pytest.mark.django_db(transaction=True)
def test_a_form_that_is_owed_gets_louder_until_somebody_hands_it_in(cast: Cast) -> None:
    sprayed(cast)
    heard: list[tuple[int, Any]] = []
    for day in range(1, 11):
        clock.shift(timedelta(days=1))
        with as_role("pump"):
            done = owed.escalate_forms_due()
        with cast.acting(cast.nurse), transaction.atomic():
            level = Alert.objects.filter(cause="rems-form").values_list("level", "count").first()
        if done:
            heard.append((day, level and level[0]))
    assert [day for day, _level in heard[:4]] in ([2, 5, 6, 7], [3, 6, 7, 8])  # by the hour of the day
    assert [level for _day, level in heard[:4]] == ["P3", "P3", "P2", "P2"]
    assert len(heard) >= 6
    form = owed_form(cast)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        form = actions.note_submission(form=form, how="fax", reference="A-1", digest="0" * 64, actor=nurse)
        with pytest.raises(TreatmentRefused, match="already"):
            actions.note_submission(form=form, how="fax", reference="A-1", digest="0" * 64, actor=nurse)
    assert (form.next_step_at, form.submitted_by) == (None, cast.nurse.membership)


def test_no_form_is_owed_for_ketamine_or_without_a_dose(cast: Cast) -> None:
    session = dosed(cast)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        actions.leave_against_advice(session=session, reason="walked out", actor=nurse)
        assert not RemsForm.objects.exists()


def test_a_serious_adverse_event_is_told_on_at_once_and_stays_as_written(cast: Cast) -> None:
    session = dosed(cast)
    at = clock.now()
    fainted = Happened("Syncope", 3, at, "lay down, fluids", seriousness="important")
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        for wrong in (
            Happened("", 3, at, "x"),
            Happened("Fall", 4, at, "x"),
            Happened("Fall", 5, at, "x", seriousness="disability"),
            Happened("Fall", 1, at + timedelta(hours=1), "x"),
        ):
            with pytest.raises(TreatmentRefused):
                actions.report_adverse_event(patient=cast.patient, session=session, happened=wrong, actor=nurse)
        row = actions.report_adverse_event(patient=cast.patient, session=session, happened=fainted, actor=nurse)
        assert Alert.objects.get(cause="serious-adverse-event").level == "P2"
        with pytest.raises(DatabaseError), transaction.atomic():
            AdverseEvent.objects.filter(pk=row.pk).update(grade=1)


def test_a_serious_event_has_a_package_with_and_without_names(cast: Cast) -> None:
    session = sprayed(cast)
    told = {"medicines-name": "Nardil from Dr Weatherby", "medicines-dose": "15 mg"}
    cast.client(cast.patient_user).post("/my-medicines/add/", told)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        happened = Happened(
            term="Syncope",
            grade=3,
            onset_at=session.opened_at + timedelta(minutes=20),
            action="Maria Alvarez lay down",
            seriousness="important",
        )
        event = actions.report_adverse_event(patient=cast.patient, session=session, happened=happened, actor=nurse)
    desk = cast.client(cast.nurse)
    page = desk.get(f"/desk/adverse-events/{event.pk}/package/").content.decode()
    for words in ("Syncope", "Maria Alvarez", "24KJ118", "144/86", "important medical event"):
        assert words in page
    bare = desk.get(f"/desk/adverse-events/{event.pk}/package.json?names=0").content.decode()
    body = json.loads(bare)
    assert body["de_identified"]
    for word in (
        "Maria",
        "Alvarez",
        "Elena",
        "Ruiz",
        "20417",
        "Riverside",
        "Weatherby",
        "1992",
        "Osei",
        str(session.opened_at.year),
    ):
        assert word not in bare
    values = {line["key"]: line["value"] for part in body["package"] for line in part["lines"]}
    assert values["onset"].endswith("min")
    assert values["action"] == "(left out)"
    assert values["dose"] == "56 mg, nasal spray"
