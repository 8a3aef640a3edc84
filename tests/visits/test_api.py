"""Visits over the API: read, book, move and cancel by the same actions, with the same refusals."""

from datetime import timedelta

import pytest

from apps.sessions.models import VisitStatus
from tests.cast import Cast
from tests.visits.scene import arrived, booked, fresh, member, soon

URL = "/api/v1/visits/"


def test_each_side_reads_what_is_theirs(cast: Cast) -> None:
    visit = booked(cast)
    booked(cast, patient=cast.patient_2, starts_at=soon(120))
    own = cast.client(cast.patient_user).get(URL).json()
    assert [row["id"] for row in own["results"]] == [str(visit.pk)]
    assert cast.client(cast.nurse).get(URL).json()["count"] == 2
    assert cast.client(cast.other_prescriber).get(URL).json()["count"] == 0
    assert cast.client(cast.other_prescriber).get(f"{URL}{visit.pk}/").status_code == 404


def test_booking_and_its_conflict(cast: Cast) -> None:
    body = {
        "patient": str(cast.patient.pk),
        "clinician": str(member(cast.prescriber).pk),
        "starts_at": soon(60).isoformat(),
        "minutes": 30,
        "status": "finished",
        "synthetic": True,
    }
    client = cast.client(cast.coordinator)
    made = client.post(URL, body, content_type="application/json")
    assert (made.status_code, made.json()["status"], made.json()["synthetic"]) == (201, "planned", False)
    again = client.post(URL, body | {"patient": str(cast.patient_2.pk)}, content_type="application/json")
    assert again.status_code == 409
    assert "has a visit with" in again.json()["detail"]


@pytest.mark.parametrize("who", ["patient_user", "clinic_admin"])
def test_only_who_books_may_book(cast: Cast, who: str) -> None:
    answer = cast.client(getattr(cast, who)).post(URL, {}, content_type="application/json")
    assert answer.status_code in (403, 404)


def test_a_foreign_patient_cannot_be_booked(cast: Cast) -> None:
    body = {
        "patient": str(cast.other_patient.pk),
        "clinician": str(member(cast.prescriber).pk),
        "starts_at": soon(60).isoformat(),
        "minutes": 30,
    }
    answer = cast.client(cast.coordinator).post(URL, body, content_type="application/json")
    assert answer.status_code in (400, 404)


def test_moving_and_cancelling(cast: Cast) -> None:
    visit = booked(cast, starts_at=soon(600))
    client = cast.client(cast.coordinator)
    later = visit.starts_at + timedelta(hours=1)
    moved = client.patch(f"{URL}{visit.pk}/", {"starts_at": later.isoformat()}, content_type="application/json")
    assert moved.status_code == 200
    assert fresh(cast, visit).starts_at == later
    own = cast.client(cast.patient_user)
    assert own.post(f"{URL}{visit.pk}/cancel/", {}, content_type="application/json").status_code == 200
    assert fresh(cast, visit).status == VisitStatus.CANCELLED


def test_a_visit_that_began_is_not_moved(cast: Cast) -> None:
    visit = arrived(cast)
    answer = cast.client(cast.coordinator).patch(f"{URL}{visit.pk}/", {"minutes": 20}, content_type="application/json")
    assert (answer.status_code, answer.headers["Content-Type"]) == (409, "application/problem+json")


def test_a_clinicians_own_software_admits_ends_and_signs(cast: Cast) -> None:
    url = f"{URL}{arrived(cast).pk}/"
    client, colleague = cast.client(cast.prescriber), cast.client(cast.nurse)
    assert colleague.post(f"{url}admit/", {}, content_type="application/json").status_code == 409
    assert client.post(f"{url}admit/", {}, content_type="application/json").json()["status"] == "in-progress"
    note = {"text": "Sleeps well.", "for_patient": "You go on.", "sign": True}
    unsigned = client.post(f"{url}note/", note, content_type="application/json")
    assert unsigned.status_code == 409
    signed = client.post(f"{url}note/", note | {"next_step": "continue"}, content_type="application/json")
    assert (signed.status_code, signed.json()["status"]) == (200, "final")
    assert client.post(f"{url}note/", note, content_type="application/json").status_code == 409
    assert client.post(f"{url}finish/", {}, content_type="application/json").json()["status"] == "finished"
    for verb in ("admit", "finish", "note"):
        assert cast.client(cast.patient_user).post(f"{url}{verb}/", {}).status_code in (403, 404)
