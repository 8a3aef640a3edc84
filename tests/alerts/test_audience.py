"""Who sees an alert: a rule may keep one to clinicians, and never from whoever the ladder means."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from apps.alerts.actions import acknowledge, hand_over
from apps.alerts.models import Alert, RosterShift
from apps.alerts.topics import OFFER
from apps.core import clock
from telek.desk_context import nav_counts
from telek.live_alerts import DeskAlerts
from tests.alerts.scene import a_raise, fresh, later
from tests.cast import Cast

pytestmark = pytest.mark.django_db

assert OFFER.states
ONE = OFFER.states["alert"]


def kept(cast: Cast, level: str = "P2", **more: object) -> Alert:
    return a_raise(cast.patient, level, cause="rule-x", title="Kept word", audience="clinicians", **more)


def seen(cast: Cast, user: object) -> bool:
    with cast.acting(user):  # type: ignore[arg-type]
        return bool(Alert.objects.visible_to(user).exists())


def test_an_alert_for_clinicians_is_on_no_door_of_a_coordinator(cast: Cast) -> None:
    alert = kept(cast)
    client = cast.client(cast.coordinator)
    for page in ("/desk/", "/desk/alerts/", f"/desk/patients/{cast.patient.pk}/", "/admin/alerts/alert/"):
        assert "Kept word" not in client.get(page).content.decode(), page
    for page in (
        f"/desk/alerts/{alert.pk}/",
        f"/desk/alerts/{alert.pk}/panel/",
        f"/desk/alerts/{alert.pk}/acknowledge/",
    ):
        assert client.get(page).status_code == 404, page
    assert client.post(f"/desk/alerts/{alert.pk}/acknowledge/").status_code == 404
    assert client.get("/api/v1/alerts/").json()["results"] == []
    assert client.get(f"/api/v1/alerts/{alert.pk}/").status_code == 404
    assert client.post(f"/api/v1/alerts/{alert.pk}/acknowledge/").status_code == 404
    with cast.acting(cast.coordinator):
        assert not ONE.may_follow(cast.coordinator, str(alert.pk))
        assert nav_counts(cast.coordinator).get("alerts") is None
    assert fresh(alert).state == "open"


def test_clinicians_see_it_everywhere(cast: Cast) -> None:
    alert = kept(cast)
    for user in (cast.prescriber, cast.nurse, cast.therapist):
        assert seen(cast, user)
    assert "Kept word" in cast.client(cast.therapist).get("/desk/").content.decode()
    assert cast.client(cast.therapist).get(f"/api/v1/alerts/{alert.pk}/").status_code == 200


def test_a_p1_is_seen_by_the_whole_desk_whatever_its_rule_says(cast: Cast) -> None:
    kept(cast, "P1")
    assert seen(cast, cast.coordinator)


def test_one_that_becomes_a_p1_comes_to_the_whole_desk(cast: Cast) -> None:
    kept(cast)
    assert not seen(cast, cast.coordinator)
    kept(cast, "P1", source_id=uuid4())
    assert seen(cast, cast.coordinator)


def test_whoever_is_on_call_sees_every_alert(cast: Cast) -> None:
    kept(cast)
    with cast.acting(cast.clinic_admin):
        RosterShift.objects.filter(rota="on-call").update(membership=cast.coordinator.membership)
    assert seen(cast, cast.coordinator)


def test_whoever_was_paged_or_given_it_sees_it_afterwards(cast: Cast) -> None:
    alert = kept(cast)
    with cast.acting(cast.clinic_admin):
        RosterShift.objects.all().delete()
    assert not seen(cast, cast.coordinator)
    with cast.acting(cast.nurse):
        acknowledge(alert=alert, actor=cast.nurse)
        assert cast.coordinator.membership
        hand_over(alert=alert, actor=cast.nurse, to=cast.coordinator.membership, reason="She knows them")
    assert seen(cast, cast.coordinator)


def test_two_desks_of_one_role_are_shown_what_each_may_see(cast: Cast) -> None:
    alert = kept(cast)
    with cast.acting(cast.clinic_admin):
        RosterShift.objects.filter(rota="on-call").update(membership=cast.coordinator.membership)
        shown, hidden = DeskAlerts().for_all([(cast.coordinator, {}), (_another(cast), {})], "", None)
    assert [row["id"] for row in shown] == [str(alert.pk)]
    assert hidden == []


def _another(cast: Cast) -> object:
    from apps.accounts.permissions import Role
    from tests.cast import make_person

    return make_person(cast.clinic, "second-coordinator", "Second Coordinator", Role.COORDINATOR)


def test_the_wider_of_two_rules_decides_and_nothing_ever_hides_an_alert_again(cast: Cast) -> None:
    alert = kept(cast)
    a_raise(cast.patient, "P2", cause="rule-x", source_id=uuid4())
    assert fresh(alert).audience == "desk"
    kept(cast, source_id=uuid4())
    assert fresh(alert).audience == "desk"
    with cast.acting(cast.nurse), pytest.raises(IntegrityError, match="never hidden"), transaction.atomic():
        Alert.objects.filter(pk=alert.pk).update(audience="clinicians")


def test_nobodys_alert_cannot_be_made_of_a_person(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="of a person is seen"), transaction.atomic():
        a_raise(cast.patient, "P1", audience="nobody")


def test_a_kept_alert_still_climbs_to_whoever_holds_the_pager(cast: Cast) -> None:
    alert = kept(cast)
    later(minutes=61)
    with cast.acting(cast.clinic_admin):
        from apps.alerts.engine import step

        step(fresh(alert), clock.now())
    assert fresh(alert).rung == 1
