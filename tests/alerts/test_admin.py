"""The admin of alerts: ladders and the roster as a workplace, history read only, inside the clinic's walls."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from apps.accounts.models import PendingChange, User
from apps.accounts.pending import confirm
from apps.alerts.actions.ladders import confirmed_rungs
from apps.alerts.models import AlertEvent, EscalationPolicy, EscalationRung, RosterShift
from apps.core import clock
from tests.alerts.scene import a_raise
from tests.cast import Cast

pytestmark = pytest.mark.django_db

POLICIES, SHIFTS, ALERTS = (f"/admin/alerts/{name}/" for name in ("escalationpolicy", "rostershift", "alert"))
IMPORT = f"{SHIFTS}import/"


@pytest.fixture
def boss(cast: Cast) -> Client:
    return cast.client(cast.clinic_admin)


def rungs(policy: EscalationPolicy, *rows: tuple[Any, str, bool]) -> dict[str, str]:
    """What the form of a ladder sends: number, target, deleted; existing rungs first."""
    known = list(policy.rungs.order_by("rung"))
    data = {
        "name": policy.name,
        "rungs-TOTAL_FORMS": str(len(rows)),
        "rungs-INITIAL_FORMS": str(len(known)),
        "rungs-MIN_NUM_FORMS": "0",
        "rungs-MAX_NUM_FORMS": "1000",
    }
    for place, (number, target, gone) in enumerate(rows):
        data |= {f"rungs-{place}-rung": str(number), f"rungs-{place}-target": target}
        data |= {f"rungs-{place}-id": str(known[place].pk) if place < len(known) else ""}
        data |= {f"rungs-{place}-policy": str(policy.pk)} | ({f"rungs-{place}-DELETE": "on"} if gone else {})
    return data


def ladder(cast: Cast, level: str) -> list[str]:
    with cast.acting(cast.clinic_admin):
        return list(EscalationRung.objects.filter(policy__level=level).values_list("target", flat=True))


def a_second_person_confirms(cast: Cast) -> None:
    with cast.acting(cast.prescriber):
        confirm(change=PendingChange.objects.get(outcome=""), actor=cast.prescriber, do=confirmed_rungs)


@pytest.fixture
def p1(cast: Cast) -> EscalationPolicy:
    with cast.acting(cast.clinic_admin):
        return EscalationPolicy.objects.get(level="P1")


def test_the_ladders_of_the_own_clinic_are_listed_in_words(cast: Cast, boss: Client) -> None:
    page = boss.get(POLICIES).content.decode()
    assert "on call → medical director on call → all licensed clinicians" in page
    assert page.count("P1 ladder") == 1


def test_rungs_change_places_and_are_numbered_anew(cast: Cast, boss: Client, p1: EscalationPolicy) -> None:
    with cast.acting(cast.clinic_admin):
        data = rungs(p1, (7, "on-call", False), (3, "director", False), (9, "licensed", False))
    assert boss.post(f"{POLICIES}{p1.pk}/change/", data).status_code == 302
    assert ladder(cast, "P1") == ["on-call", "director", "licensed"]
    a_second_person_confirms(cast)
    assert ladder(cast, "P1") == ["director", "on-call", "licensed"]
    with cast.acting(cast.clinic_admin):
        assert list(p1.rungs.values_list("rung", flat=True)) == [0, 1, 2]


def test_a_rung_is_taken_out_and_another_put_in(cast: Cast, boss: Client, p1: EscalationPolicy) -> None:
    with cast.acting(cast.clinic_admin):
        data = rungs(
            p1, (0, "on-call", False), (1, "director", True), (2, "licensed", False), (3, "coordinator", False)
        )
    assert boss.post(f"{POLICIES}{p1.pk}/change/", data).status_code == 302
    a_second_person_confirms(cast)
    assert ladder(cast, "P1") == ["on-call", "licensed", "coordinator"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(0, "on-call", True), (1, "director", True), (2, "licensed", True)], "at least one rung"),
        ([(0, "on-call", False), (1, "on-call", False), (2, "licensed", False)], "Two rungs in a row"),
        ([(0, "on-call", False), (1, "nobody", False), (2, "licensed", False)], "valid choice"),
        ([(-1, "on-call", False), (1, "director", False), (2, "licensed", False)], "greater than or equal to 0"),
        ([("x", "on-call", False), (1, "director", False), (2, "licensed", False)], "whole number"),
    ],
)
def test_a_ladder_that_makes_no_sense_is_refused_in_words(
    cast: Cast, boss: Client, p1: EscalationPolicy, rows: Any, said: str
) -> None:
    with cast.acting(cast.clinic_admin):
        data = rungs(p1, *rows)
    response = boss.post(f"{POLICIES}{p1.pk}/change/", data)
    assert response.status_code == 200
    assert said in response.content.decode()
    assert ladder(cast, "P1") == ["on-call", "director", "licensed"]


def test_a_second_ladder_for_a_level_is_refused(cast: Cast, boss: Client) -> None:
    data = {
        "level": "P1",
        "hours": "always",
        "name": "Another",
        "rungs-TOTAL_FORMS": "1",
        "rungs-INITIAL_FORMS": "0",
        "rungs-0-rung": "0",
        "rungs-0-target": "on-call",
    }
    response = boss.post(f"{POLICIES}add/", data)
    assert "There is a ladder for this level and time already" in response.content.decode()


def shift(cast: Cast, who: User, **change: Any) -> dict[str, str]:
    """A shift two months ahead, as the form sends it, in the clinic's wall clock."""
    zone = ZoneInfo(cast.clinic.time_zone)
    day = (clock.now().astimezone(zone) + timedelta(days=60)).date()
    assert who.membership
    given = {
        "rota": "on-call",
        "membership": str(who.membership.pk),
        "starts_at_0": str(day),
        "starts_at_1": "08:00:00",
    }
    return {**given, "ends_at_0": str(day), "ends_at_1": "20:00:00", "stands_in_for": "", **change}


def test_a_shift_is_entered_in_the_clinics_wall_clock(cast: Cast, boss: Client) -> None:
    assert boss.post(f"{SHIFTS}add/", shift(cast, cast.therapist)).status_code == 302
    with cast.acting(cast.clinic_admin):
        row = RosterShift.objects.get(membership=cast.therapist.membership)
    local = row.starts_at.astimezone(ZoneInfo(cast.clinic.time_zone))
    assert (local.hour, local.minute) == (8, 0)
    assert row.clinic_id == cast.clinic.pk
    assert "8 a.m." in boss.get(SHIFTS).content.decode()


def test_an_overlap_is_refused_with_the_name_of_who_holds_the_pager(cast: Cast, boss: Client) -> None:
    boss.post(f"{SHIFTS}add/", shift(cast, cast.therapist))
    response = boss.post(f"{SHIFTS}add/", shift(cast, cast.prescriber, starts_at_1="19:00:00", ends_at_1="23:00:00"))
    assert "Jonas Lindqvist already holds this pager" in response.content.decode()
    assert boss.post(f"{SHIFTS}add/", shift(cast, cast.prescriber, rota="director")).status_code == 302, "another rota"


def test_a_shift_may_be_changed_without_overlapping_itself(cast: Cast, boss: Client) -> None:
    boss.post(f"{SHIFTS}add/", shift(cast, cast.therapist))
    with cast.acting(cast.clinic_admin):
        row = RosterShift.objects.get(membership=cast.therapist.membership)
    response = boss.post(f"{SHIFTS}{row.pk}/change/", shift(cast, cast.therapist, ends_at_1="21:00:00"))
    assert response.status_code == 302


@pytest.mark.parametrize(
    "change",
    [
        {"ends_at_1": "07:00:00"},
        {"ends_at_1": "08:00:00"},
        {"ends_at_0": "2999-01-01"},
        {"starts_at_0": "2026-02-30"},
        {"starts_at_1": "24:00"},
        {"rota": "bowling"},
        {"membership": "x"},
    ],
)
def test_a_shift_that_cannot_be_is_refused(cast: Cast, boss: Client, change: dict[str, str]) -> None:
    response = boss.post(f"{SHIFTS}add/", shift(cast, cast.therapist, **change))
    assert response.status_code == 200
    assert "errorlist" in response.content.decode() or "errornote" in response.content.decode()
    with cast.acting(cast.clinic_admin):
        assert RosterShift.objects.count() == 2


@pytest.mark.parametrize("who", ["patient_user", "clinic_admin", "other_prescriber"])
def test_only_who_may_take_alerts_gets_a_shift(cast: Cast, boss: Client, who: str) -> None:
    boss.post(f"{SHIFTS}add/", shift(cast, getattr(cast, who)))
    with cast.acting(cast.clinic_admin):
        assert RosterShift.objects.count() == 2


def test_after_a_change_the_holes_of_the_week_are_said(cast: Cast, boss: Client) -> None:
    with cast.acting(cast.clinic_admin):
        RosterShift.objects.filter(rota="director").delete()
    response = boss.post(f"{SHIFTS}add/", shift(cast, cast.therapist), follow=True)
    assert "Nobody holds the pager director from" in response.content.decode()


TABLE = """day,from,to,rota,email
2027-03-13,20:00,08:00,on-call,osei@telek.example
2027-03-14,08:00,20:00,on-call,LINDQVIST@telek.example

2027-03-14,08:00,20:00,director,okafor@telek.example
"""


def shifts(cast: Cast) -> int:
    with cast.acting(cast.clinic_admin):
        return RosterShift.objects.filter(starts_at__year=2027, starts_at__month=3).count()


def test_a_table_is_imported_and_the_same_table_again_is_harmless(cast: Cast, boss: Client) -> None:
    first = boss.post(IMPORT, {"table": TABLE}, follow=True)
    assert "3 shifts added, 0 were there already." in first.content.decode()
    second = boss.post(IMPORT, {"table": TABLE}, follow=True)
    assert "0 shifts added, 3 were there already." in second.content.decode()
    assert shifts(cast) == 3
    with cast.acting(cast.clinic_admin):
        night, day = RosterShift.objects.filter(rota="on-call", starts_at__year=2027).order_by("starts_at")
    assert night.ends_at == day.starts_at, "also in the night in which clocks change"
    assert night.ends_at - night.starts_at == timedelta(hours=11)


@pytest.mark.parametrize("mark", ["\t", ";"])
def test_a_table_from_a_spreadsheet_is_read_as_well(cast: Cast, boss: Client, mark: str) -> None:
    boss.post(IMPORT, {"table": "\ufeff" + TABLE.replace(",", mark).replace("\n", "\r\n")})
    assert shifts(cast) == 3


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2027-03-15,08:00,20:00,on-call,nobody@telek.example", "may take alerts here"),
        ("2027-03-15,08:00,20:00,on-call,maria@telek.example", "may take alerts here"),
        ("2027-03-15,08:00,20:00,on-call,marsh@telek.example", "may take alerts here"),
        ("2027-02-30,08:00,20:00,on-call,osei@telek.example", "a day is written"),
        ("2027-03-15,25:00,20:00,on-call,osei@telek.example", "a day is written"),
        ("9999-12-31,20:00,08:00,on-call,osei@telek.example", "a day is written"),
        ("2027-03-15,08:00,20:00,night,osei@telek.example", "the rota is"),
        ("2027-03-15,08:00,20:00", "five columns"),
        ("2027-03-14,10:00,12:00,on-call,osei@telek.example", "already holds this pager"),
        ("=cmd(),08:00,20:00,on-call,osei@telek.example", "a day is written"),
    ],
)
def test_one_bad_line_is_said_and_nothing_is_imported(cast: Cast, boss: Client, line: str, said: str) -> None:
    response = boss.post(IMPORT, {"table": TABLE + line})
    page = response.content.decode()
    assert response.status_code == 200
    assert said in page
    assert "Line 6" in page
    assert shifts(cast) == 0


@pytest.mark.parametrize("table", ["", "\x00", '"', "a" * 200_001])
def test_odd_tables_break_nothing(cast: Cast, boss: Client, table: str) -> None:
    assert boss.post(IMPORT, {"table": table}).status_code in {200, 302}
    assert shifts(cast) == 0


def test_a_coordinator_sees_alerts_with_their_history_and_changes_nothing(cast: Cast) -> None:
    alert = a_raise(cast.patient, "P1", title="PHQ-9 item 9 = 2")
    client = cast.client(cast.coordinator)
    page = client.get(f"{ALERTS}{alert.pk}/change/").content.decode()
    assert "Rosa Osei" in page
    assert 'name="_save"' not in page
    assert client.post(f"{ALERTS}{alert.pk}/change/", {"state": "resolved"}).status_code == 403
    assert client.get(f"{ALERTS}add/").status_code == 403
    assert client.post(f"{ALERTS}{alert.pk}/delete/", {"post": "yes"}).status_code == 403
    with cast.acting(cast.coordinator):
        assert AlertEvent.objects.filter(alert=alert).count() == 2


def test_an_administrator_without_clinical_rights_sees_no_alerts(cast: Cast, boss: Client) -> None:
    alert = a_raise(cast.patient, "P1", title="PHQ-9 item 9 = 2")
    assert boss.get(ALERTS).status_code == 403
    assert "PHQ-9" not in boss.get(f"{ALERTS}{alert.pk}/change/", follow=True).content.decode()


def test_a_row_of_another_clinic_is_not_there(cast: Cast, boss: Client) -> None:
    with cast.acting(cast.other_prescriber):
        foreign = EscalationPolicy.objects.get(level="P1")
        pager = RosterShift.objects.filter(rota="on-call").get()
    assert boss.get(f"{POLICIES}{foreign.pk}/change/").status_code == 302
    assert boss.get(f"{SHIFTS}{pager.pk}/change/").status_code == 302
    assert "Della Marsh" not in boss.get(SHIFTS).content.decode()


def test_a_coordinator_looks_at_the_roster_and_does_not_change_it(cast: Cast) -> None:
    client = cast.client(cast.coordinator)
    assert client.get(SHIFTS).status_code == 200
    assert client.get(f"{SHIFTS}add/").status_code == 403
    assert client.post(IMPORT, {"table": TABLE}).status_code == 403
    assert client.get(POLICIES).status_code == 403
    assert shifts(cast) == 0


@pytest.mark.parametrize("who", ["nurse", "patient_user", "other_patient_user"])
@pytest.mark.parametrize("address", [POLICIES, SHIFTS, IMPORT, ALERTS])
def test_nobody_else_enters(cast: Cast, who: str, address: str) -> None:
    response = cast.client(getattr(cast, who)).get(address)
    assert response.status_code in {302, 403, 404}
