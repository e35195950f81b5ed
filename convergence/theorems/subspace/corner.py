"""What statements about the corner counterexample assume, each by what a proof needs it for.

The stochastic gradient is block diagonal: ∇f in the visible rows, ξσI in the corner. Its leading
singular subspace is the corner's, or ∇f's, or a mixture where a singular value of one equals one of
the other.
"""

from __future__ import annotations

import math

import equinox as eqx
import numpy as np

from convergence.constants import Constants
from convergence.noise.base import AbstractNoise
from convergence.problems.base import AbstractProblem, start_slope
from convergence.theorems.assumptions import AbstractAssumption, Checked, Has

APART = 1e-4  # relative; closer singular values leave fewer than twelve digits of their subspaces
CLEAN = Has("noise_columns", 0.0, 0.0)  # ∇f(X_0)Cᵀ = 0


class Signs(AbstractAssumption):
    """The corner's scalar is the mean of B independent signs: one, an odd or an even number."""

    how: str = eqx.field(static=True, default="one")

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        B = int(c.batch)
        fits = {"one": B == 1, "odd": B % 2 == 1, "even": B % 2 == 0}[self.how]
        name = "two-point noise" if self.how == "one" else f"{self.how} batch"
        return Checked(name, fits, float(B), f"ξ a mean of {self.how} B fair signs")


class CornerFits(AbstractAssumption):
    """The corner lies below the visible rows, and the subspace is no larger: r ≤ rank C ≤ m − k."""

    r: int = eqx.field(static=True, default=1)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        holds = self.r <= c.corner_rank <= c.m - c.visible
        detail = f"r = {self.r} ≤ rank of the corner ≤ {c.m - c.visible} rows that f ignores"
        return Checked("the corner's rank", bool(holds), float(c.corner_rank), detail)


class BelowNoise(AbstractAssumption):
    """Every singular value of ∇f(X_0) is strictly below σ times the least nonzero |ξ|, which is
    1/B for an odd batch and 2/B for an even one (1 for a single sample)."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        largest, B = float(np.max(c.spectrum)), int(c.batch)
        level = c.corner * (2 - B % 2) / B
        holds = bool(largest < level * (1 - APART))
        return Checked("gradient below the noise", holds, largest, f"noise level {level:g}")


class Untied(AbstractAssumption):
    """No singular value s_iθ^j of the path, j the periods in which it was selected, meets a value
    that |ξ|σ takes: the two subspaces would mix."""

    theta: float = eqx.field(static=True)
    tau: int = eqx.field(static=True)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        B = int(c.batch)
        levels = c.corner * np.arange(2 - B % 2, B + 1, 2) / B
        gap = math.inf
        path = np.asarray(c.spectrum, float)
        for _ in range(-(-c.T // self.tau)):
            gap = min(gap, float(np.min(np.abs(np.subtract.outer(path, levels)) / levels)))
            if np.max(path) < levels[0] / 2 or self.theta == 1:
                break
            path = path * self.theta
        return Checked("no ties", gap > APART, gap, "s_iθ^j apart from the values of |ξ|σ")


class FullRank(AbstractAssumption):
    """∇f(X_0) has full rank in the visible rows: no direction of a subspace is left to chance."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        ratio = float(np.min(c.spectrum) / max(np.max(c.spectrum), 1e-300))
        return Checked("full rank", ratio > 1e-9, ratio, "min s_i / max s_i above rounding")


class OneValue(AbstractAssumption):
    """All singular values of ∇f(X_0) are equal, positive, and at most r."""

    r: int = eqx.field(static=True)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        s = np.asarray(c.spectrum)
        equal = np.min(s) > 0 and np.ptp(s) <= 1e-9 * np.max(s)  # of a computed SVD
        detail = f"n − r ≤ {self.r} equal singular values"
        return Checked("one value", bool(equal and len(s) <= self.r), float(np.ptp(s)), detail)


class DiagonalGradient(AbstractAssumption):
    """∇f(X_0) is diagonal: its entries are its singular values, up to signs."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        G = np.atleast_2d(start_slope(problem))
        off = float(np.max(np.abs(G * (1 - np.eye(*G.shape[-2:])))))
        return Checked("a diagonal gradient", off == 0, off, "∇f(X_0) must be diagonal")


class BeforeTheKink(AbstractAssumption):
    """αT ≤ min λ: no entry has changed its sign by then."""

    alpha: float = eqx.field(static=True)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        drop, least = self.alpha * c.T, float(np.min(c.spectrum))
        # 1e-12: αT adds up T rounded steps.
        return Checked("before the kink", drop <= least * (1 + 1e-12), drop, f"αT ≤ {least:g}")


class ResolvedDecay(AbstractAssumption):
    """|1 − α|^T ≥ 10⁻⁹: beyond, the noise's rounding is all that is left of a gradient."""

    alpha: float = eqx.field(static=True)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        left = abs(1 - self.alpha) ** c.T
        return Checked("resolved gradient", left >= 1e-9, left, "|1 − α|^T ≥ 10⁻⁹")


def stall(r: int) -> tuple[AbstractAssumption, ...]:
    """What hides ∇f for good from the r leading left singular vectors of a sample: r directions of
    one sign's corner, which lies below what f sees, and a gradient below the noise."""
    return Signs(), CornerFits(r), BelowNoise(), CLEAN


class NormalNoise(AbstractAssumption):
    """ξ is a linear image of independent normals, or 0: of one variance, its law knows no rows, no
    columns and no sign."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        holds = noise.normal or c.sigma == 0
        return Checked("normal noise", bool(holds), None, "ξ must be normal, by its class")
