"""What a run has cost."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from convergence.metrics.base import AbstractMetric
from convergence.metrics.pointwise import AbstractPointwise
from convergence.problems.base import AbstractProblem
from convergence.shapes import Count, Reals, Scalar, real


class Calls(AbstractPointwise):
    """The oracle calls that the state has counted."""

    def at(self, problem: AbstractProblem, state: Any) -> Scalar:
        return state.calls.astype(state.x.dtype)


class UpToExcess(AbstractMetric):
    """A metric less weight/T times the state's `excess`, by which subproblems were solved worse
    than they should have been; the metric itself where none was."""

    of: AbstractMetric
    weight: Reals = eqx.field(converter=real)

    def init(self, problem: AbstractProblem, state: Any) -> Any:
        return self.of.init(problem, state)

    def update(self, t: Count, acc: Any, problem: AbstractProblem, before: Any, after: Any) -> Any:
        return self.of.update(t, acc, problem, before, after)

    def read(self, T: Count, acc: Any, problem: AbstractProblem, state: Any) -> Array:
        missed = self.weight * state.excess / jnp.maximum(T, 1)
        return self.of.read(T, acc, problem, state) - missed
