"""Accelerated zeroth-order descent along Gaussian directions (Nesterov and Spokoiny, Section 6)."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, AbstractState
from convergence.draws import normal
from convergence.errors import require
from convergence.oracles.base import AbstractOracle
from convergence.oracles.zeroth import SLOPES
from convergence.shapes import Count, Iterate, Key, Reals, Scalar, real


class EstimateState(AbstractState):
    """x, the center v and the curvature γ of the estimate of f."""

    x: Iterate
    v: Iterate
    gamma: Scalar


class AcceleratedZO(AbstractAlgorithm):
    """α²/θ = (1 − α)γ + ατ =: γ⁺;  y = x + β(v − x), β = αγ/(γ + ατ);  g = c u at y, u ~ N(0, I);
    x⁺ = y − hg;  v⁺ = v + λ(y − v) − (θ/α)g, λ = ατ/γ⁺.

    c: a slope of F along u of width mu, as in `ZOSGD`. tau: strong convexity that is used, 0 for
    none; gamma: γ_0 ≥ τ. v_0 = x_0.
    """

    h: Reals = eqx.field(converter=real)
    theta: Reals = eqx.field(converter=real)
    gamma: Reals = eqx.field(converter=real)
    tau: Reals = eqx.field(converter=real, default=0.0)
    mu: Reals = eqx.field(converter=real, default=1e-3)
    slope: str = eqx.field(static=True, default="central")

    def __check_init__(self) -> None:
        for name in ("theta", "gamma", "mu"):
            value = float(getattr(self, name))
            require(value > 0, f"{name} = {value:g}", f"{name} > 0", "raise it")
        tau = float(self.tau)
        require(0 <= tau <= float(self.gamma), f"tau = {tau:g}", "0 ≤ tau ≤ gamma", "lower it")
        require(
            self.slope in SLOPES, f"slope {self.slope!r}", f"one of {sorted(SLOPES)}", "choose one"
        )

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> EstimateState:
        return EstimateState(x0, x0, jnp.asarray(self.gamma, x0.dtype))

    def step(
        self, t: Count, state: EstimateState, oracle: AbstractOracle, key: Key
    ) -> EstimateState:
        sample, direction = jax.random.split(key)
        x, v, gamma, tau = state.x, state.v, state.gamma, self.tau
        alpha = weight(self.theta, gamma, tau)
        after = alpha**2 / self.theta
        y = x + alpha * gamma / (gamma + alpha * tau) * (v - x)
        u = normal(direction, x.shape, x.dtype)
        g = SLOPES[self.slope](oracle, y, u, sample, self.mu) * u
        moved = v + alpha * tau / after * (y - v) - self.theta / alpha * g
        return EstimateState(y - self.h * g, moved, after)


def weight(theta: Any, gamma: Any, tau: Any) -> Any:
    """The positive root α of α²/θ = (1 − α)γ + ατ."""
    half = theta * (gamma - tau) / 2
    return (half**2 + theta * gamma) ** 0.5 - half
