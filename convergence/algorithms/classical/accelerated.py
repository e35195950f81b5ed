"""Gradient descent with inertia: Nesterov's acceleration, and heavy balls."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, AbstractState, Samples
from convergence.oracles.base import AbstractOracle
from convergence.shapes import Count, Iterate, Key, Reals, real


class LastState(AbstractState):
    """x_t and x_{t−1}."""

    x: Iterate
    last: Iterate


class Nesterov(AbstractAlgorithm):
    """x_{t+1} = y_t − η ∇F(y_t; ξ_t),  y_t = x_t + (t−1)/(t+2) (x_t − x_{t−1}), y_0 = x_0."""

    respects = Samples()

    eta: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> LastState:
        return LastState(x0, x0)

    def step(self, t: Count, state: LastState, oracle: AbstractOracle, key: Key) -> LastState:
        clock = jnp.asarray(t, state.x.dtype)
        y = state.x + (clock - 1) / (clock + 2) * (state.x - state.last)
        return LastState(y - self.eta * oracle.grad(y, key), state.x)


class HeavyBall(AbstractAlgorithm):
    """x_{t+1} = x_t − η/(t+2) ∇F(x_t; ξ_t) + t/(t+2) (x_t − x_{t−1})."""

    respects = Samples()

    eta: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> LastState:
        return LastState(x0, x0)

    def step(self, t: Count, state: LastState, oracle: AbstractOracle, key: Key) -> LastState:
        clock = jnp.asarray(t, state.x.dtype)
        move = clock * (state.x - state.last) - self.eta * oracle.grad(state.x, key)
        return LastState(state.x + move / (clock + 2), state.x)


class PolyakMomentum(AbstractAlgorithm):
    """x_{t+1} = x_t − η ∇F(x_t; ξ_t) + β (x_t − x_{t−1}), x_{−1} = x_0."""

    eta: Reals = eqx.field(converter=real)
    beta: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> LastState:
        return LastState(x0, x0)

    def step(self, t: Count, state: LastState, oracle: AbstractOracle, key: Key) -> LastState:
        inertia = self.beta * (state.x - state.last)
        return LastState(state.x - self.eta * oracle.grad(state.x, key) + inertia, state.x)


class NesterovMomentum(AbstractAlgorithm):
    """v_{t+1} = β v_t + ∇F(y_t; ξ_t), y_{t+1} = y_t − η(∇F(y_t; ξ_t) + β v_{t+1}), v_0 = 0: the
    points y at which gradients are asked, as torch and optax keep them. With x_{t+1} = y_t −
    η∇F(y_t) it is y_{t+1} = x_{t+1} + β(x_{t+1} − x_t), x_0 = y_0."""

    eta: Reals = eqx.field(converter=real)
    beta: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> LastState:
        return LastState(x0, x0)

    def step(self, t: Count, state: LastState, oracle: AbstractOracle, key: Key) -> LastState:
        """`last` is x_t."""
        after = state.x - self.eta * oracle.grad(state.x, key)
        return LastState(after + self.beta * (after - state.last), after)
