"""Runs behind the figures, kept in results/ like those of claims and never repeated."""

from __future__ import annotations

from typing import Any

from convergence.claims.settings import Session, Settings
from convergence.runner.experiment import Experiment, Simulation
from convergence.runner.record import Record
from convergence.store import Store


def simulate(
    name: str,
    oracle: Any,
    algorithm: Any,
    metric: Any,
    T: int,
    seeds: int = 1,
    *,
    marks: Any = None,
    chunk: int | None = None,
    tier: str = "quick",
) -> Record:
    """`seeds` runs up to T in float64 under the keys of the figure, as many at once as `chunk`.

    The program of a `standard` run takes longer to compile and less to run.
    """
    what = Simulation(
        f"figure-{name}",
        Experiment(oracle.problem, oracle, algorithm, metric),
        T,
        chunk or seeds,
        marks,
    )
    return Session(Settings(tier), Store()).record(what, seeds)
