"""What a run has cost."""

from __future__ import annotations

from typing import Any

from convergence.metrics.pointwise import AbstractPointwise
from convergence.problems.base import AbstractProblem
from convergence.shapes import Scalar


class Calls(AbstractPointwise):
    """The oracle calls that the state has counted."""

    def at(self, problem: AbstractProblem, state: Any) -> Scalar:
        return state.calls.astype(state.x.dtype)
