"""Minimising a smooth loss: scipy's L-BFGS-B, loaded at the first fit.

scipy.optimize takes a third of the time in which a process starts, and web, pump and most commands never fit anything.
"""

from collections.abc import Callable
from typing import Any

from apps.outcomes.mathematics.courses import Floats


def minimum(loss: Callable[[Floats], float], start: Floats, options: dict[str, Any] | None = None) -> Floats:
    """Where the loss is smallest, near start. loss: from a vector like start to a number; options: scipy's."""
    from scipy.optimize import minimize

    found: Floats = minimize(loss, start, method="L-BFGS-B", options=options).x
    return found
