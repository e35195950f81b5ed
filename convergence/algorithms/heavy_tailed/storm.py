"""STORM: momentum with a correction that asks the same sample twice."""

from __future__ import annotations

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, AbstractState, Samples
from convergence.algorithms.heavy_tailed.nsgd import check_steps, clip, unit
from convergence.oracles.base import AbstractOracle, mean_grad
from convergence.shapes import Count, Iterate, Key, Reals, Whole, real, varies, whole


class StormState(AbstractState):
    """Also the iterate before, at which the next sample is asked again."""

    x: Iterate
    m: Iterate
    x_prev: Iterate


class AbstractSTORM(AbstractAlgorithm):
    """m_t = (1−α) m_{t−1} + α clip_h(∇F(x_t; ξ_t)) + (1−α)(∇F(x_t; ξ_t) − ∇F(x_{t−1}; ξ_t)),
    m_0 = clip_h((1/B₀) Σ_{b<B₀} ∇F(x_0; ξ_b));  x_{t+1} = x_t − γ m_t/‖m_t‖.

    h = inf is NSGD-VR, where the first two terms collapse to ∇F(x_t; ξ_t) + (1−α)(m_{t−1} −
    ∇F(x_{t−1}; ξ_t)).
    """

    gamma: Reals = eqx.field(converter=real)
    alpha: Reals = eqx.field(converter=real)
    B0: Whole = eqx.field(converter=whole, default=1)
    h: Reals = eqx.field(converter=real, default=float("inf"))

    def __check_init__(self) -> None:
        check_steps(self.gamma, self.alpha, self.h)

    @varies
    def respects(self) -> Samples | None:
        return Samples(first=self.B0)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> StormState:
        return StormState(x0, clip(mean_grad(oracle, x0, key, self.B0), self.h), x0)

    @abstractmethod
    def again(self, key: Key) -> Key:
        """The sample that is asked at x_{t−1}."""

    def step(self, t: Count, state: StormState, oracle: AbstractOracle, key: Key) -> StormState:
        g = oracle.grad(state.x, key)
        before = oracle.grad(state.x_prev, self.again(key))
        kept = (1 - self.alpha) * (state.m + g - before) + self.alpha * clip(g, self.h)
        m = jnp.where(t == 0, state.m, kept)
        return StormState(state.x - self.gamma * unit(m), m, state.x)


class STORM(AbstractSTORM):
    """STORM as it is meant: both gradients of the difference use ONE sample ξ_t."""

    def again(self, key: Key) -> Key:
        return key


class STORMTwoSamples(AbstractSTORM):
    """STORM with a fresh sample at x_{t−1}: the noise of the difference no longer cancels."""

    @varies
    def respects(self) -> None:
        """Two samples a step, of which a witness would count one."""
        return None

    def again(self, key: Key) -> Key:
        return jax.random.fold_in(key, 1)
