"""Alert quality, the queue of silent people, and the remote-monitoring report."""

from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.actions import raise_alert
from apps.alerts.models import Alert, AlertEvent
from apps.alerts.quality import RuleLine, burden, quantile, rule_lines, rule_name
from apps.core import clock
from apps.core.spreadsheet import cell
from apps.monitoring.actions import Reading, add_device, record_observations
from apps.monitoring.models import QuestionnaireResponse, Slot
from apps.monitoring.silence import silent_people
from apps.patients.models import Patient
from tests.cast import Cast
from tests.monitoring.stage import assigned

DAY = timedelta(days=1)


@given(st.text())
def test_no_cell_of_a_table_is_a_formula(text: str) -> None:
    assert not cell(text).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@pytest.mark.parametrize(("value", "shown"), [("=1+1", "'=1+1"), (-5, "-5"), (None, ""), (" @SUM(A1)", "' @SUM(A1)")])
def test_a_formula_is_a_text_and_a_number_a_number(value: object, shown: str) -> None:
    assert cell(value) == shown


def test_percentiles_are_measured_values() -> None:
    assert [quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], share) for share in (0.5, 0.9)] == [5, 9]
    assert quantile([], 0.5) is None


def test_a_proposal_needs_enough_and_never_touches_the_floor() -> None:
    def line(cause: str, level: str, acted: int, dismissed: int) -> str:
        return RuleLine("r", level, cause, acted_on=acted, dismissed=dismissed).proposal

    assert line("rule-x", "P2", 1, 9) == "retire"
    assert line("rule-x", "P2", 4, 6) == "tighten"
    assert line("rule-x", "P2", 8, 2) == line("rule-x", "P2", 0, 9) == ""
    assert line("suicidal-thoughts", "P2", 0, 20) == line("rule-x", "P1", 0, 20) == ""


def test_the_counter_of_a_problem_is_no_rule_of_its_own() -> None:
    assert rule_name("problem-unlooked-20261124140000", "problem-open-1") == "problem-unlooked"
    assert rule_name("pulse-2", "vital-signs") == "pulse-2"


@pytest.mark.django_db
def test_a_rule_s_line_counts_what_came_of_its_alerts_and_how_fast(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        for patient, disposition in ((cast.patient, "no-concern"), (cast.patient_2, "safe")):
            alert = raise_alert(
                patient=patient,
                cause="rule-pulse",
                level="P2",
                title="Pulse",
                source_kind="test",
                source_id=uuid4(),
                rule_code="pulse-1",
            )
            for kind, minutes in (("taken", 4), ("reached", 10)):
                event = AlertEvent(clinic=cast.clinic, alert=alert, kind=kind, actor=cast.nurse.membership)
                event.created_at = alert.raised_at + timedelta(minutes=minutes)
                event.save(force_insert=True)
            Alert.objects.filter(pk=alert.pk).update(state="acked", owner=cast.nurse.membership)
            resolved = {"state": "resolved", "resolved_at": clock.now(), "next_step_at": None}
            Alert.objects.filter(pk=alert.pk).update(disposition=disposition, **resolved)
        (line,) = rule_lines(cast.clinic, 90)
        assert (line.rule, line.fired, line.acted_on, line.dismissed) == ("pulse-1", 2, 1, 1)
        assert (line.take_median, line.contact_p90) == (4, 10)
        (person,) = burden(cast.clinic, 90)
        assert (person.name, person.taken) == ("Rosa Osei", 2)
    said = cast.client(cast.clinic_admin).get("/desk/quality/?as=csv")
    assert "pulse-1,P2,2,2,1,1,4,4,10,10," in said.content.decode()
    assert cast.client(cast.nurse).get("/desk/quality/?days=30").status_code == 200


@pytest.mark.django_db
def test_the_report_counts_days_with_a_device_and_escapes_formulas(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        Patient.objects.filter(pk=cast.patient.pk).update(family_name='=HYPERLINK("x")')
        device, _token = add_device(identifier="cuff-1", label="", patient=cast.patient, actor=cast.nurse)
        now = clock.now()
        for source, at in ((device.identifier, now), (device.identifier, now - timedelta(seconds=1)), ("patient", now)):
            pulse = Reading("8867-4", 70, "/min", at)
            record_observations(patient=cast.patient, readings=[pulse], source=source, actor=None)
    client = cast.client(cast.nurse)
    month = f"{clock.now().astimezone(clock.zone_of(cast.clinic.time_zone)):%Y-%m}"  # the clinic's
    said = client.get(f"/desk/remote-monitoring/?month={month}&as=csv").content.decode()
    assert '"\'=HYPERLINK(""x"")"' in said
    assert f",{month},1,1,0,0" in said
    assert client.get("/desk/remote-monitoring/?month=nonsense").status_code == 200


def _answered(slot: Slot, total: int) -> None:
    QuestionnaireResponse.objects.create(
        clinic_id=slot.clinic_id,
        slot=slot,
        patient_id=slot.patient_id,
        questionnaire_id=slot.questionnaire_id,
        authored_at=slot.closes_at,
        answers={},
        valid=True,
        total=total,
        auth_level="session",
    )


def _past(cast: Cast, patient: Patient, *totals: int | None) -> None:
    """One survey a week, the last one a week ago; None was missed."""
    slots = list(assigned(cast, "phq-9", patient).slots.order_by("opens_at")[: len(totals)])
    for number, (slot, total) in enumerate(zip(slots, totals, strict=True)):
        slot.closes_at = clock.now() - (len(totals) - number) * 7 * DAY
        slot.opens_at = slot.closes_at - DAY
        slot.state, slot.next_step_at = ("missed" if total is None else "answered"), None
        slot.save()
        if total is not None:
            _answered(slot, total)


@pytest.mark.django_db
def test_who_was_getting_worse_before_the_silence_comes_first(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        _past(cast, cast.patient, 12, 11, 10, None, None, None)
        _past(cast, cast.patient_2, 6, 10, 14, None, None)
        found = silent_people(Patient.objects.filter(status="active"))
        assert [(one.patient.pk, one.missed) for one in found] == [(cast.patient_2.pk, 2), (cast.patient.pk, 3)]
        assert found[0].slope == pytest.approx(4)
    page = cast.client(cast.nurse).get("/desk/silent/").content.decode()
    assert page.index("Brandt") < page.index("Alvarez")
    assert "Dr Ngozi Okafor" in page


@pytest.mark.django_db
def test_who_answered_the_last_one_is_not_silent(cast: Cast) -> None:
    with cast.acting(cast.nurse):
        _past(cast, cast.patient, None, None, 9)
        _past(cast, cast.patient_2, 9, None)
        assert silent_people(Patient.objects.filter(status="active")) == []
