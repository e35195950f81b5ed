"""Normalized SGD with implicit gradient transport: momentum that looks where it will be."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, Samples
from convergence.algorithms.heavy_tailed.nsgd import check_steps, clip, unit
from convergence.algorithms.heavy_tailed.storm import StormState
from convergence.oracles.base import AbstractOracle
from convergence.shapes import Count, Iterate, Key, Reals, real


class NIGT(AbstractAlgorithm):
    """v_t = x_t + ((1−α)/α)(x_t − x_{t−1});  m_t = (1−α) m_{t−1} + α clip_h(∇F(v_t; ξ_t)),
    v_0 = x_0, m_0 = clip_h(∇F(x_0; ξ_0));  x_{t+1} = x_t − γ m_t/‖m_t‖.

    Cutkosky and Mehta 2020, with the clip level h of their heavy-tailed version (h = inf: none).
    """

    respects = Samples()

    gamma: Reals = eqx.field(converter=real)
    alpha: Reals = eqx.field(converter=real)
    h: Reals = eqx.field(converter=real, default=float("inf"))

    def __check_init__(self) -> None:
        check_steps(self.gamma, self.alpha, self.h)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> StormState:
        return StormState(x0, jnp.zeros_like(x0), x0)

    def ahead(self, state: StormState) -> Iterate:
        """v_t − x_t."""
        return (1 - self.alpha) / self.alpha * (state.x - state.x_prev)

    def step(self, t: Count, state: StormState, oracle: AbstractOracle, key: Key) -> StormState:
        g = clip(oracle.grad(state.x + self.ahead(state), key), self.h)
        m = jnp.where(t == 0, g, (1 - self.alpha) * state.m + self.alpha * g)
        return StormState(state.x - self.gamma * unit(m), m, state.x)
