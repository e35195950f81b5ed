"""He, Li, Hu, Chen and Yuan 2025 (GoLore): where GaLore stops, exactly.

On `problems.Counterexample` with corner noise the stochastic gradient is block diagonal: the
singular values s_i of ∇f(X_t) in the top rows, and |ξ|σ, r times, in the corner. The leading
subspace is that of the larger ones. All statements here need LEFT projection, an update inside
range(P) (no decoupled weight decay, no residual term) and zero noise columns in ∇f(X_0); what else
they need is in `theorems.subspace.corner`.
"""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import numpy as np
import scipy

from convergence.algorithms.subspace.projected import Subspace
from convergence.constants import Constants
from convergence.metrics.folds import Average, Extremes, Smallest
from convergence.metrics.pointwise import Gap, GradNormSq
from convergence.parts.momenta import AbstractInner, Plain
from convergence.parts.projectors import TopSVD
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import (
    FiniteVariance,
    Has,
    Horizon,
    Improvable,
    Is,
    IsotropicNoise,
    Matrix,
    Smooth,
)
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import Positive, Within, from_above
from convergence.theorems.domains import a, count, number
from convergence.theorems.subspace.corner import (
    CLEAN,
    BelowNoise,
    CornerFits,
    FullRank,
    NormalNoise,
    OneValue,
    Signs,
    Untied,
    stall,
)


class AbstractGaLore(AbstractTheorem):
    """What the statements on GaLore-SGD share."""

    source = Source("he2025", "Theorem 1 and Figure 1")
    provenance = Provenance.DERIVED
    domain = {"r": count(), "tau": count(), "eta": number("(0, 2)")}

    r: int = eqx.field(static=True, default=4)
    tau: int = eqx.field(static=True, default=100)
    eta: Reals = eqx.field(converter=real, default=0.5)

    def prescribe(self, c: Constants, T: int) -> Subspace:
        return Subspace(TopSVD(), self.eta, r=self.r, tau=self.tau)

    def theta(self) -> float:
        """θ = |1 − η|^τ, the factor of a selected singular value over one period."""
        return abs(1 - float(self.eta)) ** self.tau

    def untied(self) -> Untied:
        """No ties on the path."""
        return Untied(self.theta(), self.tau)


class Stalls(AbstractGaLore):
    """‖∇f(X_t)‖² = Σ s_i² for all t, with probability 1: GaLore never moves the visible rows.

    Source: Theorem 1 of the paper (there: ≥ ε_0 for some ε_0 > 0; recalled). Proof of the
    equality: while every s_i < σ the r leading left singular vectors of G_t span the corner's
    rows, where ∇f vanishes; hence P_tᵀ∇f = 0 and any update P_t N leaves the visible rows, and so
    s_i, as they were. The inner optimizer is arbitrary. It takes r ≤ rank C: of a larger subspace
    the other directions are those of ∇f.
    """

    kind = Kind.PATHWISE
    statement = "‖∇f(X_t)‖² = ‖∇f(X_0)‖² ≥ ε_0 for all t, all runs, any inner optimizer"
    domain = {"inner": a(AbstractInner)}

    inner: AbstractInner = Plain()

    @varies
    def assumes(self) -> Any:
        return stall(self.r)

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

    @varies
    def assumes(self) -> Any:
        return Signs("odd"), CornerFits(self.r), CLEAN, self.untied()

    def metric(self, c: Constants, T: int) -> Smallest:
        return Smallest(Gap())

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        level = self.theta() * c.corner / c.batch
        return float(0.5 * np.sum(np.minimum(c.spectrum, level) ** 2)), math.inf


class AbstractEvenBatchConverges(AbstractGaLore):
    """GaLore on the counterexample when the mean of an even batch of signs may vanish."""

    @varies
    def assumes(self) -> Any:
        return Signs("even"), CornerFits(self.r), CLEAN, FullRank(), self.untied()

    def metric(self, c: Constants, T: int) -> GradNormSq:
        return GradNormSq()

    def bound(self, c: Constants, T: int) -> float:
        quiet = math.comb(c.batch, c.batch // 2) / 2**c.batch
        part = min(1.0, self.r / c.visible)
        return (1 - quiet * (1 - self.theta() ** 2) * part) ** (T // self.tau) * c.grad0**2

    def ceiling(self, c: Constants, T: int) -> float:
        return c.grad0**2

    trivial = ceiling


class EvenBatchConverges(AbstractEvenBatchConverges):
    """E‖∇f(X_T)‖² ≤ (1 − ½^B C(B, B/2)(1−θ²) min(1, r/(n−r)))^⌊T/τ⌋ ‖∇f(X_0)‖², B even, 0<η<2.

    Proof. With probability ½^B C(B, B/2) the mean of B signs vanishes at a refresh; then the r
    leading directions of ∇f itself are selected, which hold at least the part min(1, r/(n−r)) of
    its energy, and that part shrinks by θ² over the period; otherwise nothing grows. Noise within
    the period lies in the corner's rows, orthogonal to the part of P that f sees.
    """

    kind = Kind.EXPECTATION
    statement = "E‖∇f(X_T)‖² ≤ (1 − 2^{−B} C(B,B/2)(1−θ²) r/(n−r))^⌊T/τ⌋ ‖∇f(X_0)‖²,  B even"


class EvenBatchLaw(AbstractEvenBatchConverges):
    """`EvenBatchConverges` with equality, for one visible row (n − r = 1) with s < 2σ/B and whole
    periods, τ | T.

    Proof. A nonzero mean of B signs is at least 2/B in absolute value and hides the gradient
    altogether; a zero mean shows all of it, and the whole of it shrinks by θ².
    """

    kind = Kind.EXACT
    statement = "E‖∇f(X_T)‖² = (1 − 2^{−B} C(B,B/2)(1−θ²))^{T/τ} ‖∇f(X_0)‖²,  B even, n − r = 1"

    @varies
    def assumes(self) -> Any:
        hidden = Has("visible", 1, 1), BelowNoise(), Horizon(of=self.tau)
        return (*EvenBatchConverges.assumes.fget(self), *hidden)


class Plateau(AbstractGaLore):
    """f(X_T) on the published instance, exactly: only singular values above σ are ever reduced.

    With ξ = ±1 and B = 1 the selection at a refresh is deterministic: the r largest of the s_i and
    of σ (r times). Those selected shrink by |1−η| at every step of the period. In the limit of a
    small step the value is f* + ½ Σ min(s_i, σ)².
    """

    kind = Kind.PATHWISE
    statement = "f(X_T) − f* = ½ Σ s_i(T)², each s_i reduced only while it exceeds σ"

    @varies
    def assumes(self) -> Any:
        return Signs(), CornerFits(self.r), CLEAN, self.untied()

    def metric(self, c: Constants, T: int) -> Gap:
        return Gap()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        s = np.array(c.spectrum, dtype=np.float64)
        shrink = abs(1 - float(self.eta))
        for begin in range(0, T, self.tau):
            order = np.argsort(-s)[: self.r]
            chosen = order[s[order] > c.corner]
            s[chosen] *= shrink ** min(self.tau, T - begin)
        value = float(0.5 * np.sum(s**2))
        return value, value


class GaussianLaw(AbstractGaLore):
    """E[f(X_T) − f*] for ξ ~ N(0,1), λI in the visible rows and r ≥ n − r: a pure birth chain.

    After j selections all s_i equal λθ^j; the next refresh selects them iff |ξ|σ < λθ^j, with
    probability erf(λθ^j/(√2 σ)). The law of j after ⌊T/τ⌋ refreshes is summed exactly, and a last
    one moves s by |1 − η| a step until T. As t grows s(t) ~ √(π/2) σ/(ηt): f − f* ~
    (π/4)(n−r)σ²/(ηt)², algebraic and not stuck.
    """

    kind = Kind.EXACT
    statement = "E f(X_T) − f* = ½(n−r)λ² Σ_j P_T(j) θ^{2j} ~ (π/4)(n−r)σ²/(ηT)²,  ξ ~ N(0,1)"

    @varies
    def assumes(self) -> Any:
        return Is("gaussian"), Positive("corner"), CornerFits(self.r), OneValue(self.r), CLEAN

    def metric(self, c: Constants, T: int) -> Gap:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        whole, rest = divmod(T, self.tau)
        levels = float(c.spectrum[0]) * self.theta() ** np.arange(whole + 1)
        chance = scipy.special.erf(levels / (math.sqrt(2) * c.corner))
        law = np.eye(1, whole + 1)[0]
        for _ in range(whole):
            law = law * (1 - chance) + np.pad(law * chance, (1, 0))[:-1]
        last = 1 - chance * (1 - abs(1 - float(self.eta)) ** (2 * rest))
        return float(0.5 * c.visible * np.sum(law * levels**2 * last))

    def ceiling(self, c: Constants, T: int) -> float:
        return c.Delta


class ConvergesAtRate(AbstractGaLore):
    """(1/T) Σ E‖∇f(X_t)‖² = O(1/√T) with η ∝ 1/√T, under isotropic normal noise.

    Recalled (the abstract of v2 claims it; the statement was not read). Of noise that is isotropic
    by its covariance alone it is false: skewed entries lead the subspace, and ‖∇f‖² stays at 0.02σ²
    on 4 × 4 for r = 1, however short the steps. Read from a start above ηLσ², which noise leaves,
    on T ≥ τm/r, when every direction has had its period. `enough`: `GaLoreDeterministic`, noise.
    """

    kind = Kind.RATE
    provenance = Provenance.RECALLED
    source = Source("he2025", "abstract of v2 (isotropic noise)")
    statement = "(1/T) Σ E‖∇f(X_t)‖² = O(T^{−1/2}) with η = min{1/L, √(2Δ/(δLσ²T))}"

    @varies
    def assumes(self) -> Any:
        noise = FiniteVariance(), IsotropicNoise(), NormalNoise()
        turns = Within("periods for all directions", self, "turns", 1.0)
        return Smooth(), *noise, Matrix(self.r), Improvable(), from_above(self), turns

    def turns(self, c: Constants, T: int) -> float:
        """T over τm/r."""
        return T * self.r / (self.tau * c.m)

    def tuned(self, c: Constants, T: int) -> float:
        """The step."""
        noise = self.r / c.m * c.L * c.sigma**2 * T
        return min(1 / c.L, (2 * c.Delta / noise) ** 0.5 if noise > 0 else math.inf)

    def above(self, c: Constants, T: int) -> float:
        """‖∇f(x_0)‖²/(ηLσ²)."""
        return c.grad0**2 / max(self.tuned(c, T) * c.L * c.sigma**2, 1e-300)

    def prescribe(self, c: Constants, T: int) -> Subspace:
        return Subspace(TopSVD(), self.tuned(c, T), r=self.r, tau=self.tau)

    def metric(self, c: Constants, T: int) -> Average:
        return Average(GradNormSq())

    def bound(self, c: Constants, T: int) -> float:
        return T**-0.5

    def enough(self, c: Constants, T: int) -> float:
        eta = self.tuned(c, T)
        return 2 * c.m * c.Delta / (self.r * eta * T) + c.L * eta * c.sigma**2


class ConvergesInAnyNoise(ConvergesAtRate):
    """The same sentence for every noise of finite variance: FALSE (`Stalls`)."""

    statement = "(1/T) Σ E‖∇f(X_t)‖² = O(T^{−1/2}), whatever the noise (false)"

    @varies
    def assumes(self) -> Any:
        return Smooth(), FiniteVariance(), Matrix(self.r), Improvable()

    def ceiling(self, c: Constants, T: int) -> float | None:
        """‖∇f(x_0)‖² on the counterexample with one sign: no run leaves it (`Stalls`)."""
        return c.grad0**2 if c.get("two_point") and c.get("batch") == 1 else None
