"""How far the steps go."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from convergence.metrics.base import AbstractMetric
from convergence.metrics.pointwise import AbstractPointwise
from convergence.problems.base import AbstractProblem
from convergence.shapes import Count, Reals, Scalar, real


class AverageStepSq(AbstractMetric):
    """(1/T) Σ_{t<T} ‖x_{t+1} − x_t‖²/α²: the second moment of the estimator that a method steps
    along with step size α."""

    alpha: Reals = eqx.field(converter=real)

    def init(self, problem: AbstractProblem, state: Any) -> Scalar:
        return jnp.zeros((), state.x.dtype)

    def update(
        self, t: Count, acc: Scalar, problem: AbstractProblem, before: Any, after: Any
    ) -> Scalar:
        return acc + jnp.sum((after.x - before.x) ** 2) / self.alpha**2

    def read(self, T: Count, acc: Scalar, problem: AbstractProblem, state: Any) -> Array:
        return acc / jnp.maximum(T, 1)


class Overlap(AbstractPointwise):
    """⟨x, x_0⟩/‖x_0‖²: signed, and linear in x, so that it sees a bias."""

    def at(self, problem: AbstractProblem, state: Any) -> Scalar:
        x0 = problem.start()
        return jnp.sum(state.x * x0) / jnp.sum(x0**2)
