"""What the library says about its instruments, and that it stands without Django."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from apps.monitoring.instruments import LIBRARY, Definition, get
from apps.monitoring.instruments.definition import LOINC_SYSTEM, Respondent
from apps.monitoring.instruments.scoring import SCORERS

ROOT = Path(__file__).resolve().parents[2]
PURE = (
    "apps.alerts.levels",
    "apps.alerts.time_limits",
    "apps.monitoring.instruments",
    "apps.monitoring.instruments.change",
    "apps.monitoring.vital_signs",
    "apps.monitoring.news2",
    "apps.sessions.dose_limits",
    "apps.sessions.eligibility",
    "apps.sessions.discharge",
    "apps.sessions.rems_form",
    "telek.clinical_cases",
)
#: clinical.md 1.1: only these may ship wording; scales in our own words and own items aside.
VERBATIM = {"phq-9", "phq-2", "gad-7", "audit-c"}
OWN = {"check-in", "misuse", "moaa-s", "aldrete", "padss", "nrs-pain", "bprs-positive"}


@pytest.mark.parametrize("module", PURE)
def test_clinical_knowledge_imports_no_django(module: str) -> None:
    code = f"import sys, {module}; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_wording_is_shipped_only_where_the_licence_allows_it() -> None:
    assert {key for key, definition in LIBRARY.items() if definition.has_wording} == VERBATIM | OWN
    for key in LIBRARY.keys() - VERBATIM - OWN:
        assert all(item.text is None for item in LIBRARY[key].items)
        assert all(option.label is None for item in LIBRARY[key].items for option in item.options)
    assert {key for key, definition in LIBRARY.items() if definition.own_wording} == OWN


@pytest.mark.parametrize("definition", LIBRARY.values(), ids=LIBRARY.keys())
def test_every_definition_is_whole(definition: Definition) -> None:
    assert get(definition.key) is get(definition.url) is definition
    assert definition.key in SCORERS
    assert len(set(definition.link_ids)) == len(definition.items)
    assert definition.licence
    assert definition.attribution
    assert definition.code
    assert definition.recall
    assert set(definition.safety_items) <= set(definition.link_ids)
    for item in definition.items:
        assert len({option.value for option in item.options}) == len(item.options)
        assert item.enable_when is None or item.enable_when.link_id in definition.link_ids


def test_an_unknown_instrument_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="phq-10"):
        get("phq-10")


def test_codes_of_the_questionnaires_are_those_of_loinc() -> None:
    assert [item.loinc for item in get("phq-9").items] == [
        "44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8",
    ]  # fmt: skip
    assert [item.loinc for item in get("gad-7").items] == [
        "69725-0", "68509-9", "69733-4", "69734-2", "69735-9", "69689-8", "69736-7",
    ]  # fmt: skip
    assert [item.loinc for item in get("audit-c").items] == ["68518-0", "68519-8", "68520-6"]
    assert [item.loinc for item in get("c-ssrs").items] == [
        "93246-7", "93247-5", "93248-3", "93249-1", "93250-9", "93267-3", "93269-9",
    ]  # fmt: skip
    assert [option.code for option in get("phq-9").items[0].options] == ["LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9"]
    panels = {key: (get(key).system, get(key).code, get(key).total_code) for key in ("phq-9", "gad-7", "pcl-5")}
    assert panels == {
        "phq-9": (LOINC_SYSTEM, "44249-1", "44261-6"),
        "gad-7": (LOINC_SYSTEM, "69737-5", "70274-6"),
        "pcl-5": (LOINC_SYSTEM, "101697-1", "101698-9"),
    }


def test_item_nine_reads_as_published() -> None:
    item = get("phq-9").item("q9")
    assert item is not None
    assert item.text == "Thoughts that you would be better off dead or of hurting yourself in some way"
    assert item.label_of(1) == "Several days"
    assert get("phq-9").attribution.startswith("Developed by Drs. Robert L. Spitzer")


def test_clinician_scales_are_not_for_patients() -> None:
    clinician = {key for key, definition in LIBRARY.items() if definition.respondent is Respondent.CLINICIAN}
    assert clinician == {"madrs", "cadss-6", "moaa-s", "aldrete", "padss", "bprs-positive"}
