"""Own early signs: named, agreed, asked alone; a match opens the plan and tells the team."""

import pytest
from django.db import transaction
from django.urls import reverse

from apps.alerts.models import Alert
from apps.core.db.scope import use_clinic
from apps.therapy import signs as verbs
from apps.therapy.actions import TherapyRefused
from apps.therapy.models import EarlySigns, SignCheck
from tests.cast import Cast

pytestmark = pytest.mark.django_db
SIGNS = "I stop answering my sister\nI sleep after lunch\n\nI skip breakfast"


def named(cast: Cast) -> EarlySigns:
    with cast.acting(cast.patient_user) as maria, transaction.atomic():
        return verbs.name_signs(patient=cast.patient, signs=SIGNS, plan="Call Elena, walk", enough=2, actor=maria)


def test_a_match_opens_the_plan_and_tells_the_team_and_less_does_not(cast: Cast) -> None:
    named(cast)
    maria = cast.client(cast.patient_user)
    page = maria.get(reverse("my-signs")).content.decode()
    assert "I skip breakfast" in page
    assert "Call Elena" not in page
    assert maria.post(reverse("my-signs"), {"sign": ["1"]})["Location"] == reverse("my-signs")
    with use_clinic(cast.clinic.pk):
        assert not Alert.objects.exists()
    answer = maria.post(reverse("my-signs"), {"sign": ["0", "2"]}, follow=True)
    assert "Call Elena, walk" in answer.content.decode()
    with use_clinic(cast.clinic.pk):
        alert = Alert.objects.get()
        assert (alert.level, alert.cause, alert.worst_value) == ("P2", "early-signs", 2)
        assert [row.matched for row in SignCheck.objects.order_by("answered_at")] == [False, True]


@pytest.mark.parametrize("present", [[3], [-1], [99]])
def test_a_sign_that_nobody_named_is_refused(cast: Cast, present: list[int]) -> None:
    named(cast)
    with cast.acting(cast.patient_user) as maria, transaction.atomic(), pytest.raises(TherapyRefused) as caught:
        verbs.check_signs(patient=cast.patient, present=present, actor=maria)
    assert caught.value.code == "sign"


def test_the_person_names_them_and_a_clinician_agrees_the_plan(cast: Cast) -> None:
    maria = cast.client(cast.patient_user)
    form = {"signs": SIGNS, "plan": "Call Elena", "enough": "4"}
    assert maria.post(reverse("my-signs-name"), form).status_code == 422  # more than there are
    assert maria.post(reverse("my-signs-name"), form | {"signs": "a\n" * 9, "enough": "1"}).status_code == 422
    assert maria.post(reverse("my-signs-name"), form | {"enough": "2"}).status_code == 302
    page = reverse("patient-signs", args=[cast.patient.pk])
    assert cast.client(cast.coordinator).post(page).status_code == 403
    therapist = cast.client(cast.therapist)
    assert maria.post(reverse("my-signs-name"), form | {"enough": "2", "plan": "Call nobody"}).status_code == 302
    assert "changed it meanwhile" in therapist.post(page, {"version": "1"}, follow=True).content.decode()
    assert 'name="version" value="2"' in therapist.get(page).content.decode()
    assert therapist.post(page, {"version": "2"}).status_code == 302
    assert maria.post(reverse("my-signs"), {"sign": ["1"], "version": "1"}).status_code == 422  # others stand there now
    assert maria.post(reverse("my-signs"), {"sign": ["9" * 5000], "version": "9" * 5000}).status_code in (302, 422)
    assert "Jonas Lindqvist" in maria.get(reverse("my-signs")).content.decode()
    assert maria.post(reverse("my-signs-name"), form | {"enough": "1"}).status_code == 302
    with use_clinic(cast.clinic.pk):
        assert [(row.version, row.agreed_at is None) for row in EarlySigns.objects.all()] == [
            (3, True),
            (2, False),
            (1, True),
        ]
