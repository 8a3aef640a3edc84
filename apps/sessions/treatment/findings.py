"""What conditions, allergies and medicines say for the gate (clinical.md 2.3, 2.4). Pure.

Which ICD-10 codes give which reason is our own coding of those texts (product default). The closed side wins: what has
no date is as if it were recent, and what was once stays for reasons that say "ever".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from apps.patients.icd10 import starts_with
from apps.patients.medicines import Flag, is_ketamine

SIX_WEEKS = timedelta(weeks=6)

#: Whatever its status: these have no past.
EVER: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("aneurysmal_vascular_disease", ("I67.1", "I71", "I72")),
    ("arteriovenous_malformation", ("Q27.3", "Q28.0", "Q28.2")),
    ("intracerebral_haemorrhage_history", ("I60", "I61", "I62", "I69.0", "I69.1", "I69.2")),
    ("bipolar", ("F30", "F31")),
)
#: While it is present.
PRESENT: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("pregnant", ("Z33", "Z34", "O0", "O1", "O2", "O3", "O4")),
    ("breastfeeding", ("Z39.1", "O92")),
    ("unstable_cardiac_disease", ("I20.0", "I24", "I47.2", "I49.0")),
    ("uncontrolled_hypertension", ("I16",)),
    ("possible_mania", ("F30", "F31.0", "F31.1", "F31.2")),
    ("moderate_hepatic_impairment", ("K70.3", "K72", "K74.3", "K74.4", "K74.5", "K74.6")),
    ("bladder_symptoms", ("N30", "R30", "R31", "R35", "R39.15")),
    ("raised_intracranial_pressure_risk", ("G93.2", "G91", "G93.5", "G93.6")),
)
PSYCHOSIS = ("F20", "F22", "F23", "F25", "F28", "F29", "F32.3", "F33.3", "F31.2", "F31.5", "F31.64")
SUBSTANCES = ("F10", "F11", "F12", "F13", "F14", "F15", "F16", "F18", "F19")
RECENT = ("I21", "I22", "I63", "I64")
#: Flags that are reason codes themselves; the others are shown as interactions.
REASON_FLAGS = frozenset({Flag.MAOI, Flag.STIMULANT, Flag.BENZODIAZEPINE, Flag.OPIOID, Flag.CNS})


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """code: ICD-10 as stored; status: active, remission, resolved."""

    code: str
    status: str = "active"
    onset_on: date | None = None


@dataclass(frozen=True, slots=True)
class History:
    """diagnoses, substances somebody must not get, flags of medicines taken now.

    told_at: when the person last told of a medicine that nobody of staff has checked.
    """

    diagnoses: tuple[Diagnosis, ...] = ()
    allergies: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    told_at: datetime | None = None

    @property
    def unchecked(self) -> bool:
        """Something was told by the person only."""
        return self.told_at is not None


def findings_of(history: History, today: date) -> frozenset[str]:
    """Reason codes of eligibility that the lists give."""
    found = {code for one in history.diagnoses for code in _of_diagnosis(one, today)}
    if any(is_ketamine(substance) for substance in history.allergies):
        found.add("hypersensitivity_ketamine_esketamine")
    return frozenset(found | (history.flags & {flag.value for flag in REASON_FLAGS}))


def interactions_of(flags: Iterable[str]) -> tuple[str, ...]:
    """Flags that are shown beside eligibility: they don't block, and a person judges them."""
    given = set(flags)
    return tuple(flag.value for flag in Flag if flag not in REASON_FLAGS and flag.value in given)


def _of_diagnosis(one: Diagnosis, today: date) -> Iterator[str]:
    yield from (reason for reason, codes in EVER if starts_with(one.code, codes))
    present = one.status == "active"
    if present:
        yield from (reason for reason, codes in PRESENT if starts_with(one.code, codes))
    if starts_with(one.code, PSYCHOSIS):
        yield "active_psychosis" if present else "psychosis_history"
    if starts_with(one.code, SUBSTANCES):
        yield (
            "active_substance_use_disorder"
            if present and not _in_remission(one.code)
            else ("substance_use_disorder_history")
        )
    if starts_with(one.code, RECENT) and _is_recent(one, today):
        yield "mi_or_stroke_within_6_weeks"


def _in_remission(code: str) -> bool:
    """ICD-10-CM: .11 and .21 are "in remission"."""
    return code[4:] in ("11", "21")


def _is_recent(one: Diagnosis, today: date) -> bool:
    """Without a day: recent, unless it is past."""
    if one.onset_on is None:
        return one.status == "active"
    return today - one.onset_on <= SIX_WEEKS
