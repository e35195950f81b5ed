"""Any method, with a count of the samples that showed something new."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from convergence.algorithms.base import AbstractAlgorithm, AbstractState
from convergence.shapes import Count, Iterate, Key, Whole, optional, whole


class WitnessState(AbstractState):
    """The method's own state and the number of successes among its samples."""

    x: Iterate
    inner: Any
    successes: Count


class Witness(AbstractAlgorithm):
    """`method` unchanged; successes_t counts z = 1 among the samples that led to x_t.

    A step asks one sample under its own key, or `batch` samples as `mean_grad` does. A method with
    an initial batch of `first` samples makes its step 0 from it and asks nothing new there. Needs
    an oracle with `success`.
    """

    method: AbstractAlgorithm
    batch: Whole | None = eqx.field(converter=optional(whole), default=None)
    first: Whole = eqx.field(converter=whole, default=0)

    def init(self, x0: Iterate, oracle: Any, key: Key) -> WitnessState:
        inner = self.method.init(x0, oracle, key)
        return WitnessState(inner.x, inner, shown(oracle, key, self.first, x0.dtype))

    def step(self, t: Count, state: WitnessState, oracle: Any, key: Key) -> WitnessState:
        inner = self.method.step(t, state.inner, oracle, key)
        if self.batch is None:
            new = oracle.success(key, state.x.dtype).astype(jnp.int32)
        else:
            new = shown(oracle, key, self.batch, state.x.dtype)
        new = jnp.where((t == 0) & (self.first > 0), 0, new)
        return WitnessState(inner.x, inner, state.successes + new)


def shown(oracle: Any, key: Key, size: Any, dtype: Any) -> Count:
    """The successes among the samples of `mean_grad(oracle, x, key, size)`."""

    def add(b: Count, total: Count) -> Count:
        return total + oracle.success(jax.random.fold_in(key, b), dtype).astype(jnp.int32)

    return jax.lax.fori_loop(0, size, add, jnp.zeros((), jnp.int32))
