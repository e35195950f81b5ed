"""Metrics of min–max problems."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp

from convergence.metrics.base import AbstractMetric
from convergence.metrics.pointwise import AbstractPointwise
from convergence.problems.base import AbstractProblem
from convergence.problems.nonconvex import log_cosh_of
from convergence.shapes import Count, Iterate, Reals, Scalar, real


class AverageGap(AbstractMetric):
    """max_y ℒ(x̄, y) − min_x ℒ(x, ȳ) at the mean z̄ of z_0, …, z_{T−1}, by the problem's `gap`."""

    def init(self, problem: AbstractProblem, state: Any) -> Iterate:
        return jnp.zeros_like(state.x)

    def update(
        self, t: Count, acc: Iterate, problem: AbstractProblem, before: Any, after: Any
    ) -> Iterate:
        return acc + before.x

    def read(self, T: Count, acc: Iterate, problem: Any, state: Any) -> Scalar:
        return problem.gap(acc / jnp.maximum(T, 1))


class LeastLogOdds(AbstractPointwise):
    """min_i |s_i|, s the log-odds of the weights: all weights are within e^{−that} of 0 or 1."""

    def at(self, problem: Any, state: Any) -> Scalar:
        return jnp.min(jnp.abs(state.s))


class SaddleEnergy(AbstractPointwise):
    """V = (θ − θ*)²/(2η_θ) + KL(½ ‖ b)/η_b for one sample, θ* = 0 and b* = ½; KL(½ ‖ b) is
    log cosh(s/2) of the log-odds, which does not cancel."""

    theta_step: Reals = eqx.field(converter=real)
    weight_step: Reals = eqx.field(converter=real)

    def at(self, problem: Any, state: Any) -> Scalar:
        kl = log_cosh_of(state.s[0] / 2)
        return state.x[0] ** 2 / (2 * self.theta_step) + kl / self.weight_step
