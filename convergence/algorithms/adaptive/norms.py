"""AdaGrad with one number for all entries."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, AbstractState
from convergence.oracles.base import AbstractOracle
from convergence.shapes import Count, Iterate, Key, Reals, Scalar, real


class NormState(AbstractState):
    """x, b² and ‖g_0‖, 0 before it is seen."""

    x: Iterate
    square: Scalar
    first: Scalar


class AdaGradNorm(AbstractAlgorithm):
    """b_t² = b_{t−1}² + ‖g_t‖², x_{t+1} = x_t − (η/b_t)g_t, b_{−1} = b (Ward, Wu and Bottou 2019);
    no step where b_t = 0."""

    eta: Reals = eqx.field(converter=real)
    b: Reals = eqx.field(converter=real, default=0.0)

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> NormState:
        begun = jnp.asarray(self.b, x0.dtype) ** 2
        return NormState(x0, begun, jnp.zeros((), x0.dtype))

    def step(self, t: Count, state: NormState, oracle: AbstractOracle, key: Key) -> NormState:
        g = oracle.grad(state.x, key)
        size = jnp.sum(g**2)
        square = state.square + size
        move = self.eta * g / jnp.sqrt(jnp.where(square > 0, square, 1.0))
        first = jnp.where(t == 0, jnp.sqrt(size), state.first)
        return NormState(state.x - move, square, first)
