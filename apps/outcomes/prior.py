"""The model that every clinic starts with, until it has courses of its own."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from apps.outcomes.mathematics.fit import Model
from apps.outcomes.mathematics.grid import make_grid
from apps.outcomes.mathematics.kalman import Noise

FILE: Final = Path(__file__).parent / "mathematics" / "starting_prior.json"


@dataclass(frozen=True, slots=True)
class Versioned:
    """A model, its version and what it was fitted to."""

    model: Model
    version: str
    source: str


@cache
def starting_model() -> Versioned:
    """The model that comes with Telek. Fitted to simulated courses, not to patients."""
    kept = json.loads(FILE.read_text(encoding="utf-8"))
    weights = np.array(kept["weights"])
    return Versioned(
        Model(make_grid(), Noise(**kept["noise"]), weights / weights.sum()), kept["version"], kept["source"]
    )
