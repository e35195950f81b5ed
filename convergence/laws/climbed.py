"""How steep f is at most: ascents of ‖∇f‖ from the steepest points seen, for points that are drawn
miss a bound that is nearly attained somewhere."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from convergence.laws.look import Look
from convergence.plainly import plainly

CLIMBERS, STEPS = 4, 60


@plainly
def _rise(problem: Any, x: Any) -> Any:
    """(P,) the ‖∇f‖² and its slope, at points x."""

    def square(x: Any) -> Any:
        return jnp.sum(problem.grad(x) ** 2)

    return jax.vmap(jax.value_and_grad(square))(x)


def steepest(problem: Any, s: Look) -> float:
    """The largest ‖∇f‖ that is found: at points seen, and uphill from the steepest of them, by
    steps that grow while they gain and are halved where they do not."""
    best = np.argsort(-np.sum(s.g**2, axis=1))[:CLIMBERS]
    shape = (-1, *np.shape(problem.start()))
    x = np.resize(s.x[best], (CLIMBERS, s.x.shape[1])).reshape(shape)
    stride = np.full(CLIMBERS, max(s.far, 1e-6))
    height, slope = map(np.asarray, _rise(problem, jnp.asarray(x)))
    wide = (CLIMBERS, *(1,) * (x.ndim - 1))
    for _ in range(STEPS):
        flat = np.sqrt(np.sum(slope.reshape(CLIMBERS, -1) ** 2, axis=1))
        way = slope / np.where(flat > 0, flat, 1.0).reshape(wide)
        y = x + stride.reshape(wide) * way
        after, turned = map(np.asarray, _rise(problem, jnp.asarray(y)))
        with np.errstate(invalid="ignore"):
            gained = np.isfinite(after) & (after > height)
        x, slope = (
            np.where(gained.reshape(wide), y, x),
            np.where(gained.reshape(wide), turned, slope),
        )
        height, stride = np.where(gained, after, height), np.where(gained, 2.0, 0.5) * stride
    return float(np.sqrt(np.max(height, initial=0.0)))
