"""Regret weighed by how far a run has gone, relative to what distance-based steps promise."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from convergence.metrics.base import AbstractMetric
from convergence.problems.base import AbstractProblem
from convergence.shapes import Count, Reals, Scalar, real


class TravelWeighted(AbstractMetric):
    """Σ_{t<T} r_t^p (f(x_t) − f*) / [r_T (2d_T + r_T) √(Σ_{t<T} r_t^{2(p−1)} ‖∇f(x_t)‖²)], r_t =
    max{first, max_{s≤t} ‖x_s − x_0‖} and d_T = max_{t≤T} ‖x_t − star‖."""

    star: Reals = eqx.field(converter=real)
    first: Reals = eqx.field(converter=real)
    power: int = eqx.field(static=True, default=1)

    def init(self, problem: AbstractProblem, state: Any) -> Array:
        far = jnp.sqrt(jnp.sum((state.x - self.star) ** 2))
        zero = jnp.zeros((), state.x.dtype)
        return jnp.stack([jnp.asarray(self.first, state.x.dtype), far, zero, zero])

    def update(self, t: Count, acc: Array, problem: Any, before: Any, after: Any) -> Array:
        r, d, gaps, squares = acc
        gaps = gaps + r**self.power * (problem.value(before.x) - problem.f_star())
        slope = jnp.sum(problem.grad(before.x) ** 2)
        squares = squares + r ** (2 * (self.power - 1)) * slope
        r = jnp.maximum(r, jnp.sqrt(jnp.sum((after.x - problem.start()) ** 2)))
        d = jnp.maximum(d, jnp.sqrt(jnp.sum((after.x - self.star) ** 2)))
        return jnp.stack([r, d, gaps, squares])

    def read(self, T: Count, acc: Array, problem: AbstractProblem, state: Any) -> Scalar:
        r, d, gaps, squares = acc
        return gaps / (r * (2 * d + r) * jnp.sqrt(squares))
