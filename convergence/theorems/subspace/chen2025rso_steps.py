"""Chen, Zhang, Liu, Yuan and Wen 2025 (arXiv 2502.07222): RSO with a given number of inner steps.

Notation of `chen2025rso`. One inner step is GoLore; frames from the gradient's own SVD stall.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from convergence.algorithms.subspace.projected import Subspace
from convergence.algorithms.subspace.rso import RSO
from convergence.constants import Constants
from convergence.metrics.base import AbstractMetric
from convergence.metrics.pointwise import GradNormSq
from convergence.noise.base import AbstractNoise, Noiseless
from convergence.oracles.base import Oracle
from convergence.parts.projectors import AbstractProjector, Frozen, TopSVD
from convergence.parts.solvers import AGD, GD, KAPPA, ZO, AbstractDescent, AbstractSolver
from convergence.problems.base import AbstractProblem
from convergence.problems.quadratic import Isotropic
from convergence.theorems.assumptions import (
    AbstractAssumption,
    Checked,
    FiniteVariance,
    Is,
    Matrix,
    Smooth,
)
from convergence.theorems.base import AbstractIdentity, Kind, Provenance, Source, varies
from convergence.theorems.domains import a
from convergence.theorems.subspace.chen2025rso import PAPER, AbstractRSO
from convergence.theorems.subspace.corner import stall


class Contracts(AbstractAssumption):
    """The solver contracts on this instance: GD under any noise, AGD without, ZO without and on a
    quadratic."""

    inner: AbstractDescent

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        quiet = isinstance(self.inner, GD) or c.sigma == 0
        holds = quiet and (not isinstance(self.inner, ZO) or c.get("quadratic", False))
        name = type(self.inner).__name__
        return Checked("a solver that contracts", bool(holds), None, f"{name} needs more than this")


def _plain(inner: AbstractDescent) -> bool:
    """N ≥ 1 steps of at most the length that the proof allows, and no early end."""
    scale = float(inner.scale) if isinstance(inner, GD) else 1.0
    return int(inner.N) >= 1 and float(inner.eps) == 0 and 0 < scale <= 1


class RSOSteps(AbstractRSO):
    """(1/K) Σ_{k<K} E‖∇f(W_k)‖² ≤ 6L̂Δ/((1 − ρ)K) + 9L̂γσ² for N inner steps with the contraction
    E[g(B_N) − min g] ≤ ρ(g(0) − min g) + (3/2)γσ²(1 − ρ), γ the step of SGD.

    Proof. f(W_k) − E f(W_{k+1}) ≥ E[g(0) − g(B_N)] ≥ (1 − ρ)(g(0) − min g − (3/2)γσ²), and
    g(0) − min g ≥ ‖Pᵀ∇f‖²/(6L̂). SGD, γ = s/(3L̂), s ≤ 1: smoothness and strong convexity give
    E g(B_{j+1}) − min g ≤ (1 − γL̂)(g(B_j) − min g) + (3L̂/2)γ²σ², hence ρ = (1 − s/3)^N; here
    E‖Pᵀξ‖² = σ² as the noise is additive and P independent of it. AGD: ρ = 2(1 − 1/√3)^N. ZO on a
    quadratic: the second moment (p + 2)‖∇g‖², p = rn, gives ρ = (1 − 1/(3(p + 2)))^N.
    """

    source = Source(PAPER, "explicit inner solvers, derived")
    statement = "N inner steps of contraction ρ: (1/K) Σ E‖∇f(W_k)‖² ≤ 6L̂Δ/((1−ρ)K) + 9L̂γσ²"
    needs = (Smooth(), FiniteVariance(), Is("additive"))

    domain = {"inner": a(GD, AGD, ZO, such=_plain, that="of N ≥ 1 steps, eps = 0, scale ≤ 1")}

    inner: AbstractDescent = GD(4)

    @varies
    def assumes(self) -> Any:
        return (*self.needs, Matrix(self.r, "rows"), Contracts(self.inner))

    def rho(self, c: Constants) -> float:
        """ρ of the solver."""
        N = int(self.inner.N)
        if isinstance(self.inner, GD):
            return (1 - float(self.inner.scale) / KAPPA) ** N
        if isinstance(self.inner, AGD):
            return 2 * (1 - KAPPA**-0.5) ** N
        return (1 - 1 / (KAPPA * (self.r * c.n + 2))) ** N

    def solver(self, c: Constants, T: int) -> AbstractSolver:
        return self.inner

    def bound(self, c: Constants, T: int) -> float:
        rho = self.rho(c)
        # 9L̂γσ² with γ = scale/(3L̂).
        noise = 3 * float(self.inner.scale) * c.sigma**2 if isinstance(self.inner, GD) else 0.0
        return 6 * self.lam(c) * c.Delta / ((1 - rho) * T) + noise


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

    statement = "folklore: 6L̂Δ/((1−ρ)K) + 9L̂γσ² holds for frames from the gradient's own SVD"
    domain = {"frame": a(AbstractProjector)}


class OneStepIsGoLore(AbstractIdentity):
    """One inner GD step of size γ is GoLore-SGD with η = γm/r: both are W − γ(m/r)QQᵀ∇f(W)."""

    source = Source(PAPER, "relation to GoLore, derived")
    provenance = Provenance.DERIVED
    statement = "RSO with one GD step of size γ = GoLore-SGD with η = γm/r"
    tolerance = 1e-14  # one step on entries of order 1 in float64: a few units in the last place

    def discrepancies(self) -> dict[str, float]:
        found = {}
        for m, n, r in ((6, 5, 2), (7, 3, 3), (4, 4, 4)):
            rng = np.random.default_rng(m)
            Q = np.linalg.qr(rng.standard_normal((m, r)))[0]
            problem = Isotropic(rng.standard_normal((m, n)))
            oracle, key, x0 = Oracle(problem, Noiseless()), jax.random.key(0), problem.start()
            lam = m / r
            rso = RSO(1 / (2 * lam), r, GD(1), Frozen(Q))
            golore = Subspace(Frozen(Q), 1 / (KAPPA * lam) * m / r, r)
            t = jnp.zeros((), jnp.int32)
            ours = rso.step(t, rso.init(x0, oracle, key), oracle, key).x
            theirs = golore.step(t, golore.init(x0, oracle, key), oracle, key).x
            found[f"m={m}, n={n}, r={r}"] = float(jnp.max(jnp.abs(ours - theirs)))
        return found
