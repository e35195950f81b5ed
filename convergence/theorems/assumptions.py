"""Assumptions are checked on the instance before anything runs; a failed one names itself.

Each check returns what it found. A check that can only probe says so in its detail; a check of a
moment asks the noise for what it certifies and never estimates it by Monte Carlo.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from convergence.constants import Constants
from convergence.noise.base import AbstractNoise
from convergence.plainly import plainly
from convergence.problems.base import AbstractProblem, start_shape
from convergence.shapes import AbstractModule


class Checked(NamedTuple):
    """The outcome of one check: the assumption's name, whether it holds, and the value found."""

    name: str
    holds: bool
    value: float | None
    detail: str


class AbstractAssumption(AbstractModule):
    """One hypothesis of a theorem."""

    @abstractmethod
    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        """Whether it holds on this instance; must not raise for a well-formed instance, except for
        asking `c` for what nothing certifies. `c.T` is the horizon; `c.plain` says whether a
        gradient of the oracle is ∇f and one draw of the noise."""


class Smooth(AbstractAssumption):
    """f is L-smooth: an L is certified, and so checked with every other certificate."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        if not 0 < c.L < np.inf:
            return Checked("smooth", False, float(c.L), "L must be positive and finite")
        return Checked("smooth", True, float(c.L), "L certified by the problem")


class FiniteVariance(AbstractAssumption):
    """E‖ξ‖² ≤ σ² with σ certified by the noise."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        sigma = float(c["sigma"]) if "sigma" in c else float("inf")
        detail = "σ² certified by the noise" if np.isfinite(sigma) else "no finite σ² is certified"
        return Checked("finite variance", bool(np.isfinite(sigma)), sigma**2, detail)


class NoNoise(AbstractAssumption):
    """The oracle is exact."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        sigma = float(c["sigma"]) if "sigma" in c else float("inf")
        return Checked("exact gradients", sigma == 0.0, sigma, "σ must be 0")


class Is(AbstractAssumption):
    """The instance certifies a flag."""

    name: str = eqx.field(static=True)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        if self.name not in c:
            return Checked(self.name, False, None, "not certified by the instance")
        return Checked(self.name, c[self.name] is True, float(c[self.name]), "must be certified")


class Has(AbstractAssumption):
    """The instance certifies a constant within [low, high]."""

    name: str = eqx.field(static=True)
    low: float = eqx.field(static=True, default=-float("inf"))
    high: float = eqx.field(static=True, default=float("inf"))

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        if self.name not in c:
            return Checked(self.name, False, None, "not certified by the instance")
        value = float(c[self.name])
        detail = f"must lie in [{self.low:g}, {self.high:g}]"
        return Checked(self.name, bool(self.low <= value <= self.high), value, detail)


class Shape(AbstractAssumption):
    """The iterate is a matrix of the certified shape m × n, or a vector of the certified length."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        shape = start_shape(problem)
        known = (c.m, c.n) if "m" in c and "n" in c else (c.d,)
        return Checked("shape", shape == known, float(c.d), f"{shape} must be {known}")


class Matrix(AbstractAssumption):
    """The iterate is a matrix of the certified shape m × n, and r ≤ min(m, n), the rank of a
    subspace, or r ≤ m or n where only rows or columns are chosen."""

    r: int = eqx.field(static=True, default=1)
    side: str = eqx.field(static=True, default="both")

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        most = {"both": min(c.m, c.n), "rows": c.m, "columns": c.n}[self.side]
        holds = start_shape(problem) == (c.m, c.n) and self.r <= most
        return Checked("rank", bool(holds), float(most), f"a matrix, and r = {self.r} at most this")


class ExactVariance(AbstractAssumption):
    """E‖ξ‖² = σ² at every x, ξ being what one gradient of the oracle adds to ∇f: what equalities
    need where bounds need a variance of at most σ²."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        holds = bool(c.plain) and np.isfinite(c.sigma) and (c.sigma == 0 or c.additive is True)
        detail = "σ² of one draw, whatever x, and one draw a gradient"
        return Checked("exact variance", bool(holds), float(c.sigma) ** 2, detail)


class IsotropicNoise(AbstractAssumption):
    """E ξξᵀ is a multiple of the identity at every x, or 0."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        even = c.get("isotropic_noise", False) and c.get("additive", False)
        holds = c.sigma == 0 or (c.sigma < np.inf and even)
        return Checked("isotropic noise", bool(holds), float(c.sigma), "E ξξᵀ ∝ I whatever x")


@plainly
def _slope_at_0(problem: AbstractProblem) -> Any:
    return problem.grad(jnp.zeros_like(problem.start()))


class Centered(AbstractAssumption):
    """∇f(0) = 0: the statement is about ‖x‖, not ‖x − x*‖."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        found = float(np.max(np.abs(_slope_at_0(problem))))
        return Checked("minimizer at 0", found == 0, found, "∇f(0) must vanish")


class Improvable(AbstractAssumption):
    """0 < Δ < ∞: a step tuned to Δ is a step."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        holds = 0 < c.Delta < np.inf
        return Checked("a start above f*", holds, float(c.Delta), "Δ must be positive and finite")


class ShortStep(AbstractAssumption):
    """0 < ηL < below."""

    eta: float = eqx.field(static=True)
    below: float = eqx.field(static=True, default=2.0)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        found = self.eta * float(c.L)
        return Checked("short step", 0 < found < self.below, found, f"0 < ηL < {self.below:g}")


class Horizon(AbstractAssumption):
    """T is at most `most`, and a multiple of `of`."""

    most: float = eqx.field(static=True, default=float("inf"))
    of: int = eqx.field(static=True, default=1)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        holds = self.most >= c.T and c.T % self.of == 0
        wanted = f"T ≤ {self.most:g}" if self.of == 1 else f"T a multiple of {self.of}"
        return Checked("horizon", bool(holds), float(c.T), f"{wanted} is needed")
