"""Seed-steps per second of the runner against NumPy and hand-written JAX: `python -m
tests.benchmarks.engine`.

GaLore-SGD, τ = 100, on the counterexample. Everything is measured in one process, one after the
other and several times over; the best of each counts and only ratios are worth quoting.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from rich.console import Console
from rich.table import Table

from convergence.algorithms.subspace.projected import Subspace
from convergence.keys import claim_key, run_keys, step_key
from convergence.linalg import lift, top_left
from convergence.metrics.pointwise import Value
from convergence.noise.matrix import CornerSign
from convergence.oracles.base import Oracle
from convergence.parts.projectors import TopSVD
from convergence.precision import precision
from convergence.problems.counterexample import Counterexample
from convergence.runner.experiment import Experiment
from convergence.runner.run import run
from tests.benchmarks._by_hand import batched
from tests.benchmarks._clock import speeds

ETA, TAU = 1e-3, 100


def instance(n: int, r: int) -> Counterexample:
    """A counterexample with a fixed random D."""
    D = np.random.default_rng(0).standard_normal((n - r, n - r))
    return Counterexample(D, Counterexample.pure(n, r, 0.5).X0)


def numpy_loop(problem: Counterexample, r: int, T: int, seeds: int) -> np.ndarray:
    """One seed after another, as the papers' scripts do."""
    D, k = np.asarray(problem.D), problem.k
    out = []
    for seed in range(seeds):
        rng, X = np.random.default_rng(seed), np.array(problem.X0)
        C = np.zeros_like(X)
        C[k:, k:] = np.eye(r)
        P = C
        for t in range(T):
            G = np.zeros_like(X)
            G[:k] = X[:k]
            G[:k, :k] += D
            G += (1.0 if rng.random() < 0.5 else -1.0) * C
            if t % TAU == 0:
                P = np.linalg.svd(G)[0][:, :r]
            X = X - ETA * (P @ (P.T @ G))
        out.append(X)
    return np.array(out)


def numpy_batched(problem: Counterexample, r: int, T: int, seeds: int) -> np.ndarray:
    """All seeds in one array."""
    D, k = np.asarray(problem.D), problem.k
    rng, n = np.random.default_rng(0), len(problem.X0)
    X = np.repeat(np.asarray(problem.X0)[None], seeds, axis=0)
    C = np.zeros((n, n))
    C[k:, k:] = np.eye(r)
    P = X
    for t in range(T):
        G = np.zeros_like(X)
        G[:, :k] = X[:, :k]
        G[:, :k, :k] += D
        G += rng.choice([-1.0, 1.0], seeds)[:, None, None] * C
        if t % TAU == 0:
            P = np.linalg.svd(G)[0][:, :, :r]
        X -= ETA * (P @ (P.transpose(0, 2, 1) @ G))
    return X


def hand_written(
    problem: Counterexample, r: int, chunk: int, base: Any
) -> Callable[[int, int], list[Any]]:
    """The same method written out for this one problem, with the runner's linear algebra."""
    D, k, n = jnp.asarray(problem.D), problem.k, len(problem.X0)
    C = jnp.zeros((n, n)).at[k:, k:].set(jnp.eye(r))

    def one(key: Any, T: Any) -> Any:
        def step(t: Any, carry: Any) -> Any:
            X, P = carry
            sample = step_key(key, t + 1)
            top = X[:k] + jnp.pad(D, ((0, 0), (0, n - k)))
            G = jnp.pad(top, ((0, n - k), (0, 0))) + jax.random.rademacher(sample, (), X.dtype) * C

            def refresh() -> Any:
                fresh = top_left(G, r)
                return lift(fresh.T, G), fresh

            R, P = jax.lax.cond(t % TAU == 0, refresh, lambda: (lift(P.T, G), P))
            return X - ETA * lift(P, R), P

        start = (jnp.asarray(problem.X0), jnp.zeros((n, r)))
        return jax.lax.fori_loop(0, T, step, start)[0]

    return batched(one, chunk, base)


def compare(n: int, r: int, T: int = 2000, seeds: int = 512) -> dict[str, float]:
    """Seed-steps per second of each way on one device."""
    problem = instance(n, r)
    oracle, method = Oracle(problem, CornerSign(1.0, r)), Subspace(TopSVD(), ETA, r=r, tau=TAU)
    chunk, key = 256, claim_key("bench", 0, T)

    def engine() -> Any:
        return run(
            Experiment(problem, oracle, method, Value()), T, key, seeds=range(seeds), chunk=chunk
        )

    written = hand_written(problem, r, chunk, key)
    return speeds(
        {
            "NumPy loop": (lambda: numpy_loop(problem, r, 200, 4), 800),
            "NumPy batched": (lambda: numpy_batched(problem, r, T // 4, seeds), T // 4 * seeds),
            "JAX by hand": (lambda: written(T, seeds), T * seeds),
            "runner": (engine, T * seeds),
        }
    )


def peak_growth(T: int = 2000) -> float:
    """Temporary memory of the compiled chunk for 100 T over that for T: 1 if flat."""
    from convergence.runner import run as module

    problem = instance(10, 4)
    experiment = Experiment(
        problem,
        Oracle(problem, CornerSign(1.0, 4)),
        Subspace(TopSVD(), ETA, r=4, tau=TAU),
        Value(),
    )
    width = 256 * jax.local_device_count()
    sizes = []
    for horizon in (T, 100 * T):
        chunks: Any = module._chunks
        lowered = chunks.lower(
            module.trajectory,
            experiment,
            module.checkpoints(horizon),
            run_keys(claim_key("bench", 0, 1), jnp.arange(width, dtype=jnp.uint32)),
        )
        analysis = lowered.compile().compiled.memory_analysis()
        sizes.append(analysis.temp_size_in_bytes + analysis.output_size_in_bytes)
    return sizes[1] / sizes[0]


def main() -> None:
    """Print the ratios."""
    table = Table(title=f"seed-steps per second, {jax.local_device_count()} device(s), float64")
    for column in ("instance", "way", "million/s", "runner is … times as fast"):
        table.add_column(column, justify="right" if "/" in column or "…" in column else "left")
    with precision("float64"):
        for n, r in ((10, 4), (20, 8)):
            found = compare(n, r)
            for way, speed in found.items():
                ratio = found["runner"] / speed
                table.add_row(f"n={n}, r={r}", way, f"{speed / 1e6:.3f}", f"{ratio:.2f}")
        growth = peak_growth()
    Console().print(table)
    print(f"memory of the compiled program when T grows 100 times: × {growth:.3f}")


if __name__ == "__main__":
    main()
