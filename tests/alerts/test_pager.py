"""The pager goes to a colleague in one step, at any hour, and nothing that is open gets lost on the way."""

from typing import Any

import pytest

from apps.accounts.models import User
from apps.alerts.actions.pager import hand_over_pager
from apps.alerts.models import RosterShift
from apps.alerts.refusal import AlertRefused
from apps.alerts.roster import gaps_ahead, on_call
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.notifications.models import Delivery
from tests.alerts.scene import a_raise, later, names, steps
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def the_shift(cast: Cast) -> RosterShift:
    with cast.acting(cast.nurse):
        return RosterShift.objects.select_related("clinic").get(rota="on-call", ends_at__gt=clock.now())


def hand(cast: Cast, actor: User, to: User) -> RosterShift:
    with cast.acting(actor):
        assert to.membership
        return hand_over_pager(shift=the_shift(cast), to=to.membership, actor=actor)


def holder(cast: Cast) -> Any:
    with cast.acting(cast.nurse):
        found = on_call(cast.clinic.pk, "on-call", clock.now())
        return found.user if found else None


@pytest.mark.parametrize("who", ["nurse", "therapist", "clinic_admin"])
def test_holder_taker_or_administrator_hand_it_over_and_no_hole_is_left(cast: Cast, who: str) -> None:
    before = the_shift(cast)
    new = hand(cast, getattr(cast, who), cast.therapist)
    assert holder(cast) == cast.therapist
    assert cast.nurse.membership
    assert (new.ends_at, new.stands_in_for_id) == (before.ends_at, cast.nurse.membership.pk)
    with cast.acting(cast.nurse):
        assert gaps_ahead(cast.clinic, "on-call", before.starts_at, before.ends_at) == []
        told = Delivery.objects.filter(template="pager-yours")
        assert {row.recipient_id for row in told} == {cast.therapist.pk}
        assert {row.channel for row in told} == {"sms", "email"}
        gone = set(Delivery.objects.filter(template="pager-gone").values_list("recipient_id", flat=True))
        assert gone == (set() if who == "nurse" else {cast.nurse.pk})
        assert AuditEvent.objects.filter(object_id=new.pk, actor_id=getattr(cast, who).pk).exists()


@pytest.mark.parametrize(
    ("who", "to", "code"),
    [
        ("prescriber", "therapist", "not-allowed"),
        ("coordinator", "therapist", "not-allowed"),
        ("nurse", "nurse", "to"),
        ("nurse", "clinic_admin", "to"),
        ("nurse", "patient_user", "to"),
    ],
)
def test_nobody_else_does_and_not_to_anybody(cast: Cast, who: str, to: str, code: str) -> None:
    with pytest.raises(AlertRefused) as refusal:
        hand(cast, getattr(cast, who), getattr(cast, to))
    assert refusal.value.code == code
    assert holder(cast) == cast.nurse


def test_what_is_open_pages_the_new_holder_at_once_and_what_is_taken_stays(cast: Cast) -> None:
    alert = a_raise(cast.patient)
    later(minutes=1)
    hand(cast, cast.nurse, cast.therapist)
    assert [names(step) for step in steps(alert)] == [["Rosa Osei"], ["Jonas Lindqvist"]]
    later(minutes=1)
    task = a_raise(cast.patient_2, "P3")
    hand(cast, cast.therapist, cast.nurse)
    assert len(steps(alert)) == 3
    assert steps(task) == []


def test_the_roster_page_offers_it_to_whom_it_concerns(cast: Cast) -> None:
    shift = the_shift(cast)
    path = f"/desk/roster/{shift.pk}/hand-over/"
    assert "Hand over now" in cast.client(cast.nurse).get("/desk/roster/").content.decode()
    therapist = cast.client(cast.therapist)
    page = therapist.get("/desk/roster/").content.decode()
    assert ("Take this pager now" in page, "Hand over now" in page) == (True, False)
    assert cast.therapist.membership
    said = therapist.post(path, {"to": str(cast.therapist.membership.pk)}, follow=True).content.decode()
    assert "The pager is handed over." in said
    assert holder(cast) == cast.therapist
    for to in ("", "7", "\x00"):
        assert "Choose a colleague" in therapist.post(path, {"to": to}, follow=True).content.decode()
