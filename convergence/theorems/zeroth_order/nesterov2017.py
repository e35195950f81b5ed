"""Nesterov and Spokoiny 2017: random gradient-free minimization of smooth convex functions."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.zeroth_order.zo_accelerated import AcceleratedZO, weight
from convergence.algorithms.zeroth_order.zo_sgd import ZOSGD
from convergence.constants import Constants
from convergence.metrics.base import AbstractMetric
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import Gap
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import Has, Is, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source, varies
from convergence.theorems.conditions import Resolved, Within
from convergence.theorems.domains import number


class AbstractGradientFreeConvex(AbstractTheorem):
    """Forward differences of width μ along N(0, I), step h = 1/(4(n+4)L)."""

    kind = Kind.EXPECTATION
    provenance = Provenance.DERIVED
    domain = {"width": number("(0, inf)")}

    width: Reals = eqx.field(converter=real, default=1e-3)

    @varies
    def assumes(self) -> Any:
        return (Smooth(), NoNoise(), Is("convex"), Resolved(self, blurred=True))

    def stride(self, c: Constants, T: int) -> float:
        """μ."""
        return float(self.width)

    def prescribe(self, c: Constants, T: int) -> ZOSGD:
        return ZOSGD(1 / (4 * (c.d + 4) * c.L), self.width, slope="forward")

    def trivial(self, c: Constants, T: int) -> float | None:
        return c.Delta


class GradientFreeConvex(AbstractGradientFreeConvex):
    """(1/(N+1)) Σ_{k≤N} (E f(x_k) − f*) ≤ 4(n+4)LR²/(N+1) + 9μ²(n+4)²L/25 for f convex, forward
    differences of width μ along N(0, I), step h = 1/(4(n+4)L), R = ‖x_0 − x*‖; T = N + 1.

    Proof. g = [(f(x + μu) − f(x))/μ]u has the mean ∇f_μ, f_μ = E f(· + μu), which is convex, and f
    ≤ f_μ ≤ f + μ²nL/2. (a + b)² ≤ 2a² + 2b² and the moments of u leave E‖g‖² ≤ 2(n+2)‖∇f‖² +
    (μ²L²/2)n(n+2)(n+4), and ‖∇f‖² ≤ 2L(f − f*). So E‖x_{k+1} − x*‖² ≤ ‖x_k − x*‖² − h(f(x_k) − f*)
    + hμ²L[n + n(n+2)/8], whose bracket is less than 9(n+4)²/25. Sum. ∎ Read in a machine-checked
    formalization of the paper, not in the paper itself.
    """

    source = Source("nesterov2017", "Theorem 8")
    statement = "(1/(N+1)) Σ_{k≤N} (E f(x_k) − f*) ≤ 4(n+4)LR²/(N+1) + 9μ²(n+4)²L/25"

    def metric(self, c: Constants, T: int) -> AbstractMetric:
        return Average(Gap())

    def bound(self, c: Constants, T: int) -> float:
        n, mu = c.d, float(self.width)
        return 4 * (n + 4) * c.L * c.R**2 / T + 9 * mu**2 * (n + 4) ** 2 * c.L / 25


class GradientFreeStrong(AbstractGradientFreeConvex):
    """E f(x_N) − f* ≤ (L/2)[δ + (1 − τ/(8(n+4)L))^N (R² − δ)], δ = 18μ²(n+4)²L/(25τ), for f
    τ-strongly convex; differences, step and R as in the convex case.

    Proof. Put f − f* ≥ (τ/2)‖x − x*‖² in the recursion of the convex case: δ is its fixed point.
    And f − f* ≤ (L/2)‖x − x*‖². ∎ Read in a machine-checked formalization of the paper, not in the
    paper itself.
    """

    source = Source("nesterov2017", "Theorem 8, strongly convex case")
    statement = "E f(x_N) − f* ≤ (L/2)[δ + (1 − τ/(8(n+4)L))^N (R² − δ)]"

    @varies
    def assumes(self) -> Any:
        return (*super().assumes, Has("mu", 1e-12))

    def metric(self, c: Constants, T: int) -> AbstractMetric:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        n, mu = c.d, float(self.width)
        delta = 18 * mu**2 * (n + 4) ** 2 * c.L / (25 * c.mu)
        rate = 1 - c.mu / (8 * (n + 4) * c.L)
        return 0.5 * c.L * (delta + rate**T * (c.R**2 - delta))


class Accelerated(AbstractTheorem):
    """E f(x_N) − f* ≤ ψ_N(Δ + γ₀R²/2), ψ_N = Π(1 − α_k), for central differences on a quadratic,
    h = 1/((n+2)L), θ = 1/((n+2)²L), γ₀ = L and τ = share · mu.

    Proof. W = E[f(x) − f* + (γ/2)‖v − x*‖²]. With w = v + λ(y − v) and E g = ∇f(y), E‖g‖² =
    (n+2)‖∇f(y)‖²: (γ⁺/2)E‖v⁺ − x*‖² ≤ (1 − α)(γ/2)‖v − x*‖² + (ατ/2)‖y − x*‖² − α⟨∇f(y), w − x*⟩ +
    (θ/2)(n+2)‖∇f(y)‖², and α(w − x*) = α(y − x*) + (1 − α)(y − x). Convexity turns the product into
    α(f* − f(y)) + (1 − α)(f(x) − f(y)) − (ατ/2)‖y − x*‖², and E f(x⁺) ≤ f(y) − h(1 − Lh(n+2)/2)
    ‖∇f(y)‖² pays for the last term exactly. So W⁺ ≤ (1 − α)W. On (L/2)‖x‖² with τ = L everything
    is an equality and both parts of W are equal: the slack of f alone is 2.
    """

    kind = Kind.EXPECTATION
    source = Source("nesterov2017", "Section 6's method with sharper steps, derived")
    provenance = Provenance.DERIVED
    statement = "accelerated: E f(x_N) − f* ≤ ψ_N(Δ + LR²/2),  h = 1/((n+2)L), θ = 1/((n+2)²L)"
    domain = {"share": number("[0, 1]")}

    share: Reals = eqx.field(converter=real, default=1.0)

    @varies
    def assumes(self) -> Any:
        known = Smooth(), NoNoise(), Is("convex"), Has("mu", 0.0), Is("quadratic")
        return (*known, Resolved(self), Within("a bound above rounding", self, "left", 1.0))

    def left(self, c: Constants, T: int) -> float:
        """The bound over what rounding of values near x* keeps up, with a factor 1e4 to spare."""
        stride = self.stride(c, T)
        slope = np.finfo(float).eps * (2 * abs(c.get("f_star", 0.0)) / stride + c.L * stride * c.d)
        return float(self.bound(c, T) / (1e4 * c.d * slope**2 / c.L))

    def stride(self, c: Constants, T: int) -> float:
        """The width of the differences."""
        return float(self.prescribe(c, T).mu)

    def steps(self, c: Constants) -> tuple[float, float]:
        """(h, θ)."""
        return 1 / ((c.d + 2) * c.L), 1 / ((c.d + 2) ** 2 * c.L)

    def prescribe(self, c: Constants, T: int) -> AcceleratedZO:
        h, theta = self.steps(c)
        return AcceleratedZO(h, theta, c.L, float(self.share) * c.mu)

    def metric(self, c: Constants, T: int) -> AbstractMetric:
        return Gap()

    def psi(self, c: Constants, T: int) -> float:
        """Π(1 − α_k) over T steps."""
        (_, theta), gamma, product = self.steps(c), c.L, 1.0
        for _ in range(T):
            alpha = weight(theta, gamma, float(self.share) * c.mu)
            gamma, product = alpha**2 / theta, product * (1 - alpha)
        return product

    def bound(self, c: Constants, T: int) -> float:
        return self.psi(c, T) * (c.Delta + c.L * c.R**2 / 2)

    def trivial(self, c: Constants, T: int) -> float | None:
        return c.Delta


class AcceleratedAsStated(Accelerated):
    """E f(x_N) − f* ≤ ψ_N(Δ + γ₀R²/2) + μ²L(n + (3/16)(n+8)C_N), C_N = min{N, 4(n+4)√(L/τ)}, for
    forward differences of width μ, h = 1/(4(n+4)L), θ = 1/(16(n+4)²L); ψ_N ≤ min{(1 −
    √(τ/L)/(4(n+4)))^N, (1 + N√(γ₀/L)/(8(n+4)))⁻²}. Here γ₀ = L and τ = share · mu.

    The steps were read in a formalization, the term in μ² is from memory, where the theorem is of
    all smooth convex functions. Proof for quadratics, as assumed here: that of `Accelerated`, in
    which h − (Lh² + θ)(n+2)/2 ≥ 0 is what is left of ‖∇f(y)‖². E g = ∇f, and E‖g‖² ≤
    (n+2)‖∇f‖² + (μ²/4)L²n(n+2)(n+4), for odd moments vanish. So W⁺ ≤ (1 − α)W + e with e = ½(Lh² +
    θ)(μ²/4)L²n(n+2)(n+4) ≤ μ²Ln/64; and α ≥ √(θτ) as γ ≥ τ, so that W_N ≤ ψ_N W_0 + eC_N. ∎
    """

    source = Source("nesterov2017", "Theorem 9, the term in μ² from memory; for quadratics proved")
    statement = "accelerated: E f(x_N) − f* ≤ ψ_N(Δ + γ₀R²/2) + μ²L(n + (3/16)(n+8)C_N)"
    domain = {"width": number("(0, inf)")}

    width: Reals = eqx.field(converter=real, default=1e-3)

    def steps(self, c: Constants) -> tuple[float, float]:
        return 1 / (4 * (c.d + 4) * c.L), 1 / (16 * (c.d + 4) ** 2 * c.L)

    def prescribe(self, c: Constants, T: int) -> AcceleratedZO:
        h, theta = self.steps(c)
        return AcceleratedZO(h, theta, c.L, float(self.share) * c.mu, self.width, "forward")

    def bound(self, c: Constants, T: int) -> float:
        n, tau = c.d, float(self.share) * c.mu
        often = min(T, 4 * (n + 4) * (c.L / tau) ** 0.5) if tau > 0 else T
        blur = float(self.width) ** 2 * c.L * (n + 3 / 16 * (n + 8) * often)
        return super().bound(c, T) + blur
