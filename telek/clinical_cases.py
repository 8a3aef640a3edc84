"""Worked cases in, answers out: the rules as a physician signs them off. Pure.

Each kind of case is read strictly and handed to the functions that the product itself calls; there is no second copy
of a rule here. What a case cannot be is a CaseRefused; what an instrument refuses is part of its answer.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from enum import Enum
from typing import Any, TypeVar

from apps.alerts.levels import Level
from apps.alerts.time_limits import alert_sla
from apps.monitoring.instruments import Score, get, score, score_groups, score_items
from apps.monitoring.instruments.change import Change, change
from apps.monitoring.instruments.result import REFUSED
from apps.monitoring.news2 import News2Input, news2
from apps.monitoring.vital_signs import ValueRefused, Vitals, session_alert
from apps.sessions.discharge import Condition, NasalTimes, Pressure, nasal_close_out
from apps.sessions.dose_limits import Dose, Indication, Region, Route, Setting, dose_check, interval_check
from apps.sessions.eligibility import REASONS, Candidate, Drug, eligibility
from apps.sessions.rems_form import rems_form_due

Fields = Mapping[str, Any]
Answer = dict[str, Any]
E = TypeVar("E", bound=Enum)


class CaseRefused(ValueError):
    """A line that is no case, a kind that is not known, or an input that cannot be what the kind needs."""


#: Instrument name in a case: (key in the library, fields of the answer).
INSTRUMENTS: Mapping[str, tuple[str, str]] = {
    "PHQ-9": ("phq-9", "valid total prorated missing severity alert cssrs_required dsm_algorithm"),
    "PHQ-2": ("phq-2", "valid total positive"),
    "GAD-7": ("gad-7", "valid total prorated missing severity positive"),
    "QIDS-SR16": ("qids-sr16", "valid total domains severity alert"),
    "PCL-5": ("pcl-5", "valid total B C D E provisional_dsm5 above_cut33"),
    "WHO-5": ("who-5", "valid total percent low_wellbeing likely_depression"),
    "ASRM": ("asrm", "valid total positive alert"),
    "AUDIT-C": ("audit-c", "valid total positive only_q1"),
    "DAST-10": ("dast-10", "valid total severity"),
    "PEG": ("peg", "valid total"),
    "ISI": ("isi", "valid total severity"),
    "MADRS": ("madrs", "valid total severity alert"),
    "CADSS-6": ("cadss-6", "valid total"),
    "ICSI/ICPI": ("icsi-icpi", "valid icsi icpi alert"),
    "OCI-R": ("oci-r", "valid total positive subscales"),
    "MOAA/S": ("moaa-s", "valid alert discharge_ok loss_of_consciousness"),
    "Aldrete": ("aldrete", "valid total discharge_ok"),
    "PADSS": ("padss", "valid total discharge_ok"),
}
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
#: Clock times of a case are all of one day; which one does not matter.
_SOME_DAY = date(2000, 1, 1)


def answer_line(line: bytes) -> Answer:
    """The answer to one line: ``{"id", "output"}``, or ``{"id", "error"}`` for a line that is no case."""
    case_id = None
    try:
        case = _read(line)
        case_id = case.get("id")
        return {"id": case_id, "output": answer_case(case)}
    except (ValueError, RecursionError) as problem:
        return {"id": case_id, "error": str(problem) or type(problem).__name__}


def answer_case(case: Fields) -> Answer:
    """The output of one case. Raises ValueError (CaseRefused) for what is no case.

    Input fields that the kind does not have are named under ``ignored``, so that a misspelling is seen.
    """
    kind, given = case.get("kind"), case.get("input")
    if not isinstance(kind, str) or kind not in KINDS:
        raise CaseRefused(f"unknown kind {kind!r}")
    if not isinstance(given, dict):
        raise CaseRefused("input: an object is needed")
    known, answer = KINDS[kind]
    output = answer(case.get("instrument"), given)
    ignored = sorted(given.keys() - known)
    return {**output, "ignored": ignored} if ignored else output


def _read(line: bytes) -> Fields:
    case = json.loads(line.decode("utf-8-sig"), object_pairs_hook=_no_duplicates)
    if not isinstance(case, dict):
        raise CaseRefused("a case is a JSON object")
    return case


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise CaseRefused("a key stands twice in one object")
    return fields


# --- scores -----------------------------------------------------------------------------------------------------------


def _answer_score(instrument: object, given: Fields) -> Answer:
    if not isinstance(instrument, str) or instrument not in INSTRUMENTS:
        raise CaseRefused(f"unknown instrument {instrument!r}")
    key, names = INSTRUMENTS[instrument]
    result = _READERS.get(key, _score_items)(key, given)
    return _score_fields(result, names.split())


def _score_items(key: str, given: Fields) -> Score:
    return score_items(get(key), _list(given, "items"), sex=str(given.get("sex")))


def _score_bladder(key: str, given: Fields) -> Score:
    link_ids = get(key).link_ids
    groups = [(link_ids[:4], _list(given, "icsi")), (link_ids[4:], _list(given, "icpi"))]
    return score_groups(get(key), groups)


def _score_moaas(key: str, given: Fields) -> Score:
    return score(get(key), {"score": given.get("score")})


_READERS: Mapping[str, Callable[[str, Fields], Score]] = {"icsi-icpi": _score_bladder, "moaa-s": _score_moaas}


def _score_fields(result: Score, names: Sequence[str]) -> Answer:
    everything = {**result.detail, **{field.name: getattr(result, field.name) for field in dataclasses.fields(result)}}
    output = {name: _plain(everything[name]) for name in [*names, "error"]}
    return {**output, "refused": dict(result.refused)} if result.refused else output


def _answer_triage(_instrument: object, given: Fields) -> Answer:
    definition = get("c-ssrs")
    result = score(definition, {link_id: given.get(link_id) for link_id in definition.link_ids})
    output = {**result.detail, "alert": _plain(result.alert)}
    return output if result.valid else {**output, "valid": False, "error": REFUSED, "refused": dict(result.refused)}


# --- vital signs ------------------------------------------------------------------------------------------------------


def _answer_news2(_instrument: object, given: Fields) -> Answer:
    names = [field.name for field in dataclasses.fields(News2Input)]
    values = {name: given[name] for name in names if given.get(name) is not None}
    try:
        found = news2(News2Input(**values))
    except ValueRefused as refusal:
        empty = dict.fromkeys(("total", "sub", "any_single_3", "risk"))
        return {**empty, "valid": False, "error": REFUSED, "refused": str(refusal)}
    return dataclasses.asdict(found)


def _answer_vitals(_instrument: object, given: Fields) -> Answer:
    names = [field.name for field in dataclasses.fields(Vitals)]
    found = session_alert(Vitals(**{name: given.get(name) for name in names}))
    output = {"alert": _plain(found.alert), "reasons": list(found.reasons)}
    return {**output, "valid": False, "error": REFUSED, "refused": dict(found.refused)} if found.refused else output


# --- treatment --------------------------------------------------------------------------------------------------------


def _answer_dose(_instrument: object, given: Fields) -> Answer:
    numbers = ("dose_mg", "age", "weight_kg", "duration_min", "height_cm", "bolus_mg_per_kg")
    found = dose_check(
        Dose(
            **{name: given.get(name) for name in numbers},
            route=_word(given, "route", Route),
            region=_word(given, "region", Region, Region.US),
            indication=_word(given, "indication", Indication, Indication.TRD),
            setting=_word(given, "setting", Setting, Setting.CLINIC),
            session_number=None if given.get("session_number") is None else _integer(given, "session_number"),
        )
    )
    return {"level": found.level.value, "reasons": list(found.reasons), "mg_per_kg": found.mg_per_kg}


def _answer_frequency(_instrument: object, given: Fields) -> Answer:
    others = [_as_integer("previous_days", day) for day in _list(given, "previous_days")]
    found = interval_check(_integer(given, "proposed_day"), others)
    return {"level": found.level.value, "reasons": list(found.reasons)}


_CANDIDATE_FIELDS = tuple(
    field.name for field in dataclasses.fields(Candidate) if field.name not in {"drug", "findings"}
)


def _answer_eligibility(_instrument: object, given: Fields) -> Answer:
    found = eligibility(
        Candidate(
            drug=_word(given, "drug", Drug),
            findings=frozenset(code for code in REASONS if _flag(given, code) is True),
            **{name: given.get(name) for name in _CANDIDATE_FIELDS},
        )
    )
    return {"status": found.status.value, "reasons": list(found.reasons)}


_TIMES = ("first_device", "last_device", "bp40_at", "discharge")


def _answer_session(_instrument: object, given: Fields) -> Answer:
    found = nasal_close_out(
        NasalTimes(**{name: _clock(given, name) for name in _TIMES}),
        Condition(
            bp_pre=_pressure(given, "bp_pre"),
            bp_end=_pressure(given, "bp_end"),
            moaas=None if given.get("moaas") is None else _integer(given, "moaas"),
            dissociation_resolved=_flag(given, "dissociation_resolved"),
            spo2=None if given.get("spo2") is None else _integer(given, "spo2"),
            escort=_flag(given, "escort"),
        ),
    )
    return {
        "can_discharge": found.can_discharge,
        "blockers": list(found.blockers),
        "form_total_minutes": found.form_total_minutes,
        "minutes_since_last_device": found.minutes_since_last_device,
    }


def _answer_form_due(_instrument: object, given: Fields) -> Answer:
    session_date, today = _day(given, "session_date"), _day(given, "today")
    if session_date is None or today is None:
        raise CaseRefused("session_date and today are needed")
    found = rems_form_due(session_date, today, _day(given, "submitted"))
    return {"due": found.due.isoformat(), "overdue": found.overdue, "submitted_late": found.submitted_late}


# --- change and alerts ------------------------------------------------------------------------------------------------


def _answer_change(_instrument: object, given: Fields) -> Answer:
    name = given.get("measure")
    if not isinstance(name, str) or name not in INSTRUMENTS:
        raise CaseRefused(f"unknown measure {name!r}")
    try:
        found = change(INSTRUMENTS[name][0], given.get("baseline"), given.get("current"))
    except KeyError:
        raise CaseRefused(f"no change is defined for {name}") from None
    except ValueError as refusal:
        return {**dataclasses.asdict(Change()), "valid": False, "error": REFUSED, "refused": str(refusal)}
    return dataclasses.asdict(found)


def _answer_sla(_instrument: object, given: Fields) -> Answer:
    elapsed = given.get("elapsed_min")
    if isinstance(elapsed, bool) or not isinstance(elapsed, int | float):
        raise CaseRefused("elapsed_min: a number is needed")
    state = alert_sla(
        _word(given, "priority", Level),
        elapsed,
        acknowledged=_flag(given, "acknowledged") is True,
        contacted=_flag(given, "contacted") is True,
    )
    return {"state": state.value}


# --- strict reading ---------------------------------------------------------------------------------------------------


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


def _list(given: Fields, name: str) -> list[Any]:
    value = given.get(name)
    if not isinstance(value, list):
        raise CaseRefused(f"{name}: a list is needed")
    return value


def _word(given: Fields, name: str, words: type[E], default: E | None = None) -> E:
    value = given.get(name)
    if value is None and default is not None:
        return default
    try:
        return words(value)
    except ValueError:
        allowed = ", ".join(str(word.value) for word in words)
        raise CaseRefused(f"{name}: {value!r} is none of {allowed}") from None


def _flag(given: Fields, name: str) -> bool | None:
    value = given.get(name)
    if not isinstance(value, bool | None):
        raise CaseRefused(f"{name}: true, false or null is needed")
    return value


def _integer(given: Fields, name: str) -> int:
    return _as_integer(name, given.get(name))


def _as_integer(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise CaseRefused(f"{name}: an integer is needed")
    return value


def _pressure(given: Fields, name: str) -> Pressure | None:
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2:
        raise CaseRefused(f"{name}: [systolic, diastolic] is needed")
    if None in value:  # half a blood pressure is none
        return None
    return _as_integer(name, value[0]), _as_integer(name, value[1])


def _clock(given: Fields, name: str) -> datetime | None:
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not (match := _CLOCK.fullmatch(value)):
        raise CaseRefused(f"{name}: HH:MM is needed")
    return datetime.combine(_SOME_DAY, time(int(match[1]), int(match[2])), tzinfo=UTC)


def _day(given: Fields, name: str) -> date | None:
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise CaseRefused(f"{name}: an ISO date is needed")
    try:
        return date.fromisoformat(value)
    except ValueError as problem:
        raise CaseRefused(f"{name}: {problem}") from None


#: Kind of case: (input fields it knows, its answer).
KINDS: Mapping[str, tuple[frozenset[str], Callable[[object, Fields], Answer]]] = {
    "score": (frozenset({"items", "icsi", "icpi", "score", "sex"}), _answer_score),
    "triage": (frozenset(get("c-ssrs").link_ids), _answer_triage),
    "news2": (frozenset(field.name for field in dataclasses.fields(News2Input)), _answer_news2),
    "session_vitals": (frozenset(field.name for field in dataclasses.fields(Vitals)), _answer_vitals),
    "dose_check": (frozenset(field.name for field in dataclasses.fields(Dose)), _answer_dose),
    "frequency_check": (frozenset({"proposed_day", "previous_days"}), _answer_frequency),
    "eligibility": (frozenset({"drug", *_CANDIDATE_FIELDS, *REASONS}), _answer_eligibility),
    "rems_session": (
        frozenset({*_TIMES, "bp_pre", "bp_end", "moaas", "dissociation_resolved", "spo2", "escort"}),
        _answer_session,
    ),
    "rems_form_due": (frozenset({"session_date", "today", "submitted"}), _answer_form_due),
    "change": (frozenset({"measure", "baseline", "current"}), _answer_change),
    "alert_sla": (frozenset({"priority", "elapsed_min", "acknowledged", "contacted"}), _answer_sla),
}
