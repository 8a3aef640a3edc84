"""Units that come in beside those that are stored (UCUM), each with its exact factor. Pure.

Factors: 1 kPa = 7.500617 mm[Hg]; 1 [lb_av] = 0.45359237 kg; 1 [in_i] = 2.54 cm (NIST SP 811). What differs from
substance to substance (umol/L) is not converted but refused.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

Conversion = Callable[[Decimal], Decimal]


def _times(factor: str) -> Conversion:
    exact = Decimal(factor)
    return lambda value: value * exact


def _fahrenheit(value: Decimal) -> Decimal:
    return (value - 32) * 5 / 9


#: (unit as sent, unit as stored) -> the change.
CONVERSIONS: Mapping[tuple[str, str], Conversion] = {
    ("kPa", "mm[Hg]"): _times("7.500617"),
    ("mmHg", "mm[Hg]"): _times("1"),
    ("[degF]", "Cel"): _fahrenheit,
    ("[lb_av]", "kg"): _times("0.45359237"),
    ("g", "kg"): _times("0.001"),
    ("[in_i]", "cm"): _times("2.54"),
    ("m", "cm"): _times("100"),
    ("{beats}/min", "/min"): _times("1"),
    ("{Beats}/min", "/min"): _times("1"),
    ("{breaths}/min", "/min"): _times("1"),
}
