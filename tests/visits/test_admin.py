"""Visits in the admin: to read, for who may see clinical rows; nothing can be changed there."""

import pytest

from tests.cast import Cast
from tests.visits.scene import finished

PAGES = ["visit", "visitevent", "visitnote"]


@pytest.mark.parametrize("page", PAGES)
def test_the_coordinator_reads_and_adds_nothing(cast: Cast, page: str) -> None:
    finished(cast)
    client = cast.client(cast.coordinator)
    assert client.get(f"/admin/care_sessions/{page}/").status_code == 200
    assert client.get(f"/admin/care_sessions/{page}/add/").status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_the_clinics_administrator_sees_no_clinical_row(cast: Cast, page: str) -> None:
    assert cast.client(cast.clinic_admin).get(f"/admin/care_sessions/{page}/").status_code == 403


def test_a_visit_is_not_changed_in_the_admin(cast: Cast) -> None:
    visit = finished(cast)
    client = cast.client(cast.coordinator)
    page = f"/admin/care_sessions/visit/{visit.pk}/change/"
    assert client.get(page).status_code == 200
    assert client.post(page, {"status": "planned"}).status_code == 403
    assert cast.client(cast.other_prescriber).get(page).status_code in (302, 404)
