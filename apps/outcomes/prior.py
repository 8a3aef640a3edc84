"""The model that every clinic starts with, until it has courses of its own."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from apps.outcomes.mathematics.courses import Floats
from apps.outcomes.mathematics.fit import Model, prior_weights
from apps.outcomes.mathematics.grid import make_grid
from apps.outcomes.mathematics.kalman import Noise

TRUST: Final = 0.5
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


def learning_prior() -> Floats:
    """Weights before any course of a clinic is seen: half of what Telek comes with, half every response shape alike."""
    known = starting_model().model
    mixed: Floats = TRUST * known.weights + (1 - TRUST) * prior_weights(known.grid)
    return mixed
