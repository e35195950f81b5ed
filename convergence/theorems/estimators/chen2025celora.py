"""Chen, He, Hu, Yuan and Yuan 2025 (arXiv 2502.01378): CE-LoRA, gradients with a relative error.

The rate recalled from the paper is O(1/√T) under a relative-error assumption; its constants are
unknown here. The bounds below are derived.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.compression.compressed_sgd import CompressedSGD
from convergence.algorithms.estimators.celora import CELoRA
from convergence.constants import Constants
from convergence.metrics.errors import RelativeErrors
from convergence.metrics.folds import Average, Extremes
from convergence.metrics.pointwise import GradNorm, GradNormSq
from convergence.noise.base import AbstractNoise
from convergence.parts.compressors import TopK
from convergence.problems.base import AbstractProblem
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import (
    AbstractAssumption,
    Checked,
    FiniteVariance,
    Improvable,
    Is,
    NoNoise,
    Smooth,
)
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.domains import count, number, one_of


class FrozenLayer(AbstractAssumption):
    """∇f is a product through a frozen layer with k rows at least, of rank r0 at least."""

    k: int = eqx.field(static=True)
    r0: int = eqx.field(static=True)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        holds = self.k <= c.layer_rows and self.r0 <= c.rank
        return Checked("rows", holds, float(c.layer_rows), f"k = {self.k} of them, r0 = {self.r0}")


class RelativeError(AbstractAssumption):
    """‖E ĝ − ∇f‖² ≤ (1 − δ)‖∇f‖² for every θ with a certified δ > 0.

    Certified where the terms R_iW_i are collinear (the kept share is fixed), where they are
    orthogonal, none is split off and the k largest are chosen at every step (they carry k/m of the
    square at least), or where all of W is split off; nowhere else.
    """

    r0: int = eqx.field(static=True)
    fresh: bool = eqx.field(static=True)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        whole = self.r0 >= c.rank
        kept = bool(c.get("orthogonal")) and self.fresh and self.r0 == 0
        holds = whole or bool(c.collinear) or kept
        detail = "R_iW_i must be collinear, or orthogonal and the largest chosen afresh"
        return Checked("relative error", holds, None, detail)


class AbstractCELoRA(AbstractTheorem):
    """What the statements share: k rows, r0 leading triples, and η = scale · the step."""

    provenance = Provenance.DERIVED
    domain = {
        "k": count(),
        "r0": count(0),
        "refresh": count(),
        "rule": one_of("pairs", "weights"),
        "scale": number("(0, 1]"),
    }

    k: int = eqx.field(static=True, default=1)
    r0: int = eqx.field(static=True, default=0)
    refresh: int = eqx.field(static=True, default=1)
    rule: str = eqx.field(static=True, default="pairs")
    scale: Reals = eqx.field(converter=real, default=1.0)

    def eta(self, c: Constants, T: int) -> float:
        """η = scale/L."""
        return float(self.scale) / c.L

    def kept(self, c: Constants) -> float:
        """The share of ∇f that is kept of collinear terms, or 1 where the split is exact."""
        return 1.0 if self.r0 >= c.rank else float(c.shares[: self.k].sum())

    def prescribe(self, c: Constants, T: int) -> CELoRA:
        return CELoRA(self.eta(c, T), self.k, self.r0, self.refresh, self.rule)

    def metric(self, c: Constants, T: int) -> Any:
        return Average(GradNormSq())

    def trivial(self, c: Constants, T: int) -> float | None:
        return c.grad0**2


class BiasedSGD(AbstractCELoRA):
    """(1/T) Σ E‖∇f(x_t)‖² ≤ [Δ/(ηT) + Lησ²/2]/(ρ(1 − Lηρ/2)), ρ = 1 − √(1 − δ), if the mean of ĝ
    has ‖E ĝ − ∇f‖² ≤ (1 − δ)‖∇f‖², its variance is σ² and η ≤ 1/L.

    Proof. With u = E ĝ, E f⁺ ≤ f − η⟨∇f, u⟩ + (Lη²/2)(‖u‖² + σ²) = f + (Lη²/2)‖u − ∇f/(Lη)‖² + ….
    In the ball of radius √(1 − δ)‖∇f‖ about ∇f the point farthest from ∇f/(Lη), Lη ≤ 1, is
    u = ρ∇f. Hence η ρ(1 − Lηρ/2)‖∇f‖² ≤ f − E f⁺ + Lη²σ²/2; sum. ρ(1 − ρ/2) = δ/2: η = 1/L gives
    2LΔ/(δT) + σ²/δ. For collinear terms u = ρ∇f and on (L/2)‖θ‖² all are equalities.

    η = scale · min{1/L, √(2Δ/(Lσ²T))}.
    """

    kind = Kind.EXPECTATION
    source = Source("chen2025celora", "the setting of the theorem; explicit bound derived")
    statement = "(1/T) Σ E‖∇f‖² ≤ [Δ/(ηT) + Lησ²/2]/(ρ(1−Lηρ/2)),  ρ = 1 − √(1−δ)"

    @varies
    def assumes(self) -> Any:
        return (Smooth(), FiniteVariance(), Improvable(), *self.terms())

    def terms(self) -> tuple[AbstractAssumption, ...]:
        """On the terms R_iW_i, and how they are chosen."""
        fresh = self.rule == "pairs" and self.refresh == 1
        return FrozenLayer(self.k, self.r0), RelativeError(self.r0, fresh)

    def eta(self, c: Constants, T: int) -> float:
        noise = c.L * c.sigma**2 * T
        tuned = (2 * c.Delta / noise) ** 0.5 if noise > 0 else float("inf")
        return float(self.scale) * min(1 / c.L, tuned)

    def rho(self, c: Constants) -> float:
        """1 − √(1 − δ): the kept share, or 1 − √(1 − k/m) of orthogonal terms."""
        aligned = self.r0 >= c.rank or c.collinear
        return self.kept(c) if aligned else 1 - (1 - self.k / c.layer_rows) ** 0.5

    def bound(self, c: Constants, T: int) -> float:
        eta, rho = self.eta(c, T), self.rho(c)
        top = c.Delta / (eta * T) + c.L * eta * c.sigma**2 / 2
        return top / (rho * (1 - c.L * eta * rho / 2))


class BiasedGD(BiasedSGD):
    """The same on every run without noise."""

    kind = Kind.PATHWISE

    @varies
    def assumes(self) -> Any:
        return (Smooth(), NoNoise(), Improvable(), *self.terms())


class BiasedGDAnyRows(BiasedGD):
    """The same whatever the age of the rows and the rule that chose them (false)."""

    statement = "(1/T) Σ‖∇f‖² ≤ [Δ/(ηT)]/(ρ(1−Lηρ/2)) with stale rows, or by any rule (false)"

    def terms(self) -> tuple[AbstractAssumption, ...]:
        return FrozenLayer(self.k, self.r0), RelativeError(self.r0, True)


class ResolvedRows(AbstractAssumption):
    """|1 − Lη|^T ≥ 10⁻⁹: beyond, rounding decides which row is the largest."""

    scale: float = eqx.field(static=True)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        left = abs(1 - self.scale) ** c.T
        return Checked("resolved rows", left >= 1e-9, left, "|1 − Lη|^T ≥ 10⁻⁹")


class StaleRows(AbstractCELoRA):
    """‖∇f(θ_T)‖² = Σ_i s_i(T)² for orthogonal rows of W: every `refresh` steps the k largest s_i
    are chosen, and each step multiplies those by |1 − Lη|; s_i(0) = |R_i||W_i| at θ_0.

    Proof. WᵀW = L·I and W square: the terms R_iW_i are orthogonal parts of ∇f, and a step along one
    of them multiplies R_i by 1 − Lη and leaves the others. The row that matters rotates, and until
    the next refresh the stale choice pays for one that has become small.
    """

    kind = Kind.PATHWISE
    source = Source("chen2025celora", "stale rows, refreshed every 200 steps in the code; derived")
    statement = (
        "WᵀW = L·I: the k rows largest at the last refresh shrink by 1 − Lη a step, the rest stay"
    )
    domain = {"rule": one_of("pairs"), "r0": one_of(0), "scale": number("(0, 2)")}

    @varies
    def assumes(self) -> Any:
        return (
            NoNoise(),
            Is("orthogonal"),
            FrozenLayer(self.k, self.r0),
            ResolvedRows(float(self.scale)),
        )

    def metric(self, c: Constants, T: int) -> Any:
        return GradNormSq()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        s, chosen = np.array(c.parts, dtype=float), np.zeros(0, int)
        for t in range(T):
            if t % self.refresh == 0:
                chosen = np.argsort(-s, kind="stable")[: self.k]
            s[chosen] *= abs(1 - c.L * self.eta(c, T))
        value = float(np.sum(s**2))
        return value, value


class MeasuredErrors(AbstractCELoRA):
    """(min_t δ_t)₊ · (1/T) Σ ‖∇f(x_t)‖² ≤ 2Δ/(ηT), δ_t = 1 − ‖ĝ_t − ∇f‖²/‖∇f‖², on every run.

    Proof. Without noise and for η ≤ 1/L the descent lemma gives f⁺ ≤ f − (η/2)(‖∇f‖² − ‖ĝ − ∇f‖²)
    = f − (ηδ_t/2)‖∇f‖²; sum. Nothing is assumed: the run measures its own δ.
    """

    kind = Kind.PATHWISE
    source = Source("chen2025celora", "measured relative errors; derived")
    statement = "(min_t δ_t)₊ · (1/T) Σ ‖∇f(x_t)‖² ≤ 2Δ/(ηT) on every run without noise"

    @varies
    def assumes(self) -> Any:
        return Smooth(), NoNoise(), FrozenLayer(self.k, self.r0)

    def metric(self, c: Constants, T: int) -> RelativeErrors:
        return RelativeErrors(self.eta(c, T))

    def bound(self, c: Constants, T: int) -> float:
        return 2 * c.Delta / (self.eta(c, T) * T)


class LikeLoRA(AbstractCELoRA):
    """(1/T) Σ E‖∇f(x_t)‖² = O(1/√T) with η = 1/(L√T), WITHOUT a relative-error assumption:
    recalled as "the same rate as LoRA", and FALSE (`TopOneStalls`)."""

    kind = Kind.RATE
    provenance = Provenance.RECALLED
    source = Source("chen2025celora", "abstract: the convergence rate of LoRA")
    statement = "(1/T) Σ E‖∇f(x_t)‖² = O(1/√T) for top-k rows on any smooth f (as recalled)"
    assumes = (Smooth(),)

    def eta(self, c: Constants, T: int) -> float:
        return 1 / (c.L * T**0.5)

    def bound(self, c: Constants, T: int) -> float:
        return T**-0.5


class TopOneStalls(AbstractCELoRA):
    """‖∇f(x_t)‖ ≥ 1 − Lη for every t on W = (1, 1, 1)ᵀ, Y = (−1, −1, 1), k = 1, from θ_0 = 0,
    although the optimum is −1/3 and η ≤ 1/L is as small as you like.

    Proof. ∇f = 3θ + 1, L = 3. Top-1 takes the largest |θ − y_i|: θ + 1 for θ > 0 (and at the tie
    θ = 0, where it is the first), so θ⁺ = θ − η(θ + 1) ≥ −η; and θ − 1 for θ < 0, so θ⁺ > θ. Hence
    θ_t ≥ −η, reached at t = 1. It is the subgradient method for max_i |θ − y_i|.
    """

    kind = Kind.PATHWISE
    source = Source("chen2025celora", "three-row counterexample; derived")
    statement = "‖∇f(x_t)‖ ≥ 1 − Lη for all t: top-1 rows converge to the Chebyshev center"
    assumes = (NoNoise(), Is("three_rows"))
    domain = {"k": one_of(1), "r0": one_of(0), "refresh": one_of(1), "rule": one_of("pairs")}

    def metric(self, c: Constants, T: int) -> Extremes:
        return Extremes(GradNorm())

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        return 1 - c.L * self.eta(c, T), float("inf")

    def trivial(self, c: Constants, T: int) -> float | None:
        return None


class PerSampleContraction(AbstractTheorem):
    """(1/T) Σ E‖∇f‖² ≤ 2Δ/(δηT) + Lησ²/δ if every SAMPLE has ‖ĝ − g‖² ≤ (1 − δ)‖g‖²: FALSE.

    `BiasedSGD` needs the bias of the mean. On f = ½‖x‖² in R² with Top-1 of the noisy gradient
    (δ = ½) and the atoms √0.3 · {(2, 0), (0, 1), (−2, −1)} the mean of ĝ vanishes away from 0.
    """

    kind = Kind.EXPECTATION
    provenance = Provenance.DERIVED
    source = Source("chen2025celora", "the assumption read sample by sample")
    statement = "a per-sample contraction suffices: (1/T) Σ E‖∇f‖² ≤ 2Δ/(δηT) + Lησ²/δ (false)"
    assumes = (Smooth(), FiniteVariance())

    domain = {"scale": number("(0, 1]")}

    scale: Reals = eqx.field(converter=real, default=0.01)

    def prescribe(self, c: Constants, T: int) -> CompressedSGD:
        return CompressedSGD(float(self.scale) / c.L, TopK(1))

    def metric(self, c: Constants, T: int) -> Average:
        return Average(GradNormSq())

    def bound(self, c: Constants, T: int) -> float:
        eta, delta = float(self.scale) / c.L, 1 / c.d
        return 2 * c.Delta / (delta * eta * T) + c.L * eta * c.sigma**2 / delta
