"""Exact second moments of LOZO and LOZO-M on (L/2)‖X‖² (arXiv 2410.07698): equalities.

Notation of `chen2025lozo`. In Y = XV/√n a step is Y′ = Y − (αn/r)⟨LY + ω, U⟩U with ω = ζV/√n.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx

from convergence.algorithms.zeroth_order.lozo import LOZO, LOZOM, AbstractLOZO
from convergence.constants import Constants
from convergence.metrics.pointwise import GradNormSq
from convergence.metrics.travel import AverageStepSq
from convergence.noise.aligned import Aligned
from convergence.noise.base import AbstractNoise
from convergence.problems.base import AbstractProblem, start_shape
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import (
    AbstractAssumption,
    Centered,
    Checked,
    ExactVariance,
    Has,
    Horizon,
    Is,
    IsotropicNoise,
    Matrix,
    NoNoise,
)
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import Resolved
from convergence.theorems.domains import count, number, one_of
from convergence.theorems.zeroth_order.chen2025lozo import Lazy, gaussian_factor, stiefel_factor

ISOTROPIC = (Is("isotropic"), Is("additive"), ExactVariance())


class LozoMoment(AbstractTheorem):
    """E‖g‖² = D(‖∇f(X_0)‖² + σ²) for g = c UVᵀ/r and F quadratic: D = D_S = mn + 2n/r for Stiefel
    V, D_G = mn + 2 + 2(m + n + 1)/r for Gaussian V.

    Proof. Given the sample gradient G and V, c = ⟨GV, U⟩ exactly and ‖UVᵀ‖² = n‖U‖² (Stiefel), so
    E‖g‖² = n(p + 2)E‖GV‖²/r² with E‖GV‖² = r‖G‖². For Gaussian V, E[⟨H, U⟩² ‖UVᵀ‖²] =
    ‖H‖²m‖V‖² + 2‖HVᵀ‖² at H = GV; then E[‖V‖²VVᵀ] = r(nr + 2)I and E[(VVᵀ)²] = r(n + r + 1)I.
    """

    kind = Kind.EXACT
    source = Source("chen2025lozo", "second moment of the low-rank gradient estimator, derived")
    provenance = Provenance.DERIVED
    statement = "E‖g‖² = D(‖∇f‖² + σ²),  D_S = mn + 2n/r,  D_G = mn + 2 + 2(m+n+1)/r"
    domain = {"r": count(), "law": one_of("stiefel", "gaussian")}

    r: int = eqx.field(static=True, default=2)
    law: str = eqx.field(static=True, default="stiefel")

    @varies
    def assumes(self) -> Any:
        one = Matrix(self.r, "columns"), Horizon(1)
        return Is("quadratic"), Is("additive"), ExactVariance(), *one, Resolved(self)

    def stride(self, c: Constants, T: int) -> float:
        """The least width of the differences."""
        method: Any = self.prescribe(c, T)
        return float(method.eps)

    def prescribe(self, c: Constants, T: int) -> AbstractLOZO:
        return LOZO(1.0, 1, self.r, 1e-2, law=self.law)

    def metric(self, c: Constants, T: int) -> AverageStepSq:
        return AverageStepSq(1.0)

    def light_tailed(self, c: Constants, T: int) -> bool:
        """One step: a polynomial of degree 8 in normals at most, and bounded factors. By
        hypercontractivity E M⁴ ≤ 9⁸ (E M²)²: no rare run carries a moment."""
        return T == 1 and bool(c.get("light_tailed"))

    def bound(self, c: Constants, T: int) -> float:
        factor = gaussian_factor if self.law == "gaussian" else stiefel_factor
        return factor(c.m, c.n, self.r) * (c.grad0**2 + c.sigma**2)


class AbstractLozoLaw(Lazy):
    """LOZO on (L/2)‖X‖², at α = scale/(L D_S)."""

    source = Source("chen2025lozo", "isotropic quadratic, derived")
    provenance = Provenance.DERIVED
    needs = (*ISOTROPIC, IsotropicNoise())

    def alpha(self, c: Constants, T: int) -> float:
        return float(self.scale) / (c.L * self.factor(c))

    def prescribe(self, c: Constants, T: int) -> AbstractLOZO:
        return LOZO(self.alpha(c, T), self.nu, self.r, 1e-2)

    def metric(self, c: Constants, T: int) -> Any:
        return GradNormSq()

    def floor(self, c: Constants) -> float:
        """αLD_Sσ²/(2 − αLD_S)."""
        a = float(self.scale)
        return a * c.sigma**2 / (2 - a)

    def trivial(self, c: Constants, T: int) -> float | None:
        return None


class LozoLaw(AbstractLozoLaw):
    """E‖X_{(k+1)ν}‖² = Φ_ν E‖X_{kν}‖² + noise, Φ_ν = 1 − (r/n)(1 − q^ν), q = 1 − 2a + a²(p + 2),
    a = αLn/r, for every ν; the floor αLD_Sσ²/(2 − αLD_S) of E‖∇f‖² does not depend on ν.

    Proof. E‖Y′‖² = q‖Y‖² + (αn/r)²(p + 2)E‖ω‖², E‖ω‖² = rσ²/n, and a fresh V finds E‖Y‖² =
    (r/n)E‖X‖², while the rest of X stands still. At the floor (1 − q)E‖Y‖² equals the noise for
    every split of time into periods. Step: α = scale/(L D_S).
    """

    kind = Kind.EXACT
    statement = "E‖∇f(X_{kν})‖² follows Φ_ν = 1 − (r/n)(1 − q^ν); its floor is free of ν"

    def bound(self, c: Constants, T: int) -> float:
        alpha, p = self.alpha(c, T), c.m * self.r
        a, share = alpha * c.L * c.n / self.r, self.r / c.n
        q = 1 - 2 * a + a**2 * (p + 2)
        noise = (alpha * c.n / self.r) ** 2 * (p + 2) * share * c.sigma**2
        moving, parked = 0.0, c.R**2
        for t in range(T):
            if t % self.nu == 0:
                moving, parked = share * (moving + parked), (1 - share) * (moving + parked)
            moving = q * moving + noise
        return c.L**2 * (moving + parked)


class LozoFrozen(AbstractLozoLaw):
    """E‖∇f(X_T)‖² ≥ (1 − r/n)‖∇f(X_0)‖² for every T if V is drawn once (ν = ∞).

    Proof. X moves in the range of V only, and E‖X_0(I − VVᵀ/n)‖² = (1 − r/n)‖X_0‖².
    """

    kind = Kind.FLOOR
    statement = "ν = ∞: E‖∇f(X_T)‖² ≥ (1 − r/n)‖∇f(X_0)‖² for every T"

    nu: int = eqx.field(static=True, default=2**30)

    @varies
    def assumes(self) -> Any:
        return Is("isotropic"), Is("additive"), Matrix(self.r, "columns"), Horizon(self.nu)

    def bound(self, c: Constants, T: int) -> float:
        return (1 - self.r / c.n) * c.grad0**2


class AlignedNoise(AbstractAssumption):
    """Every sample lies along the first row of the iterate, with E‖ζ‖² = σ²."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        holds = type(noise) is Aligned and c.plain
        return Checked("aligned noise", bool(holds), None, "the noise `Aligned`, one draw a slope")


class LozoAligned(LozoLaw):
    """ν = ∞ from X_0 = 0: E‖∇f(X_T)‖² = L²(αn/r)²(p + 2) Σ_{t<T} q^{T−1−t} ω_t², with ω_0² = rσ²/n
    and then ω_t² = rσ²/n (isotropic noise) or σ² (noise along the displacement).

    The noise that a held subspace lets through grows by n/r under alignment: the factor d̃/d = n/r
    of the paper's rate is a worst case over noises, not a cost of every noise.
    """

    statement = "ν = ∞, X_0 = 0: the floor under aligned noise is n/r times the isotropic one"
    domain = {"aligned": one_of(True, False)}

    nu: int = eqx.field(static=True, default=2**30)
    aligned: bool = eqx.field(static=True, default=True)

    @varies
    def assumes(self) -> Any:
        start = Has("R", 0.0, 0.0), Centered(), Matrix(self.r, "columns"), Horizon(self.nu)
        return Is("isotropic"), *self.noises(), *start

    def noises(self) -> tuple[AbstractAssumption, ...]:
        """On the noise."""
        return (AlignedNoise(),) if self.aligned else (IsotropicNoise(), ExactVariance())

    def prescribe(self, c: Constants, T: int) -> AbstractLOZO:
        return LOZO(self.alpha(c, T), self.nu, self.r, slope="limit")

    def bound(self, c: Constants, T: int) -> float:
        alpha, p = self.alpha(c, T), c.m * self.r
        a = alpha * c.L * c.n / self.r
        q, Y = 1 - 2 * a + a**2 * (p + 2), 0.0
        for t in range(T):
            omega_sq = c.sigma**2 * (1.0 if self.aligned and t > 0 else self.r / c.n)
            Y = q * Y + (alpha * c.n / self.r) ** 2 * (p + 2) * omega_sq
        return c.L**2 * Y


class AlignedIsIsotropic(LozoAligned):
    """The floor of isotropic noise under aligned noise (false: it is n/r times as high)."""

    statement = "ν = ∞, X_0 = 0: aligned noise has the floor of isotropic noise (false)"
    domain = {"aligned": one_of(False)}

    aligned: bool = eqx.field(static=True, default=False)

    def noises(self) -> tuple[AbstractAssumption, ...]:
        return (AlignedNoise(),)


class LozoMLaw(LozoLaw):
    """LOZO-M without noise: with A = E‖Y‖², B = E⟨Y, M⟩, C = E‖M‖², M = N/(√n L),
    C′ = β²C + 2β(1−β)B + (1−β)²(p+2)A,  A′ = A − 2a(βB + (1−β)A) + a²C′,
    B′ = βB + (1−β)A − aC′; at a redraw A = (r/n)E‖X‖², B ← (r/n)B, C ← (r/n)C.

    Proof. M′ = βM + (1−β)⟨Y, U⟩U and Y′ = Y − aM′; E⟨Y, U⟩U = Y and E⟨Y, U⟩²‖U‖² = (p+2)‖Y‖². A
    redraw maps M to M V_oldᵀV_new/n, with E V_new V_newᵀ = rI independent of the past.
    """

    statement = "LOZO-M on (L/2)‖X‖²: E‖∇f‖² follows an exact recursion in (E‖Y‖², E⟨Y,M⟩, E‖M‖²)"
    needs = (Is("isotropic"), NoNoise())
    domain = {"beta": number("[0, 1)")}

    beta: Reals = eqx.field(converter=real, default=0.9)

    def prescribe(self, c: Constants, T: int) -> LOZOM:
        return LOZOM(self.alpha(c, T), self.nu, self.r, 1e-2, beta=self.beta)

    def bound(self, c: Constants, T: int) -> float:
        alpha, p, share, b = self.alpha(c, T), c.m * self.r, self.r / c.n, float(self.beta)
        a = alpha * c.L * c.n / self.r
        A, B, C, parked = 0.0, 0.0, 0.0, c.R**2
        for t in range(T):
            if t % self.nu == 0:
                A, parked = share * (A + parked), (1 - share) * (A + parked)
                B, C = share * B, share * C
            C = b**2 * C + 2 * b * (1 - b) * B + (1 - b) ** 2 * (p + 2) * A
            B = b * B + (1 - b) * A
            A, B = A - 2 * a * B + a**2 * C, B - a * C
        return c.L**2 * (A + parked)


class Square(AbstractAssumption):
    """Iterates are square matrices."""

    def check(self, problem: AbstractProblem, noise: AbstractNoise, c: Constants) -> Checked:
        shape = start_shape(problem)
        return Checked("square", len(shape) == 2 and shape[0] == shape[1], None, f"given {shape}")


class LozoAsCoded(LozoLaw):
    """The public LOZO and LOZO-M at ν = 1 never descend: on (L/2)‖X‖² with n × n matrices and
    Gaussian V, g_t = E‖∇f(X_t)‖² grows by g_{t+1} = g_t + κ(g_t + σ²),
    κ = (αL)²(n + r + 1)(nr + 4)/r.

    Proof. A redraw at every step moves X by −(α/r)cVVᵀ with c = ⟨G, UVᵀ⟩ for the sample gradient G
    (U′ = V since m = n), and U is independent of V and G: the step has mean zero, and E c² = ‖GV‖²
    given V and G. The law of V is invariant under rotations from the left, so that ‖GV‖²
    averages ‖G‖² tr(W)/n, W = VᵀV, independently of tr(W²). Radius and direction of a Gaussian V
    are independent: E[tr W tr W²] = (nr + 4) E tr W² = (nr + 4) nr(n + r + 1). With ν = 1 LOZO-M
    never stores the old factor and is LOZO. Step: α = scale/(L D_S).
    """

    source = Source("chen2025lozo", "the public code's update restarts its generator, derived")
    statement = "LOZO as coded, ν = 1, m = n: g_{t+1} = g_t + (αL)²(n+r+1)(nr+4)/r (g_t + σ²) grows"
    needs = (*ISOTROPIC, Square())

    domain = {"nu": one_of(1), "momentum": one_of(False, True)}

    momentum: bool = eqx.field(static=True, default=False)

    def prescribe(self, c: Constants, T: int) -> AbstractLOZO:
        method = LOZOM if self.momentum else LOZO
        alpha = self.alpha(c, T)
        return method(alpha, 1, self.r, 1e-2, law="gaussian", semantics="code")

    def light_tailed(self, c: Constants, T: int) -> bool:
        """A few steps: a polynomial in normals whose degree is 8T at most."""
        return T <= 3 and bool(c.get("light_tailed"))

    def bound(self, c: Constants, T: int) -> float:
        n, r = c.n, self.r
        kappa = (self.alpha(c, T) * c.L) ** 2 * (n + r + 1) * (n * r + 4) / r
        return (1 + kappa) ** T * (c.grad0**2 + c.sigma**2) - c.sigma**2


class CodeHasMomentum(LozoMLaw):
    """The recursion with momentum, claimed of the public code (folklore; false at ν = 1, where the
    code never stores the old factor and moves along what it did not measure)."""

    statement = "folklore: LOZO-M as coded carries momentum for every ν"

    def prescribe(self, c: Constants, T: int) -> LOZOM:
        alpha = self.alpha(c, T)
        return LOZOM(alpha, self.nu, self.r, 1e-2, beta=self.beta, semantics="code")
