"""Eligibility for a session: every code, every edge, worst status first, all reasons listed."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.sessions.eligibility import (
    ESKETAMINE_ONLY,
    REASONS,
    Candidate,
    Drug,
    EligibilityLimits,
    Status,
    eligibility,
)
from tests.clinical.strategies import thorough

FIT = Candidate(
    drug=Drug.ESKETAMINE,
    age=45,
    sbp=124,
    dbp=78,
    spo2=98,
    setting_certified=True,
    setting_type="outpatient",
    rems_enrolled=True,
    escort_arranged=True,
)


def _of(**changes: Any) -> tuple[str, list[str]]:
    found = eligibility(dataclasses.replace(FIT, **changes))
    return found.status.value, list(found.reasons)


@pytest.mark.parametrize("drug", Drug)
def test_a_fit_person_is_eligible(drug: Drug) -> None:
    assert _of(drug=drug) == ("eligible", [])


@pytest.mark.parametrize("code", REASONS)
def test_every_ticked_code_gives_its_status(code: str) -> None:
    assert _of(findings=frozenset({code})) == (REASONS[code].value, [code])


@pytest.mark.parametrize("code", sorted(ESKETAMINE_ONLY))
def test_esketamine_codes_do_not_touch_intravenous_ketamine(code: str) -> None:
    assert _of(drug=Drug.KETAMINE_IV, findings=frozenset({code})) == ("eligible", [])


def test_vascular_contraindications_hold_for_ketamine_too() -> None:
    for code in ("aneurysmal_vascular_disease", "arteriovenous_malformation", "intracerebral_haemorrhage_history"):
        assert _of(drug=Drug.KETAMINE_IV, findings=frozenset({code})) == ("contraindicated", [code])


@pytest.mark.parametrize(
    ("changes", "status", "reasons"),
    [
        ({"age": 17}, "contraindicated", ["age_under_18"]),
        ({"age": 18}, "eligible", []),
        ({"setting_certified": False}, "contraindicated", ["setting_not_rems_certified"]),
        ({"rems_enrolled": False}, "contraindicated", ["patient_not_rems_enrolled"]),
        ({"rems_enrolled": False, "setting_type": "inpatient"}, "eligible", []),
        ({"rems_enrolled": None, "setting_type": "inpatient"}, "eligible", []),
        ({"rems_enrolled": False, "setting_type": None}, "contraindicated", ["patient_not_rems_enrolled"]),
        ({"sbp": 140, "dbp": 90}, "eligible", []),
        ({"sbp": 141}, "hold", ["bp_over_140_90"]),
        ({"dbp": 91}, "hold", ["bp_over_140_90"]),
        ({"sbp": 179, "dbp": 109}, "hold", ["bp_over_140_90"]),
        ({"sbp": 180}, "not_recommended", ["bp_180_110"]),
        ({"dbp": 110}, "not_recommended", ["bp_180_110"]),
        ({"escort_arranged": False}, "hold", ["no_escort"]),
        ({"spo2": 94}, "eligible", []),
        ({"spo2": 93}, "hold", ["spo2_under_94"]),
        ({"cssrs_risk": "high"}, "hold", ["cssrs_high_needs_clinician"]),
        ({"cssrs_risk": "moderate"}, "eligible", []),
        ({"asrm_total": 5}, "eligible", []),
        ({"asrm_total": 6}, "hold", ["possible_mania"]),
        ({"child_pugh": "A"}, "eligible", []),
        ({"child_pugh": "B"}, "caution", ["moderate_hepatic_impairment"]),
        ({"child_pugh": "C"}, "not_recommended", ["severe_hepatic_impairment"]),
        ({"food_within_hours": 1.9}, "caution", ["food_within_2h"]),
        ({"food_within_hours": 0}, "caution", ["food_within_2h"]),
        ({"food_within_hours": 2}, "eligible", []),
        ({"liquid_within_min": 29}, "caution", ["liquid_within_30min"]),
        ({"liquid_within_min": 30}, "eligible", []),
        ({"nasal_spray_within_min": 59}, "caution", ["nasal_spray_within_1h"]),
        ({"nasal_spray_within_min": 60}, "eligible", []),
        ({"drug": Drug.KETAMINE_IV, "food_within_hours": 0, "setting_certified": None}, "eligible", []),
        ({"age": None}, "hold", ["age_not_recorded"]),
        ({"sbp": None}, "hold", ["sbp_not_recorded"]),
        ({"dbp": None}, "hold", ["dbp_not_recorded"]),
        ({"spo2": None}, "hold", ["spo2_not_recorded"]),
        ({"escort_arranged": None}, "hold", ["escort_arranged_not_recorded"]),
        ({"setting_certified": None}, "hold", ["setting_certified_not_recorded"]),
        ({"rems_enrolled": None}, "hold", ["rems_enrolled_not_recorded"]),
        ({"sbp": None, "dbp": 115}, "not_recommended", ["bp_180_110", "sbp_not_recorded"]),
    ],
)
def test_edges(changes: dict[str, Any], status: str, reasons: list[str]) -> None:
    assert _of(**changes) == (status, reasons)


def test_all_reasons_are_listed_gravest_first() -> None:
    found = _of(age=17, findings=frozenset({"pregnant", "maoi"}), spo2=90, escort_arranged=False)
    assert found == ("contraindicated", ["age_under_18", "pregnant", "no_escort", "spo2_under_94", "maoi"])


@pytest.mark.parametrize(
    "changes",
    [{"age": "45"}, {"age": -1}, {"sbp": True}, {"spo2": 101}, {"sbp": float("nan")}, {"asrm_total": 21},
     {"child_pugh": "D"}, {"child_pugh": []}, {"cssrs_risk": "red"}, {"setting_type": "home"}, {"escort_arranged": 1},
     {"findings": frozenset({"pregnent"})}, {"liquid_within_min": float("inf")}],
)  # fmt: skip
def test_what_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        _of(**changes)


def test_outside_the_programme_certification_is_not_asked() -> None:
    stranger = dataclasses.replace(FIT, setting_certified=None, rems_enrolled=None)
    assert eligibility(stranger, limits=EligibilityLimits(rems_applies=False)).status is Status.ELIGIBLE


@thorough
@given(st.frozensets(st.sampled_from(sorted(REASONS))), st.sampled_from(sorted(REASONS)))
def test_the_worst_status_wins_and_one_more_reason_never_helps(codes: frozenset[str], extra: str) -> None:
    found = eligibility(dataclasses.replace(FIT, findings=codes))
    assert set(found.reasons) == codes
    assert found.status is max((REASONS[code] for code in codes), default=Status.ELIGIBLE)
    assert eligibility(dataclasses.replace(FIT, findings=codes | {extra})).status >= found.status
