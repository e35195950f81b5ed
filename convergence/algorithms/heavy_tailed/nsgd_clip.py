"""Clip, then average, then normalize."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, Samples
from convergence.algorithms.heavy_tailed.nsgd import NormalizedState, check_steps, clip, unit
from convergence.oracles.base import AbstractOracle
from convergence.shapes import Count, Iterate, Key, Reals, real


class NSGDC(AbstractAlgorithm):
    """m_t = (1−α) m_{t−1} + α clip_h(∇F(x_t; ξ_t)), m_0 = clip_h(∇F(x_0; ξ_0));
    x_{t+1} = x_t − γ m_t/‖m_t‖.

    Cutkosky and Mehta 2021, Algorithm 1. Differs from the paper in: m_0 is the first clipped
    gradient, not 0.
    """

    respects = Samples()

    gamma: Reals = eqx.field(converter=real)
    alpha: Reals = eqx.field(converter=real)
    h: Reals = eqx.field(converter=real)

    def __check_init__(self) -> None:
        check_steps(self.gamma, self.alpha, self.h)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> NormalizedState:
        return NormalizedState(x0, jnp.zeros_like(x0))

    def step(
        self, t: Count, state: NormalizedState, oracle: AbstractOracle, key: Key
    ) -> NormalizedState:
        g = clip(oracle.grad(state.x, key), self.h)
        m = jnp.where(t == 0, g, (1 - self.alpha) * state.m + self.alpha * g)
        return NormalizedState(state.x - self.gamma * unit(m), m)
