"""From the session to a clinic's rows."""

import pytest

from apps.patients.models import Patient
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_staff_see_the_patients_of_their_own_clinic_only(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        assert {p.number for p in Patient.objects.visible_to(cast.nurse)} == {"20417", "20418"}
    with cast.acting(cast.other_prescriber):
        assert {p.number for p in Patient.objects.visible_to(cast.other_prescriber)} == {"1"}


def test_a_patient_sees_only_their_own_row(cast: Cast) -> None:
    with cast.acting(cast.patient_user):
        assert [p.pk for p in Patient.objects.visible_to(cast.patient_user)] == [cast.patient.pk]


def test_a_clinic_admin_sees_no_clinical_row(cast: Cast) -> None:
    with cast.acting(cast.clinic_admin):
        assert not Patient.objects.visible_to(cast.clinic_admin).exists()
