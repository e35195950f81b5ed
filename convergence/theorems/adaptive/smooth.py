"""Adaptive and sign-like methods on smooth functions without noise: sums of gradients, pathwise."""

from __future__ import annotations

import equinox as eqx

from convergence.algorithms.adaptive.matrices import SpectralDescent
from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.shipped import choose, from_optax, from_torch
from convergence.constants import Constants
from convergence.metrics.folds import Average
from convergence.metrics.points import GradNuclear, GradSum
from convergence.metrics.pointwise import GradNormSq
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import Matrix, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.domains import code_of, number


class AdaGradSmooth(AbstractTheorem):
    """Σ_{t<T} ‖∇f(x_t)‖² ≤ K(K + √(K² + 4b²))/2, K = 2Δ/η, for L-smooth f and AdaGrad, entry by
    entry or with one norm, whose accumulators begin at b² ≥ η²L²; here b = a ηL.

    Proof. With b_i² the accumulator after the step's own gradient, f(x_{t+1}) ≤ f(x_t) − η Σ_i
    g_i²/b_i + (L/2)η² Σ_i g_i²/b_i² ≤ f(x_t) − (η/2) Σ_i g_i²/b_i, for b_i ≥ ηL. So K_i = Σ_t
    g_{t,i}²/b_{t,i} add up to at most K, and S_i = Σ_t g_{t,i}² ≤ K_i b_{T,i} = K_i √(b² + S_i),
    that is S_i ≤ φ(K_i), φ(k) = k(k + √(k² + 4b²))/2. φ is convex and φ(0) = 0: Σ φ(K_i) ≤ φ(K). ∎
    Nearly attained for a = 1 by (L/2)x² from ‖g‖ ≪ b, where the first step is one of 1/L.
    """

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    source = Source("ward2019", "Theorem 2.2, b_0 ≥ ηL; entrywise and with this constant derived")
    statement = "Σ_{t<T} ‖∇f(x_t)‖² ≤ K(K + √(K²+4b²))/2,  K = 2Δ/η,  AdaGrad from b ≥ ηL"
    assumes = (Smooth(), NoNoise())
    domain = {
        "eta": number("(0, inf)"),
        "scale": number("[1, inf)"),
        "code": code_of("optax", "torch"),
    }

    eta: Reals = eqx.field(converter=real, default=1.0)
    scale: Reals = eqx.field(converter=real, default=1.0)  # a
    code: str = "optax"

    def first(self, c: Constants) -> float:
        """b."""
        return float(self.scale) * float(self.eta) * c.L

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        eta, b = float(self.eta), self.first(c)
        start = {"initial_accumulator_value": b**2}
        return choose(
            self.code,
            optax=lambda: from_optax("adagrad", learning_rate=eta, eps=0.0, **start),
            torch=lambda: from_torch("Adagrad", lr=eta, eps=0.0, **start),
        )

    def metric(self, c: Constants, T: int) -> Average:
        return Average(GradNormSq())

    def bound(self, c: Constants, T: int) -> float:
        K, b = 2 * c.Delta / float(self.eta), self.first(c)
        return K * (K + (K**2 + 4 * b**2) ** 0.5) / (2 * T)

    def trivial(self, c: Constants, T: int) -> float:
        return c.grad0**2


class SignDescentSmooth(AbstractTheorem):
    """(1/T) Σ_{t<T} ‖∇f(x_t)‖₁ ≤ Δ/(ηT) + ηdL/2 for L-smooth f and sign descent, η = a√(2Δ/(dLT)).

    Proof. f(x_{t+1}) ≤ f(x_t) − η‖∇f(x_t)‖₁ + (L/2)η²d; sum over t < T. ∎ Attained by (L/2)‖x‖²
    from (Tη, …, Tη) with a = 1: T steps lead to 0.
    """

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    source = Source("bernstein2018", "Theorem 1 without noise; derived")
    statement = "(1/T) Σ ‖∇f(x_t)‖₁ ≤ Δ/(ηT) + ηdL/2,  sign descent, η = a√(2Δ/(dLT))"
    assumes = (Smooth(), NoNoise())
    domain = {"scale": number("(0, inf)"), "code": code_of("optax")}

    scale: Reals = eqx.field(converter=real, default=1.0)  # a
    code: str = "optax"

    def dimension(self, c: Constants) -> float:
        """‖step‖²/η² at most."""
        return c.d

    def eta(self, c: Constants, T: int) -> float:
        """The step."""
        return float(self.scale) * (2 * c.Delta / (self.dimension(c) * c.L * T)) ** 0.5

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return from_optax("sign_sgd", learning_rate=self.eta(c, T))

    def metric(self, c: Constants, T: int) -> Average:
        return Average(GradSum())

    def bound(self, c: Constants, T: int) -> float:
        eta = self.eta(c, T)
        return c.Delta / (eta * T) + eta * self.dimension(c) * c.L / 2


class SpectralDescentSmooth(AbstractTheorem):
    """(1/T) Σ_{t<T} ‖∇f(X_t)‖_* ≤ Δ/(ηT) + ηrL/2 for L-smooth f of an m × n matrix, r = min(m, n),
    and steps of ηUVᵀ, η = a√(2Δ/(rLT)): Muon with the polar factor that its iteration approaches.

    Proof. f(X_{t+1}) ≤ f(X_t) − η‖∇f(X_t)‖_* + (L/2)η²r, for ‖UVᵀ‖_F² ≤ r; sum over t < T. ∎
    Attained by (L/2)‖X‖² from a multiple Tη of an orthogonal matrix with a = 1.
    """

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    source = Source("carlson2015", "stochastic spectral descent, without noise; derived")
    statement = "(1/T) Σ ‖∇f(X_t)‖_* ≤ Δ/(ηT) + ηrL/2,  X ← X − ηUVᵀ, η = a√(2Δ/(rLT))"
    assumes = (Smooth(), NoNoise(), Matrix(1))
    domain = {"scale": number("(0, inf)")}

    scale: Reals = eqx.field(converter=real, default=1.0)  # a

    def eta(self, c: Constants, T: int) -> float:
        """The step."""
        return float(self.scale) * (2 * c.Delta / (min(c.m, c.n) * c.L * T)) ** 0.5

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return SpectralDescent(self.eta(c, T))

    def metric(self, c: Constants, T: int) -> Average:
        return Average(GradNuclear())

    def bound(self, c: Constants, T: int) -> float:
        eta = self.eta(c, T)
        return c.Delta / (eta * T) + eta * min(c.m, c.n) * c.L / 2
