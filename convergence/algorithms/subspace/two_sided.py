"""GaLore with projections fixed on both sides, as its own theory analyzes it."""

from __future__ import annotations

import equinox as eqx

from convergence.algorithms.base import AbstractAlgorithm, State
from convergence.oracles.base import AbstractOracle
from convergence.shapes import Count, Key, Matrix, Reals, real


class TwoSidedSGD(AbstractAlgorithm):
    """W_{t+1} = W_t − η P (Pᵀ∇F(W_t)Q) Qᵀ with given P (m×r) and Q (n×r)."""

    eta: Reals = eqx.field(converter=real)
    P: Reals = eqx.field(converter=real)
    Q: Reals = eqx.field(converter=real)

    def init(self, x0: Matrix, oracle: AbstractOracle, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: AbstractOracle, key: Key) -> State:
        R = self.P.T @ oracle.grad(state.x, key) @ self.Q
        return State(state.x - self.eta * (self.P @ R @ self.Q.T))
