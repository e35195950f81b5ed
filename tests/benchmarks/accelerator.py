"""Seed-steps per second on an accelerator: `python -m tests.benchmarks.accelerator`.

GaLore-SGD on the counterexample (n = 10, r = 4, τ = 100) for 2^8 to 2^17 seeds, float32 and
float64. Prints a Markdown table that names the device; with JAX_PLATFORMS=cpu the CPU's to compare.
"""

from __future__ import annotations

import time

import jax

from convergence.algorithms.subspace.projected import Subspace
from convergence.keys import claim_key
from convergence.metrics.pointwise import Value
from convergence.noise.matrix import CornerSign
from convergence.oracles.base import Oracle
from convergence.parts.projectors import TopSVD
from convergence.precision import precision
from convergence.runner.experiment import Experiment
from convergence.runner.run import run
from tests.benchmarks.engine import ETA, TAU, instance

STEPS = 200


def speed(seeds: int, dtype: str) -> float:
    """Seed-steps per second with one chunk of all seeds, the better of two runs after compiling."""
    problem = instance(10, 4)
    oracle, method = Oracle(problem, CornerSign(1.0, 4)), Subspace(TopSVD(), ETA, r=4, tau=TAU)
    with precision(dtype):
        best = float("inf")
        for _ in range(3):
            began = time.perf_counter()
            key = claim_key("bench", 0, STEPS)
            run(
                Experiment(problem, oracle, method, Value()),
                STEPS,
                key,
                seeds=range(seeds),
                chunk=seeds,
            )
            best = min(best, time.perf_counter() - began)
    return seeds * STEPS / best


def main() -> None:
    """Print the table."""
    device = jax.local_devices()[0]
    print(f"Device: {device.device_kind}; {STEPS} steps; million seed-steps per second.\n")
    print("| seeds | float32 | float64 |\n|---|---|---|")
    for power in range(8, 18):
        cells = [f"{speed(2**power, d) / 1e6:.2f}" for d in ("float32", "float64")]
        print(f"| 2^{power} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
