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


class SOAPState(AbstractState):
    """X, the averages of G (in X's own basis), of GGᵀ and GᵀG, and of the turned gradient's
    squares."""

    x: Iterate
    m: Matrix
    left: Matrix
    right: Matrix
    v: Matrix


class SOAP(AbstractAlgorithm):
    """Adam in the eigenbases of Shampoo's averages, turned anew at every step (Vyas et al. 2025):
    X ← X − η Q_L[(Q_LᵀmQ_R/(1 − β₁^t))/(√(v/(1 − β₂^t)) + ε)]Q_Rᵀ, v the average of (Q_LᵀGQ_R)²."""

    eta: Reals = eqx.field(converter=real)
    b1: Reals = eqx.field(converter=real, default=0.9)
    b2: Reals = eqx.field(converter=real, default=0.99)
    eps: Reals = eqx.field(converter=real, default=1e-8)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> SOAPState:
        m, n = x0.shape
        zero = jnp.zeros_like(x0)
        return SOAPState(x0, zero, jnp.zeros((m, m), x0.dtype), jnp.zeros((n, n), x0.dtype), zero)

    def step(self, t: Count, state: SOAPState, oracle: AbstractOracle, key: Key) -> SOAPState:
        G = oracle.grad(state.x, key)
        b1, b2 = self.b1, self.b2
        left = b2 * state.left + (1 - b2) * G @ G.T
        right = b2 * state.right + (1 - b2) * G.T @ G
        m = b1 * state.m + (1 - b1) * G
        P, Q = jnp.linalg.eigh(left)[1], jnp.linalg.eigh(right)[1]
        v = b2 * state.v + (1 - b2) * (P.T @ G @ Q) ** 2
        k = jnp.asarray(t, m.dtype) + 1
        first, second = P.T @ m @ Q / (1 - b1**k), v / (1 - b2**k)
        move = P @ (first / (jnp.sqrt(second) + self.eps)) @ Q.T
        return SOAPState(state.x - self.eta * move, m, left, right, v)
