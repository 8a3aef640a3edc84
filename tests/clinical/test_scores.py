"""Scores, bands, missing items: every boundary of the instrument cards."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.levels import Level
from apps.monitoring.instruments import LIBRARY, Score, get, score, score_groups, score_items
from tests.clinical.strategies import NO_ANSWERS, sheets_of, thorough

SUMS = {
    "phq-9": 27,
    "phq-2": 6,
    "gad-7": 21,
    "pcl-5": 80,
    "who-5": 25,
    "asrm": 20,
    "audit-c": 12,
    "isi": 28,
    "madrs": 60,
    "cadss-6": 24,
    "oci-r": 72,
    "aldrete": 10,
    "padss": 10,
}
PRORATED = {"phq-9", "gad-7"}


def _of(key: str, *items: Any, sex: str = "unknown") -> Score:
    return score_items(get(key), items, sex=sex)


def _total(key: str, total: int) -> Score:
    """A complete set of answers with that total, filled from the front."""
    items = []
    for item in get(key).items:
        top = max(option.value for option in item.options)
        items.append(min(top, total - sum(items)))
    assert sum(items) == total
    return _of(key, *items)


@pytest.mark.parametrize(
    ("key", "edges"),
    [
        ("phq-9", {0: "minimal", 4: "minimal", 5: "mild", 9: "mild", 10: "moderate", 14: "moderate",
                   15: "moderately_severe", 19: "moderately_severe", 20: "severe", 27: "severe"}),
        ("gad-7", {0: "minimal", 4: "minimal", 5: "mild", 9: "mild", 10: "moderate", 14: "moderate", 15: "severe",
                   21: "severe"}),
        ("isi", {0: "none", 7: "none", 8: "subthreshold", 14: "subthreshold", 15: "moderate", 21: "moderate",
                 22: "severe", 28: "severe"}),
        ("madrs", {0: "none", 6: "none", 7: "mild", 19: "mild", 20: "moderate", 34: "moderate", 35: "severe",
                   60: "severe"}),
    ],
)  # fmt: skip
def test_bands_are_inclusive(key: str, edges: dict[int, str]) -> None:
    assert {total: _total(key, total).severity for total in edges} == edges


@pytest.mark.parametrize(
    ("key", "last_negative", "first_positive"),
    [("phq-9", 9, 10), ("phq-2", 2, 3), ("gad-7", 9, 10), ("asrm", 5, 6), ("oci-r", 20, 21), ("pcl-5", 32, 33)],
)
def test_cut_offs(key: str, last_negative: int, first_positive: int) -> None:
    assert _total(key, last_negative).positive is False
    assert _total(key, first_positive).positive is True


# --- PHQ-9 and GAD-7 --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "total", "prorated", "missing"),
    [
        ((1, 1, 1, 1, 1, 1, 1, 1, 1), 9, False, 0),
        ((None, 2, 2, 2, 2, 1, 1, 1, 1), 14, True, 1),  # 12 * 9/8 = 13.5
        ((None, None, 2, 2, 2, 1, 1, 1, 1), 13, True, 2),  # 10 * 9/7 = 12.86
        ((None, 1, 1, 1, 1, 0, 0, 0, 0), 5, True, 1),  # 4 * 9/8 = 4.5 rounds up
        ((None, None, None, 2, 2, 2, 2, 2, 0), None, False, 3),
        ((None,) * 9, None, False, 9),
    ],
)
def test_phq9_makes_up_for_two_missing_items_at_most(
    items: tuple[Any, ...], total: int | None, prorated: bool, missing: int
) -> None:
    found = _of("phq-9", *items)
    assert (found.valid, found.total, found.prorated, found.missing) == (True, total, prorated, missing)
    assert (found.severity is None) == (total is None)


@pytest.mark.parametrize(
    ("items", "total"),
    [
        ((None, 1, 1, 1, 0, 0, 0), 4),  # 3 * 7/6 = 3.5 rounds up
        ((None, None, 1, 1, 1, 0, 0), 4),  # 3 * 7/5 = 4.2
        ((None, None, None, 3, 3, 3, 3), None),
        ((None, 3, 3, 3, 3, 3, 3), 21),
    ],
)
def test_gad7_makes_up_for_two_missing_items_at_most(items: tuple[Any, ...], total: int | None) -> None:
    assert _of("gad-7", *items).total == total


@pytest.mark.parametrize(
    ("items", "algorithm"),
    [
        ((2, 0, 2, 2, 2, 2, 0, 0, 0), "major"),
        ((0, 2, 2, 2, 2, 0, 0, 0, 1), "major"),  # item 9 counts at 1
        ((2, 0, 2, 2, 2, 1, 1, 1, 0), "other"),
        ((2, 2, 0, 0, 0, 0, 0, 0, 0), "other"),
        ((2, 0, 0, 0, 0, 0, 0, 0, 0), "none"),
        ((1, 1, 3, 3, 3, 3, 3, 3, 3), "none"),  # neither item 1 nor item 2
        ((1, 1, 1, 1, 1, 1, 1, 1, 0), "none"),
        ((3, 3, 3, 3, 3, 3, 3, 3, None), None),  # only when complete
    ],
)
def test_dsm_algorithm(items: tuple[Any, ...], algorithm: str | None) -> None:
    assert _of("phq-9", *items).detail["dsm_algorithm"] == algorithm


# --- QIDS -------------------------------------------------------------------------------------------------------------


def test_qids_counts_the_highest_item_of_each_domain() -> None:
    found = _of("qids-sr16", 1, 0, 2, 3, 1, 0, 2, None, 1, 1, 2, 0, 1, 3, 1, 2)
    assert found.detail["domains"] == {
        "sleep": 3, "mood": 1, "appetite_weight": 2, "concentration": 1, "self_view": 2, "suicide": 0, "interest": 1,
        "energy": 3, "psychomotor": 2,
    }  # fmt: skip
    assert (found.total, found.severity) == (15, "moderate")


def test_qids_reaches_27_and_not_48() -> None:
    assert _of("qids-sr16", *[3] * 16).total == 27


def test_qids_is_complete_with_one_of_each_pair() -> None:
    found = _of("qids-sr16", 0, 0, 0, 0, 0, None, 1, 2, None, 0, 0, 0, 0, 0, 0, 0)
    assert (found.total, found.missing) == (2, 0)


@pytest.mark.parametrize("domain", [(0, 1, 2, 3), (4,), (5, 6, 7, 8), (9,), (10,), (11,), (12,), (13,), (14, 15)])
def test_qids_has_no_total_when_a_domain_has_no_answer(domain: tuple[int, ...]) -> None:
    items: list[Any] = [1] * 16
    for position in domain:
        items[position] = None
    found = _of("qids-sr16", *items)
    assert (found.valid, found.total, found.severity) == (True, None, None)
    assert found.missing >= 1


@pytest.mark.parametrize(
    ("total", "severity"),
    [(0, "none"), (5, "none"), (6, "mild"), (10, "mild"), (11, "moderate"), (15, "moderate"), (16, "severe"),
     (20, "severe"), (21, "very_severe"), (27, "very_severe")],
)  # fmt: skip
def test_qids_bands(total: int, severity: str) -> None:
    domains = ["q1", "q5", "q6", "q10", "q11", "q12", "q13", "q14", "q15"]
    answers = dict.fromkeys(get("qids-sr16").link_ids, 0)
    for link_id in domains:
        answers[link_id] = min(3, total - sum(answers.values()))
    assert score(get("qids-sr16"), answers).severity == severity


# --- the others -------------------------------------------------------------------------------------------------------


def _pcl(*symptoms: int) -> Score:
    return _of("pcl-5", *[2 if number in symptoms else 1 for number in range(1, 21)])


def test_pcl5_needs_every_cluster() -> None:
    assert _pcl(1, 6, 8, 9, 15, 16).detail["provisional_dsm5"] is True
    for dropped in (1, 6, 8, 9, 15, 16):
        rest = {1, 6, 8, 9, 15, 16} - {dropped}
        assert _pcl(*rest).detail["provisional_dsm5"] is False


def test_pcl5_cluster_sums_stand_only_when_complete() -> None:
    items: list[Any] = [1] * 5 + [2] * 2 + [3] * 7 + [4] * 6
    assert {name: _of("pcl-5", *items).detail[name] for name in "BCDE"} == {"B": 5, "C": 4, "D": 21, "E": 24}
    items[7] = None
    found = _of("pcl-5", *items)
    assert {name: found.detail[name] for name in "BCDE"} == {"B": 5, "C": 4, "D": None, "E": 24}
    assert (found.total, found.detail["provisional_dsm5"], found.detail["above_cut33"]) == (None, None, None)


@pytest.mark.parametrize(
    ("raw", "percent", "low", "depression"),
    [(25, 100, False, False), (13, 52, False, False), (12, 48, True, False), (8, 32, True, False), (7, 28, True, True),
     (0, 0, True, True)],
)  # fmt: skip
def test_who5_percent_and_cuts(raw: int, percent: int, low: bool, depression: bool) -> None:
    detail = _total("who-5", raw).detail
    assert (detail["percent"], detail["low_wellbeing"], detail["likely_depression"]) == (percent, low, depression)


def test_a_positive_mania_scale_is_p2() -> None:
    assert _total("asrm", 5).alert is None
    assert _total("asrm", 6).alert is Level.P2


@pytest.mark.parametrize(
    ("sex", "total", "positive"),
    [("male", 3, False), ("male", 4, True), ("female", 2, False), ("female", 3, True), ("unknown", 3, True),
     ("other", 3, True), ("other", 2, False)],
)  # fmt: skip
def test_audit_c_cut_depends_on_sex(sex: str, total: int, positive: bool) -> None:
    assert _of("audit-c", total - 1, 1, 0, sex=sex).positive is positive


@pytest.mark.parametrize(
    ("items", "only"),
    [
        ((4, 0, 0), True),
        ((1, 0, 0), True),
        ((0, 0, 0), False),
        ((3, 1, 0), False),
        ((0, 2, 0), False),
        ((3, 0, None), None),
    ],
)
def test_audit_c_says_when_all_points_are_drinking_days(items: tuple[Any, ...], only: bool | None) -> None:
    assert _of("audit-c", *items).detail["only_q1"] is only


@pytest.mark.parametrize(
    ("yes", "total", "severity"),
    [({3}, 0, "none"), ({1, 3}, 1, "low"), ({1, 2, 3}, 2, "low"), ({1, 2, 3, 4}, 3, "moderate"),
     ({1, 2, 3, 4, 5, 6}, 5, "moderate"), ({1, 2, 3, 4, 5, 6, 7}, 6, "substantial"),
     (set(range(1, 10)), 8, "substantial"),
     (set(range(1, 11)), 9, "severe"), (set(range(1, 11)) - {3}, 10, "severe"), (set(), 1, "low")],
)  # fmt: skip
def test_dast10_counts_the_no_of_question_3(yes: set[int], total: int, severity: str) -> None:
    found = _of("dast-10", *[number in yes for number in range(1, 11)])
    assert (found.total, found.severity) == (total, severity)


def test_dast10_refuses_numbers() -> None:
    assert _of("dast-10", *[1] * 10).valid is False


@pytest.mark.parametrize(
    ("items", "total", "rounded"),
    [((0, 0, 0), 0.0, 0), ((1, 0, 0), 0.3, 0), ((1, 1, 0), 0.7, 1), ((10, 10, 10), 10.0, 10), ((7, 5, 5), 5.7, 6)],
)
def test_peg_is_a_mean_with_one_decimal(items: tuple[int, ...], total: float, rounded: int) -> None:
    found = _of("peg", *items)
    assert (found.total, found.detail["rounded"]) == (total, rounded)


def _bladder(icsi: list[Any], icpi: list[Any]) -> Score:
    link_ids = get("icsi-icpi").link_ids
    return score_groups(get("icsi-icpi"), [(link_ids[:4], icsi), (link_ids[4:], icpi)])


@pytest.mark.parametrize(
    ("icsi", "icpi", "indices", "alert"),
    [
        ([2, 2, 1, 0], [2, 2, 1, 0], (5, 5), None),
        ([2, 2, 2, 0], [0, 0, 0, 0], (6, 0), Level.P3),
        ([0, 0, 0, 0], [4, 2, 0, 0], (0, 6), Level.P3),
        ([5, 5, 5, 5], [4, 4, 4, 4], (20, 16), Level.P3),
        ([None, 5, 5, 5], [0, 0, 0, 0], (None, 0), None),
        ([None, 0, 0, 0], [4, 4, 0, 0], (None, 8), Level.P3),
    ],
)
def test_bladder_indices(icsi: list[Any], icpi: list[Any], indices: tuple[Any, Any], alert: Level | None) -> None:
    found = _bladder(icsi, icpi)
    assert (found.detail["icsi"], found.detail["icpi"], found.alert) == (*indices, alert)


def test_bladder_refusal_keeps_the_alert_of_the_other_index() -> None:
    found = _bladder([6, 0, 0, 0], [4, 4, 0, 0])
    assert (found.valid, found.detail, found.alert) == (False, {"icsi": None, "icpi": None}, Level.P3)
    assert _bladder([0, 0, 0, 0], [5, 0, 0, 0]).valid is False  # a problem item ends at 4


def test_oci_r_subscales_take_every_sixth_item() -> None:
    found = _of("oci-r", *[number % 6 if number % 6 < 5 else 0 for number in range(18)])
    assert found.detail["subscales"] == {
        "hoarding": 0, "checking": 3, "ordering": 6, "neutralizing": 9, "washing": 12, "obsessing": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rating", "alert", "ready", "unconscious"),
    [(5, None, True, False), (4, None, False, False), (3, Level.P2, False, False), (2, Level.P1, False, False),
     (1, Level.P1, False, False), (0, Level.P1, False, True), (None, Level.P3, False, None)],
)  # fmt: skip
def test_moaas(rating: int | None, alert: Level | None, ready: bool, unconscious: bool | None) -> None:
    found = _of("moaa-s", rating)
    assert (found.alert, found.detail["discharge_ok"], found.detail["loss_of_consciousness"]) == (
        alert,
        ready,
        unconscious,
    )


@pytest.mark.parametrize("key", ["aldrete", "padss"])
def test_recovery_scores_are_ready_at_9(key: str) -> None:
    assert _of(key, 2, 2, 2, 2, 1).detail["discharge_ok"] is True
    assert _of(key, 2, 2, 2, 1, 1).detail["discharge_ok"] is False
    assert _of(key, 2, 2, 2, 2, None).detail["discharge_ok"] is False
    assert _of(key, 2, 2, 2, 2, 3).detail["discharge_ok"] is False


def test_the_check_in_has_no_total_and_counts_only_what_was_asked() -> None:
    found = score(get("check-in"), {"mood": 40, "medicine": 1, "sleep": 2, "problem": False})
    assert (found.total, found.severity, found.missing, found.detail["mood"]) == (None, None, 0, 40)
    assert score(get("check-in"), {"mood": 40, "medicine": 1, "sleep": 2, "problem": True}).missing == 2


# --- properties -------------------------------------------------------------------------------------------------------

_SUMMED = [get(key) for key in SUMS]


@thorough
@given(st.data())
def test_a_complete_total_is_the_sum_and_stays_in_bounds(data: st.DataObject) -> None:
    definition = data.draw(st.sampled_from(_SUMMED))
    answers = data.draw(sheets_of(definition, blank=False))
    found = score(definition, answers)
    assert found.total == sum(answers.values())
    assert 0 <= found.total <= SUMS[definition.key]
    assert (found.valid, found.missing, found.prorated, found.error) == (True, 0, False, None)


@thorough
@given(st.data())
def test_missing_is_never_zero(data: st.DataObject) -> None:
    definition = data.draw(st.sampled_from(_SUMMED))
    answers = data.draw(sheets_of(definition))
    gaps = sum(value is None for value in answers.values())
    found = score(definition, answers)
    allowed = 2 if definition.key in PRORATED else 0
    assert found.missing == gaps
    assert (found.total is None) == (gaps > allowed)
    if found.total is not None:
        assert found.total >= sum(value for value in answers.values() if value is not None)
        assert found.total <= SUMS[definition.key]
        assert found.prorated == (gaps > 0)


@thorough
@given(st.data())
def test_one_refused_answer_forbids_the_total_of_any_instrument(data: st.DataObject) -> None:
    definition = data.draw(st.sampled_from(list(LIBRARY.values())))
    answers = data.draw(sheets_of(definition))
    link_id = data.draw(st.sampled_from([item.link_id for item in definition.items if item.link_id != "note"]))
    found = score(definition, {**answers, link_id: data.draw(st.sampled_from(NO_ANSWERS))})
    assert (found.valid, found.total, found.error) == (False, None, "value_out_of_range")
    assert (found.severity is None) or definition.key in ("c-ssrs", "c-ssrs-since")
    assert set(found.refused) == {link_id}
    # Never clamped: the refused answer reads as blank, so that it can only add a "not assessed".
    blank = score(definition, {**answers, link_id: None})
    assert found.alert == blank.alert or definition.key in {"asrm", "icsi-icpi"}


@thorough
@given(st.data())
def test_more_of_one_item_never_lowers_a_total(data: st.DataObject) -> None:
    definition = data.draw(st.sampled_from([*_SUMMED, get("qids-sr16"), get("peg")]))
    answers = data.draw(sheets_of(definition, blank=False))
    link_id = data.draw(st.sampled_from(definition.link_ids))
    item = definition.item(link_id)
    assert item is not None
    raised = min(answers[link_id] + 1, max(option.value for option in item.options))
    assert score(definition, {**answers, link_id: raised}).total >= score(definition, answers).total


@thorough
@given(st.data())
def test_totals_of_sums_ignore_the_order_of_answers(data: st.DataObject) -> None:
    definition = data.draw(st.sampled_from(_SUMMED))
    items = list(data.draw(sheets_of(definition)).values())
    mixed = data.draw(st.permutations(items))
    assert score_items(definition, items).total == score_items(definition, mixed).total


@thorough
@given(st.data())
def test_scoring_does_not_depend_on_the_order_in_which_answers_came(data: st.DataObject) -> None:
    definition = data.draw(st.sampled_from(list(LIBRARY.values())))
    answers = data.draw(sheets_of(definition))
    mixed = dict(data.draw(st.permutations(list(answers.items()))))
    assert score(definition, answers) == score(definition, mixed)


def test_an_answer_to_an_unknown_item_is_refused() -> None:
    found = score(get("phq-2"), {"q1": 1, "q2": 1, "q3": 1})
    assert (found.valid, found.total, dict(found.refused)) == (False, None, {"q3": "unknown_item"})
