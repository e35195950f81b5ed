"""Mixing agents: the runner against NumPy batched over seeds: `python -m
tests.benchmarks.bench_mixing`.

Gradient tracking on quadratics of n agents in d dimensions. Everything is measured in one process,
several times over; the best of each counts and only ratios are worth quoting. Below, the time of
one exact analysis of SPARKLE with 448 state entries, after a first one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.algorithms.decentralized.single_level import GradientTracking
from convergence.algorithms.decentralized.sparkle import sparkle
from convergence.keys import claim_key
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


def runner(problem: Any) -> None:
    """The same by the engine of this project."""
    oracle, method = Oracle(problem, PerEntry(1.0)), GradientTracking(problem.W, ALPHA)
    key = claim_key("bench-mixing", 0, T)
    run(Experiment(problem, oracle, method, MeanSquare()), T, key, seeds=range(SEEDS), chunk=SEEDS)


def main() -> None:
    """Print ratios."""
    with precision("float64"):
        for n, d in ((8, 2), (16, 4), (32, 8)):
            problem = heterogeneous(graphs.lazy(graphs.ring(n)), d)
            found = speeds(
                {
                    "runner": (lambda p=problem: runner(p), 1),
                    "NumPy batched": (lambda p=problem: numpy_batched(p), 1),
                }
            )
            ratio = found["runner"] / found["NumPy batched"]
            print(f"n = {n:2d}, d = {d}: the runner is {ratio:.2f} times as fast as NumPy batched")
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
