"""How far a step's direction is from the gradient, and values that do not cancel."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from convergence.metrics.base import AbstractMetric
from convergence.metrics.pointwise import AbstractPointwise
from convergence.problems.base import AbstractProblem
from convergence.shapes import Count, Reals, Scalar, real


class Excess(AbstractPointwise):
    """f(x) − f* by the problem's own `excess`, which does not cancel."""

    def at(self, problem: Any, state: Any) -> Scalar:
        return problem.excess(state.x)


class RelativeErrors(AbstractMetric):
    """(min_t δ_t)₊ · (1/T) Σ_{t<T} ‖∇f(x_t)‖² with δ_t = 1 − ‖ĝ_t − ∇f(x_t)‖²/‖∇f(x_t)‖² and
    ĝ_t = (x_t − x_{t+1})/η. Gradients and errors below 1e-10 of the gradients before are rounding:
    no δ_t there. A step away from ∇f = 0 has δ_t = −∞."""

    eta: Reals = eqx.field(converter=real)

    def init(self, problem: AbstractProblem, state: Any) -> Array:
        return jnp.array([1.0, 0.0], state.x.dtype)

    def update(
        self, t: Count, acc: Array, problem: AbstractProblem, before: Any, after: Any
    ) -> Array:
        g = problem.grad(before.x)
        square = jnp.sum(g**2)
        error = jnp.sum(((before.x - after.x) / self.eta - g) ** 2)
        delta = 1 - error / jnp.where(square > 0, square, jnp.finfo(square.dtype).tiny)
        seen = jnp.maximum(square, error) > 1e-20 * acc[1]
        return jnp.stack([jnp.where(seen, jnp.minimum(acc[0], delta), acc[0]), acc[1] + square])

    def read(self, T: Count, acc: Array, problem: AbstractProblem, state: Any) -> Scalar:
        return jnp.maximum(acc[0], 0.0) * acc[1] / jnp.maximum(T, 1)
