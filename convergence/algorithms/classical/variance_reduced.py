"""Steps along one function of a sum whose noise dies out at the minimizer: SVRG and SAGA."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from convergence.algorithms.base import AbstractState, State
from convergence.algorithms.classical.reshuffling import AbstractDrawn
from convergence.errors import require
from convergence.oracles.base import AbstractOracle
from convergence.shapes import Count, Iterate, Key, Matrix


class SVRG(AbstractDrawn):
    """An epoch: w = x and g = ∇f(w), then m times x ← x − η(∇f_i(x) − ∇f_i(w) + g); the last x goes
    on (Johnson and Zhang 2013, option I). A step of the clock is an epoch: n + 2m gradients."""

    m: int = eqx.field(static=True, default=2)

    def __check_init__(self) -> None:
        require(self.m >= 1, f"m = {self.m}", "m ≥ 1", "make at least one inner step")

    @property
    def places(self) -> int:
        return self.m

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: Any, key: Key) -> State:
        sample, coin = jax.random.split(key)
        anchored = oracle.grads(state.x, sample)
        mean, x = jnp.mean(anchored, axis=0), state.x
        for s in range(self.m):
            i = self.indices.draw(jax.random.fold_in(coin, s), oracle.n, s)
            x = x - self.eta * (oracle.grads(x, sample)[i] - anchored[i] + mean)
        return State(x)


class TableState(AbstractState):
    """x and the last gradient seen of every function."""

    x: Iterate
    table: Matrix


class SAGA(AbstractDrawn):
    """x⁺ = x − η(∇f_i(x) − y_i + ȳ), then y_i ← ∇f_i(x); y_j = ∇f_j(x_0) at first (Defazio et al.
    2014)."""

    def init(self, x0: Iterate, oracle: Any, key: Key) -> TableState:
        return TableState(x0, oracle.grads(x0, key))

    def step(self, t: Count, state: TableState, oracle: Any, key: Key) -> TableState:
        sample, coin = jax.random.split(key)
        i = self.indices.draw(coin, oracle.n, 0)
        new = oracle.grads(state.x, sample)[i]
        g = new - state.table[i] + jnp.mean(state.table, axis=0)
        return TableState(state.x - self.eta * g, state.table.at[i].set(new))


class SeenState(AbstractState):
    """x, the last gradient seen of every function, 0 at first, and which have been seen."""

    x: Iterate
    table: Matrix
    seen: Matrix


class SeenSAGA(AbstractDrawn):
    """SAGA as scikit-learn ships it, from an empty table: x⁺ = x − η(∇f_i(x) − y_i + Σ_j y_j/k), k
    the number of functions seen, f_i among them; then y_i ← ∇f_i(x). Without a penalty its iterates
    are scikit-learn's, for the functions that scikit-learn draws (tests/methods/test_scikit.py)."""

    def init(self, x0: Iterate, oracle: Any, key: Key) -> SeenState:
        n = oracle.n
        return SeenState(x0, jnp.zeros((n, *x0.shape), x0.dtype), jnp.zeros((n, 1), x0.dtype))

    def step(self, t: Count, state: SeenState, oracle: Any, key: Key) -> SeenState:
        sample, coin = jax.random.split(key)
        i = self.indices.draw(coin, oracle.n, 0)
        new = oracle.grads(state.x, sample)[i]
        seen = state.seen.at[i].set(1.0)
        g = new - state.table[i] + jnp.sum(state.table, axis=0) / jnp.sum(seen)
        return SeenState(state.x - self.eta * g, state.table.at[i].set(new), seen)
