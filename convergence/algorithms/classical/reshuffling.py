"""Steps along one function of a finite sum at a time: drawn anew, or in an order drawn each
epoch."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, AbstractState, State
from convergence.oracles.base import AbstractOracle
from convergence.parts.indices import AbstractIndices, UniformIndices
from convergence.shapes import Count, Iterate, Key, Reals, Whole, real


class OrderState(AbstractState):
    """x and the order of this epoch."""

    x: Iterate
    order: Whole


class RandomReshuffling(AbstractAlgorithm):
    """x_{t+1} = x_t − η∇f_{π(t mod n)}(x_t), π a random order of the n functions of an oracle with
    `grads`, drawn anew where n ∣ t."""

    eta: Reals = eqx.field(converter=real)
    n: int = eqx.field(static=True)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> OrderState:
        return OrderState(x0, jnp.arange(self.n))

    def step(self, t: Count, state: OrderState, oracle: Any, key: Key) -> OrderState:
        sample, coin = jax.random.split(key)
        fresh = jax.random.permutation(coin, self.n)
        order = jnp.where(t % self.n == 0, fresh, state.order)
        g = oracle.grads(state.x, sample)[order[t % self.n]]
        return OrderState(state.x - self.eta * g, order)


class AbstractDrawn(AbstractAlgorithm):
    """A method that takes `places` of n functions of an oracle with `grads` a step of the clock."""

    eta: Reals = eqx.field(converter=real)
    indices: AbstractIndices = UniformIndices()

    @property
    def places(self) -> int:
        """How many draws a step of the clock makes."""
        return 1


class SGDWithReplacement(AbstractDrawn):
    """x_{t+1} = x_t − η∇f_i(x_t), i uniform among the n functions of an oracle with `grads`."""

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: Any, key: Key) -> State:
        sample, coin = jax.random.split(key)
        i = self.indices.draw(coin, oracle.n, 0)
        return State(state.x - self.eta * oracle.grads(state.x, sample)[i])


def one_of(oracle: Any, x: Iterate, key: Key, n: int) -> tuple[Count, Iterate]:
    """(i, ∇f_i(x)), i uniform among the n functions of an oracle with `grads`."""
    sample, coin = jax.random.split(key)
    i = jax.random.randint(coin, (), 0, n)
    return i, oracle.grads(x, sample)[i]


class InTurn(AbstractAlgorithm):
    """A method whose step t gets the gradient of f_{t mod n}, of the n functions of an oracle with
    `grads`."""

    method: AbstractAlgorithm
    n: int = eqx.field(static=True)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> Any:
        return self.method.init(x0, OneOf(oracle, jnp.zeros((), jnp.int32)), key)

    def step(self, t: Count, state: Any, oracle: AbstractOracle, key: Key) -> Any:
        return self.method.step(t, state, OneOf(oracle, t % self.n), key)


class OneOf(AbstractOracle):
    """The i-th of the functions of an oracle with `grads`; it answers no values."""

    whole: Any
    i: Any

    def grad(self, x: Iterate, key: Key) -> Iterate:
        return self.whole.grads(x, key)[self.i]
