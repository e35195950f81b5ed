"""What of a step's time the limits of this machine explain: `python -m
tests.benchmarks.bench_roofline`.

A chunk of runs on one core. Its blocks of random bits are counted in the program and set against a
loop that only draws blocks; its operations, those of random bits among them, are what the compiler
counts, against the product of two matrices on all cores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxprs_in_params
from rich.console import Console
from rich.table import Table

from convergence.algorithms.heavy_tailed.nsgd import NSGDM
from convergence.compiling import carefully
from convergence.keys import claim_key, run_keys, step_key
from convergence.metrics.pointwise import GradNorm
from convergence.noise.heavy import Pareto
from convergence.oracles.base import Oracle
from convergence.precision import precision
from convergence.problems.quadratic import Isotropic
from convergence.runner.experiment import Experiment
from tests.benchmarks._roofline import best, limits, step_cost
from tests.benchmarks.accelerator import galore, mixing, seconds_of

SEEDS, STEPS = 256, 1000
RANDOM = {"random_bits", "random_fold_in", "random_split"}


def nsgdm(d: int) -> Experiment:
    """NSGD-M under Pareto noise."""
    problem = Isotropic(np.ones(d))
    return Experiment(problem, Oracle(problem, Pareto(1.6, 1.0, 1.5)), NSGDM(1e-3, 0.1), GradNorm())


# name: (experiment, seeds, steps)
CASES: dict[str, tuple[Callable[[], Experiment], int, int]] = {
    "GaLore n=10": (galore, SEEDS, STEPS),
    "NSGD-M d=1": (lambda: nsgdm(1), 8 * SEEDS, STEPS),
    "NSGD-M d=100": (lambda: nsgdm(100), SEEDS, STEPS),
    "NSGD-M d=10⁴": (lambda: nsgdm(10_000), 4, STEPS // 10),
    "mixing n=16": (mixing, SEEDS, STEPS),
}


def equations(jaxpr: Any) -> Iterator[Any]:
    """All of a program, those of its parts too."""
    for equation in jaxpr.eqns:
        yield equation
        for part in jaxprs_in_params(equation.params):
            yield from equations(part)


def blocks(experiment: Experiment) -> int:
    """Blocks of 64 random bits that one step of one run draws, with those that make its keys."""
    problem, oracle, method = experiment.problem, experiment.oracle, experiment.algorithm

    def step(key: Any) -> Any:
        state = method.init(problem.start(), oracle, key)
        return lambda k: method.step(jnp.ones((), jnp.int32), state, oracle, step_key(k, 1))

    key = claim_key("bench", 0, 1)
    total = 0
    for equation in equations(jax.make_jaxpr(step(key))(key).jaxpr):
        if equation.primitive.name in RANDOM:
            bits = equation.params.get("bit_width", 64)
            total += -(-int(np.prod(equation.outvars[0].aval.shape)) * bits // 64)
    return total


def drawing() -> float:
    """Blocks a second of a loop that makes a key and draws one word of 64 bits a step."""
    seeds = 8 * SEEDS

    @carefully
    def loop(keys: Any) -> Any:
        def one(key: Any) -> Any:
            def step(t: Any, total: Any) -> Any:
                return total ^ jax.random.bits(step_key(key, t), (), jnp.uint64)

            return jax.lax.fori_loop(0, STEPS, step, jnp.zeros((), jnp.uint64))

        return jax.vmap(one)(keys)

    keys = run_keys(claim_key("bench", 0, 1), jnp.arange(seeds, dtype=jnp.uint32))
    return 2 * seeds * STEPS / best(lambda: loop(keys))


def main() -> None:
    """Print the shares."""
    table = Table(title="a step of one run on one core, float64: shares of its time")
    for column in ("step", "ns", "blocks", "operations", "random bits", "arithmetic"):
        table.add_column(column, justify="left" if column == "step" else "right")
    with precision("float64"):
        random, arithmetic = drawing(), limits(jnp.float64, 2**20)[1]
        for name, (make, seeds, steps) in CASES.items():
            experiment = make()
            took = seconds_of(experiment, seeds, steps) / seeds / steps
            drawn, done = blocks(experiment), step_cost(experiment, seeds)[1] / seeds
            shares = drawn / random / took, done / arithmetic / took
            table.add_row(
                name, f"{took * 1e9:.3g}", str(drawn), f"{done:.0f}", *(f"{s:.0%}" for s in shares)
            )
    Console().print(table)
    print(
        f"limits: {random / 1e6:.0f} million blocks/s, {arithmetic / 1e9:.3g} billion operations/s"
    )


if __name__ == "__main__":
    main()
