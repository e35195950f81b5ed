"""Polyak's two devices for SGD: averages of iterates, and the step that knows the least value."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, AbstractState, State
from convergence.algorithms.classical.reshuffling import one_of
from convergence.oracles.base import AbstractOracle
from convergence.shapes import Count, Iterate, Key, Reals, real


class SummedState(AbstractState):
    """x_t and Σ_{s<t} x_s."""

    x: Iterate
    total: Iterate


class AveragedSGD(AbstractAlgorithm):
    """x_{t+1} = x_t − η∇F(x_t; ξ_t), which remembers the sum of x_0 … x_{t−1}."""

    eta: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> SummedState:
        return SummedState(x0, jnp.zeros_like(x0))

    def step(self, t: Count, state: SummedState, oracle: AbstractOracle, key: Key) -> SummedState:
        after = state.x - self.eta * oracle.grad(state.x, key)
        return SummedState(after, state.total + state.x)


class StochasticPolyak(AbstractAlgorithm):
    """x_{t+1} = x_t − γ∇f_i(x_t), γ = (f_i(x_t) − f_i(x*))/(c‖∇f_i(x_t)‖²), i uniform among the n
    functions of an oracle with `grads` and `leads`; no step where ∇f_i vanishes."""

    c: Reals = eqx.field(converter=real)
    n: int = eqx.field(static=True)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: Any, key: Key) -> State:
        i, g = one_of(oracle, state.x, key, self.n)
        square = jnp.sum(g**2)
        flat = square == 0
        gamma = oracle.leads(state.x)[i] / (self.c * jnp.where(flat, 1.0, square))
        return State(state.x - jnp.where(flat, 0.0, gamma) * g)
