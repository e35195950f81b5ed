"""Any method, with a count of the samples that showed something new."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, State
from convergence.shapes import Count, Iterate, Key


class WitnessState(State):
    """The method's own state and the number of successes among its samples."""

    inner: Any
    successes: Count


class Witness(AbstractAlgorithm):
    """`method` unchanged; successes_t counts z = 1 among the samples ξ_0 … ξ_{t−1}.

    For methods that ask one sample a step, under the key of the step, of an oracle with `success`.
    """

    method: AbstractAlgorithm

    def init(self, x0: Iterate, oracle: Any, key: Key) -> WitnessState:
        inner = self.method.init(x0, oracle, key)
        return WitnessState(inner.x, inner, jnp.zeros((), jnp.int32))

    def step(self, t: Count, state: WitnessState, oracle: Any, key: Key) -> WitnessState:
        inner = self.method.step(t, state.inner, oracle, key)
        new = oracle.success(key, state.x.dtype).astype(jnp.int32)
        return WitnessState(inner.x, inner, state.successes + new)
