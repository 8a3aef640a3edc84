"""A refusal at a door is written down, and stays written although the page was refused."""

import pytest

from apps.accounts.permissions import Permission
from apps.accounts.tokens import create_token
from apps.audit.models import AuditEvent
from apps.core.db.scope import use_clinic
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def refusals(cast: Cast) -> list[tuple[object, str]]:
    with use_clinic(cast.clinic.pk):
        return list(AuditEvent.objects.filter(action="refused").values_list("actor_id", "detail"))


def test_staff_without_the_permission_are_refused_and_it_is_written(cast: Cast) -> None:
    assert cast.client(cast.clinic_admin).get("/desk/").status_code == 403
    assert refusals(cast) == [(cast.clinic_admin.pk, "GET desk")]


def test_a_patient_finds_nothing_and_it_is_written(cast: Cast) -> None:
    assert cast.client(cast.patient_user).post("/desk/patients/new/").status_code == 404
    assert [actor for actor, _detail in refusals(cast)] == [cast.patient_user.pk]


def test_a_refusal_of_the_api_is_written(cast: Cast) -> None:
    assert cast.client(cast.clinic_admin).get("/api/v1/patients/").status_code == 403
    assert cast.client(cast.patient_user).get("/api/v1/alerts/").status_code == 404
    assert [actor for actor, _detail in refusals(cast)] == [cast.clinic_admin.pk, cast.patient_user.pk]


def test_a_token_does_no_more_than_its_scopes_though_its_holder_could(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        _row, text = create_token(label="lab", scopes=[Permission.SEE_CLINICAL], days=9, actor=cast.nurse)
    client = cast.client(None)
    headers = {"Authorization": f"Bearer {text}"}
    assert client.get("/api/v1/patients/", headers=headers).status_code == 200
    assert client.get("/api/v1/threads/", headers=headers).status_code == 403


def test_what_is_let_in_writes_no_refusal(cast: Cast) -> None:
    assert cast.client(cast.nurse).get("/desk/").status_code == 200
    assert refusals(cast) == []
