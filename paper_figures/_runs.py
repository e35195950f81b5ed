"""Runs behind the figures, kept in results/ like those of claims and never repeated."""

from __future__ import annotations

import dataclasses
from typing import Any

from convergence.claims.settings import Settings
from convergence.keys import claim_key
from convergence.runner.record import Record
from convergence.runner.run import run
from convergence.store import Store


@dataclasses.dataclass(frozen=True)
class Simulation:
    """All that determines a record but for T and the number of seeds."""

    slug: str
    oracle: Any
    algorithm: Any
    metric: Any
    marks: Any
    chunk: int


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
    settings, store = Settings(tier), Store()
    slug, chunk = f"figure-{name}", chunk or seeds
    what = Simulation(slug, oracle, algorithm, metric, marks, chunk)
    found = store.fetch(what, T, settings, seeds)
    if found is None or found.seeds < seeds:
        key = claim_key(slug, settings.seed, T)
        found = run(
            oracle.problem, oracle, algorithm, metric, T, key, seeds=range(seeds), chunk=chunk,
            marks=marks, hasty=settings.hasty,
        )  # fmt: skip
        store.keep(what, found, settings)
    return found
