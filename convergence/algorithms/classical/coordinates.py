"""Coordinate descent: one entry a step, the steepest, one at random, or one after the other."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, State
from convergence.oracles.base import AbstractOracle
from convergence.shapes import Count, Iterate, Key, Reals, Vector, real


def moved(x: Iterate, i: Count, by: Vector) -> Iterate:
    """x − by_i e_i, i counting the entries of an iterate of any shape."""
    return x.ravel().at[i].add(-by[i]).reshape(x.shape)


class GreedyCoordinate(AbstractAlgorithm):
    """x_{t+1} = x_t − η g_i e_i, g = ∇F(x_t; ξ_t), i the first entry with the largest |g_i|."""

    eta: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        g = oracle.grad(state.x, key).ravel()
        return State(moved(state.x, jnp.argmax(jnp.abs(g)), self.eta * g))


class RandomCoordinate(AbstractAlgorithm):
    """x_{t+1} = x_t − η g_i e_i, g = ∇F(x_t; ξ_t), i uniform among the entries."""

    eta: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        sample, coin = jax.random.split(key)
        g = oracle.grad(state.x, sample).ravel()
        return State(moved(state.x, jax.random.randint(coin, (), 0, g.size), self.eta * g))


class CyclicCoordinate(AbstractAlgorithm):
    """x_{t+1} = x_t − η g_i e_i, g = ∇F(x_t; ξ_t), i = t modulo the number of entries."""

    eta: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        g = oracle.grad(state.x, key).ravel()
        return State(moved(state.x, t % g.size, self.eta * g))
