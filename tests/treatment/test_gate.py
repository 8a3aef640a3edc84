"""The gate over all that evidence can be: pure, and never open with a piece missing."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.sessions.eligibility import REASONS, Candidate, Drug, Status
from apps.sessions.treatment.gate import Evidence, gate

TODAY = date(2026, 11, 25)
FIT = Candidate(
    drug=Drug.ESKETAMINE,
    age=40,
    sbp=122,
    dbp=78,
    spo2=98,
    setting_certified=True,
    setting_type="outpatient",
    rems_enrolled=True,
    escort_arranged=True,
    food_within_hours=4,
    liquid_within_min=90,
)
WHOLE = Evidence(FIT, TODAY, consent="active", screened_on=TODAY, checked_today=True, prescriber_present=True)
CODES = st.frozensets(st.sampled_from(sorted(REASONS)), max_size=6)


def test_with_every_piece_it_is_open() -> None:
    assert gate(WHOLE).items == ()


@given(
    st.sampled_from(["missing", "withdrawn", "outdated"]),
    CODES,
    CODES,
    st.integers(0, 400),
    st.booleans(),
    st.sampled_from([True, False, None]),
)
def test_no_dose_passes_a_consent_that_does_not_hold(
    consent: str, found: frozenset[str], overridden: frozenset[str], days: int, checked: bool, present: bool | None
) -> None:
    evidence = Evidence(
        replace(FIT, findings=found),
        TODAY,
        consent=consent,
        screened_on=TODAY - timedelta(days=days),
        checked_today=checked,
        prescriber_present=present,
        overridden=overridden | {f"consent_{consent}"},
    )
    assert not gate(evidence).is_open
    assert f"consent_{consent}" in {item.code for item in gate(evidence).blocking}


@given(CODES, CODES)
def test_it_is_open_exactly_when_what_may_be_overridden_was_and_nothing_else_is_there(
    found: frozenset[str], overridden: frozenset[str]
) -> None:
    stands = gate(replace(WHOLE, candidate=replace(FIT, findings=found), overridden=overridden))
    grave = {code for code in found if REASONS[code] is Status.CONTRAINDICATED}
    held = {code for code in found if REASONS[code] in (Status.HOLD, Status.NOT_RECOMMENDED)}
    assert stands.is_open == (not grave and held <= overridden)


@given(st.sampled_from(["consent", "screened_on", "checked_today", "prescriber_present"]))
def test_each_piece_alone_closes_it(piece: str) -> None:
    missing = {"consent": "missing", "screened_on": None, "checked_today": False, "prescriber_present": None}
    assert not gate(replace(WHOLE, **{piece: missing[piece]})).is_open
    assert not gate(replace(WHOLE, unclear=True)).is_open
