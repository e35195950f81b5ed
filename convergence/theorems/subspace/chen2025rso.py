"""Chen, Zhang, Liu, Yuan and Wen 2025 (arXiv 2502.07222): randomized subspace optimization.

f is L-smooth on m × n matrices, P_k = √(m/r) Haar, L̂ = (m/r)L, η = 1/(2L̂), Δ = f(W_0) − f*, T = K
subproblems g_k(B) = f(W_k + P_k B) + L̂‖B‖². Since ‖P‖₂² = m/r, g_k is L̂-strongly convex and
3L̂-smooth whatever the curvature of f, and E‖Pᵀ∇f‖² = ‖∇f‖² as P_k is independent of W_k.
"""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import equinox as eqx

from convergence.algorithms.subspace.rso import RSO, WIDTH
from convergence.constants import Constants
from convergence.metrics.base import AbstractMetric
from convergence.metrics.effort import UpToExcess
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import Gap, GradNormSq
from convergence.parts.projectors import AbstractProjector, Haar, TopSVD
from convergence.parts.solvers import (
    AGD,
    GD,
    ZO,
    AbstractDescent,
    AbstractSolver,
    ExactMinimum,
    MomentumGD,
)
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import (
    AbstractAssumption,
    FiniteVariance,
    Improvable,
    Is,
    Matrix,
    NoNoise,
    Smooth,
)
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import Resolved
from convergence.theorems.domains import a, count, number
from convergence.theorems.subspace.corner import stall
from convergence.theorems.subspace.shared import FRESH, ContractingSolver, SolvedExactly, in_full

PAPER = "chen2025rso"


class AbstractRSO(AbstractTheorem):
    """What the statements share: the rank r ≤ m and the law of the frames, drawn independently of
    everything with PᵀP = (m/r)I and E PPᵀ = I.

    `needs`: what the proof assumes besides.
    """

    kind = Kind.EXPECTATION
    provenance = Provenance.DERIVED
    domain = {"r": count(), "frame": FRESH}
    needs: ClassVar[tuple[AbstractAssumption, ...]] = (Smooth(), NoNoise())

    r: int = eqx.field(static=True, default=2)
    frame: AbstractProjector = Haar()

    @varies
    def assumes(self) -> Any:
        return (*self.needs, Matrix(self.r, "rows"))

    def lam(self, c: Constants) -> float:
        """L̂ = (m/r) L."""
        return c.m / self.r * c.L

    def solver(self, c: Constants, T: int) -> AbstractSolver:
        """How the subproblems are solved."""
        return ExactMinimum()

    def prescribe(self, c: Constants, T: int) -> RSO:
        return RSO(1 / (2 * self.lam(c)), self.r, self.solver(c, T), self.frame)

    def metric(self, c: Constants, T: int) -> AbstractMetric:
        return Average(GradNormSq())

    def trivial(self, c: Constants, T: int) -> float | None:
        return c.grad0**2


class AbstractRSOInexact(AbstractRSO):
    """Subproblems that an inner method solves to the accuracy ε = eps·Δ/K."""

    # Below 1e-12 of Δ rounding decides when a gradient is small enough.
    domain = {"eps": number("[1e-12, inf)"), "inner": a(AbstractDescent)}
    needs = (Smooth(), NoNoise(), Improvable())

    eps: Reals = eqx.field(converter=real, default=0.1)
    inner: AbstractDescent = GD(10**5)
    constant = 6.0

    def accuracy(self, c: Constants, T: int) -> float:
        """ε."""
        return float(self.eps) * c.Delta / T

    def solver(self, c: Constants, T: int) -> AbstractSolver:
        return dataclasses.replace(self.inner, eps=self.accuracy(c, T))

    def bound(self, c: Constants, T: int) -> float | tuple[float, float]:
        return self.constant * self.lam(c) * (c.Delta / T + self.accuracy(c, T))


class RSOInexact(AbstractRSOInexact):
    """(1/K) Σ_{k<K} E[‖∇f(W_k)‖² − 6L̂(ε_k − ε)₊] ≤ 6L̂Δ/K + 6L̂ε with ε_k = ‖∇g_k(B_k)‖²/(2L̂):
    the second term is 0 where every subproblem is solved to the accuracy ε.

    Proof. 3L̂-smoothness gives g(0) − min g ≥ ‖∇g(0)‖²/(6L̂) = ‖Pᵀ∇f‖²/(6L̂), and f(W_k) −
    f(W_{k+1}) ≥ g(0) − g(B_k) ≥ g(0) − min g − (g(B_k) − min g), where L̂-strong convexity gives
    g(B_k) − min g ≤ ε_k. Take means and sum.

    The inner method runs until ε_k ≤ ε = eps·Δ/K, for at most N steps; ε_k is measured.
    """

    source = Source(PAPER, "the main theorem with 6 for 18, derived")
    statement = "(1/K) Σ E‖∇f(W_k)‖² ≤ 6L̂Δ/K + 6L̂ε,  L̂ = (m/r)L"

    def metric(self, c: Constants, T: int) -> AbstractMetric:
        return UpToExcess(Average(GradNormSq()), 6 * self.lam(c))


class RSOPaper(RSOInexact):
    """(1/K) Σ_{k<K} E‖∇f(W_k)‖² ≤ 18L̂Δ/K + 18L̂ε. Proof. `RSOInexact` has 6 for 18."""

    source = Source(PAPER, "the main theorem, from memory; derived")
    statement = "(1/K) Σ E‖∇f(W_k)‖² ≤ 18L̂Δ/K + 18L̂ε"
    constant = 18.0


class RSOIdle(AbstractRSOInexact):
    """The bound 6L̂Δ/K + 6L̂ε with B_k = 0 and ε = E[g(0) − min g] = ‖∇f(W_0)‖²/(6L̂) on (L/2)‖W‖²:
    the iterate never moves, so the constant 6 of ε cannot be lowered."""

    source = Source(PAPER, "tightness of the accuracy term, derived")
    statement = "B_k = 0 on (L/2)‖W‖²: (1/K) Σ E‖∇f(W_k)‖² = 6L̂ε, within 6L̂Δ/K of the bound"
    needs = (NoNoise(), Is("isotropic"))

    def accuracy(self, c: Constants, T: int) -> float:
        return c.grad0**2 / (6 * self.lam(c))

    def solver(self, c: Constants, T: int) -> AbstractSolver:
        return GD(0)

    def metric(self, c: Constants, T: int) -> AbstractMetric:
        return Average(GradNormSq())

    def ceiling(self, c: Constants, T: int) -> float:
        return c.grad0**2

    def trivial(self, c: Constants, T: int) -> float | None:
        return None


class AbstractRSOExact(AbstractRSO):
    """Subproblems of a quadratic f that are solved exactly."""

    domain = {"iterations": count()}

    iterations: int = eqx.field(static=True, default=1)

    @varies
    def assumes(self) -> Any:
        solved = SolvedExactly(self.r, self.iterations)
        return (*self.needs, Matrix(self.r, "rows"), solved)

    def solver(self, c: Constants, T: int) -> AbstractSolver:
        return ExactMinimum(self.iterations)


class RSOExact(AbstractRSOExact):
    """(1/K) Σ_{k<K} E‖∇f(W_k)‖² ≤ 3.6 L̂Δ/K if every subproblem of a quadratic f is solved exactly.

    Proof. f(W_{k+1}) = g(B*) − L̂‖B*‖², g(0) − g(B*) ≥ ‖∇g(0)‖²/(6L̂) and ‖B*‖ ≥ ‖∇g(0)‖/(3L̂), so
    f(W_k) − f(W_{k+1}) ≥ (1/6 + 1/9)‖Pᵀ∇f‖²/L̂ = ‖Pᵀ∇f‖²/(3.6L̂). Equality on (L/2)‖W‖².
    """

    source = Source(PAPER, "exact subproblems, derived")
    statement = "exact subproblems: (1/K) Σ E‖∇f(W_k)‖² ≤ 3.6 L̂Δ/K"
    needs = (Smooth(), NoNoise(), Is("quadratic"))

    def bound(self, c: Constants, T: int) -> float:
        return 3.6 * self.lam(c) * c.Delta / T


class RSOLaw(AbstractRSOExact):
    """E f(W_K) = f(W_0)(1 − 5r/(9m))^K on (L/2)‖W‖² with exact subproblems.

    Proof. B* = −Pᵀ∇f/(3L̂); 3.6 is an equality, and ‖∇f‖² = 2Lf gives the factor
    1 − 2L/(3.6L̂) = 1 − 5r/(9m). It needs PᵀP = (m/r)I: Gaussian frames miss it.
    """

    kind = Kind.EXACT
    source = Source(PAPER, "isotropic quadratic, derived")
    statement = "E f(W_K) = f(W_0)(1 − 5r/(9m))^K on (L/2)‖W‖², exact subproblems"
    needs = (NoNoise(), Is("isotropic"), Is("quadratic"))

    def metric(self, c: Constants, T: int) -> AbstractMetric:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        return c.Delta * (1 - 5 * self.r / (9 * c.m)) ** T

    def trivial(self, c: Constants, T: int) -> float | None:
        return None


class RSOLawAnyFrame(RSOLaw):
    """The law of Haar frames for every frame with E PPᵀ = I (false: Gaussian frames miss it)."""

    statement = "E f(W_K) = f(W_0)(1 − 5r/(9m))^K whenever E PPᵀ = I (false)"
    domain = {"frame": a(AbstractProjector)}


class RSOSteps(AbstractRSO):
    """(1/K) Σ_{k<K} E‖∇f(W_k)‖² ≤ 6L̂Δ/((1 − ρ)K) + 6νσ² for N inner steps with the contraction
    E[g(B_N) − min g] ≤ ρ(g(0) − min g) + (1 − ρ)νσ²/L̂.

    Proof. f(W_k) − E f(W_{k+1}) ≥ E[g(0) − g(B_N)] ≥ (1 − ρ)(g(0) − min g − νσ²/L̂), and
    g(0) − min g ≥ ‖Pᵀ∇f‖²/(6L̂). SGD, γ = s/(3L̂), s ≤ 1: smoothness and strong convexity give
    E g(B_{j+1}) − min g ≤ (1 − γL̂)(g(B_j) − min g) + (3L̂/2)γ²σ², hence ρ = (1 − s/3)^N, ν = s/2;
    here E‖Pᵀξ‖² = σ² as the noise is additive and P independent of it. MSGD: see
    `parts.solvers.MomentumGD`. AGD: ρ = 2(1 − 1/√3)^N. ZO on a quadratic: the second moment
    (p + 2)‖∇g‖², p = rn, gives ρ = (1 − 1/(3(p + 2)))^N.
    """

    source = Source(PAPER, "explicit inner solvers, derived")
    statement = "N inner steps of contraction ρ: (1/K) Σ E‖∇f(W_k)‖² ≤ 6L̂Δ/((1−ρ)K) + 6νσ²"
    needs = (Smooth(), FiniteVariance(), Is("additive"))

    domain = {
        "inner": a(GD, AGD, MomentumGD, ZO, such=in_full, that="of N ≥ 1 short steps, eps = 0")
    }

    inner: AbstractDescent = GD(4)

    @varies
    def assumes(self) -> Any:
        values = (Resolved(self),) if isinstance(self.inner, ZO) else ()
        return (*self.needs, Matrix(self.r, "rows"), ContractingSolver(self.inner), *values)

    def stride(self, c: Constants, T: int) -> float:
        """The width of the subproblem's differences of values."""
        return WIDTH

    def rho(self, c: Constants) -> float:
        """ρ of the solver."""
        return self.inner.rho(self.r * c.n)

    def solver(self, c: Constants, T: int) -> AbstractSolver:
        return self.inner

    def bound(self, c: Constants, T: int) -> float:
        noise = 6 * self.inner.loudness(self.r * c.n) * c.sigma**2
        return 6 * self.lam(c) * c.Delta / ((1 - self.rho(c)) * T) + noise


class RSOStall(AbstractRSO):
    """‖∇f(W_K)‖² = ‖∇f(W_0)‖² for all K on the corner counterexample if P spans the r leading left
    singular vectors of a stochastic gradient.

    Proof. Every singular value of ∇f(W_0) is below σ, so P spans the noise rows; f ignores them.
    """

    kind = Kind.PATHWISE
    source = Source("he2025", "Theorem 1's instance under RSO, derived")
    statement = "frames from the stochastic gradient's SVD: ‖∇f(W_K)‖ = ‖∇f(W_0)‖ for all K"
    domain = {"frame": a(TopSVD)}

    frame: AbstractProjector = TopSVD()

    @varies
    def assumes(self) -> Any:
        return stall(self.r)

    def solver(self, c: Constants, T: int) -> AbstractSolver:
        return GD(4)

    def metric(self, c: Constants, T: int) -> AbstractMetric:
        return GradNormSq()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        return c.grad0**2, c.grad0**2

    def trivial(self, c: Constants, T: int) -> float | None:
        return None


class AnyFrame(RSOSteps):
    """The bound of N inner steps, claimed of data-dependent frames (folklore; false)."""

    statement = "folklore: 6L̂Δ/((1−ρ)K) + 6νσ² holds for frames from the gradient's own SVD"
    domain = {"frame": a(AbstractProjector)}
