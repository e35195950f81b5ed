"""Local steps and averaging, with the three rules of aggregation of pFedGate's public code."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, AbstractState, State
from convergence.errors import require
from convergence.oracles.base import AbstractOracle
from convergence.parts.participation import AbstractParticipation
from convergence.shapes import Count, Iterate, Key, Matrix, Reals, Vector, real


class AbstractAveraging(AbstractAlgorithm):
    """A round: every client that takes part makes `tau` steps of length alpha from the server's θ,
    and the server averages. A step of the clock is a round."""

    alpha: Reals = eqx.field(converter=real)
    tau: int = eqx.field(static=True)
    clients: AbstractParticipation

    def __check_init__(self) -> None:
        require(self.tau >= 1, f"tau = {self.tau}", "tau ≥ 1", "make at least one local step")

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> Any:
        return State(x0)

    def moved(self, x: Iterate, oracle: Any, key: Key) -> tuple[Matrix, Vector]:
        """(n, d) where the clients' steps lead from x, and (n,) how often each takes part."""
        X = jnp.broadcast_to(x, (oracle.n, *x.shape))
        for s in range(self.tau):
            X = X - self.alpha * oracle.local(X, jax.random.fold_in(key, s))
        taken = self.clients.draw(jax.random.fold_in(key, self.tau), oracle.n)
        return X, taken.astype(x.dtype)


class AverageSampled(AbstractAveraging):
    """θ⁺ = (1/m) Σ_{i ∈ S} x_i: the mean of the clients that took part."""

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        X, taken = self.moved(state.x, oracle, key)
        return State(taken @ X / self.clients.m)


class AverageAll(AbstractAveraging):
    """θ⁺ = (1/n)(Σ_{i ∈ S} x_i + (n − m) θ): the others count with the server's θ."""

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        X, taken = self.moved(state.x, oracle, key)
        return State(state.x + taken @ (X - state.x) / len(X))


class StoredState(AbstractState):
    """θ and the last local model of every client."""

    x: Iterate
    stored: Matrix


class AverageStored(AbstractAveraging):
    """θ⁺ = (1/n) Σ_i x_i with the LAST local model of every client, new or old; θ_0 at first."""

    def init(self, x0: Iterate, oracle: Any, key: Key) -> StoredState:
        return StoredState(x0, jnp.broadcast_to(x0, (oracle.n, *x0.shape)))

    def step(self, t: Count, state: StoredState, oracle: AbstractOracle, key: Key) -> StoredState:
        X, taken = self.moved(state.x, oracle, key)
        stored = state.stored + taken[:, None] * (X - state.stored)
        return StoredState(jnp.mean(stored, axis=0), stored)
