"""What stands beside the call for the clinician: medicines, forms, and an order that opens for the person at once."""

import pytest
from django.db import transaction
from django.urls import reverse

from apps.core import clock
from apps.monitoring.models import Slot
from apps.sessions import actions
from apps.sessions.models import Screening, VisitEvent
from tests.cast import Cast
from tests.monitoring.stage import questionnaire
from tests.visits.scene import admitted, member

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_form_ordered_in_the_call_opens_for_the_person_now(cast: Cast) -> None:
    visit = admitted(cast)
    with cast.acting(cast.nurse), transaction.atomic():
        form = questionnaire()
        Screening.objects.create(
            clinic=cast.clinic,
            patient=cast.patient,
            answers={},
            medicines="Sertraline 50 mg",
            by_patient=True,
            author=member(cast.patient_user),
            answered_at=clock.now(),
        )
    desk, address = cast.client(cast.prescriber), reverse("desk-visit-order", args=[visit.pk])
    asked = desk.post(address, {"questionnaire": form.pk}, headers={"Accept": "application/json"})
    assert asked.json() == {"ordered": True}
    with cast.acting(cast.prescriber), transaction.atomic():
        slot = Slot.objects.get(patient=cast.patient, questionnaire=form)
        assert slot.opens_at <= clock.now() < slot.closes_at
        assert VisitEvent.objects.filter(visit=visit, kind="form-ordered").exists()
    page = desk.get(visit.desk_path).text
    assert "Sertraline 50 mg" in page
    assert desk.post(address, {"questionnaire": "x"}, headers={"Accept": "application/json"}).status_code == 409
    assert cast.client(cast.nurse).post(address, {"questionnaire": form.pk}).status_code == 302, "refused in words"
    with cast.acting(cast.prescriber), transaction.atomic():
        assert Slot.objects.filter(patient=cast.patient, questionnaire=form).count() == 1


def test_each_step_of_the_picture_is_an_event_of_the_record(cast: Cast) -> None:
    visit = admitted(cast)
    for what, detail in (("lowered", "720p to 360p"), ("raised", "360p to 720p"), ("no-way", "31 s")):
        with cast.acting(cast.patient_user) as actor, transaction.atomic():
            actions.report(visit=visit, what=what, detail=detail, actor=actor)
    page = cast.client(cast.prescriber).get(visit.desk_path).text
    for words in ("picture lowered, network", "720p to 360p", "picture raised again", "no connection, phone offered"):
        assert words in page
