"""Regret over what a preconditioner has accumulated."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from convergence.metrics.base import AbstractMetric
from convergence.problems.base import AbstractProblem
from convergence.shapes import Count, Reals, Scalar, real


def trace_of_root(A: Any) -> Scalar:
    """tr A^{¼} of A ⪰ 0."""
    return jnp.sum(jnp.maximum(jnp.linalg.eigvalsh(A), 0.0) ** 0.25)


class PreconditionedRegret(AbstractMetric):
    """Σ_{t<T} ⟨∇f(X_t), X_t − X*⟩ over (D²/(2η) + ηr) tr L_T^{¼} tr R_T^{¼}, D = max_{t≤T} ‖X_t −
    X*‖_F, of a state with `left` = L and `right` = R."""

    x_star: Reals = eqx.field(converter=real)
    eta: Reals = eqx.field(converter=real)
    rank: Reals = eqx.field(converter=real)

    def init(self, problem: AbstractProblem, state: Any) -> Array:
        far = jnp.sum((state.x - self.x_star) ** 2)
        return jnp.stack([jnp.zeros((), state.x.dtype), far])

    def update(
        self, t: Count, acc: Array, problem: AbstractProblem, before: Any, after: Any
    ) -> Array:
        regret = acc[0] + jnp.sum(problem.grad(before.x) * (before.x - self.x_star))
        return jnp.stack([regret, jnp.maximum(acc[1], jnp.sum((after.x - self.x_star) ** 2))])

    def read(self, T: Count, acc: Array, problem: AbstractProblem, state: Any) -> Scalar:
        size = acc[1] / (2 * self.eta) + self.eta * self.rank
        right = size * trace_of_root(state.left) * trace_of_root(state.right)
        return acc[0] / jnp.where(right > 0, right, 1.0)


class NormRegret(AbstractMetric):
    """Σ_{t<T} ⟨∇f(x_t), x_t − x*⟩ over (D²/(2η) + η)b − η‖g_0‖/2, D = max_{t<T} ‖x_t − x*‖, of a
    state with `square` = b² = Σ ‖g_t‖² and `first` = ‖g_0‖."""

    x_star: Reals = eqx.field(converter=real)
    eta: Reals = eqx.field(converter=real)

    def init(self, problem: AbstractProblem, state: Any) -> Array:
        return jnp.zeros(2, state.x.dtype)

    def update(
        self, t: Count, acc: Array, problem: AbstractProblem, before: Any, after: Any
    ) -> Array:
        away = before.x - self.x_star
        regret = acc[0] + jnp.sum(problem.grad(before.x) * away)
        return jnp.stack([regret, jnp.maximum(acc[1], jnp.sum(away**2))])

    def read(self, T: Count, acc: Array, problem: AbstractProblem, state: Any) -> Scalar:
        size = acc[1] / (2 * self.eta) + self.eta
        right = size * jnp.sqrt(state.square) - self.eta * state.first / 2
        return acc[0] / jnp.where(right > 0, right, 1.0)
