"""What every step of clipped Newton descent must achieve."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from convergence.metrics.base import AbstractMetric
from convergence.problems.base import AbstractProblem
from convergence.shapes import Count, Reals, Scalar, real


class ClippedSteps(AbstractMetric):
    """The largest, over t < T, of a ratio that a theorem bounds by 1; `which` names it:

    "descent": ¼ Σ_i min{ρ|g_i|, g_i²/s_i}/(f(x_t) − f(x_{t+1})) in the eigenbasis;
    "newton": gap(x_{t+1})/(¾ gap(x_t)) where no coordinate is clipped;
    "clipped": level/(f(x_t) − f(x_{t+1})) where one is.

    Steps from a gap below 1e-9 of the first are left out: there differences of f round.
    """

    rho: Reals = eqx.field(converter=real)
    level: Reals = eqx.field(converter=real)
    which: str = eqx.field(static=True, default="descent")

    def init(self, problem: Any, state: Any) -> Array:
        return jnp.stack([jnp.zeros((), state.x.dtype), problem.value(state.x)])

    def update(self, t: Count, acc: Array, problem: Any, before: Any, after: Any) -> Array:
        g, s = problem.slopes(before.x)
        gap, less = problem.value(before.x), problem.value(after.x)
        clipped = jnp.any(jnp.abs(g / s) > self.rho)
        decrease = gap - less
        if self.which == "descent":
            ratio = jnp.sum(jnp.minimum(self.rho * jnp.abs(g), g**2 / s)) / (4 * decrease)
            counts = jnp.asarray(True)
        elif self.which == "newton":
            ratio, counts = less / (0.75 * gap), ~clipped
        else:
            ratio, counts = self.level / decrease, clipped
        ratio = jnp.where(decrease > 0, ratio, jnp.inf) if self.which != "newton" else ratio
        worst = jnp.where(counts & (gap > 1e-9 * acc[1]), jnp.maximum(acc[0], ratio), acc[0])
        return jnp.stack([worst, acc[1]])

    def read(self, T: Count, acc: Array, problem: AbstractProblem, state: Any) -> Scalar:
        return acc[0]
