"""An oracle of gradients that float64 cannot hold: a direction and the logarithm of a scale."""

from __future__ import annotations

from typing import Any

from convergence.errors import require
from convergence.oracles.base import Oracle
from convergence.shapes import Iterate, Key, Scalar


class Scaled(Oracle):
    """∇f = e^M V by `scaled_grad`, for problems that can say so; exact gradients alone."""

    def __check_init__(self) -> None:
        require(
            hasattr(self.problem, "scaled_grad"),
            f"the problem {type(self.problem).__name__}",
            "one with gradients in log space",
            "use `convergence.problems.attention`",
        )
        require(
            type(self.noise).__name__ == "Noiseless",
            f"the noise {type(self.noise).__name__}",
            "exact gradients, for noise would swallow what M keeps apart,",
            "leave the noise out",
        )

    def scaled_grad(self, x: Iterate, key: Key) -> tuple[Iterate, Scalar]:
        """(V, M)."""
        problem: Any = self.problem
        return problem.scaled_grad(x)
