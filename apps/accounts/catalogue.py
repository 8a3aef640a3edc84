"""Clinic settings: name, default, unit and source of every number that a clinic may change. Pure."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SettingDefinition:
    """One setting with its sourced default. unit: UCUM or a word; kind: int, float, str, bool."""

    name: str
    default: Any
    unit: str
    source: str
    kind: type = int
    low: float | None = None
    high: float | None = None


def _d(name: str, default: Any, unit: str, source: str, **more: Any) -> SettingDefinition:
    return SettingDefinition(name, default, unit, source, kind=type(default), **more)


_PD = "product default, signed off by the clinic's medical director"
_LONG = f"clinical reference 2.7, {_PD}"
_FULL = f"no figure in the clinical reference: counted in full, {_PD}"
#: Exposure and its checks: name -> default, unit, source, low, high.
_CHECKS: dict[str, tuple[int, str, str, int, int]] = {
    "share_swallowed_low": (20, "%", "clinical reference 2.1: oral bioavailability 20-25 %", 1, 100),
    "share_swallowed_high": (25, "%", "clinical reference 2.1: oral bioavailability 20-25 %", 1, 100),
    "share_injected_low": (100, "%", _FULL, 1, 100),
    "share_injected_high": (100, "%", _FULL, 1, 100),
    "share_nasal_low": (100, "%", _FULL, 1, 100),
    "share_nasal_high": (100, "%", _FULL, 1, 100),
    "check_monthly_days": (30, "d", f"{_LONG}: bladder and cognition monthly", 7, 90),
    "check_bladder_monthly_checks": (3, "{check}", f"{_LONG}: monthly three times", 1, 12),
    "check_bladder_later_days": (90, "d", f"{_LONG}: then every three months", 30, 365),
    "check_liver_days": (180, "d", f"{_LONG}: every 3 to 6 months", 30, 365),
    "check_liver_dense_days": (90, "d", f"{_LONG}: every 3 to 6 months", 30, 365),
    "check_liver_pain_days": (2, "d", f"{_LONG}: every 1 to 2 days in multi-day pain infusions", 1, 7),
    "check_induction_doses": (6, "{dose}", f"{_LONG}: again after induction", 1, 20),
    "check_dense_days": (8, "d", f"days with a dose in 30, from which checks stay closest, {_PD}", 2, 30),
    "check_pregnancy_days": (90, "d", _PD, 7, 365),
    "check_grace_days": (14, "d", f"how long a check may be late before it holds a dose, {_PD}", 0, 90),
    "check_enzyme_times_upper": (3, "{times}", f"{_LONG}: stop and repeat over 3 times the upper limit", 2, 10),
}
_BANDS = f"clinical reference 3.1, {_PD}"
#: Cut points of vital signs, inclusive: name -> default, unit, low, high.
_VITALS: dict[str, tuple[int, str, int, int]] = {
    "sbp_high": (160, "mm[Hg]", 120, 220),
    "dbp_high": (100, "mm[Hg]", 70, 140),
    "sbp_severe": (180, "mm[Hg]", 140, 250),
    "dbp_severe": (110, "mm[Hg]", 80, 150),
    "sbp_rise": (40, "mm[Hg]", 10, 100),
    "dbp_rise": (25, "mm[Hg]", 5, 80),
    "sbp_low": (90, "mm[Hg]", 60, 120),
    "hr_low": (50, "/min", 30, 70),
    "hr_high": (111, "/min", 80, 180),
    "hr_critical_low": (40, "/min", 20, 60),
    "hr_critical_high": (131, "/min", 100, 220),
    "spo2_low": (93, "%", 80, 97),
    "spo2_critical": (91, "%", 75, 95),
    "rr_low": (11, "/min", 6, 14),
    "rr_high": (21, "/min", 16, 40),
    "rr_critical_low": (8, "/min", 3, 12),
    "rr_critical_high": (25, "/min", 18, 60),
}
CATALOGUE: dict[str, SettingDefinition] = {
    s.name: s
    for s in [
        _d("p1_acknowledge_minutes", 15, "min", f"clinical reference 4.2, {_PD}", low=1, high=60),
        _d("p1_contact_minutes", 60, "min", f"clinical reference 4.2, {_PD}", low=5, high=240),
        _d("p2_acknowledge_minutes", 60, "min", f"clinical reference 4.2, {_PD}", low=5, high=240),
        _d("p2_contact_minutes", 240, "min", f"clinical reference 4.2 (same day), {_PD}", low=15, high=720),
        _d("p3_due_minutes", 1440, "min", f"clinical reference 4.2, {_PD}", low=60, high=10080),
        _d("repeat_page_minutes", 5, "min", "a life-safety page is repeated at most 5 minutes later", low=1, high=5),
        _d("p1_lease_minutes", 15, "min", "an acknowledged alert returns when its owner goes quiet", low=5, high=60),
        _d("p2_lease_minutes", 60, "min", "an acknowledged alert returns when its owner goes quiet", low=5, high=240),
        _d("call_back_minutes", 30, "min", f"what a person is promised who asks to be called, {_PD}", low=5, high=240),
        _d("survey_link_hours", 48, "h", "a one-tap link is restartable until submitted or 48 hours", low=1, high=168),
        _d("mood_fall_points", 30, "{score}", "clinical reference 1.2: fall from the 3-day mean, P3", low=5, high=100),
        _d("show_scores_to_patients", True, "", _PD),
        _d("crisis_call_number", "", "", "country table, verified twice a year"),
        _d("crisis_text_number", "", "", "country table, verified twice a year"),
        _d("crisis_name", "", "", "country table, verified twice a year"),
        _d("emergency_number", "", "", "country table, verified twice a year"),
        _d("fallback_contact", "", "", "paged when nobody is on call"),
        _d("message_files", True, "", f"people and staff may send photos and PDF documents in messages, {_PD}"),
        _d("message_file_megabytes", 10, "MB", f"size of one file in a message, {_PD}", low=1, high=25),
        _d("pager_test_contact", "", "", "clinical reference 4.2: the pager is tested daily; a number or mail address"),
        _d("night_cover", True, "", "false: patients are told that nobody watches out of hours, before they answer"),
        _d("desk_opens", "08:00", "", _PD),
        _d("desk_closes", "18:00", "", _PD),
        _d("desk_days", "mon tue wed thu fri sat sun", "", f"days on which the desk opens, {_PD}"),
        _d("holidays", "", "", "days on which the desk stays closed, as 2026-12-25 2027-01-01"),
        _d("show_forecasts", False, "", "off: in the shadow until the clinic has judged them (docs/forecasting.md)"),
        _d("video_relay_only", True, "", "hides each side's address from the other where a TURN server is set up"),
        _d("visit_self_booking", True, "", f"people book the times that clinicians opened, {_PD}"),
        _d("visit_minutes", 30, "min", f"length of a visit that the person books, {_PD}", low=10, high=120),
        _d("visit_notice_hours", 4, "h", f"a person books no later than so long before, {_PD}", low=0, high=168),
        _d("visit_ahead_days", 28, "d", f"a person books no further ahead, {_PD}", low=1, high=180),
        _d("visit_cancel_hours", 2, "h", f"later than that the person phones the clinic, {_PD}", low=0, high=72),
        _d("visit_own_open", 2, "{visit}", "visits ahead of one person; nobody books a whole day", low=1, high=20),
        _d(
            "visit_after_dose_from_hours",
            24,
            "h",
            f"integration is talked through 24 to 72 hours after a dose, {_PD}",
            low=0,
            high=336,
        ),
        _d(
            "visit_after_dose_to_hours",
            72,
            "h",
            f"integration is talked through 24 to 72 hours after a dose, {_PD}",
            low=1,
            high=336,
        ),
        *(
            _d(f"vital_{name}", default, unit, _BANDS, low=low, high=high)
            for name, (default, unit, low, high) in _VITALS.items()
        ),
        *(
            _d(name, default, unit, source, low=low, high=high)
            for name, (default, unit, source, low, high) in _CHECKS.items()
        ),
        _d("vital_episode_minutes", 15, "min", f"quiet time after which an alarm is a new one, {_PD}", low=1, high=240),
        _d("session_phase_hours", 4, "h", f"after a dose, limits of the session count, {_PD}", low=1, high=24),
        _d("screening_days", 90, "d", f"how long a screening holds, {_PD}", low=7, high=365),
        _d("rems_certified", False, "", "this setting is certified in the US programme (label, REMS)"),
        _d("label_region", "US", "", "US or EU: whose esketamine label applies"),
        _d("solo_dosing", False, "", "one person may give a dose alone; another reviews it the next day"),
        _d(
            "dose_backdate_minutes",
            15,
            "min",
            f"how far back the start of a dose may be entered, {_PD}",
            low=0,
            high=60,
        ),
        _d("session_check_minutes", 10, "min", "clinical reference 2.5: during an infusion", low=5, high=30),
        _d("session_check_after_minutes", 15, "min", "clinical reference 2.5: after an infusion", low=5, high=30),
        _d(
            "home_sessions",
            False,
            "",
            "clinical reference 2.5: FDA alert of October 2023; off until the clinic decides",
        ),
        _d("home_look_in_minutes", 15, "min", f"look-ins of a session at home, {_PD}", low=5, high=30),
        _d("home_grace_minutes", 3, "min", f"how late a look-in may be before somebody is told, {_PD}", low=1, high=10),
        _d("calm_exercises_shipped", True, "", f"exercises that ship are offered beside the clinic's own, {_PD}"),
        _d(
            "cognition_slower_percent",
            30,
            "%",
            f"how much slower than at the beginning is told, {_PD}",
            low=10,
            high=200,
        ),
        _d(
            "cognition_fewer_words",
            3,
            "words",
            f"how many words fewer than at the beginning is told, {_PD}",
            low=1,
            high=8,
        ),
        _d("discharge_fresh_minutes", 30, "min", f"how old the last look may be at leaving, {_PD}", low=5, high=60),
        _d("chairs", 4, "chairs", f"how many people are treated at one time, {_PD}", low=1, high=60),
        _d("sites", "", "names", "where the clinic treats, names with a semicolon between; empty: one place"),
        _d("sessions_open_hour", 8, "h", f"first hour of treatment, the clinic's clock, {_PD}", low=0, high=22),
        _d("sessions_close_hour", 18, "h", f"by when a session is over, {_PD}", low=2, high=24),
        _d("sessions_on_saturday", False, "", f"treatment on Saturdays, {_PD}"),
        _d(
            "all_clear_hour",
            11,
            "h",
            f"from when a missing all-clear of the next morning is told, {_PD}",
            low=7,
            high=20,
        ),
        _d("brand_colour", "", "#rrggbb", "the clinic's own; must be readable, WCAG 2.2 AA 1.4.3; empty: Telek's"),
        _d("logo", "", "", "the clinic's own sign: a picture and what it says; empty: Telek's"),
        _d(
            "weekly_item_budget",
            60,
            "{item}",
            f"questions a person is asked in a week: daily check-in and the weekly forms of induction, {_PD}",
            low=10,
            high=400,
        ),
    ]
}


@dataclass(frozen=True)
class CountryLines:
    """Crisis lines of a country (clinical reference 4.6)."""

    crisis_name: str
    crisis_call_number: str
    crisis_text_number: str
    emergency_number: str

    @property
    def call_number(self) -> str:
        """To talk with somebody now."""
        return self.crisis_call_number

    @property
    def text_number(self) -> str:
        """To write with somebody now; empty where there is none."""
        return self.crisis_text_number


COUNTRIES: dict[str, CountryLines] = {
    "US": CountryLines("988 Suicide & Crisis Lifeline", "988", "988", "911"),
    "CA": CountryLines("988 Suicide Crisis Helpline", "988", "988", "911"),
    "GB": CountryLines("Samaritans", "116 123", "", "999"),
    "IE": CountryLines("Samaritans", "116 123", "", "112"),
    "AU": CountryLines("Lifeline", "13 11 14", "", "000"),
    "NZ": CountryLines("1737, need to talk?", "1737", "1737", "111"),
}
