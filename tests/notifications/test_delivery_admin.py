"""Who may look at deliveries, and what they never see: another clinic's, and the key in a link."""

import pytest
from django.urls import reverse

from apps.core.ids import new_id
from tests.cast import Cast
from tests.notifications.conftest import Put

pytestmark = pytest.mark.django_db
LIST = "admin:notifications_delivery_changelist"


@pytest.fixture
def row_id(cast: Cast, put: Put) -> str:
    with cast.acting(cast.nurse):
        put(
            clinic_id=cast.clinic.pk,
            dedupe_key="invitation:1",
            recipient_id=cast.patient_user.pk,
            context={"clinic": "Riverside Clinic", "link": "/invitation/very-secret-token/"},
        )
    with cast.acting(cast.other_prescriber):
        put(clinic_id=cast.other_clinic.pk, dedupe_key="key-of-hillside", subject_id=new_id())
    with cast.acting(cast.nurse):
        from apps.notifications.models import Delivery

        return str(Delivery.objects.get().pk)


def test_the_clinics_administrator_sees_its_deliveries_and_no_others(cast: Cast, row_id: str) -> None:
    cast.clinic_admin.is_staff = True
    cast.clinic_admin.save()
    page = cast.client(cast.clinic_admin).get(reverse(LIST))
    assert page.status_code == 200
    assert page.content.decode().count("survey-reminder") == 1


def test_the_page_of_a_delivery_shows_neither_the_link_nor_the_address(cast: Cast, row_id: str) -> None:
    cast.clinic_admin.is_staff = True
    cast.clinic_admin.save()
    page = cast.client(cast.clinic_admin).get(reverse("admin:notifications_delivery_change", args=[row_id]))
    text = page.content.decode()
    assert page.status_code == 200
    assert "Maria Alvarez" in text
    assert "very-secret-token" not in text
    assert "+15550100" not in text


def test_a_delivery_cannot_be_changed_by_hand(cast: Cast, row_id: str) -> None:
    cast.clinic_admin.is_staff = True
    cast.clinic_admin.save()
    answer = cast.client(cast.clinic_admin).post(
        reverse("admin:notifications_delivery_change", args=[row_id]), {"state": "sent"}
    )
    assert answer.status_code == 403


def test_whoever_may_not_see_deliveries_sees_none(cast: Cast, row_id: str) -> None:
    cast.nurse.is_staff = True
    cast.nurse.save()
    assert cast.client(cast.nurse).get(reverse(LIST)).status_code == 302  # to the sign-in of the admin
