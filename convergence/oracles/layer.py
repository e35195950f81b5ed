"""A layer answers its gradient as a pair of factors, and may be asked for part of the product."""

from __future__ import annotations

from typing import Any

from convergence.errors import require
from convergence.oracles.base import Oracle
from convergence.shapes import Iterate, Key, Matrix


class Layer(Oracle):
    """∇F(θ; ξ) = `through(θ, RW)` + ξ with `factors(θ)` = (R, W) and ξ drawn by the noise."""

    def __check_init__(self) -> None:
        require(
            hasattr(self.problem, "factors"),
            f"the problem {type(self.problem).__name__}",
            "one with a gradient in factors",
            "use `convergence.problems.regression` or `two_layer`",
        )

    def factors(self, x: Iterate) -> tuple[Matrix, Matrix]:
        """(R, W), exactly."""
        problem: Any = self.problem
        return problem.factors(x)

    def through(self, x: Iterate, product: Matrix) -> Iterate:
        """What is below the layer makes of RW, or of what stands for it; linear in it."""
        problem: Any = self.problem
        return problem.through(x, product)

    def disturbance(self, x: Iterate, key: Key) -> Iterate:
        """ξ."""
        return self.noise.draw(x, key)
