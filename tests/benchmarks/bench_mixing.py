"""Mixing agents: the runner against NumPy batched over seeds and JAX by hand: `python -m
tests.benchmarks.bench_mixing`.

Gradient tracking on quadratics of n agents in d dimensions. Everything is measured in one process,
several times over; the best of each counts and only ratios are worth quoting. Below, the time of
one exact analysis of SPARKLE with 448 state entries, after a first one.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from convergence.algorithms.decentralized.single_level import GradientTracking
from convergence.algorithms.decentralized.sparkle import sparkle
from convergence.keys import claim_key, step_key
from convergence.metrics.agents import MeanSquare
from convergence.moments.affine import analyse
from convergence.noise.agents import PerEntry
from convergence.oracles.base import Oracle
from convergence.oracles.bilevel import BilevelOracle
from convergence.parts import graphs
from convergence.precision import precision
from convergence.problems.agents import heterogeneous
from convergence.problems.bilevel import random_bilevel
from convergence.runner.experiment import Experiment
from convergence.runner.run import run
from tests.benchmarks._by_hand import batched
from tests.benchmarks._clock import speeds

T, SEEDS, ALPHA = 200, 256, 0.1


def numpy_batched(problem: Any) -> np.ndarray:
    """All seeds in one array (seeds, n, d)."""
    W, H, c = (np.asarray(v) for v in (problem.W, problem.H, problem.c))
    rng = np.random.default_rng(0)
    X = np.zeros((SEEDS, *c.shape))

    def gradient(X: np.ndarray) -> np.ndarray:
        return np.einsum("kij,skj->ski", H, X - c) + rng.standard_normal(X.shape)

    G = gradient(X)
    tracker = W @ G
    for _ in range(T):
        X = W @ (X - ALPHA * tracker)
        new = gradient(X)
        tracker, G = W @ (tracker + new - G), new
    return X


def hand_written(problem: Any, base: Any) -> Any:
    """The same in JAX."""
    W, H, c = (jnp.asarray(v) for v in (problem.W, problem.H, problem.c))

    def one(key: Any, T: Any) -> Any:
        def gradient(X: Any, t: Any) -> Any:
            noise = jax.random.normal(step_key(key, t), X.shape)
            return jnp.einsum("kij,kj->ki", H, X - c) + noise

        def step(t: Any, carry: Any) -> Any:
            X, tracker, G = carry
            X = W @ (X - ALPHA * tracker)
            new = gradient(X, t + 1)
            return X, W @ (tracker + new - G), new

        X = jnp.zeros(c.shape)
        G = gradient(X, 0)
        return jax.lax.fori_loop(0, T, step, (X, W @ G, G))[0]

    return batched(one, SEEDS, base)


def runner(problem: Any, key: Any) -> None:
    """The same by the engine of this project."""
    oracle, method = Oracle(problem, PerEntry(1.0)), GradientTracking(problem.W, ALPHA)
    run(Experiment(problem, oracle, method, MeanSquare()), T, key, seeds=range(SEEDS), chunk=SEEDS)


def main() -> None:
    """Print ratios."""
    with precision("float64"):
        key = claim_key("bench-mixing", 0, T)
        for n, d in ((8, 2), (16, 4), (32, 8)):
            problem = heterogeneous(graphs.lazy(graphs.ring(n)), d)
            written = hand_written(problem, key)
            found = speeds(
                {
                    "runner": (lambda p=problem: runner(p, key), 1),
                    "NumPy batched": (lambda p=problem: numpy_batched(p), 1),
                    "JAX by hand": (lambda w=written: w(T, SEEDS), 1),
                }
            )
            numpy, by_hand = (
                f"{found['runner'] / found[way]:.2f}" for way in ("NumPy batched", "JAX by hand")
            )
            print(f"n = {n:2d}, d = {d}: runner {numpy} × NumPy batched, {by_hand} × JAX by hand")
        problem = random_bilevel(graphs.lazy(graphs.torus(4)), 4, 4)
        oracle = BilevelOracle(problem, PerEntry(1.0))
        method = sparkle("ED", "ED", problem.W, (0.02, 0.1, 0.1, 0.3))

        def exact() -> None:
            m = analyse(Experiment(problem, oracle, method))
            assert m.radius < 1
            m.steady(MeanSquare())

        seconds = 1 / speeds({"exact": (exact, 1)})["exact"]
        print(f"exact analysis with 448 state entries: {seconds:.2f} s")


if __name__ == "__main__":
    main()
