"""SGD whose backward product RW is estimated from sampled column-row pairs."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax

from convergence.algorithms.base import AbstractAlgorithm, State
from convergence.parts.matrix_products import AbstractProduct
from convergence.shapes import Count, Iterate, Key, Reals, real


class SampledBackward(AbstractAlgorithm):
    """θ⁺ = θ − η(est(RW) + ξ): CRS, WTA-CRS or any other `product`."""

    eta: Reals = eqx.field(converter=real)
    product: AbstractProduct

    def init(self, x0: Iterate, oracle: Any, key: Key) -> State:
        return State(x0)

    def step(self, t: Count, state: State, oracle: Any, key: Key) -> State:
        sample, coin = jax.random.split(key)
        R, W = oracle.factors(state.x)
        g = self.product(R, W, coin) + oracle.disturbance(state.x, sample)
        return State(state.x - self.eta * g)
