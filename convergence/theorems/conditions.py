"""Assumptions made of a statement's own numbers, of signs of constants, and of starts."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import numpy as np

from convergence.constants import Constants
from convergence.noise.base import AbstractNoise
from convergence.plainly import plainly
from convergence.problems.base import AbstractProblem, started
from convergence.theorems.assumptions import AbstractAssumption, Checked


class Within(AbstractAssumption):
    """low ≤ v ≤ high for a number v = `of.name(c, T)` that the statement computes: what its proof
    asks of constants, fields and horizon together."""

    title: str = eqx.field(static=True)
    of: Any
    name: str = eqx.field(static=True)
    low: float = eqx.field(static=True, default=-float("inf"))
    high: float = eqx.field(static=True, default=float("inf"))

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        value = float(getattr(self.of, self.name)(c, c.T))
        detail = f"must lie in [{self.low:g}, {self.high:g}] at T = {c.T}"
        return Checked(self.title, bool(self.low <= value <= self.high), value, detail)


def from_above(of: Any) -> Within:
    """The start's gradient is no smaller than what the noise keeps up, by `of.above`: a rate is
    read off a fall."""
    return Within("a start above the noise", of, "above", 1.0)


class Positive(AbstractAssumption):
    """A certified constant is positive and finite."""

    name: str = eqx.field(static=True)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        value = float(c[self.name])
        holds = bool(0 < value < np.inf)
        return Checked(f"{self.name} > 0", holds, value, "must be positive and finite")


@plainly
def _first_value(problem: AbstractProblem) -> Any:
    return problem.value(problem.start())


class Resolved(AbstractAssumption):
    """A difference of values over μ = `of.stride(c, T)` is a slope: what rounding of x_0 and of
    values as large as f(x_0), f* and Lμ²d/2 makes of it is below 1e-4 of ‖∇f(x_0)‖ or of σ; or of
    Lμ, for a statement that counts what the width blurs; or of `of.faintest(c, T)`, the least slope
    that a statement has found."""

    of: Any
    blurred: bool = eqx.field(static=True, default=False)
    found: bool = eqx.field(static=True, default=False)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        title, stride = "differences that float64 resolves", float(self.of.stride(c, c.T))
        if math.isinf(stride):
            return Checked(title, True, 0.0, "a limit, which takes no difference")
        first, far = float(_first_value(problem)), np.abs(started(problem))
        size = max(abs(first), abs(first - float(c.get("Delta", 0.0))))
        size += float(c.L) * stride**2 * far.size / 2
        steep = max(float(c.get("grad0", 0.0)), float(c.sigma), 1e-300)
        steep = max(steep, float(c.L) * stride) if self.blurred else steep
        faint = float(self.of.faintest(c, c.T)) if self.found else steep
        moved = size + steep * float(np.max(far))  # of values, by their own rounding and by x's
        off = np.finfo(float).eps * moved / (max(faint, 1e-300) * stride)
        detail = f"of a slope over {stride:.3g} rounding may make up 1e-4"
        return Checked(title, bool(off < 1e-4), float(off), detail)


class FromZero(AbstractAssumption):
    """x_0 = 0, as certified: the statement is about f(x_T), not f(x_T) − f(x_0)."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        far = float(np.max(np.abs(c.x0)))
        return Checked("x_0", far == 0.0, far, "x_0 must be 0")


class SameRows(AbstractAssumption):
    """All agents start at one point."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        spread = float(np.max(np.ptp(started(problem), axis=0)))
        return Checked("one start for all", spread == 0.0, spread, "the rows of x_0 must agree")
