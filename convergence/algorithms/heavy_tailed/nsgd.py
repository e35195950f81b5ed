"""Normalized SGD: with batches, with momentum, and with momentum put in the wrong place."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from convergence.algorithms.base import AbstractAlgorithm, AbstractState, Samples
from convergence.errors import require
from convergence.oracles.base import AbstractOracle, mean_grad
from convergence.shapes import Count, Iterate, Key, Reals, Whole, real, varies, whole


class NormalizedState(AbstractState):
    """x_t and m, the direction of the step that led to it: x_t = x_{t−1} − γ m/‖m‖."""

    x: Iterate
    m: Iterate


def unit(m: Iterate) -> Iterate:
    """m/‖m‖, with 0/0 = 0."""
    norm = jnp.sqrt(jnp.sum(m**2))
    return m / jnp.where(norm > 0, norm, 1.0)


def clip(g: Iterate, h: Any) -> Iterate:
    """min{1, h/‖g‖} g: the projection on the ball of radius h (h = inf leaves g as it is)."""
    norm = jnp.sqrt(jnp.sum(g**2))
    return g * jnp.where(norm > h, h / jnp.where(norm > 0, norm, 1.0), 1.0)


def check_steps(gamma: Any = 1.0, alpha: Any = 1.0, h: Any = 1.0) -> None:
    """Refuse a step γ ≤ 0, a momentum 1 − α outside [0, 1), a clip level h ≤ 0."""
    if any(isinstance(v, Tracer) for v in (gamma, alpha, h)):
        return
    low, weight, level = (float(np.min(np.asarray(v))) for v in (gamma, alpha, h))
    require(low > 0, f"a step gamma = {low:g}", "gamma > 0", "give a positive step")
    require(
        0 < weight <= 1,
        f"momentum theta = {1 - weight:g}",
        "theta in [0, 1), so that alpha = 1 − theta lies in (0, 1]",
        "theta = 0 keeps no memory",
    )
    require(level > 0, f"a clip level h = {level:g}", "h > 0", "use h = inf for no clipping")


class NSGD(AbstractAlgorithm):
    """m_t = (1/B) Σ_{b<B} ∇F(x_t; ξ_{t,b});  x_{t+1} = x_t − γ m_t/‖m_t‖."""

    gamma: Reals = eqx.field(converter=real)
    B: Whole = eqx.field(converter=whole, default=1)

    def __check_init__(self) -> None:
        check_steps(self.gamma)

    @varies
    def respects(self) -> Samples:
        return Samples(self.B)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> NormalizedState:
        return NormalizedState(x0, jnp.zeros_like(x0))

    def step(
        self, t: Count, state: NormalizedState, oracle: AbstractOracle, key: Key
    ) -> NormalizedState:
        m = mean_grad(oracle, state.x, key, self.B)
        return NormalizedState(state.x - self.gamma * unit(m), m)


class NSGDM(AbstractAlgorithm):
    """m_t = (1−α) m_{t−1} + α ∇F(x_t; ξ_t), m_0 = ∇F(x_0; ξ_0);  x_{t+1} = x_t − γ m_t/‖m_t‖.

    α = 1 − θ weighs the NEW gradient; it is stored instead of θ, which rounds to 1.
    """

    respects = Samples()

    gamma: Reals = eqx.field(converter=real)
    alpha: Reals = eqx.field(converter=real)

    def __check_init__(self) -> None:
        check_steps(self.gamma, self.alpha)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> NormalizedState:
        return NormalizedState(x0, jnp.zeros_like(x0))

    def step(
        self, t: Count, state: NormalizedState, oracle: AbstractOracle, key: Key
    ) -> NormalizedState:
        g = oracle.grad(state.x, key)
        m = jnp.where(t == 0, g, (1 - self.alpha) * state.m + self.alpha * g)
        return NormalizedState(state.x - self.gamma * unit(m), m)


class HeavyBallState(AbstractState):
    """Also the velocity v, whose norm is not bounded by 1."""

    x: Iterate
    m: Iterate
    v: Iterate


class HeavyBallAfterNormalizing(AbstractAlgorithm):
    """v_t = μ v_{t−1} + g_t/‖g_t‖, v_{−1} = 0;  x_{t+1} = x_t − γ v_t.

    What becomes of normalized SGD when momentum is added to normalized gradients, as a heavy ball:
    its steps are up to γ/(1−μ) long. m is g_t, for its descent inequality.
    """

    respects = Samples()

    gamma: Reals = eqx.field(converter=real)
    mu: Reals = eqx.field(converter=real)

    def __check_init__(self) -> None:
        check_steps(self.gamma, 1 - np.asarray(self.mu) if not _traced(self.mu) else 1.0)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> HeavyBallState:
        return HeavyBallState(x0, jnp.zeros_like(x0), jnp.zeros_like(x0))

    def step(
        self, t: Count, state: HeavyBallState, oracle: AbstractOracle, key: Key
    ) -> HeavyBallState:
        g = oracle.grad(state.x, key)
        v = self.mu * state.v + unit(g)
        return HeavyBallState(state.x - self.gamma * v, g, v)


def _traced(value: Any) -> bool:
    return isinstance(value, Tracer)
