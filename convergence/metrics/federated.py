"""Metrics of federated methods."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp

from convergence.metrics.base import AbstractMetric
from convergence.metrics.pointwise import AbstractPointwise
from convergence.problems.base import AbstractProblem
from convergence.shapes import Count, Reals, Scalar, real


class GradLessSpread(AbstractPointwise):
    """‖∇J(x)‖² − κ (1/n) Σ_i ‖∇F_i(x) − ∇J(x)‖² of the clients' functions F_i."""

    kappa: Reals = eqx.field(converter=real)

    def at(self, problem: Any, state: Any) -> Scalar:
        rows = problem.grads(state.x)
        mean = jnp.mean(rows, axis=0)
        return jnp.sum(mean**2) - self.kappa * jnp.sum((rows - mean) ** 2) / len(rows)


class Promise(AbstractMetric):
    """The mean over t < T of P_t = ½L_g(θ)‖g⁺ − g‖² + ‖∇_θJ(θ, g⁺)‖²/(2L_θ(g⁺)), g⁺ = Π(g −
    ∇_gJ(θ, g)/L_g(θ)) on [0, 1]ᵈ, at z_t: what alternating steps promise to gain there, whatever
    is then done. `kept`: max over t of (J(z_{t+1}) + P_t)/J(z_t)."""

    kept: bool = eqx.field(static=True, default=False)

    def init(self, problem: AbstractProblem, state: Any) -> Scalar:
        return jnp.zeros((), state.x.dtype)

    def update(self, t: Count, acc: Scalar, problem: Any, before: Any, after: Any) -> Scalar:
        theta, g = problem.parts(before.x)
        bend = problem.smoothness(theta)
        _, slope = problem.parts(problem.grad(before.x))
        g1 = jnp.clip(g - slope * inverse(bend), 0.0, 1.0)
        slope, _ = problem.parts(problem.grad(jnp.concatenate([theta, g1])))
        gain = 0.5 * bend * jnp.sum((g1 - g) ** 2)
        gain += 0.5 * jnp.sum(slope**2) * inverse(problem.smoothness(g1))
        if self.kept:
            return jnp.maximum(acc, (problem.value(after.x) + gain) / problem.value(before.x))
        return acc + gain

    def read(self, T: Count, acc: Scalar, problem: AbstractProblem, state: Any) -> Scalar:
        return acc if self.kept else acc / jnp.maximum(T, 1)


def inverse(L: Any) -> Any:
    """1/L, or 0 where L is 0: a block without curvature has no gradient either."""
    return jnp.where(L > 0, 1.0 / jnp.where(L > 0, L, 1.0), 0.0)
