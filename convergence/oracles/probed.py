"""Agents whose units may be watched on common probe data."""

from __future__ import annotations

from typing import Any

from jaxtyping import Array, Float

from convergence.errors import require
from convergence.oracles.base import Oracle
from convergence.shapes import Iterate


class Probed(Oracle):
    """Answers, besides gradients, the activations of all units on the probe data."""

    def __check_init__(self) -> None:
        require(
            hasattr(self.problem, "activations"),
            f"the problem {type(self.problem).__name__}",
            "one whose units have activations",
            "use `convergence.problems.units`, or match by weights",
        )

    def activations(self, X: Iterate) -> Float[Array, "n H k"]:
        """Of the units (n, H) on k probes."""
        problem: Any = self.problem
        return problem.activations(X)
