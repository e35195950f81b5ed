"""NSGD-M under heavy tails against NumPy batched over seeds and JAX by hand, at d = 1, 100, 10 000.

f = ½‖w‖², isotropic Pareto noise. `python -m tests.benchmarks.bench_nsgd`. All ways draw the same
number of random numbers a step. One process, several times over, the best counts: quote the ratio.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from rich.console import Console
from rich.table import Table

from convergence.algorithms.heavy_tailed.nsgd import NSGDM
from convergence.keys import claim_key, step_key
from convergence.metrics.pointwise import GradNorm
from convergence.noise.heavy import Pareto
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.quadratic import Isotropic
from convergence.runner.experiment import Experiment
from convergence.runner.run import run
from tests.benchmarks._by_hand import batched
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


def hand_written(d: int, chunk: int, base: Any) -> Any:
    """The same in JAX."""

    def one(key: Any, T: Any) -> Any:
        def step(t: Any, carry: Any) -> Any:
            w, m = carry
            way, size = jax.random.split(step_key(key, t + 1))
            z = jax.random.normal(way, (d,))
            radius = jnp.exp(jax.random.exponential(size) / BETA)
            g = w + z * (radius / jnp.sqrt(jnp.sum(z**2)))
            m = jnp.where(t == 0, g, (1 - ALPHA) * m + ALPHA * g)
            return w - m * (GAMMA / jnp.sqrt(jnp.sum(m**2))), m

        return jax.lax.fori_loop(0, T, step, (jnp.ones(d), jnp.zeros(d)))[0]

    return batched(one, chunk, base)


def compare(d: int) -> dict[str, float]:
    """Seed-steps per second of all ways."""
    T, seeds, chunk = SIZES[d]
    problem = Isotropic(np.ones(d))
    oracle, method = Oracle(problem, Pareto(BETA, 1.0, 1.5)), NSGDM(GAMMA, ALPHA)

    key = claim_key("bench-nsgd", 0, T)
    written = hand_written(d, chunk, key)

    def engine() -> Any:
        return run(
            Experiment(problem, oracle, method, GradNorm()), T, key, seeds=range(seeds), chunk=chunk
        )

    return speeds(
        {
            "NumPy batched": (lambda: numpy_batched(d, T, seeds), T * seeds),
            "JAX by hand": (lambda: written(T, seeds), T * seeds),
            "runner": (engine, T * seeds),
        }
    )


def main() -> None:
    """Print the ratios."""
    table = Table(title="NSGD-M, million seed-steps per second, float64")
    ways = "NumPy batched", "JAX by hand", "runner"
    for column in ("d", *ways, "× NumPy", "× JAX by hand"):
        table.add_column(column, justify="right")
    with precision("float64"):
        for d in SIZES:
            found = compare(d)
            ratios = [f"{found['runner'] / found[way]:.2f}" for way in ways[:2]]
            table.add_row(str(d), *(f"{found[way] / 1e6:.4f}" for way in ways), *ratios)
    Console().print(table)


if __name__ == "__main__":
    main()
