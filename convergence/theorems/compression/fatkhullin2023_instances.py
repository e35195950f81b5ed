"""What the statements on EF21 under noise ask of atoms and starts."""

from __future__ import annotations

import numpy as np

from convergence.constants import Constants
from convergence.noise.base import AbstractNoise
from convergence.problems.base import AbstractProblem, start_slope
from convergence.theorems.assumptions import AbstractAssumption, Checked


class LargerFirst(AbstractAssumption):
    """Two atoms ±u in R² with |u₁| > |u₂|: Top-1 prefers the first entry whenever they change."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        u = abs(np.asarray(c["u"])) if "u" in c else np.zeros(2)
        holds = bool(u.shape == (2,) and u[0] > u[1])
        return Checked("two atoms, |u₁| > |u₂|", holds, None, f"|u| = {u}")


class OnTheLine(AbstractAssumption):
    """x_0 − x* = (0, −a) with a > 0."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        y = start_slope(problem)
        holds = y.shape == (2,) and bool(y[0] == 0 and y[1] < 0)
        return Checked("a start (0, −a) from x*", holds, None, f"∇f(x_0) = {y}")
