"""Metrics of projected gradients R = Pᵀ∇f(W)Q and of the gradient's stable rank."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from convergence.metrics.base import AbstractMetric
from convergence.metrics.pointwise import AbstractPointwise
from convergence.problems.base import AbstractProblem
from convergence.shapes import Count, Reals, Scalar, real


class ProjectedGradNorm(AbstractPointwise):
    """‖Pᵀ∇f(W)Q‖_F."""

    P: Reals = eqx.field(converter=real)
    Q: Reals = eqx.field(converter=real)

    def at(self, problem: AbstractProblem, state: Any) -> Scalar:
        return jnp.sqrt(jnp.sum((self.P.T @ problem.grad(state.x) @ self.Q) ** 2))


class WorstRatio(AbstractMetric):
    """max q(x_{t+1}) / q(x_t) over the t < T with q(x_t) > above; below that, rounding decides."""

    of: AbstractPointwise
    above: Reals = eqx.field(converter=real, default=0.0)

    def init(self, problem: AbstractProblem, state: Any) -> Scalar:
        return jnp.zeros_like(self.of.at(problem, state))

    def update(
        self, t: Count, acc: Scalar, problem: AbstractProblem, before: Any, after: Any
    ) -> Scalar:
        old, new = self.of.at(problem, before), self.of.at(problem, after)
        counts = old > self.above
        return jnp.where(counts, jnp.maximum(acc, new / jnp.where(counts, old, 1.0)), acc)

    def read(self, T: Count, acc: Scalar, problem: AbstractProblem, state: Any) -> Array:
        return acc


class StableRank(AbstractPointwise):
    """sr(∇f(W)) = ‖∇f‖_F² / ‖∇f‖₂²."""

    def at(self, problem: AbstractProblem, state: Any) -> Scalar:
        s = jnp.linalg.svd(problem.grad(state.x), compute_uv=False)
        return jnp.sum(s**2) / s[0] ** 2
