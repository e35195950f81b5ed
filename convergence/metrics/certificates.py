"""Certificates: inequalities that every single run of a normalized method must keep.

Both need the direction m_t of every step: states with `m`, where after.m led from x_t to x_{t+1}.
They are reported as 1 + (left − right)/scale, so that 1 is the border and round-off is relative.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from convergence.metrics.base import AbstractMetric
from convergence.problems.base import AbstractProblem
from convergence.shapes import Count, Reals, Scalar, real


def length(v: Any) -> Scalar:
    """‖v‖."""
    return jnp.sqrt(jnp.sum(v**2))


class Descent(AbstractMetric):
    """1 + (left − right)/scale for the descent inequality of normalized steps,

    left = (1/T) Σ_{t<T} ‖∇f(x_t)‖,
    right = (f(x_0) − f(x_T))/(γT) + Lγ/2 + (2/T) Σ_{t<T} ‖m_t − ∇f(x_t)‖,
    scale = (|f(x_0)| + |f(x_T)|)/(γT) + Lγ/2 + (2/T) Σ ‖m_t − ∇f(x_t)‖ + left.
    """

    gamma: Reals = eqx.field(converter=real)
    L: Reals = eqx.field(converter=real)

    def init(self, problem: AbstractProblem, state: Any) -> Array:
        start = problem.value(state.x)
        return jnp.stack([start, jnp.zeros_like(start), jnp.zeros_like(start)])

    def update(
        self, t: Count, acc: Array, problem: AbstractProblem, before: Any, after: Any
    ) -> Array:
        gradient = problem.grad(before.x)
        return acc + jnp.stack([0 * acc[0], length(gradient), length(after.m - gradient)])

    def read(self, T: Count, acc: Array, problem: AbstractProblem, state: Any) -> Array:
        start, end = acc[0], problem.value(state.x)
        T = jnp.maximum(T, 1)
        left = acc[1] / T
        rest = self.L * self.gamma / 2 + 2 * acc[2] / T
        right = (start - end) / (self.gamma * T) + rest
        scale = (jnp.abs(start) + jnp.abs(end)) / (self.gamma * T) + rest + left
        return 1 + (left - right) / scale


class NoiseAverage(AbstractMetric):
    """1 + max_t (‖e_t − N_t‖ − Lγ(θ − θ^{t+1})/α)/max_t ‖m_t‖ for momentum with m_0 = g_0,

    e_t = m_t − ∇f(x_t), N_t = θ N_{t−1} + α ξ_t, N_0 = ξ_0: the error of the momentum is the same
    average of the noise alone, up to the drift of the gradient. ξ_t is read off m_t, so that what
    is put to the test is the drift: the length of the steps and L.
    """

    gamma: Reals = eqx.field(converter=real)
    alpha: Reals = eqx.field(converter=real)
    L: Reals = eqx.field(converter=real)

    def init(self, problem: AbstractProblem, state: Any) -> Any:
        zero = jnp.zeros((), state.x.dtype)
        # (N, worst excess, largest ‖m‖)
        return jnp.zeros_like(state.x), zero - jnp.inf, zero

    def update(self, t: Count, acc: Any, problem: AbstractProblem, before: Any, after: Any) -> Any:
        N, worst, size = acc
        theta = 1 - self.alpha
        gradient = problem.grad(before.x)
        fresh = after.m - theta * before.m - self.alpha * gradient  # α ξ_t for t ≥ 1
        N = jnp.where(t == 0, after.m - gradient, theta * N + fresh)
        drift = self.L * self.gamma * (theta - theta ** (t + 1)) / self.alpha
        excess = length(after.m - gradient - N) - drift
        return N, jnp.maximum(worst, excess), jnp.maximum(size, length(after.m))

    def read(self, T: Count, acc: Any, problem: AbstractProblem, state: Any) -> Array:
        _, worst, size = acc
        return 1 + worst / jnp.where(size > 0, size, 1)


class Lead(AbstractMetric):
    """max_{t≤T} (prog_0(x_t) − successes_t) on the chain: more coordinates than were shown?"""

    def init(self, problem: Any, state: Any) -> Scalar:
        return self.at(problem, state)

    def at(self, problem: Any, state: Any) -> Scalar:
        """prog_0(x_t) − successes_t."""
        return (problem.progress(state.x) - state.successes).astype(state.x.dtype)

    def update(self, t: Count, acc: Scalar, problem: Any, before: Any, after: Any) -> Scalar:
        return jnp.maximum(acc, self.at(problem, after))

    def read(self, T: Count, acc: Scalar, problem: Any, state: Any) -> Array:
        return acc
