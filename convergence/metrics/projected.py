"""Metrics of projected gradients R = Pᵀ∇f(W)Q and of the gradient's stable rank."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from convergence.metrics.base import AbstractMetric
from convergence.metrics.pointwise import AbstractPointwise
from convergence.problems.base import AbstractProblem
from convergence.shapes import Count, Scalar, real


class ProjectedGradNorm(AbstractPointwise):
    """‖Pᵀ∇f(W)Q‖_F."""

    P: Any = eqx.field(converter=real)
    Q: Any = eqx.field(converter=real)

    def at(self, problem: AbstractProblem, state: Any) -> Scalar:
        return jnp.sqrt(jnp.sum((self.P.T @ problem.grad(state.x) @ self.Q) ** 2))


class WorstRatio(AbstractMetric):
    """max_{t<T} q(x_{t+1}) / q(x_t)."""

    of: AbstractPointwise

    def init(self, problem: AbstractProblem, state: Any) -> Scalar:
        return jnp.zeros_like(self.of.at(problem, state))

    def update(
        self, t: Count, acc: Scalar, problem: AbstractProblem, before: Any, after: Any
    ) -> Scalar:
        return jnp.maximum(acc, self.of.at(problem, after) / self.of.at(problem, before))

    def read(self, T: Count, acc: Scalar, problem: AbstractProblem, state: Any) -> Array:
        return acc


class StableRank(AbstractPointwise):
    """sr(∇f(W)) = ‖∇f‖_F² / ‖∇f‖₂²."""

    def at(self, problem: AbstractProblem, state: Any) -> Scalar:
        s = jnp.linalg.svd(problem.grad(state.x), compute_uv=False)
        return jnp.sum(s**2) / s[0] ** 2
