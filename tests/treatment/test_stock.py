"""The ledger of controlled substances adds up under anything that is done to it, and a count that does not match is told."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.notifications.models import Delivery
from apps.sessions import actions
from apps.sessions.actions import NewLot, Signed, TreatmentRefused
from apps.sessions.actions.stock import balance_of
from apps.sessions.models import MedicationAdministration, StockDifference, StockEntry, StockLot
from apps.sessions.owed import tell_differences
from apps.sessions.treatment.stock import Entry, sums
from tests.cast import Cast
from tests.treatment.scene import PIN, dosed, fresh, later, worked
from tests.treatment.scene import given as give

AMOUNTS = st.decimals(Decimal("0.01"), Decimal(900), places=2)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["received", "found", "wasted", "broken", "lost", "returned"]), AMOUNTS),
        st.tuples(st.just("count"), AMOUNTS),
        st.tuples(st.just("correct"), st.integers(0, 30)),
    ),
    max_size=14,
)


@given(st.lists(st.tuples(st.sampled_from(list(Entry)), AMOUNTS)), st.decimals(0, 10**6, places=2))
def test_opening_and_received_are_given_wasted_returned_and_closing(
    entries: list[tuple[Entry, Decimal]], opening: Decimal
) -> None:
    assert sums(opening, entries).adds_up


def signed(cast: Cast) -> Signed:
    assert cast.prescriber.membership
    return Signed(cast.prescriber.membership.pk, PIN)


def a_lot(cast: Cast, lot: str = "L-77") -> StockLot:
    with cast.acting(cast.prescriber) as doctor, transaction.atomic():
        actions.set_pin(pin=PIN, actor=doctor)
    new = NewLot("ketamine", "Ketamine 500 mg vial", lot, clock.now().date() + timedelta(days=300), Decimal(500))
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        return actions.add_lot(clinic=cast.clinic, new=new, units=2, signed=signed(cast), actor=nurse)


@pytest.mark.django_db
@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_the_ledger_adds_up_after_any_sequence_and_is_never_below_nothing(cast: Cast, steps: Any) -> None:
    with transaction.atomic():
        lot = a_lot(cast)
        with cast.acting(cast.nurse) as nurse:
            for what, value in steps:
                _do(cast, lot, nurse, what, value)
            rows = list(StockEntry.objects.filter(lot=lot).order_by("seq"))
        found = sums(Decimal(0), [(Entry(row.kind), row.amount_mg) for row in rows])
        assert found.adds_up
        assert found.closing == rows[-1].balance_mg >= 0
        assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
        transaction.set_rollback(True)


def _do(cast: Cast, lot: StockLot, nurse: Any, what: str, value: Any) -> None:
    try:
        with transaction.atomic():
            if what == "count":
                actions.count_stock(lot=lot, counted_mg=value, signed=signed(cast), actor=nurse)
            elif what == "correct":
                rows = list(lot.entries.order_by("seq"))
                entry = rows[value % len(rows)]
                actions.correct_entry(entry=entry, reason="typed wrong", signed=signed(cast), actor=nurse)
            else:
                more = {"kind": what, "amount_mg": value, "reason": "dropped"}
                actions.enter_stock(lot=lot, **more, signed=signed(cast), actor=nurse)
    except TreatmentRefused as refusal:
        refused = refusal.code
    else:
        refused = ""
    assert refused in ("", "too-little", "corrects")


@pytest.mark.django_db
def test_postgresql_itself_refuses_a_line_that_does_not_follow(cast: Cast) -> None:
    lot = a_lot(cast)
    with cast.acting(cast.nurse) as nurse:
        line = {"clinic": cast.clinic, "lot": lot, "occurred_at": clock.now(), "actor": nurse.membership, "reason": "x"}
        for wrong in ({"seq": 2, "balance_mg": 999}, {"seq": 3, "balance_mg": 900}, {"seq": 1, "balance_mg": 900}):
            with pytest.raises(IntegrityError), transaction.atomic():
                StockEntry.objects.create(kind="wasted", amount_mg=100, **line, **wrong)
        with pytest.raises(Exception, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("update care_sessions_stockentry set amount_mg = 1")


@pytest.mark.django_db
def test_every_line_is_signed_by_two(cast: Cast) -> None:
    lot = a_lot(cast)
    assert cast.nurse.membership
    for second in (Signed(), Signed(cast.nurse.membership.pk, PIN), Signed(signed(cast).second_id, "999999")):
        with cast.acting(cast.nurse) as nurse, transaction.atomic(), pytest.raises(TreatmentRefused):
            actions.count_stock(lot=lot, counted_mg=Decimal(1000), signed=second, actor=nurse)
    with use_clinic(cast.clinic.pk):
        assert StockEntry.objects.count() == 1


@pytest.mark.django_db
def test_a_dose_and_its_waste_leave_the_lot_and_come_back_when_it_was_an_error(cast: Cast) -> None:
    from tests.treatment.scene import IV, ready

    lot = a_lot(cast)
    session = ready(cast)
    from dataclasses import replace

    give(cast, session, replace(IV, wasted_mg=10))
    with use_clinic(cast.clinic.pk):
        assert balance_of(lot) == Decimal(950)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        actions.void_dose(session=fresh(cast, session), reason="other vial", actor=nurse)
    with use_clinic(cast.clinic.pk):
        assert balance_of(lot) == Decimal(1000)


@pytest.mark.django_db
def test_a_dose_from_a_lot_that_has_not_so_much_is_given_and_told(cast: Cast) -> None:
    lot = a_lot(cast)
    with cast.acting(cast.nurse) as nurse, transaction.atomic():
        actions.enter_stock(lot=lot, kind="lost", amount_mg=Decimal(990), reason="?", signed=signed(cast), actor=nurse)
    dosed(cast)
    with use_clinic(cast.clinic.pk):
        assert MedicationAdministration.objects.count() == 1
        assert StockDifference.objects.get().found_mg == Decimal(10)


@pytest.mark.django_db
def test_a_count_that_does_not_match_is_told_every_hour_until_a_prescriber_explains_it(cast: Cast) -> None:
    lot = a_lot(cast)
    nurse = cast.client(cast.nurse)
    page = reverse("stock-lot", args=[lot.pk])
    second = {"count-second": str(signed(cast).second_id), "count-pin": PIN}
    assert nurse.post(page, {"do": "count", "count-counted_mg": "1000", **second}).status_code == 302
    assert worked(cast, tell_differences) == 0
    assert nurse.post(page, {"do": "count", "count-counted_mg": "950", **second}).status_code == 302
    assert worked(cast, tell_differences) == 1
    assert worked(cast, tell_differences) == 0
    later(61)
    assert worked(cast, tell_differences) == 1
    with use_clinic(cast.clinic.pk):
        letters = Delivery.objects.filter(template="stock-difference")
        assert set(letters.values_list("recipient_id", flat=True)) == {cast.prescriber.pk, cast.clinic_admin.pk}
        row = StockDifference.objects.get()
    words = {"resolution": "Two devices were in the other drawer"}
    nurse = cast.client(cast.nurse)  # the first one has been idle for an hour, and is locked
    assert nurse.post(reverse("stock-explain", args=[row.pk]), words).status_code == 403
    assert cast.client(cast.prescriber).post(reverse("stock-explain", args=[row.pk]), words).status_code == 302
    later(61)
    assert worked(cast, tell_differences) == 0
    nurse = cast.client(cast.nurse)
    assert "950" in nurse.get(reverse("stock-card", args=[lot.pk])).content.decode()
    assert nurse.get(reverse("stock")).status_code == 200
