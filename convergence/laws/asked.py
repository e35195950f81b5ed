"""A user's own oracle: what it answers is unbiased and no noisier than its noise certifies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from convergence.compiling import hastily
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.laws.faults import Fault
from convergence.laws.noises import centered, exceeds
from convergence.philox import PHILOX
from convergence.problems.base import started

DRAWS = 2**14
ENTRIES = 2**20  # of all draws together
APART = (0.0, 1e-2, 1.0, 30.0)  # places, by their distance from x_0


@hastily
def _answers(oracle: Any, x: Any, keys: Any) -> Any:
    return jax.vmap(lambda key: oracle.grad(x, key))(jax.random.wrap_key_data(keys, impl=PHILOX))


@hastily
def _rows(oracle: Any, x: Any, keys: Any) -> Any:
    return jax.vmap(lambda key: oracle.grads(x, key))(jax.random.wrap_key_data(keys, impl=PHILOX))


@hastily
def _slopes(oracle: Any, x: Any, keys: Any) -> Any:
    def both(key: Any) -> Any:
        return jax.grad(lambda y: oracle.value(y, key))(x), oracle.grad(x, key)

    return jax.vmap(both)(jax.random.wrap_key_data(keys, impl=PHILOX))


def oracle_faults(oracle: Any, problem: Any, c: Constants, at: Any = None) -> list[Fault]:
    """E ∇F(x; ξ) = ∇f(x), E‖∇F − ∇f‖² ≤ σ² (p-th moments likewise) and ∇F the slope of F, at x_0
    or another point and away from it; of an oracle that answers for workers, each worker. In
    float64."""
    x0 = np.asarray(started(problem) if at is None else at, np.float64)
    rng = np.random.default_rng(0)
    unit = float(np.sqrt(np.mean(x0**2))) or 1.0
    count = int(min(DRAWS, max(64, ENTRIES // max(1, x0.size))))
    keys = rng.integers(0, 2**32, (count, 2), dtype=np.uint32)
    for apart in APART:
        x = jnp.asarray(x0 + apart * unit * rng.standard_normal(x0.shape))
        found: list[Fault] = []
        try:
            g = np.asarray(_answers(oracle, x, keys))
        except InvalidInput:
            return []  # it answers no gradients
        found += _sample(g, np.asarray(problem.grad(x)), c)
        if hasattr(oracle, "grads") and hasattr(problem, "grads"):
            rows, true = np.asarray(_rows(oracle, x, keys)), np.asarray(problem.grads(x))
            for k in range(len(true)):
                found += _sample(rows[:, k], true[k], c)
        found += _values(oracle, x, keys[:8])
        if found:
            return found
    return []


def _sample(g: np.ndarray, true: np.ndarray, c: Constants) -> Iterator[Fault]:
    """Samples (N, …) of a gradient."""
    N = len(g)
    if g.shape[1:] != true.shape:
        yield Fault("∇F", true, g[0], "with another shape, a sample")
        return
    xi = (g - true).reshape(N, -1)
    if not np.all(np.isfinite(xi)):
        yield Fault("∇F", "finite", "not finite", "a sample")
        return
    square = np.sum(xi**2, axis=1)
    granted = (1e-12 * float(np.linalg.norm(true))) ** 2  # rounding, where there is no noise
    square = np.where(square <= granted, 0.0, square)
    if "sigma" in c and exceeds(square, c.sigma**2):
        yield Fault("sigma", c.sigma, square.mean() ** 0.5, f"of {N} answers (mean ‖∇F − ∇f‖²)^½")
    if "sigma_p" in c and exceeds(square ** (c.p / 2), c.sigma_p**c.p):
        moment = np.mean(square ** (c.p / 2)) ** (1 / c.p)
        yield Fault("sigma_p", c.sigma_p, moment, f"of {N} answers that moment")
    way = np.random.default_rng(1).standard_normal(xi.shape[1])
    for v in (true.ravel(), way):
        size = float(np.linalg.norm(v))
        if size > 0:
            yield from centered(xi @ (v / size), c)


def _values(oracle: Any, x: Any, keys: np.ndarray) -> Iterator[Fault]:
    """∇F(x; ξ) is the slope of F(·; ξ)."""
    try:
        found, stated = map(np.asarray, _slopes(oracle, x, keys))
    except InvalidInput:
        return  # it answers no values
    off = float(np.abs(found - stated).max())
    if not off <= 1e-9 * max(float(np.abs(stated).max()), 1e-300):
        yield Fault("∇F", "the slope of F", off, "off it by")
