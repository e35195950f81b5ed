"""Methods that normalize matrices: Shampoo, and steepest descent in the operator norm."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, AbstractState, State
from convergence.oracles.base import AbstractOracle
from convergence.shapes import Count, Iterate, Key, Matrix, Reals, real


class ShampooState(AbstractState):
    """X, Σ GGᵀ and Σ GᵀG."""

    x: Iterate
    left: Matrix
    right: Matrix


def root(A: Any, power: Any) -> Any:
    """A^power of a symmetric A ⪰ 0 on its range: eigenvalues below 1e-12 of the largest are 0."""
    values, Q = jnp.linalg.eigh(A)
    kept = values > 1e-12 * values[-1]
    return (Q * jnp.where(kept, jnp.where(kept, values, 1.0) ** power, 0.0)) @ Q.T


class Shampoo(AbstractAlgorithm):
    """X_{t+1} = X_t − η L_t^{−p} G_t R_t^{−p}, L_t = Σ_{s≤t} G_sG_sᵀ, R_t = Σ_{s≤t} G_sᵀG_s; p = ¼
    for matrices."""

    eta: Reals = eqx.field(converter=real)
    power: Reals = eqx.field(converter=real, default=0.25)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> ShampooState:
        m, n = x0.shape
        return ShampooState(x0, jnp.zeros((m, m), x0.dtype), jnp.zeros((n, n), x0.dtype))

    def step(self, t: Count, state: ShampooState, oracle: AbstractOracle, key: Key) -> ShampooState:
        G = oracle.grad(state.x, key)
        left, right = state.left + G @ G.T, state.right + G.T @ G
        move = root(left, -self.power) @ G @ root(right, -self.power)
        return ShampooState(state.x - self.eta * move, left, right)


class SpectralDescent(AbstractAlgorithm):
    """X_{t+1} = X_t − η UVᵀ for G_t = UΣVᵀ: the step of operator norm η that descends most; what
    Muon's iteration approaches, without momentum."""

    eta: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        U, _, Vt = jnp.linalg.svd(oracle.grad(state.x, key), full_matrices=False)
        return State(state.x - self.eta * U @ Vt)
