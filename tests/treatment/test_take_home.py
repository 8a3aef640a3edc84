"""Medicine at home: counted by the person; what stands out is a conversation."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.models import Alert
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.sessions.exposure import day_of
from apps.sessions.models import TakeHomeCount
from apps.sessions.treatment.take_home import Count, Supply, expected, to_talk_about
from tests.cast import Cast

DAY = date(2026, 11, 1)


@given(st.integers(1, 200), st.integers(1, 90), st.integers(0, 120))
def test_whoever_takes_it_evenly_is_never_talked_to(units: int, days: int, after: int) -> None:
    supply, today = Supply(DAY, units, days), DAY + timedelta(days=after)
    assert 0 <= expected(supply, today) <= units
    assert to_talk_about([supply], Count(today, expected(supply, today)), today) == ()


def test_more_used_lost_and_early_are_each_named() -> None:
    supply, today = Supply(DAY, 30, 30), DAY + timedelta(days=10)
    assert to_talk_about([supply], Count(today, 17), today) == ("more_used",)
    assert to_talk_about([supply], Count(today, 18), today) == ()  # 12 instead of 10: not worth a word
    assert to_talk_about([supply], Count(today, 15, lost=5), today) == ("lost",)
    assert to_talk_about([supply, Supply(today, 30, 30)], None, today) == ("early_refill",)
    assert to_talk_about([supply, Supply(DAY + timedelta(days=27), 30, 30)], None, today) == ()


@pytest.mark.django_db
def test_a_prescriber_hands_out_and_the_person_counts(cast: Cast) -> None:
    page = f"/desk/patients/{cast.patient.pk}/take-home/"
    on = day_of(cast.clinic, clock.now()) - timedelta(days=10)
    handed: dict[str, Any] = {"description": "Ketamine 50 mg troche", "unit_mg": "50", "units": 30, "days": 30}
    assert cast.client(cast.nurse).post(page, handed | {"supplied_on": on.isoformat()}).status_code == 403
    doctor = cast.client(cast.prescriber)
    assert doctor.post(page, handed | {"supplied_on": "2999-01-01"}).status_code == 422
    assert doctor.post(page, handed | {"supplied_on": on.isoformat()}).status_code == 302
    maria = cast.client(cast.patient_user)
    assert maria.post("/take-home/", {"units": 40, "lost": 0}).status_code == 422
    assert maria.post("/take-home/", {"units": 20, "lost": 0}).status_code == 302
    with use_clinic(cast.clinic.pk):
        assert not Alert.objects.exists()
    assert maria.post("/take-home/", {"units": 10, "lost": 2, "note": "fell in the sink"}).status_code == 302
    with use_clinic(cast.clinic.pk):
        assert Alert.objects.get().level == "P3"
        assert TakeHomeCount.objects.first().to_talk_about == ["more_used", "lost"]  # type: ignore[union-attr]
    assert "fell in the sink" in doctor.get(page).content.decode()
    assert cast.client(cast.patient_2_user).post("/take-home/", {"units": 1, "lost": 0}).status_code == 422
