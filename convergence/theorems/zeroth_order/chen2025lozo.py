"""Chen, Zhang, Cao, Yuan and Wen 2025 (arXiv 2410.07698): LOZO, bounds with explicit constants.

Notation: X is m × n, V is n × r with VᵀV = nI and E VVᵀ = rI, p = mr, D_S = mn + 2n/r,
T = Kν, Δ = f(X⁰) − f*. Within a period X = X^{kν} + BVᵀ, and LOZO is zeroth-order SGD on
h(B) = f(X^{kν} + BVᵀ), which is nL-smooth, with step γ = α/r. For Gaussian U and any G (m × r),
E⟨G, U⟩²‖U‖² = (p + 2)‖G‖².

T need be no multiple of ν: a run goes on with its α to Kν, K = ⌈T/ν⌉, where no period begins, and
bounds are of Kν ≥ T.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import equinox as eqx
import numpy as np

from convergence.algorithms.zeroth_order.lozo import LOZO
from convergence.constants import Constants
from convergence.metrics.folds import AverageEvery
from convergence.metrics.pointwise import GradNormSq
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import (
    AbstractAssumption,
    FiniteVariance,
    Improvable,
    Is,
    IsotropicNoise,
    Matrix,
    Smooth,
)
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import Resolved, from_above
from convergence.theorems.domains import count, number


def stiefel_factor(m: int, n: int, r: int) -> float:
    """D_S = mn + 2n/r: E‖g‖² = D_S‖∇f‖² for V = √n Haar."""
    return m * n + 2 * n / r


def gaussian_factor(m: int, n: int, r: int) -> float:
    """D_G = mn + 2 + 2(m + n + 1)/r: E‖g‖² = D_G‖∇f‖² for V with i.i.d. N(0, 1) entries."""
    return m * n + 2 + 2 * (m + n + 1) / r


class Lazy(AbstractTheorem):
    """What the statements about LOZO share: the rank r ≤ n, the period ν and the step α.

    `needs`: what the proof assumes besides.
    """

    domain = {"r": count(), "nu": count(), "scale": number("(0, 2)")}
    needs: ClassVar[tuple[AbstractAssumption, ...]] = ()

    r: int = eqx.field(static=True, default=2)
    nu: int = eqx.field(static=True, default=1)
    scale: Reals = eqx.field(converter=real, default=1.0)

    @varies
    def assumes(self) -> Any:
        return (*self.needs, Matrix(self.r, "columns"), Resolved(self))

    def stride(self, c: Constants, T: int) -> float:
        """The least width of the differences; infinite for their limit."""
        method: Any = self.prescribe(c, T)
        return float(method.eps) if method.slope != "limit" else math.inf

    def factor(self, c: Constants) -> float:
        """D_S of the instance."""
        return stiefel_factor(c.m, c.n, self.r)

    def alpha(self, c: Constants, T: int) -> float:
        """The step size."""
        raise NotImplementedError

    def metric(self, c: Constants, T: int) -> AverageEvery:
        return AverageEvery(GradNormSq(), np.asarray(self.nu, np.int32))

    def trivial(self, c: Constants, T: int) -> float | None:
        return c.grad0**2


def tuned(c: Constants, D: float, T: int) -> float:
    """√(2Δ/(L D σ² T)), or ∞ without noise: the step that balances Δ/(αT) and αLDσ²/2."""
    noise = c.L * D * c.sigma**2 * T
    return (2 * c.Delta / noise) ** 0.5 if noise > 0 else float("inf")


class AbstractLozo(Lazy):
    """LOZO on quadratics, at α = scale · min{1/(L D_S), r/(4nLν), √(2Δ/(L D_S σ² T))}."""

    needs = (Smooth(), Is("quadratic"), IsotropicNoise(), Is("additive"), Improvable())

    def alpha(self, c: Constants, T: int) -> float:
        D = self.factor(c)
        lazy = self.r / (4 * c.n * c.L * self.nu) if self.nu > 1 else float("inf")
        return float(self.scale) * min(1 / (c.L * D), lazy, tuned(c, D, T))

    def prescribe(self, c: Constants, T: int) -> LOZO:
        return LOZO(self.alpha(c, T), self.nu, self.r, 1e-2)


class LozoQuadratic(AbstractLozo):
    """(1/K) Σ_k E‖∇f(X^{kν})‖² ≤ (ν/S_ν)[Δ/(α(1 − a/2)T) + aσ²/(2 − a)], a = αLD_S, S_ν =
    Σ_{s<ν}(1 − x)^{2s}, x = αLn/r ≤ 1, for a quadratic f and isotropic additive noise.

    Proof. ‖ζV‖² averages rσ². One step of h gives E h(B_{s+1}) ≤ h(B_s) − γ‖∇h‖² +
    (nLγ²/2)(p + 2)(‖∇h‖² + rσ²), and nLγ(p + 2) = a, so γ(1 − a/2) Σ_{s<ν} E‖∇h(B_s)‖² ≤
    f(X^{kν}) − E f(X^{(k+1)ν}) + ν(γ/2)a rσ². Since ∇h is affine and the noise centered,
    E∇h(B_s) = (I − γH)^s ∇h(0) with 0 ≤ 1 − x ≤ 1 − γλ; Jensen gives E‖∇h(B_s)‖² ≥
    (1 − x)^{2s}‖∇h(0)‖², and E_V‖∇f V‖² = r‖∇f‖². Sum over k and divide by r S_ν K. With ν = 1 on
    (L/2)‖X‖² every inequality but f(X_T) ≥ f* is an equality.

    α = scale · min{1/(L D_S), r/(4nLν), √(2Δ/(L D_S σ² T))}.
    """

    kind = Kind.EXPECTATION
    source = Source("chen2025lozo", "the method of Algorithm 1; explicit constants derived")
    provenance = Provenance.DERIVED
    statement = "(1/K) Σ E‖∇f(X^{kν})‖² ≤ (ν/S_ν)[Δ/(α(1−a/2)T) + aσ²/(2−a)],  a = αLD_S"

    def bound(self, c: Constants, T: int) -> float:
        alpha = self.alpha(c, T)
        a, x = alpha * c.L * self.factor(c), alpha * c.L * c.n / self.r
        ratio = self.nu / float(np.sum((1 - x) ** (2.0 * np.arange(self.nu))))
        return ratio * (c.Delta / (alpha * (1 - a / 2) * T) + a * c.sigma**2 / (2 - a))


class LozoAnyStep(LozoQuadratic):
    """(1/T) Σ_t E‖∇f(X_t)‖² ≤ 2Δ/(αT) + aσ² at ν = 1, claimed for every α (folklore; false): from
    a = αLD_S > 2 on the second moment grows. For a ≤ 1 it follows from the bound above."""

    statement = "folklore: (1/T) Σ E‖∇f(X_t)‖² ≤ 2Δ/(αT) + αLD_S σ² for every α"
    domain = {"scale": number("(0, inf)")}

    def bound(self, c: Constants, T: int) -> float:
        alpha = self.alpha(c, T)
        return 2 * c.Delta / (alpha * T) + alpha * c.L * self.factor(c) * c.sigma**2


class LozoSmooth(Lazy):
    """(1/K) Σ_k E‖∇f(X^{kν})‖² ≤ min_θ {(1 + (1/θ − 1)κ²)[Δ/(α(1 − a/2)T) + aω²/(r(2 − a))] +
    (1/θ − 1)(nLγ)²(ν − 1)(p + 2)ω²/r}/(1 − θ), κ² = (nLγ)²(ν − 1)(ν + 2p + 2), for L-smooth f,
    eps → 0 and ω² ≥ E‖ζV‖²: ω² = rσ² for isotropic noise, nσ² in general.

    Proof. Write G_s = E‖∇h(B_s)‖², S = Σ_{s<ν} G_s. The descent lemma for h gives γ(1 − a/2)S ≤
    f(X^{kν}) − E f(X^{(k+1)ν}) + νγaω²/2. Splitting B_s into means and martingale differences,
    E‖B_s‖² ≤ 2γ²(s + p + 1) Σ_{j<s} G_j + 2γ²s(p + 2)ω², so (nL)² Σ_s E‖B_s‖² ≤ κ²S +
    (nLγ)²ν(ν − 1)(p + 2)ω². Young: ‖∇h_s‖² ≥ (1 − θ)‖∇h_0‖² − (1/θ − 1)(nL)²‖B_s‖². Sum over s
    and k, and E_V‖∇f V‖² = r‖∇f‖². θ = ½, κ² ≤ ½ and a ≤ 1 give 6Δ/(αT) + (3 + √2)aω²/r. With
    ν = 1, θ → 0 and no Young step is needed.

    α = scale · min{1/(L D_S), r/(4nL√((ν − 1)(ν + 2p + 2))), √(2Δr/(L D_S ω² T))}.
    """

    kind = Kind.EXPECTATION
    source = Source("chen2025lozo", "the convergence theorem's setting; explicit constants derived")
    provenance = Provenance.DERIVED
    statement = (
        "(1/K) Σ E‖∇f(X^{kν})‖² ≤ min_θ {(1+(1/θ−1)κ²)[Δ/(α(1−a/2)T) + aω²/(r(2−a))] + …}/(1−θ)"
    )
    needs = (Smooth(), FiniteVariance(), Improvable())

    def omega_sq(self, c: Constants) -> float:
        """ω²: rσ² if the noise is certified isotropic and additive, nσ² otherwise."""
        even = c.get("isotropic_noise", False) and c.get("additive", False)
        return (self.r if even else c.n) * c.sigma**2

    def alpha(self, c: Constants, T: int) -> float:
        D, nu, p = self.factor(c), self.nu, c.m * self.r
        held = 4 * c.n * c.L * ((nu - 1) * (nu + 2 * p + 2)) ** 0.5
        noise = c.L * D * self.omega_sq(c) * T
        lazy = self.r / held if held > 0 else float("inf")
        best = (2 * c.Delta * self.r / noise) ** 0.5 if noise > 0 else float("inf")
        return float(self.scale) * min(1 / (c.L * D), lazy, best)

    def prescribe(self, c: Constants, T: int) -> LOZO:
        return LOZO(self.alpha(c, T), self.nu, self.r, slope="limit")

    def bound(self, c: Constants, T: int) -> float:
        alpha, nu, p, omega_sq = self.alpha(c, T), self.nu, c.m * self.r, self.omega_sq(c)
        a, x = alpha * c.L * self.factor(c), alpha * c.L * c.n / self.r
        descent = c.Delta / (alpha * (1 - a / 2) * T) + a * omega_sq / (self.r * (2 - a))
        if nu == 1:
            return descent
        theta = np.linspace(0.001, 0.999, 999)
        young = 1 / theta - 1
        drift = x**2 * (nu - 1) * (p + 2) * omega_sq / self.r
        kappa_sq = x**2 * (nu - 1) * (nu + 2 * p + 2)
        return float(np.min(((1 + young * kappa_sq) * descent + young * drift) / (1 - theta)))


class LozoRate(AbstractLozo):
    """(1/K) Σ_k E‖∇f(X^{kν})‖² = O(√(ΔL d̃ σ²/T) + ΔL d ν/T), d = mn, d̃ = mn²/r. Read from a start
    above what the noise leaves, αLD_Sσ²: from below the gradient grows for longer than any ladder.

    Recalled for smooth functions. Proof for quadratics, as assumed here, from `LozoQuadratic`:
    a ≤ scale < 2 and ν/S_ν ≤ (1 − scale/(4ν))^{−2ν} ≤ 4 for ν > 1; 1/α ≤ [LD_S + 4nLν/r +
    √(LD_Sσ²T/(2Δ))]/scale and aσ² ≤ scale·√(2ΔLD_Sσ²/T); D_S ≤ 3d ≤ 3d̃ and n/r ≤ d. ∎
    """

    kind = Kind.RATE
    source = Source("chen2025lozo", "the convergence theorem, from memory; for quadratics proved")
    provenance = Provenance.DERIVED
    statement = "(1/K) Σ E‖∇f(X^{kν})‖² = O(√(ΔL d̃σ²/T) + ΔL dν/T),  d̃ = mn²/r"

    @varies
    def assumes(self) -> Any:
        return *super().assumes, from_above(self)

    def above(self, c: Constants, T: int) -> float:
        """‖∇f(X_0)‖²/(αLD_Sσ²)."""
        left = self.alpha(c, T) * c.L * self.factor(c) * c.sigma**2
        return c.grad0**2 / left if left > 0 else float("inf")

    def bound(self, c: Constants, T: int) -> float:
        wide = c.m * c.n**2 / self.r
        return (c.Delta * c.L * wide * c.sigma**2 / T) ** 0.5 + c.Delta * c.L * c.d * self.nu / T

    def enough(self, c: Constants, T: int) -> float:
        return LozoQuadratic(self.r, self.nu, self.scale).bound(c, T)


class LazinessIsFree(Lazy):
    """(1/K) Σ_k E‖∇f(X^{kν})‖² ≤ 2LΔD_S/T + √… for EVERY ν (folklore; false).

    The bound of ν = 1 without its factor ν/S_ν: with V held for the whole run the only period
    start is X⁰, and the gradient outside the range of V never moves.
    """

    kind = Kind.EXPECTATION
    source = Source("chen2025lozo", "folklore reading of the convergence theorem")
    provenance = Provenance.DERIVED
    statement = "folklore: for every ν, (1/K) Σ E‖∇f(X^{kν})‖² ≤ Δ/(α(1−a/2)T) + aσ²/(2−a)"
    needs = (Smooth(), FiniteVariance(), Is("additive"), Improvable())

    def alpha(self, c: Constants, T: int) -> float:
        return min(1 / (c.L * self.factor(c)), tuned(c, self.factor(c), T))

    def prescribe(self, c: Constants, T: int) -> LOZO:
        return LOZO(self.alpha(c, T), self.nu, self.r, 1e-2)

    def bound(self, c: Constants, T: int) -> float:
        alpha = self.alpha(c, T)
        a = alpha * c.L * self.factor(c)
        return c.Delta / (alpha * (1 - a / 2) * T) + a * c.sigma**2 / (2 - a)
