"""Any optax transformation as an algorithm, unchanged."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import optax

from convergence.algorithms.base import AbstractAlgorithm, State
from convergence.oracles.base import AbstractOracle
from convergence.shapes import Count, Iterate, Key, real


class OptaxState(State):
    """x and the transformation's own state."""

    memory: Any


class FromOptax(AbstractAlgorithm):
    """x_{t+1} = apply_updates(x_t, tx.update(∇F(x_t; ξ_t), memory, x_t)).

    `FromOptax(optax.adam, learning_rate=1e-2, b1=0.9)` calls the factory inside the step: its
    floats are traced leaves, and a new step size compiles nothing. `FromOptax(tx)` takes a finished
    transformation; a new `tx` object then means a new compilation.
    """

    factory: Any = eqx.field(static=True)
    options: dict[str, Any]
    static: tuple[tuple[str, Any], ...] = eqx.field(static=True)

    def __init__(self, factory: Any, **options: Any):
        self.factory = factory
        self.options = {k: real(v) for k, v in options.items() if isinstance(v, float)}
        self.static = tuple((k, v) for k, v in options.items() if not isinstance(v, float))

    def _tx(self) -> optax.GradientTransformation:
        if isinstance(self.factory, optax.GradientTransformation):
            return self.factory
        return self.factory(**self.options, **dict(self.static))

    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> OptaxState:
        return OptaxState(x0, self._tx().init(x0))

    def step(self, t: Count, state: OptaxState, oracle: AbstractOracle, key: Key) -> OptaxState:
        gradient = oracle.grad(state.x, key)
        updates, memory = self._tx().update(gradient, state.memory, state.x)
        x: Any = optax.apply_updates(state.x, updates)
        return OptaxState(x, memory)
