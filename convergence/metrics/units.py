"""Metrics of agents whose units have no order of their own."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from convergence.metrics.base import AbstractMetric
from convergence.metrics.pointwise import AbstractPointwise
from convergence.problems.base import AbstractProblem
from convergence.shapes import Count, Scalar


class LargestDeviation(AbstractPointwise):
    """max_i of the mean squared deviation of agent i's network from the original one, over that
    which roundings are a share of."""

    def at(self, problem: Any, state: Any) -> Scalar:
        return jnp.max(problem.deviations(state.x)) / problem.gross()


class NetDeviations(AbstractPointwise):
    """(n,) the mean squared deviations of all agents' networks: a short vector, for figures."""

    def at(self, problem: Any, state: Any) -> Any:
        return problem.deviations(state.x)


class AlignedGradSq(AbstractPointwise):
    """‖∇J(ȳ)‖² at the mean of the aligned copies y_i = P_i x_i."""

    def at(self, problem: Any, state: Any) -> Scalar:
        return jnp.sum(problem.goal_grad(jnp.mean(problem.aligned(state.x), axis=0)) ** 2)


class LargestQuotient(AbstractMetric):
    """max over pairs of min_P ‖x_i − P x_j‖² at T, over what it was at the start."""

    def init(self, problem: Any, state: Any) -> Scalar:
        return jnp.max(problem.quotients(state.x))

    def update(
        self, t: Count, acc: Scalar, problem: AbstractProblem, before: Any, after: Any
    ) -> Scalar:
        return acc

    def read(self, T: Count, acc: Scalar, problem: Any, state: Any) -> Array:
        return jnp.max(problem.quotients(state.x)) / acc


class QuotientEnergy(AbstractMetric):
    """V_W = Σ_{i<j} w_ij min_P ‖x_i − P x_j‖² at T, over what it was at the start; `kept`: max over
    t of [V_W(x_{t+1}) + ½ min w_ii Σ_i ‖∇_i V_W(x_t)‖²]/V_W(x_t), ∇_i V_W = 2 Σ_k w_ik (x_i −
    P_ik x_k) with the best P_ik."""

    kept: bool = eqx.field(static=True, default=False)

    def init(self, problem: Any, state: Any) -> Scalar:
        return jnp.zeros((), state.x.dtype) if self.kept else problem.energy(state.x)

    def update(self, t: Count, acc: Scalar, problem: Any, before: Any, after: Any) -> Scalar:
        if not self.kept:
            return acc
        slope = problem.energy_grad(before.x)
        gain = 0.5 * jnp.min(jnp.diag(jnp.asarray(problem.W))) * jnp.sum(slope**2)
        return jnp.maximum(acc, (problem.energy(after.x) + gain) / problem.energy(before.x))

    def read(self, T: Count, acc: Scalar, problem: Any, state: Any) -> Scalar:
        return acc if self.kept else problem.energy(state.x) / acc
