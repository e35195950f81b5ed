"""Metrics of a stack X ∈ Rⁿˣᵈ of agents' copies x_i, with x̄ their mean."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from convergence.metrics.base import AbstractMetric
from convergence.metrics.pointwise import AbstractPointwise
from convergence.problems.base import AbstractProblem
from convergence.shapes import Count, Reals, Scalar, real


class MeanSquare(AbstractPointwise):
    """(1/n) Σ_i ‖x_i − x*‖², x* the minimizer of the common goal."""

    def at(self, problem: Any, state: Any) -> Scalar:
        return jnp.sum((state.x - problem.x_star()) ** 2) / state.x.shape[0]


class TotalSquare(AbstractPointwise):
    """Σ_i ‖x_i − x*‖²."""

    def at(self, problem: Any, state: Any) -> Scalar:
        return jnp.sum((state.x - problem.x_star()) ** 2)


class CenterSquare(AbstractPointwise):
    """‖x̄ − x*‖²."""

    def at(self, problem: Any, state: Any) -> Scalar:
        return jnp.sum((jnp.mean(state.x, axis=0) - problem.x_star()) ** 2)


class Consensus(AbstractPointwise):
    """(1/n) Σ_i ‖x_i − x̄‖²."""

    def at(self, problem: Any, state: Any) -> Scalar:
        return jnp.sum((state.x - jnp.mean(state.x, axis=0)) ** 2) / state.x.shape[0]


class ExcessRisk(AbstractPointwise):
    """(1/n) Σ_i J(x_i) − J(x*), J the common goal."""

    def at(self, problem: Any, state: Any) -> Scalar:
        return jnp.mean(jax.vmap(problem.excess)(state.x))


class CenterGradSq(AbstractPointwise):
    """‖∇J(x̄)‖², J the common goal (the hyper-objective Φ of a bilevel problem)."""

    def at(self, problem: Any, state: Any) -> Scalar:
        return jnp.sum(jax.grad(problem.excess)(jnp.mean(state.x, axis=0)) ** 2)


class CenterGradLessSpread(AbstractPointwise):
    """‖∇J(x̄)‖² − κ (1/n) Σ_i ‖∇f_i(x̄) − ∇J(x̄)‖²."""

    kappa: Reals = eqx.field(converter=real)

    def at(self, problem: Any, state: Any) -> Scalar:
        mean = jnp.broadcast_to(jnp.mean(state.x, axis=0), state.x.shape)
        local = problem.grad(mean)
        goal = jnp.mean(local, axis=0)
        return jnp.sum(goal**2) - self.kappa * jnp.sum((local - goal) ** 2) / len(local)


class CenterExcess(AbstractPointwise):
    """w (J(x̄) − inf J), w a weight."""

    weight: Reals = eqx.field(converter=real, default=1.0)

    def at(self, problem: Any, state: Any) -> Scalar:
        return self.weight * problem.excess(jnp.mean(state.x, axis=0))


class EscapeTime(AbstractMetric):
    """min {t : mean of x_t > level}, or `never` while that has not happened."""

    level: float = 0.0
    never: float = float("inf")

    def init(self, problem: AbstractProblem, state: Any) -> Scalar:
        return jnp.asarray(jnp.inf, state.x.dtype)

    def update(
        self, t: Count, acc: Scalar, problem: AbstractProblem, before: Any, after: Any
    ) -> Scalar:
        out = jnp.mean(after.x) > self.level
        return jnp.where(out & jnp.isinf(acc), t + 1.0, acc)

    def read(self, T: Count, acc: Scalar, problem: AbstractProblem, state: Any) -> Array:
        return jnp.minimum(acc, self.never)
