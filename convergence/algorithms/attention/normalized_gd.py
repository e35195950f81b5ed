"""Normalized gradient descent on a gradient in log space, however small the gradient is."""

from __future__ import annotations

from typing import Any

import equinox as eqx

from convergence.algorithms.base import AbstractAlgorithm, State
from convergence.algorithms.heavy_tailed.nsgd import unit
from convergence.shapes import Count, Iterate, Key, Reals, real


class NormalizedGD(AbstractAlgorithm):
    """x_{t+1} = x_t − η V/‖V‖, 0/0 = 0, where ∇f = e^M V; ‖·‖ of all parameters together."""

    eta: Reals = eqx.field(converter=real)

    def init(self, x0: Iterate, oracle: Any, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: Any, key: Key) -> State:
        V, _ = oracle.scaled_grad(state.x, key)
        return State(state.x - self.eta * unit(V))
