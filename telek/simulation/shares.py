"""A clinic's past lived by several processes at once, each with some of its people.

It is the past that one process tells: everybody has their own dice, thrown each day from the first one of the clinic's.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from multiprocessing import get_context
from typing import Any, TypeVar

from django.db import connection

from telek.simulation.process import begin
from telek.simulation.run import Simulation

Done = TypeVar("Done")


class ShareFailed(Exception):
    """What went wrong in another process, in words: not every exception finds its way back from there."""


PEOPLE_A_PROCESS = 3  # a process takes some seconds to start: it must be worth it


def live(simulation: Simulation, until: datetime, processes: int | None = None) -> None:
    """From the first day of whoever began first up to `until`, on as many cores as are worth it."""
    most = (os.cpu_count() or 1) if processes is None else processes
    number = min(most, len(simulation.lives) // PEOPLE_A_PROCESS)
    first = min(life.starts_on for life in simulation.lives)
    if number < 2:
        simulation.run(first, until)
        return
    # Whoever began first has most to live through: dealt out in turns.
    by_length = sorted(simulation.lives, key=lambda life: life.starts_on)
    shares = [replace(simulation, lives=by_length[nth::number], answers=0) for nth in range(number)]
    lived = side_by_side(_live, shares, [first] * number, [until] * number)
    _take_back(simulation, lived)


def side_by_side(what: Callable[..., Done], rows: Sequence[Any], *more: Sequence[Any]) -> list[Done]:
    """What comes of each row (and its like of each further sequence), each in a process of its own on the same database."""
    name = str(connection.settings_dict["NAME"])
    # New processes and not forks: nothing of this one's connections and threads may come along.
    with ProcessPoolExecutor(len(rows), get_context("spawn"), initializer=begin, initargs=(name,)) as pool:
        return list(pool.map(partial(in_words, what), rows, *more))


def in_words(what: Callable[..., Done], *given: Any) -> Done:
    """The same, its failure as ShareFailed."""
    try:
        return what(*given)
    except Exception as fault:
        raise ShareFailed(f"{type(fault).__name__}: {fault}") from fault


def _live(share: Simulation, first: date, until: datetime) -> Simulation:
    share.run(first, until)
    return share


def _take_back(simulation: Simulation, lived: list[Simulation]) -> None:
    """People in their order, with the doses that they booked meanwhile and where their dice stand."""
    simulation.answers += sum(share.answers for share in lived)
    changed = {life.patient.pk: life for share in lived for life in share.lives}
    for life in simulation.lives:
        other = changed[life.patient.pk]
        life.doses = other.doses
        life.rng.setstate(other.rng.getstate())
