"""Zhang et al. 2024 (Q-GaLore, arXiv 2407.08296): no theorem is known of; these are derived."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.subspace.qgalore import QGaLore, RoundedSGD
from convergence.constants import Constants
from convergence.metrics.base import AbstractMetric
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import GradNormSq
from convergence.metrics.travel import Overlap
from convergence.noise.base import AbstractNoise
from convergence.parts.quantizers import dequantize, quantize
from convergence.plainly import plainly
from convergence.problems.base import AbstractProblem, start_slope, started
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import (
    AbstractAssumption,
    Centered,
    Checked,
    FiniteVariance,
    Is,
    NoNoise,
    Smooth,
)
from convergence.theorems.base import (
    AbstractIdentity,
    AbstractTheorem,
    Kind,
    Provenance,
    Source,
    varies,
)
from convergence.theorems.domains import count, number, one_of
from convergence.theorems.subspace.corner import stall

PAPER = "zhang2024qgalore"


class AbstractRounding(AbstractTheorem):
    """x_{t+1} = Q(x_t − ηG_t), Q rounding to hℤ, η = scale/L."""

    provenance = Provenance.DERIVED

    domain = {
        "h": number("(0, inf)"),
        "scale": number("(0, 2)"),
        "rounding": one_of("stochastic"),
    }

    h: Reals = eqx.field(converter=real, default=0.1)
    scale: Reals = eqx.field(converter=real, default=1.0)
    rounding: str = eqx.field(static=True, default="stochastic")

    def eta(self, c: Constants) -> float:
        """The step."""
        return float(self.scale) / c.L

    def prescribe(self, c: Constants, T: int) -> RoundedSGD:
        return RoundedSGD(self.eta(c), self.h, self.rounding)


class StochasticRounding(AbstractRounding):
    """(1/T) Σ E‖∇f(x_t)‖² ≤ Δ/(η(1−Lη/2)T) + [Lη²σ² + Ldh²/4]/(2η(1−Lη/2)) for x_{t+1} =
    Q(x_t − ηG_t), Q stochastic rounding to hℤ, η < 2/L.

    Proof. E Q(y) = y and E‖Q(y) − y‖² ≤ dh²/4 add Ldh²/8 to the descent lemma. On (L/2)‖x − x*‖²
    with x* halfway between grid points and η = 1/L every step rounds x*: equality but f(x_T) ≥ f*.

    η = scale/L.
    """

    kind = Kind.EXPECTATION
    source = Source(PAPER, "stochastic rounding of the weights on a fixed grid, derived")
    statement = "(1/T) Σ E‖∇f(x_t)‖² ≤ Δ/(η(1−Lη/2)T) + [Lη²σ² + Ldh²/4]/(2η(1−Lη/2))"
    assumes = (Smooth(), FiniteVariance())

    def metric(self, c: Constants, T: int) -> AbstractMetric:
        return Average(GradNormSq())

    def bound(self, c: Constants, T: int) -> float:
        eta, h = self.eta(c), float(self.h)
        rest = eta * (1 - c.L * eta / 2)
        noise = c.L * eta**2 * c.sigma**2 + c.L * c.d * h**2 / 4
        return c.Delta / (rest * T) + noise / (2 * rest)

    def ceiling(self, c: Constants, T: int) -> float | None:
        """Without noise and for η ≤ 1/L a step takes ‖∇f‖ to at most (1 − ηL)‖∇f‖ + L√d h on
        (L/2)‖x − x*‖²; None elsewhere."""
        q = 1 - self.eta(c) * c.L
        if c.sigma > 0 or not c.get("isotropic") or q < 0:
            return None
        step = c.L * c.d**0.5 * float(self.h)
        norms = [q**t * c.grad0 + step * sum(q**j for j in range(t)) for t in range(T)]
        return sum(norm**2 for norm in norms) / T

    def trivial(self, c: Constants, T: int) -> float | None:
        return c.grad0**2


class NearestWorksToo(StochasticRounding):
    """The bound of stochastic rounding, claimed of rounding to nearest (folklore; false)."""

    statement = "folklore: rounding to nearest obeys the bound of stochastic rounding"
    domain = {"rounding": one_of("nearest")}

    rounding: str = eqx.field(static=True, default="nearest")


class AwayFrom0(AbstractAssumption):
    """x_0 ≠ 0."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        size = float(np.linalg.norm(started(problem)))
        return Checked("x_0 ≠ 0", size > 0, size, "‖x_0‖ divides")


class RoundingUnbiased(AbstractRounding):
    """E⟨x_T, x_0⟩/‖x_0‖² = (1 − ηL)^T on (L/2)‖x‖² from x_0 ≠ 0: rounding changes no mean.

    Proof. E[x_{t+1} | x_t] = x_t − η∇f(x_t) since E Q(y) = y and the noise is centered.
    """

    kind = Kind.EXACT
    source = Source(PAPER, "stochastic rounding is unbiased, derived")
    statement = "E⟨x_T, x_0⟩ = (1 − ηL)^T‖x_0‖² on (L/2)‖x‖² under stochastic rounding"
    assumes = (Is("isotropic"), FiniteVariance(), Centered(), AwayFrom0())

    def metric(self, c: Constants, T: int) -> AbstractMetric:
        return Overlap()

    def bound(self, c: Constants, T: int) -> float:
        return (1 - self.eta(c) * c.L) ** T

    def trivial(self, c: Constants, T: int) -> float | None:
        return None


class InItsCell(AbstractAssumption):
    """x_0 ∈ hℤ and η max_j|∂_j f(x_0)| < h/2 with η = scale/L: no coordinate leaves its cell."""

    scale: float = eqx.field(static=True)
    h: float = eqx.field(static=True)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        cells = started(problem) / self.h
        off = self.h * float(np.linalg.norm(cells - np.round(cells)))
        reach = self.scale / c.L * float(np.max(np.abs(start_slope(problem)))) / self.h
        # Multiples of h, and of h/2, are rounded: the first step takes x_0 to the grid, which must
        # not be seen in ∇f.
        holds = c.L * off <= 1e-13 * c.grad0 and reach < 0.5 * (1 - 1e-9)
        return Checked("inside the cell", holds, reach, "x_0 ∈ hℤ and η|∂_j f| < h/2")


class NearestStagnates(AbstractRounding):
    """x_T = x_0 for all T under rounding to nearest, from x_0 ∈ hℤ with η max_j|∂_j f| < h/2.

    Proof. No coordinate leaves the cell of x_0.
    """

    kind = Kind.PATHWISE
    source = Source(PAPER, "rounding to nearest stagnates, derived")
    statement = "rounding to nearest: ‖∇f(x_T)‖ = ‖∇f(x_0)‖ for all T once η|∂_j f| < h/2"
    domain = {"rounding": one_of("nearest")}

    rounding: str = eqx.field(static=True, default="nearest")

    @varies
    def assumes(self) -> Any:
        return (NoNoise(), InItsCell(float(self.scale), float(self.h)))

    def metric(self, c: Constants, T: int) -> AbstractMetric:
        return GradNormSq()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        # x_0 itself is a multiple of h up to rounding, and the grid's representative is returned.
        return c.grad0**2 * (1 - 1e-12), c.grad0**2 * (1 + 1e-12)

    def trivial(self, c: Constants, T: int) -> float | None:
        return None


class TwoLevels(AbstractAssumption):
    """Every row of X_0 that f sees has the entries 0 and one other, at least 1e-5 in size: these
    are the ends of the row's grid, and no rounding moves them."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        rows = started(problem)[: c.visible]
        good = [len(set(row[row != 0])) <= 1 and (row == 0).any() for row in rows]
        small = bool(np.any((rows != 0) & (np.abs(rows) < 1e-5)))  # the least scale of a group
        return Checked("rows of two levels", all(good) and not small, None, "X_0 must be 0 or λ_i")


class QGaLoreStalls(AbstractTheorem):
    """‖∇f(X_T)‖ = ‖∇f(X_0)‖ for all T on GaLore's counterexample: low bits do not mend GaLore.

    Proof. The frame spans the noise rows; its entries 0 and ±1 are on its grid, and so are 0 and λ
    in a weight group, one row of X_0, that they alone fill.
    """

    kind = Kind.PATHWISE
    source = Source("he2025", "Theorem 1's instance under Q-GaLore, derived")
    provenance = Provenance.DERIVED
    statement = "Q-GaLore on GaLore's counterexample: ‖∇f(X_T)‖ = ‖∇f(X_0)‖ for all T"
    domain = {"r": count(), "eta": number("(0, 2)")}

    r: int = eqx.field(static=True, default=4)
    eta: Reals = eqx.field(converter=real, default=1e-2)

    @varies
    def assumes(self) -> Any:
        return (*stall(self.r), TwoLevels())

    def prescribe(self, c: Constants, T: int) -> QGaLore:
        return QGaLore(self.eta, self.r, gap=5, weight_group=c.n, frame_group=self.r)

    def metric(self, c: Constants, T: int) -> AbstractMetric:
        return GradNormSq()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        # A row is 255 levels of λ/255: dequantizing rounds in the last place at every step.
        return c.grad0**2 * (1 - 1e-12), c.grad0**2 * (1 + 1e-12)


@plainly
def _held(w: Any) -> Any:
    """A group as four bits hold it, and its scale."""
    held = quantize(w, 4, w.size)
    return dequantize(held, w.shape), held.scale


class AbstractRoundingError(AbstractIdentity):
    """(|error| − scale/2)₊ relative to the scale, worst over each group."""

    source = Source(PAPER, "the public code's asymmetric group quantizer, derived")
    provenance = Provenance.DERIVED
    tolerance = 1e-9  # a scale of 1e-2 in float64, and ties at exactly half a step

    def groups(self) -> dict[str, np.ndarray]:
        """Name → the entries of one group."""
        raise NotImplementedError

    def discrepancies(self) -> dict[str, float]:
        found = {}
        for name, w in self.groups().items():
            held, scale = _held(w)
            found[name] = max(float(np.max(np.abs(held - w)) / np.max(scale)) - 0.5, 0.0)
        return found


class RoundingErrorStraddling(AbstractRoundingError):
    """A group with min ≤ 0 ≤ max is quantized to within half a step an entry, so ‖P_q − P‖ ≤
    (h/2)√(mr) with h the largest scale.

    Proof. Rounding is odd, so round(min/s) + zero = 0 and the lower clamp never acts. As max/s −
    min/s = 15, the upper end lands on 15, or at a tie on 16, where the clamp errs by half a step.
    """

    statement = "INT4 to nearest, groups with min ≤ 0 ≤ max: every error is at most half a step"

    def groups(self) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(0)
        found = {f"Gaussian {i}": rng.standard_normal(16) for i in range(8)}
        frame = np.linalg.qr(rng.standard_normal((16, 2)))[0]
        return found | {"a frame": frame.ravel(), "0 and 1": np.eye(4).ravel()}


class RoundingErrorAnyGroup(RoundingErrorStraddling):
    """The same of every group (folklore; false): the clamped zero point of a group on one side of
    0 collapses it, p ∝ 1 + 0.02 sin i has ‖p − p_q‖ = 0.96‖p‖."""

    statement = "folklore: INT4 to nearest errs by at most half a step an entry, in every group"

    def groups(self) -> dict[str, np.ndarray]:
        p = 1 + 0.02 * np.sin(np.arange(16.0))
        return super().groups() | {"one side of 0": p / np.linalg.norm(p)}
