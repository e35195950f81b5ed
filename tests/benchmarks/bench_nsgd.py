"""NSGD-M under heavy tails against NumPy batched over seeds, at d = 1, 100 and 10 000.

f = ½‖w‖², isotropic Pareto noise. `python -m tests.benchmarks.bench_nsgd`. Both ways draw the same
number of random numbers a step. One process, twice over, the better time counts: quote the ratio.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from convergence.algorithms.heavy_tailed.nsgd import NSGDM
from convergence.keys import claim_key
from convergence.metrics.pointwise import GradNorm
from convergence.noise.heavy import Pareto
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.quadratic import Isotropic
from convergence.runner.experiment import Experiment
from convergence.runner.run import run
from tests.benchmarks._clock import speeds

GAMMA, ALPHA, BETA = 1e-3, 0.1, 1.6
# d: (T, seeds, chunk)
SIZES = {1: (2000, 4096, 2048), 100: (400, 512, 256), 10_000: (40, 64, 4)}


def numpy_batched(d: int, T: int, seeds: int) -> np.ndarray:
    """All seeds in one array, in place where NumPy allows it."""
    rng = np.random.default_rng(0)
    w = np.ones((seeds, d))
    m = np.zeros_like(w)
    for t in range(T):
        z = rng.standard_normal((seeds, d))
        radius = np.exp(rng.standard_exponential((seeds, 1)) / BETA)
        z *= radius / np.sqrt(np.einsum("sd,sd->s", z, z))[:, None]
        z += w
        if t == 0:
            m = z.copy()
        else:
            m *= 1 - ALPHA
            z *= ALPHA
            m += z
        w -= m * (GAMMA / np.sqrt(np.einsum("sd,sd->s", m, m)))[:, None]
    return w


def compare(d: int) -> dict[str, float]:
    """Seed-steps per second of both ways."""
    T, seeds, chunk = SIZES[d]
    problem = Isotropic(np.ones(d))
    oracle, method = Oracle(problem, Pareto(BETA, 1.0, 1.5)), NSGDM(GAMMA, ALPHA)

    def engine() -> Any:
        key = claim_key("bench-nsgd", 0, T)
        return run(
            Experiment(problem, oracle, method, GradNorm()), T, key, seeds=range(seeds), chunk=chunk
        )

    return speeds(
        {
            "NumPy batched": (lambda: numpy_batched(d, T, seeds), T * seeds),
            "runner": (engine, T * seeds),
        }
    )


def main() -> None:
    """Print the ratios."""
    table = Table(title="NSGD-M, seed-steps per second, float64")
    for column in (
        "d",
        "NumPy batched, million/s",
        "runner, million/s",
        "runner is … times as fast",
    ):
        table.add_column(column, justify="right")
    with precision("float64"):
        for d in SIZES:
            found = compare(d)
            ours, theirs = found["runner"], found["NumPy batched"]
            table.add_row(
                str(d), f"{theirs / 1e6:.4f}", f"{ours / 1e6:.4f}", f"{ours / theirs:.2f}"
            )
    Console().print(table)


if __name__ == "__main__":
    main()
