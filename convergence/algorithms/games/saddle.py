"""Methods for min_x max_y ℒ(x, y): z = (x, y) is one vector, F(z) = (∇_x ℒ, −∇_y ℒ).

An oracle answers ∇ℒ; `split` is the number of entries of x, and what follows belongs to y.
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, AbstractState, State
from convergence.errors import require
from convergence.oracles.base import AbstractOracle
from convergence.shapes import Count, Iterate, Key, Reals, real


class AbstractSaddle(AbstractAlgorithm):
    """A method with one step size η for both players."""

    eta: Reals = eqx.field(converter=real)
    split: int = eqx.field(static=True)

    def operator(self, z: Iterate, oracle: AbstractOracle, key: Key) -> Iterate:
        """F(z) for the sample `key`."""
        return self.turned(oracle.grad(z, key))

    def turned(self, g: Iterate) -> Iterate:
        """g with the sign of the maximizing player's part changed."""
        return jnp.where(jnp.arange(g.size) < self.split, g, -g)

    def check(self, x0: Iterate) -> None:
        """Refuse an iterate that two players do not share."""
        require(
            x0.ndim == 1 and 0 < self.split < x0.size,
            f"an iterate of shape {x0.shape} with split = {self.split}",
            "a vector whose first entries are one player's and whose last are the other's",
            "stack x and y into one vector",
        )

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> AbstractState:
        self.check(x0)
        return State(x0)


class DescentAscent(AbstractSaddle):
    """z⁺ = z − ηF(z): both players step at once."""

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        return State(state.x - self.eta * self.operator(state.x, oracle, key))


class AlternatingDescentAscent(AbstractSaddle):
    """x⁺ = x − η∇_x ℒ(x, y), then y⁺ = y + η∇_y ℒ(x⁺, y), with one sample for both."""

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        first = jnp.arange(state.x.size) < self.split
        z = jnp.where(first, state.x - self.eta * oracle.grad(state.x, key), state.x)
        return State(jnp.where(first, z, z + self.eta * oracle.grad(z, key)))


class Extragradient(AbstractSaddle):
    """w = z − ηF(z), z⁺ = z − ηF(w), with one sample for both."""

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        w = state.x - self.eta * self.operator(state.x, oracle, key)
        return State(state.x - self.eta * self.operator(w, oracle, key))


class OptimisticState(AbstractState):
    """z_t and F(z_{t−1})."""

    x: Iterate
    before: Iterate


class Optimistic(AbstractSaddle):
    """z_{t+1} = z_t − 2ηF(z_t) + ηF(z_{t−1}), with F(z_{−1}) = F(z_0)."""

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> OptimisticState:
        self.check(x0)
        return OptimisticState(x0, self.operator(x0, oracle, key))

    def step(
        self, t: Count, state: OptimisticState, oracle: AbstractOracle, key: Key
    ) -> OptimisticState:
        now = self.operator(state.x, oracle, key)
        return OptimisticState(state.x - self.eta * (2 * now - state.before), now)
