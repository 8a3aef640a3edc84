"""Limits of vital signs by the names of their clinic settings, and what a person's own change in them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from apps.monitoring.vital_signs import VitalLimits

PREFIX = "vital_"
SIMPLE = (
    "sbp_high",
    "dbp_high",
    "sbp_severe",
    "dbp_severe",
    "sbp_rise",
    "dbp_rise",
    "sbp_low",
    "spo2_low",
    "spo2_critical",
)
#: Field of VitalLimits -> names of its low and its high end.
PAIRS = {
    "hr_abnormal": ("hr_low", "hr_high"),
    "hr_critical": ("hr_critical_low", "hr_critical_high"),
    "rr_abnormal": ("rr_low", "rr_high"),
    "rr_critical": ("rr_critical_low", "rr_critical_high"),
}
NAMES = (*SIMPLE, *(name for pair in PAIRS.values() for name in pair))


def limits_from(settings: Mapping[str, int], own: Mapping[str, int] | None = None) -> VitalLimits:
    """The limits in force. settings: a clinic's settings ('vital_sbp_high'); own: a person's ('sbp_high')."""
    values = {name: int(settings[PREFIX + name]) for name in NAMES} | dict(own or {})
    pairs = {field: (values[low], values[high]) for field, (low, high) in PAIRS.items()}
    simple = {name: values[name] for name in SIMPLE}
    return VitalLimits(**simple, **pairs)  # type: ignore[arg-type]
