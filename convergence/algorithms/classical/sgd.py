"""Stochastic gradient descent, plain and with an exponential moving average of gradients."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, AbstractState, Samples, State
from convergence.oracles.base import AbstractOracle, mean_grad
from convergence.shapes import Count, Iterate, Key, Reals, Whole, real, varies, whole


class SGD(AbstractAlgorithm):
    """x_{t+1} = x_t − η ∇F(x_t; ξ_t)."""

    respects = Samples()

    eta: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        return State(state.x - self.eta * oracle.grad(state.x, key))


class BatchSGD(AbstractAlgorithm):
    """x_{t+1} = x_t − η (1/B) Σ_{b<B} ∇F(x_t; ξ_{t,b})."""

    eta: Reals = eqx.field(converter=real)
    B: Whole = eqx.field(converter=whole)

    @varies
    def respects(self) -> Samples:
        return Samples(self.B)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        return State(state.x - self.eta * mean_grad(oracle, state.x, key, self.B))


class MomentumState(AbstractState):
    """x and the moving average m of its gradients."""

    x: Iterate
    m: Iterate


class MSGD(AbstractAlgorithm):
    """m_t = (1 − β₁) m_{t−1} + β₁ ∇F(x_t; ξ_t), m_{−1} = 0;  x_{t+1} = x_t − η m_t.

    β₁ weighs the NEW gradient: β₁ = 1 is SGD.
    """

    respects = Samples()

    eta: Reals = eqx.field(converter=real)
    beta1: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> MomentumState:
        return MomentumState(x0, jnp.zeros_like(x0))

    def step(
        self, t: Count, state: MomentumState, oracle: AbstractOracle, key: Key
    ) -> MomentumState:
        m = (1 - self.beta1) * state.m + self.beta1 * oracle.grad(state.x, key)
        return MomentumState(state.x - self.eta * m, m)


class ShrunkDescent(AbstractAlgorithm):
    """x_{t+1} = x_t − η(1 − ε) ∇F(x_t; ξ_t): descent along gradients that err by −ε of
    themselves."""

    eta: Reals = eqx.field(converter=real)
    eps: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        g = (1 - self.eps) * oracle.grad(state.x, key)
        return State(state.x - self.eta * g)
