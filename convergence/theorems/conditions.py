"""Assumptions made of a statement's own numbers, of signs of constants, and of starts."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.constants import Constants
from convergence.noise.base import AbstractNoise
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


class SameRows(AbstractAssumption):
    """All agents start at one point."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        spread = float(np.max(np.ptp(started(problem), axis=0)))
        return Checked("one start for all", spread == 0.0, spread, "the rows of x_0 must agree")
