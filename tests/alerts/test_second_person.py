"""Four eyes: what weakens the paging is in force only once somebody else confirms it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.actions import change_role
from apps.accounts.clinic_settings import ask_for_setting, change_setting, confirmed_setting, setting
from apps.accounts.models import ContactPoint, Membership, PendingChange
from apps.accounts.pending import ChangeRefused, confirm
from apps.accounts.permissions import Role
from apps.accounts.weakening import weakens
from apps.alerts.actions import ladders
from apps.alerts.actions.raising import snapshot_policy
from apps.alerts.actions.rules import draft_rule, note_trial, publish_rule
from apps.alerts.ladder import weaker_ladder
from apps.alerts.levels import Level
from apps.alerts.models import EscalationPolicy, EscalationRung, Rule
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.core.db.scope import use_clinic
from apps.notifications.models import Delivery
from tests.alerts.scene import later
from tests.cast import Cast, make_person

pytestmark = pytest.mark.django_db

PAGE = "/desk/second-person/"
targets = st.lists(st.sampled_from(["on-call", "director", "treating", "licensed"]), max_size=5)


@pytest.fixture
def boss(cast: Cast) -> Client:
    return cast.client(cast.clinic_admin)


@pytest.fixture
def p1(cast: Cast) -> EscalationPolicy:
    with cast.acting(cast.clinic_admin):
        return EscalationPolicy.objects.select_related("clinic").get(level="P1")


def rungs_now(cast: Cast, level: str = "P1") -> list[str]:
    with cast.acting(cast.clinic_admin):
        found: list[str] = snapshot_policy(cast.clinic, Level(level))["rungs"]
        return found


def the_change(cast: Cast) -> PendingChange:
    with cast.acting(cast.clinic_admin):
        return PendingChange.objects.select_related("clinic", "asked_by").latest("created_at")


def decide(client: Client, change: PendingChange, do: str = "confirm") -> str:
    return client.post(f"{PAGE}{change.pk}/decide/", {"do": do}, follow=True).content.decode()


@given(before=targets, more=targets)
def test_more_rungs_at_the_end_are_the_only_change_that_is_not_weaker(before: list[str], more: list[str]) -> None:
    assert not weaker_ladder(before, before + more)
    assert weaker_ladder(before, before[:-1]) is bool(before)
    if before:
        assert weaker_ladder(before, ["coordinator", *before])


@pytest.mark.parametrize(
    ("name", "before", "after", "weaker"),
    [
        ("p1_acknowledge_minutes", 15, 30, True),
        ("p1_acknowledge_minutes", 15, 10, False),
        ("fallback_contact", "a@b.example", "", True),
        ("fallback_contact", "", "a@b.example", False),
        ("vital_sbp_high", 160, 170, True),
        ("vital_spo2_low", 93, 90, True),
        ("vital_spo2_critical", 91, 92, False),
        ("vital_hr_critical_low", 40, 35, True),
        ("home_look_in_minutes", 15, 30, True),
        ("home_grace_minutes", 3, 10, True),
        ("all_clear_hour", 11, 20, True),
        ("survey_link_hours", 48, 72, False),
    ],
)
def test_later_rarer_or_at_a_worse_value_is_weaker(name: str, before: Any, after: Any, weaker: bool) -> None:
    assert weakens(name, before, after) is weaker


def test_switching_a_ladder_off_waits_for_somebody_else_and_then_pages_nobody_by_it(
    cast: Cast, boss: Client, p1: EscalationPolicy
) -> None:
    said = boss.post(f"/desk/ladders/{p1.pk}/switch/", {"do": "off", "reason": "Rebuilding"}, follow=True)
    assert "Still on." in said.content.decode()
    assert rungs_now(cast) == ["on-call", "director", "licensed"]
    change = the_change(cast)
    assert "Somebody else must confirm it" in boss.get(PAGE).content.decode()
    assert "You asked for this yourself." in decide(boss, change)
    assert rungs_now(cast) == ["on-call", "director", "licensed"]
    assert "It is in force now." in decide(cast.client(cast.prescriber), change)
    assert rungs_now(cast) == []
    with cast.acting(cast.clinic_admin):
        rows = AuditEvent.objects.filter(object_type="accounts.pendingchange", object_id=change.pk)
        assert list(rows.order_by("created_at").values_list("actor_id", "detail")) == [
            (cast.clinic_admin.pk, "ladder-off"),
            (cast.prescriber.pk, "ladder-off confirmed"),
        ]
    assert (
        "In force from now on."
        in boss.post(f"/desk/ladders/{p1.pk}/switch/", {"do": "on"}, follow=True).content.decode()
    )
    assert rungs_now(cast) == ["on-call", "director", "licensed"]


def test_those_who_could_confirm_are_told_by_mail_and_nobody_else(cast: Cast, p1: EscalationPolicy) -> None:
    with cast.acting(cast.clinic_admin):
        ladders.switch_off(policy=p1, actor=cast.clinic_admin, reason="Rebuilding")
        told = Delivery.objects.filter(template="second-person")
        wanted = {cast.prescriber.pk, cast.nurse.pk, cast.therapist.pk}
        assert set(told.values_list("recipient_id", flat=True)) == wanted


@pytest.mark.parametrize("who", ["coordinator", "patient_user", "other_prescriber"])
def test_nobody_without_the_right_confirms(cast: Cast, p1: EscalationPolicy, who: str) -> None:
    with cast.acting(cast.clinic_admin):
        change = ladders.switch_off(policy=p1, actor=cast.clinic_admin, reason="Rebuilding")
    answer = cast.client(getattr(cast, who)).post(f"{PAGE}{change.pk}/decide/", {"do": "confirm"})
    assert answer.status_code in {403, 404}
    assert rungs_now(cast) == ["on-call", "director", "licensed"]


def test_nobody_is_invited_to_confirm_what_one_asked_for_oneself(cast: Cast, p1: EscalationPolicy) -> None:
    with cast.acting(cast.clinic_admin):
        change = ladders.switch_off(policy=p1, actor=cast.clinic_admin, reason="Rebuilding")
        helper = make_person(cast.clinic, "helper", "A Helper", Role.NURSE)
        helper.membership = Membership.objects.get(user=helper)
        with pytest.raises(ChangeRefused, match="worked here, in the same role"):
            confirm(change=change, actor=helper, do=ladders.confirmed_off)
        coordinator = Membership.objects.get(user=cast.coordinator)
        cast.coordinator.membership = change_role(membership=coordinator, role=Role.NURSE, actor=cast.clinic_admin)
        with pytest.raises(ChangeRefused, match="in the same role"):
            confirm(change=change, actor=cast.coordinator, do=ladders.confirmed_off)
    assert rungs_now(cast) == ["on-call", "director", "licensed"]


def test_a_shorter_ladder_waits_and_more_rungs_at_the_end_do_not(cast: Cast, p1: EscalationPolicy) -> None:
    with cast.acting(cast.clinic_admin):
        longer = ["on-call", "director", "licensed", "coordinator"]
        assert ladders.change_rungs(policy=p1, targets=longer, actor=cast.clinic_admin) is None
        assert rungs_now(cast) == longer
        change = ladders.change_rungs(policy=p1, targets=["licensed"], actor=cast.clinic_admin, reason="Small team")
        assert change is not None
        assert rungs_now(cast) == longer
        cast.nurse.membership = cast.nurse.membership
        confirm(change=change, actor=cast.nurse, do=ladders.confirmed_rungs)
    assert rungs_now(cast) == ["licensed"]


def test_a_first_ladder_for_closed_hours_is_measured_by_the_one_that_holds_then(cast: Cast) -> None:
    with cast.acting(cast.clinic_admin):
        night = EscalationPolicy.objects.create(clinic=cast.clinic, level="P1", hours="after-hours", name="Night")
        assert ladders.change_rungs(policy=night, targets=["coordinator"], actor=cast.clinic_admin) is not None
        assert not EscalationRung.objects.filter(policy=night).exists()


def test_what_was_changed_meanwhile_or_asked_long_ago_is_not_confirmed(cast: Cast, p1: EscalationPolicy) -> None:
    with cast.acting(cast.clinic_admin):
        change = ladders.change_rungs(policy=p1, targets=["licensed"], actor=cast.clinic_admin)
        assert change is not None
        longer = ["on-call", "director", "licensed", "coordinator"]
        ladders.change_rungs(policy=p1, targets=longer, actor=cast.clinic_admin)
        with pytest.raises(ChangeRefused, match="changed meanwhile"):
            confirm(change=change, actor=cast.nurse, do=ladders.confirmed_rungs)
        again = ladders.change_rungs(policy=p1, targets=["licensed"], actor=cast.clinic_admin)
        assert again is not None
        later(days=8)
        with pytest.raises(ChangeRefused, match="seven days"):
            confirm(change=again, actor=cast.nurse, do=ladders.confirmed_rungs)
    assert rungs_now(cast) == longer


def test_it_is_decided_once_and_a_refusal_leaves_everything(cast: Cast, boss: Client, p1: EscalationPolicy) -> None:
    with cast.acting(cast.clinic_admin):
        change = ladders.switch_off(policy=p1, actor=cast.clinic_admin, reason="Rebuilding")
    assert "It stays as it was." in decide(cast.client(cast.nurse), change, "refuse")
    assert "decided already" in decide(cast.client(cast.prescriber), change)
    assert rungs_now(cast) == ["on-call", "director", "licensed"]
    with cast.acting(cast.clinic_admin), pytest.raises(IntegrityError), transaction.atomic():
        PendingChange.objects.filter(pk=change.pk).update(outcome="confirmed")


def test_the_database_refuses_a_confirmation_by_whoever_asked(cast: Cast, p1: EscalationPolicy) -> None:
    with cast.acting(cast.clinic_admin):
        change = ladders.switch_off(policy=p1, actor=cast.clinic_admin, reason="Rebuilding")
        with pytest.raises(IntegrityError, match="confirmed_by_somebody_else"), transaction.atomic():
            PendingChange.objects.filter(pk=change.pk).update(
                outcome="confirmed", decided_by=cast.clinic_admin, decided_at=clock.now()
            )


def test_a_later_limit_waits_and_an_earlier_one_does_not(cast: Cast) -> None:
    with cast.acting(cast.clinic_admin):
        given: dict[str, Any] = {"clinic": cast.clinic, "name": "p1_acknowledge_minutes", "actor": cast.clinic_admin}
        assert ask_for_setting(**given, value=10, reason="Better") is None
        assert setting(cast.clinic, "p1_acknowledge_minutes") == 10
        change = ask_for_setting(**given, value=45, reason="Few people")
        assert change is not None
        assert setting(cast.clinic, "p1_acknowledge_minutes") == 10
        confirm(change=change, actor=cast.prescriber, do=confirmed_setting)
        assert setting(cast.clinic, "p1_acknowledge_minutes") == 45
        other = ask_for_setting(**given, value=50, reason="Fewer")
        assert other is not None
        change_setting(**given, value=12, reason="Meanwhile")
        with pytest.raises(ChangeRefused, match="changed meanwhile"):
            confirm(change=other, actor=cast.prescriber, do=confirmed_setting)


def a_rule(cast: Cast, **more: Any) -> Rule:
    words = {"name": "PHQ-9 is high", "why": "w", "source": "s", "level": "P2", "audience": "desk"}
    parameters = more.pop("parameters", {"instrument": "phq-9", "at_least": 20})
    with cast.acting(cast.clinic_admin):
        row = draft_rule(
            clinic=cast.clinic, actor=cast.clinic_admin, kind="score", parameters=parameters, **words | more
        )
        note_trial(rule=row, trial={}, actor=cast.clinic_admin)
    return row


def test_a_rule_is_retired_by_two_people(cast: Cast, boss: Client) -> None:
    row = a_rule(cast)
    with cast.acting(cast.clinic_admin):
        publish_rule(rule=row, actor=cast.clinic_admin)
    boss.post(f"/desk/rules/{row.pk}/change/", {"do": "retire", "reason": "Noise"})
    with cast.acting(cast.clinic_admin):
        assert Rule.objects.get(pk=row.pk).in_force
    assert "It is in force now." in decide(cast.client(cast.nurse), the_change(cast))
    with cast.acting(cast.clinic_admin):
        assert not Rule.objects.get(pk=row.pk).in_force


@pytest.mark.parametrize(
    ("changed", "waits"),
    [
        ({"level": "P1"}, False),
        ({"name": "Another name"}, False),
        ({"level": "P3"}, True),
        ({"audience": "clinicians"}, True),
        ({"parameters": {"instrument": "phq-9", "at_least": 25}}, True),
    ],
)
def test_a_next_version_that_finds_less_or_tells_fewer_waits(
    cast: Cast, boss: Client, changed: dict[str, Any], waits: bool
) -> None:
    first = a_rule(cast)
    with cast.acting(cast.clinic_admin):
        publish_rule(rule=first, actor=cast.clinic_admin)
    second = a_rule(cast, key=first.key, **changed)
    boss.post(f"/desk/rules/{second.pk}/change/", {"do": "publish"})
    with cast.acting(cast.clinic_admin):
        assert Rule.objects.get(pk=second.pk).in_force is not waits
        assert Rule.objects.get(pk=first.pk).in_force is waits
    if waits:
        decide(cast.client(cast.therapist), the_change(cast))
        with cast.acting(cast.clinic_admin):
            assert Rule.objects.get(pk=second.pk).in_force


def test_the_page_says_when_nobody_else_could_confirm(cast: Cast, boss: Client, p1: EscalationPolicy) -> None:
    with cast.acting(cast.clinic_admin):
        ladders.switch_off(policy=p1, actor=cast.clinic_admin, reason="Rebuilding")
        Membership.objects.exclude(role__in=["clinic-admin", "patient", "coordinator"]).update(
            ended_at=clock.now() - timedelta(days=1)
        )
    assert "nobody else here who could confirm" in boss.get(PAGE).content.decode()


def test_a_colleagues_number_changes_only_once_somebody_else_confirms_it(cast: Cast, boss: Client) -> None:
    with cast.acting(cast.clinic_admin):
        point = ContactPoint.objects.get(user=cast.nurse, channel="sms")
    page = f"/admin/accounts/contactpoint/{point.pk}/change/"
    form = {"channel": "sms", "address": "+15550666", "rank": "1"}
    assert "Say why" in boss.post(page, form).content.decode()
    assert "Not in force yet" in boss.post(page, form | {"reason": "new phone"}, follow=True).content.decode()
    with cast.acting(cast.clinic_admin):
        point.refresh_from_db()
        assert point.address == "+15550100"
    change = the_change(cast)
    decide(boss, change)  # whoever asked is not the second person
    with cast.acting(cast.clinic_admin):
        assert ContactPoint.objects.get(pk=point.pk).address == "+15550100"
    shown = cast.client(cast.nurse).get(PAGE).content.decode()
    assert "+15550666" in shown
    assert "+15550100" in shown
    decide(cast.client(cast.nurse), change)
    with cast.acting(cast.clinic_admin):
        assert ContactPoint.objects.get(pk=point.pk).address == "+15550666"
        assert AuditEvent.objects.filter(object_id=point.pk, detail="contact").count() == 1


def test_a_contact_that_a_person_has_already_is_refused_in_words(cast: Cast, boss: Client) -> None:
    with cast.acting(cast.clinic_admin):
        point = ContactPoint.objects.get(user=cast.clinic_admin, channel="email")
    form = {"channel": "sms", "address": "+15550100", "rank": "2", "reason": "the same"}
    for path, more in ((f"{point.pk}/change/", {}), ("add/", {"user": str(cast.clinic_admin.pk)})):
        answer = boss.post(f"/admin/accounts/contactpoint/{path}", form | more)
        assert "has this contact already" in answer.content.decode()
    with cast.acting(cast.clinic_admin):
        assert ContactPoint.objects.filter(user=cast.clinic_admin, channel="sms").count() == 1


def test_ones_own_number_needs_nobody_else(cast: Cast, boss: Client) -> None:
    with cast.acting(cast.clinic_admin):
        point = ContactPoint.objects.get(user=cast.clinic_admin, channel="sms")
    form = {"channel": "sms", "address": "+15550777", "rank": "1", "reason": "new phone"}
    boss.post(f"/admin/accounts/contactpoint/{point.pk}/change/", form)
    with cast.acting(cast.clinic_admin):
        assert ContactPoint.objects.get(pk=point.pk).address == "+15550777"
        assert not PendingChange.objects.exists()


def test_a_new_way_to_a_colleague_waits_only_where_it_would_come_before_the_known_ones(
    cast: Cast, boss: Client
) -> None:
    page = "/admin/accounts/contactpoint/add/"
    form = {"user": str(cast.nurse.pk), "channel": "sms", "address": "+15550661", "reason": "second phone"}
    boss.post(page, form | {"rank": "3"})  # after the text message (1) and the email (2): only adds
    answer = boss.post(page, form | {"rank": "1", "address": "+15550662"}, follow=True)
    assert "Not in force yet" in answer.content.decode()
    with cast.acting(cast.clinic_admin):
        numbers = ContactPoint.objects.filter(user=cast.nurse, channel="sms").values_list("address", flat=True)
        assert set(numbers) == {"+15550100", "+15550661"}
    change = the_change(cast)
    nurse = cast.client(cast.nurse)
    assert "+15550662" in nurse.get(PAGE).content.decode()
    decide(nurse, change)
    with cast.acting(cast.clinic_admin):
        assert ContactPoint.objects.get(user=cast.nurse, address="+15550662").rank == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_for_the_same_at_once_leave_one_that_waits(cast: Cast) -> None:
    given = {"name": "p1_acknowledge_minutes", "actor": cast.clinic_admin, "reason": "night"}

    def asked(value: int) -> None:
        try:
            with use_clinic(cast.clinic.pk), transaction.atomic():
                ask_for_setting(clinic=cast.clinic, value=value, **given)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(asked, range(21, 25)))
    with use_clinic(cast.clinic.pk), transaction.atomic():
        assert PendingChange.objects.filter(outcome="").count() == 1
        assert PendingChange.objects.count() == 4
