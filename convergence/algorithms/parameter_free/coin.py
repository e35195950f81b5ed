"""Betting on a coin with the estimator of Krichevsky and Trofimov: no step size at all."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, AbstractState
from convergence.oracles.base import AbstractOracle
from convergence.shapes import Count, Iterate, Key, Reals, Scalar, real


class CoinState(AbstractState):
    """x, x_0, the sum of the coins so far, and the wealth."""

    x: Iterate
    start: Iterate
    total: Iterate
    wealth: Scalar


class CoinBetting(AbstractAlgorithm):
    """x_t = x_0 + W_t Σ_{s<t} c_s/(t + 1), c = −∇F/G, W_{t+1} = W_t + ⟨c_t, x_t − x_0⟩, W_0 = ε
    (Orabona and Pál 2016); ‖∇F‖ ≤ G."""

    G: Reals = eqx.field(converter=real)
    eps: Reals = eqx.field(converter=real, default=1.0)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> CoinState:
        return CoinState(x0, x0, jnp.zeros_like(x0), jnp.asarray(self.eps, x0.dtype))

    def step(self, t: Count, state: CoinState, oracle: AbstractOracle, key: Key) -> CoinState:
        coin = -oracle.grad(state.x, key) / self.G
        wealth = state.wealth + jnp.sum(coin * (state.x - state.start))
        total = state.total + coin
        x = state.start + wealth * total / (jnp.asarray(t, state.x.dtype) + 2)
        return CoinState(x, state.start, total, wealth)
