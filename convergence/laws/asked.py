"""A user's own oracle: what it answers is unbiased and no noisier than its noise certifies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from convergence.compiling import hastily
from convergence.constants import Constants
from convergence.derivatives import slope_along
from convergence.errors import InvalidInput
from convergence.laws.entries import ALPHA, uncentered
from convergence.laws.faults import Fault
from convergence.laws.noises import AFTER, centered, exceeds
from convergence.philox import PHILOX
from convergence.problems.base import started

DRAWS = 2**14
ENTRIES = 2**20  # of all draws together
MOST = 2**24  # entries of the draws after a refutation
APART = (0.0, 1e-2, 1.0, 30.0)  # places, by their distance from x_0
# What oracles of the package answer besides values and gradients.
BESIDES = (
    "activations", "adjoint", "at", "center", "disturbance", "draw", "exact", "factors", "hess",
    "leads", "local", "lower", "lower_start", "n", "pairs", "parts", "samples", "scaled_grad",
    "smoothness", "success", "through", "upper",
)  # fmt: skip


@hastily
def _answers(oracle: Any, x: Any, keys: Any) -> Any:
    return jax.vmap(lambda key: oracle.grad(x, key))(jax.random.wrap_key_data(keys, impl=PHILOX))


@hastily
def _rows(oracle: Any, x: Any, keys: Any) -> Any:
    return jax.vmap(lambda key: oracle.grads(x, key))(jax.random.wrap_key_data(keys, impl=PHILOX))


@hastily
def _slopes(oracle: Any, x: Any, v: Any, keys: Any) -> Any:
    def both(key: Any) -> Any:
        slope = slope_along(lambda y: oracle.value(y, key), x, v)
        return slope, jnp.sum(oracle.grad(x, key) * v)

    return jax.vmap(both)(jax.random.wrap_key_data(keys, impl=PHILOX))


def unlooked(oracle: Any) -> Iterator[Fault]:
    """What a user's own oracle answers in its own way and no look can check."""
    for name in BESIDES:
        answer = getattr(type(oracle), name, None)
        answer = answer.fget if isinstance(answer, property) else answer
        if answer is not None and not answer.__module__.startswith("convergence."):
            what = "no look can check it; ask an oracle of the package, or state a theorem"
            yield Fault(name, type(oracle).__name__, None, f"{what} of your own")


def oracle_faults(oracle: Any, problem: Any, c: Constants, at: Any = None) -> list[Fault]:
    """E ∇F(x; ξ) = ∇f(x), E‖∇F − ∇f‖² ≤ σ² (p-th moments likewise) and ∇F the slope of F, at x_0
    or another point and away from it; of an oracle that answers for workers, each worker. In
    float64."""
    x0 = np.asarray(started(problem) if at is None else at, np.float64)
    rng = np.random.default_rng(0)
    unit = float(np.sqrt(np.mean(x0**2))) or 1.0
    count = int(min(DRAWS, max(64, ENTRIES // max(1, x0.size))))
    keys = rng.integers(0, 2**32, (count, 2), dtype=np.uint32)
    first = None
    for apart in APART:
        x = jnp.asarray(x0 + apart * unit * rng.standard_normal(x0.shape))
        found: list[Fault] = []
        try:
            g = np.asarray(_answers(oracle, x, keys))
        except InvalidInput:
            return []  # it answers no gradients
        slope = np.asarray(problem.grad(x))
        found += _sample(g, slope, c)
        if hasattr(oracle, "grads") and hasattr(problem, "grads"):
            rows, true = np.asarray(_rows(oracle, x, keys)), np.asarray(problem.grads(x))
            for k in range(len(true)):
                found += _sample(rows[:, k], true[k], c)
            found += _together(rows - true, c)
        elif c.get("additive") and not found:
            first = (g - slope, float(np.abs(slope).max())) if first is None else first
            found += _moved(*first, g - slope, float(np.abs(slope).max()))
        found += _values(oracle, x, rng.standard_normal(x0.shape), keys[:8])
        if found:
            return found
    return []


def rare_answers(oracle: Any, problem: Any, c: Constants, count: int) -> list[Fault]:
    """Its moments at x_0 against at least `count` answers, for what few do not show. In float64."""
    x = jnp.asarray(np.asarray(started(problem), np.float64))
    step = int(min(DRAWS, max(64, ENTRIES // max(1, x.size))))
    true, squares = np.asarray(problem.grad(x)), [np.zeros(0)]
    for part in range(-(-min(count, MOST // max(1, x.size)) // step)):
        keys = np.random.default_rng(1 + part).integers(0, 2**32, (step, 2), dtype=np.uint32)
        try:
            xi = np.asarray(_answers(oracle, x, keys)) - true
        except InvalidInput:
            return []
        squares.append(np.sum(xi.reshape(step, -1) ** 2, axis=1))
    return list(_moments(np.concatenate(squares), c, AFTER))


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
    yield from _moments(square, c)
    way = np.random.default_rng(1).standard_normal(xi.shape[1])
    for v in (true.ravel(), way):
        size = float(np.linalg.norm(v))
        if size > 0:
            yield from centered(xi @ (v / size), c)
    yield from uncentered(xi, c, False, 1e-12 * float(np.linalg.norm(true)))


def _moments(square: np.ndarray, c: Constants, alpha: float = ALPHA) -> Iterator[Fault]:
    """Squares ‖∇F − ∇f‖² of answers against σ and σ_p."""
    N = len(square)
    if "sigma" in c and exceeds(square, c.sigma**2, alpha):
        yield Fault("sigma", c.sigma, square.mean() ** 0.5, f"of {N} answers (mean ‖∇F − ∇f‖²)^½")
    if "sigma_p" in c and exceeds(square ** (c.p / 2), c.sigma_p**c.p, alpha):
        moment = np.mean(square ** (c.p / 2)) ** (1 / c.p)
        yield Fault("sigma_p", c.sigma_p, moment, f"of {N} answers that moment")


def _together(xi: np.ndarray, c: Constants) -> Iterator[Fault]:
    """The mean of n independent errors (N, n, d) has a variance of σ²/n at most."""
    most = c.get("sigma", np.inf) ** 2 / xi.shape[1]
    square = np.sum(np.mean(xi, axis=1) ** 2, axis=1)
    if 0 < most < np.inf and exceeds(square, most):
        what = f"of {len(xi)} answers n times the variance of the workers' mean, rooted,"
        yield Fault("sigma", c.sigma, (square.mean() * xi.shape[1]) ** 0.5, what)


def _moved(was: np.ndarray, first: float, now: np.ndarray, size: float) -> Iterator[Fault]:
    """Errors of the same samples at two places, where slopes have these sizes."""
    off = float(np.max(np.abs(now - was)))
    if off > 1e-9 * max(float(np.max(np.abs(was))), first, size):
        yield Fault("additive", True, off, "between two places an answer's error moves by")


def _values(oracle: Any, x: Any, v: Any, keys: np.ndarray) -> Iterator[Fault]:
    """∇F(x; ξ) is the slope of F(·; ξ), along v."""
    try:
        found, stated = map(np.asarray, _slopes(oracle, x, v, keys))
    except InvalidInput:
        return  # it answers no values
    off = float(np.abs(found - stated).max())
    if not off <= 1e-9 * max(float(np.abs(stated).max()), 1e-300):
        yield Fault("∇F", "the slope of F", off, "off it by")
