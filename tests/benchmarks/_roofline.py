"""What a step costs and what a device can do: bytes and operations, for fractions of the limits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from convergence.keys import claim_key, run_keys, step_key
from convergence.runner.experiment import Experiment


def best(call: Callable[[], Any], rounds: int = 3) -> float:
    """Seconds of a call, the best of some after one that compiles."""
    call()
    found = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        jax.block_until_ready(call())
        found = min(found, time.perf_counter() - began)
    return found


def limits(dtype: Any, size: int) -> tuple[float, float]:
    """(bytes a second of x ↦ x + 1, operations a second of a product of matrices) as measured with
    arrays of `size` entries, in and out of memory."""
    x = jnp.ones(size, dtype)
    add = jax.jit(lambda x: x + 1)
    moved = 2 * x.nbytes / best(lambda: add(x))
    n = max(64, int(size**0.5) // 4)
    a = jnp.ones((n, n), dtype)
    product = jax.jit(lambda a: a @ a)
    return moved, 2 * n**3 / best(lambda: product(a))


def step_cost(experiment: Experiment, seeds: int) -> tuple[float, float]:
    """(bytes, operations) of one step of all seeds, as the compiler counts those of its program."""
    problem, oracle, method = experiment.problem, experiment.oracle, experiment.algorithm
    key = claim_key("bench", 0, 1)

    def first(k: Any) -> Any:
        return method.init(problem.start(), oracle, step_key(k, 0))

    def after(state: Any, k: Any) -> Any:
        return method.step(jnp.ones((), jnp.int32), state, oracle, step_key(k, 1))

    keys = run_keys(key, jnp.arange(seeds, dtype=jnp.uint32))
    states = eqx.filter_vmap(first)(keys)
    compiled = jax.jit(jax.vmap(after)).lower(states, keys).compile()
    cost: Any = compiled.cost_analysis()
    cost = cost[0] if isinstance(cost, list) else cost or {}
    return float(cost.get("bytes accessed", 0.0)), float(cost.get("flops", 0.0))
