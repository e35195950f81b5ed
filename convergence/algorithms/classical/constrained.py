"""First-order methods on a box or a simplex: projection, conditional gradients, mirror descent."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, State
from convergence.algorithms.classical.accelerated import LastState
from convergence.oracles.base import AbstractOracle
from convergence.shapes import Count, Iterate, Key, Reals, real


class ProjectedGradient(AbstractAlgorithm):
    """x_{t+1} = clip(x_t − η∇F(x_t; ξ_t), low, high)."""

    eta: Reals = eqx.field(converter=real)
    low: Reals = eqx.field(converter=real)
    high: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        moved = state.x - self.eta * oracle.grad(state.x, key)
        return State(jnp.clip(moved, self.low, self.high))


class FISTA(AbstractAlgorithm):
    """x_{t+1} = clip(y_t − η∇F(y_t; ξ_t), low, high), y_t = x_t + (t−1)/(t+2) (x_t − x_{t−1})."""

    eta: Reals = eqx.field(converter=real)
    low: Reals = eqx.field(converter=real)
    high: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> LastState:
        return LastState(x0, x0)

    def step(self, t: Count, state: LastState, oracle: AbstractOracle, key: Key) -> LastState:
        clock = jnp.asarray(t, state.x.dtype)
        y = state.x + (clock - 1) / (clock + 2) * (state.x - state.last)
        moved = y - self.eta * oracle.grad(y, key)
        return LastState(jnp.clip(moved, self.low, self.high), state.x)


class ConditionalGradient(AbstractAlgorithm):
    """x_{t+1} = x_t + 2/(t+2) (s_t − x_t), s_t the corner of the box with the least ⟨∇F(x_t), s⟩
    (Frank and Wolfe 1956)."""

    low: Reals = eqx.field(converter=real)
    high: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        corner = jnp.where(oracle.grad(state.x, key) > 0, self.low, self.high)
        weight = 2 / (jnp.asarray(t, state.x.dtype) + 2)
        return State(state.x + weight * (corner - state.x))


class EntropicDescent(AbstractAlgorithm):
    """x_{t+1} ∝ x_t exp(−η∇F(x_t; ξ_t)) on the simplex: mirror descent with the entropy, or
    Hedge."""

    eta: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        logits = jnp.log(state.x) - self.eta * oracle.grad(state.x, key)
        return State(jax.nn.softmax(logits, axis=None))  # of all entries, whatever their shape
