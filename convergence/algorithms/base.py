"""An algorithm asks an oracle and returns a state."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import numpy as np

from convergence.constants import Constants
from convergence.oracles.base import AbstractOracle
from convergence.shapes import AbstractModule, Count, Iterate, Key


class AbstractState(AbstractModule):
    """A record of arrays; every state has the iterate `x`, which it declares first."""

    x: eqx.AbstractVar[Iterate]


class State(AbstractState):
    """x alone: the method has no memory."""

    x: Iterate


class Samples(NamedTuple):
    """The samples of a run: one a step, under the step's own key, or `batch` a step as `mean_grad`
    draws them; and `first` in place of those of step 0."""

    batch: Any = None
    first: Any = 0


class AbstractAlgorithm(AbstractModule):
    """x_{t+1} = step(x_t). Real hyper-parameters are array leaves (`converter=real`), integers
    that vary with the horizon are too (`converter=whole`); ranks, shapes and flags are static.
    The clock `t` belongs to the runner and counts from 0.

    respects: the samples of a zero-respecting method, whose iterates leave 0 only in coordinates
    that the gradient of one of them showed; None where that is not so, or not known."""

    respects: ClassVar[Any] = None  # or, by `varies`, `Samples` of the fields

    def hyper(self) -> dict[str, Any]:
        """For a reader: `algorithm`, its name, and the values of its small leaves by their path."""
        found: dict[str, Any] = {"algorithm": type(self).__name__}
        for path, leaf in jax.tree_util.tree_flatten_with_path(self)[0]:
            if np.size(leaf) <= 8:
                found[jax.tree_util.keystr(path).lstrip(".")] = np.asarray(leaf)
        return found

    def coins(self, c: Constants, T: int) -> tuple[float, float]:
        """(v, k) of one step's own coins up to T, on the quadratic of c and without noise:
        E f(x⁺)² ≤ e^v (E f(x⁺))² and E f(x⁺) ≤ (1 − k) f(x). v = ∞ where nothing is proved. Where v
        times the steps that count is large, a mean is carried by runs that nobody sees."""
        return math.inf, 0.0

    @abstractmethod
    def init(self, x0: Iterate, oracle: AbstractOracle, key: Key) -> Any:
        """The state at t = 0; its `x` is x_0."""

    @abstractmethod
    def step(self, t: Count, state: Any, oracle: AbstractOracle, key: Key) -> Any:
        """The state at t + 1: same structure, shapes and dtypes as `state`."""

    def project(self, state: Any) -> Any:
        """The part of a state that steps can move; what the method conserves is taken out."""
        return state
