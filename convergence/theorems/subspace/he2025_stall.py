"""He, Li, Hu, Chen and Yuan 2025 (GoLore): where GaLore stops, exactly.

On `problems.Counterexample` with corner noise the stochastic gradient is block diagonal: the
singular values s_i of ∇f(X_t) in the top rows, and |ξ|σ, r times, in the corner. The leading
subspace is that of the larger ones. All statements here need LEFT projection, an update inside
range(P) (no decoupled weight decay, no residual term) and zero noise columns in ∇f(X_0).
"""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import numpy as np
from scipy.special import erf

from convergence.algorithms.subspace.projected import Subspace
from convergence.constants import Constants
from convergence.metrics.folds import Average, Extremes, Smallest
from convergence.metrics.pointwise import Gap, GradNormSq
from convergence.noise.base import AbstractNoise
from convergence.parts.momenta import AbstractInner, Plain
from convergence.parts.projectors import TopSVD
from convergence.problems.base import AbstractProblem
from convergence.shapes import real
from convergence.theorems.assumptions import AbstractAssumption, Checked, Has, Is
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source


class TwoPoint(AbstractAssumption):
    """ξ = ±1: the noise never vanishes."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        return Checked("two-point noise", "two_point" in c, None, "ξ must be ±1 surely")


class BelowNoise(AbstractAssumption):
    """Every singular value of ∇f(X_0) is strictly below σ times the least nonzero |mean ξ|, which
    is 1/B for an odd batch and 2/B for an even one (1 for a single sample)."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        largest = float(np.max(c.spectrum)) if "spectrum" in c else float("nan")
        B = int(c.get("batch", 1))
        level = float(c.get("corner", math.nan)) * (2 - B % 2) / B
        return Checked(
            "gradient below the noise", bool(largest < level), largest, f"noise level {level:g}"
        )


class OddBatch(AbstractAssumption):
    """A batch of odd size: |mean ξ| ≥ 1/B surely."""

    odd: bool = eqx.field(static=True, default=True)

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        B = int(c["batch"]) if "batch" in c else 0
        word = "odd" if self.odd else "even"
        return Checked(f"{word} batch", B >= 1 and int(self.odd) == B % 2, B, f"B must be {word}")


CLEAN = Has("noise_columns", 0.0, 0.0)  # ∇f(X_0)Cᵀ = 0


class AbstractGaLore(AbstractTheorem):
    """What the statements on GaLore-SGD share."""

    source = Source("he2025", "Theorem 1 and Figure 1")
    provenance = Provenance.DERIVED

    r: int = eqx.field(static=True, default=4)
    tau: int = eqx.field(static=True, default=100)
    eta: Any = eqx.field(converter=real, default=0.5)

    def prescribe(self, c: Constants, T: int) -> Subspace:
        return Subspace(TopSVD(), self.eta, r=self.r, tau=self.tau)

    def theta(self) -> float:
        """θ = |1 − η|^τ, the factor of a selected singular value over one period."""
        return abs(1 - float(self.eta)) ** self.tau


class Stalls(AbstractGaLore):
    """‖∇f(X_t)‖² = Σ s_i² for all t, with probability 1: GaLore never moves the visible rows.

    Source: Theorem 1 of the paper (there: ≥ ε_0 for some ε_0 > 0; recalled). Proof of the
    equality: while every s_i < σ the r leading left singular vectors of G_t span the corner's
    rows, where ∇f vanishes; hence P_tᵀ∇f = 0 and any update P_t N leaves the visible rows, and so
    s_i, as they were. The inner optimizer is arbitrary.
    """

    kind = Kind.PATHWISE
    statement = "‖∇f(X_t)‖² = ‖∇f(X_0)‖² ≥ ε_0 for all t, all runs, any inner optimizer"
    assumes = (TwoPoint(), BelowNoise(), CLEAN)

    inner: AbstractInner = Plain()

    def prescribe(self, c: Constants, T: int) -> Subspace:
        return Subspace(TopSVD(), self.eta, r=self.r, tau=self.tau, inner=self.inner)

    def metric(self, c: Constants, T: int) -> Extremes:
        return Extremes(GradNormSq())

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        value = float(np.sum(c.spectrum**2))
        return value, value


class StallsOddBatch(AbstractGaLore):
    """f(X_t) − f* ≥ ½ Σ min(s_i, θσ/B)² for all t and every odd batch B; θ = |1−η|^τ, 0 < η < 2.

    Proof. |mean ξ| ≥ 1/B surely when B is odd. A singular value below σ/B is never selected at a
    refresh, and one that is selected shrinks by θ at most within the period; the singular
    directions do not turn. So s_i(t) ≥ min(s_i, θσ/B), and f − f* = ½ Σ s_i².
    """

    kind = Kind.PATHWISE
    statement = "f(X_t) − f* ≥ ½ Σ min(s_i, θσ/B)² for all t,  θ = |1−η|^τ,  B odd"
    assumes = (OddBatch(), CLEAN)

    def metric(self, c: Constants, T: int) -> Smallest:
        return Smallest(Gap())

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        level = self.theta() * c.corner / c.batch
        return float(0.5 * np.sum(np.minimum(c.spectrum, level) ** 2)), math.inf


class EvenBatchConverges(AbstractGaLore):
    """E‖∇f(X_T)‖² ≤ (1 − ½^B C(B, B/2)(1−θ²) min(1, r/(n−r)))^⌊T/τ⌋ ‖∇f(X_0)‖², B even, 0<η<2.

    Proof. With probability ½^B C(B, B/2) the mean of B signs vanishes at a refresh; then the r
    leading directions of ∇f itself are selected, which hold at least the part min(1, r/(n−r)) of
    its energy, and that part shrinks by θ² over the period; otherwise nothing grows. Noise within
    the period lies in the corner's rows, orthogonal to P.
    """

    kind = Kind.EXPECTATION
    statement = "E‖∇f(X_T)‖² ≤ (1 − 2^{−B} C(B,B/2)(1−θ²) r/(n−r))^⌊T/τ⌋ ‖∇f(X_0)‖²,  B even"
    assumes = (OddBatch(odd=False), CLEAN)

    def metric(self, c: Constants, T: int) -> GradNormSq:
        return GradNormSq()

    def bound(self, c: Constants, T: int) -> float:
        B = c.batch
        quiet = math.comb(B, B // 2) / 2**B
        part = min(1.0, self.r / c.visible)
        return (1 - quiet * (1 - self.theta() ** 2) * part) ** (T // self.tau) * c.grad0**2

    def ceiling(self, c: Constants, T: int) -> float:
        return c.grad0**2

    def trivial(self, c: Constants, T: int) -> float:
        return c.grad0**2


class EvenBatchLaw(EvenBatchConverges):
    """`EvenBatchConverges` with equality, for one visible row (n − r = 1) with s < 2σ/B.

    Proof. A nonzero mean of B signs is at least 2/B in absolute value and hides the gradient
    altogether; a zero mean shows all of it, and the whole of it shrinks by θ².
    """

    kind = Kind.EXACT
    statement = "E‖∇f(X_T)‖² = (1 − 2^{−B} C(B,B/2)(1−θ²))^{T/τ} ‖∇f(X_0)‖²,  B even, n − r = 1"
    assumes = (*EvenBatchConverges.assumes, Has("visible", 1, 1), BelowNoise())


class Plateau(AbstractGaLore):
    """f(X_T) on the published instance, exactly: only singular values above σ are ever reduced.

    With ξ = ±1 and B = 1 the selection at a refresh is deterministic: the r largest of the s_i and
    of σ (r times). Those selected shrink by |1−η| at every step of the period. In the limit of a
    small step the value is f* + ½ Σ min(s_i, σ)².
    """

    kind = Kind.PATHWISE
    statement = "f(X_T) − f* = ½ Σ s_i(T)², each s_i reduced only while it exceeds σ"
    assumes = (TwoPoint(), CLEAN)

    def metric(self, c: Constants, T: int) -> Gap:
        return Gap()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        s = np.array(c.spectrum, dtype=np.float64)
        shrink = abs(1 - float(self.eta))
        for begin in range(0, T, self.tau):
            order = np.argsort(-s)[: self.r]
            chosen = order[s[order] > c.corner]
            if len(chosen) == 0:
                break
            s[chosen] *= shrink ** min(self.tau, T - begin)
        value = float(0.5 * np.sum(s**2))
        return value, value


class GaussianLaw(AbstractGaLore):
    """E[f(X_T) − f*] for ξ ~ N(0,1), λI in the visible rows and r ≥ n − r: a pure birth chain.

    After j selections all s_i equal λθ^j; the next refresh selects them iff |ξ|σ < λθ^j, with
    probability erf(λθ^j/(√2 σ)). The law of j after T/τ refreshes is summed exactly. As t grows
    s(t) ~ √(π/2) σ/(ηt): f − f* ~ (π/4)(n−r)σ²/(ηt)², algebraic and not stuck.
    """

    kind = Kind.EXACT
    statement = "E f(X_T) − f* = ½(n−r)λ² Σ_j P_T(j) θ^{2j} ~ (π/4)(n−r)σ²/(ηT)²,  ξ ~ N(0,1)"
    assumes = (Is("gaussian"), CLEAN)

    def metric(self, c: Constants, T: int) -> Gap:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        s0, theta = float(c.spectrum[0]), self.theta()
        refreshes = -(-T // self.tau)
        levels = s0 * theta ** np.arange(refreshes + 1)
        chance = erf(levels / (math.sqrt(2) * c.corner))
        law = np.zeros(refreshes + 1)
        law[0] = 1.0
        for _ in range(refreshes):
            moved = law * chance
            law = law - moved
            law[1:] += moved[:-1]
        return float(0.5 * c.visible * np.sum(law * levels**2))

    def ceiling(self, c: Constants, T: int) -> float:
        return c.Delta


class ConvergesAtRate(AbstractGaLore):
    """(1/T) Σ E‖∇f(X_t)‖² = O(1/√T) with η ∝ 1/√T.

    Recalled for isotropic noise (the abstract of v2 claims it; the statement was not read). For
    small-batch GaLore in general the same sentence is FALSE: `Stalls`.
    """

    kind = Kind.RATE
    provenance = Provenance.RECALLED
    source = Source("he2025", "abstract of v2 (isotropic noise)")
    statement = "(1/T) Σ E‖∇f(X_t)‖² = O(T^{−1/2}) with η = min{1/L, √(2Δ/(δLσ²T))}"

    def prescribe(self, c: Constants, T: int) -> Subspace:
        delta = self.r / c.m
        eta = min(1 / c.L, (2 * c.Delta / (delta * c.L * c.sigma**2 * T)) ** 0.5)
        return Subspace(TopSVD(), eta, r=self.r, tau=self.tau)

    def metric(self, c: Constants, T: int) -> Average:
        return Average(GradNormSq())

    def bound(self, c: Constants, T: int) -> float:
        return T**-0.5
