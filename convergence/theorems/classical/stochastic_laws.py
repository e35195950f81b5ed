"""Noise that stays: stationary variances, stable steps and averages, exactly on (L/2)‖x‖²."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.classical.reshuffling import RandomReshuffling, SGDWithReplacement
from convergence.algorithms.shipped import gradient_descent, heavy_ball, nesterov
from convergence.constants import Constants
from convergence.metrics.points import DistanceSquare
from convergence.metrics.pointwise import GradNormSq
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import (
    Centered,
    ExactVariance,
    FiniteVariance,
    Has,
    Is,
    NoNoise,
    Smooth,
)
from convergence.theorems.base import AbstractTheorem, Kind, Moment, Provenance, Source, varies
from convergence.theorems.classical.kim2024 import AbstractConstantStep
from convergence.theorems.conditions import Within
from convergence.theorems.domains import code_of, number
from convergence.theorems.exact_moments import AbstractMoment
from convergence.theorems.shrinking import gone, left, summed

OURS = code_of("own", "optax")


class AbstractSteady(AbstractMoment):
    """lim E‖∇f(x_t)‖² on (L/2)‖x‖² with noise of variance σ², η = a/L and momentum β."""

    provenance = Provenance.DERIVED
    assumes = (Is("isotropic"), ExactVariance())
    domain = {"a": number("(0, 2)"), "beta": number("[0, 1)"), "code": OURS}

    a: Reals = eqx.field(converter=real, default=0.5)
    beta: Reals = eqx.field(converter=real, default=0.9)
    code: str = "own"

    def numbers(self) -> tuple[float, float]:
        """(a, β)."""
        return float(self.a), float(self.beta)

    def metric(self, c: Constants, T: int) -> GradNormSq:
        return GradNormSq()


class HeavyBallSteady(AbstractSteady):
    """lim E‖∇f(x_t)‖² = aσ²(1 + β)/((1 − β)(2(1 + β) − a)) for the heavy ball on (L/2)‖x‖², η =
    a/L.

    Proof. x_{t+1} = (1 + β − a)x_t − βx_{t−1} − ηξ_t is autoregressive with φ = 1 + β − a and −β,
    of variance η²σ²(1 + β)/((1 − β)((1 + β)² − φ²)), and (1+β)² − φ² = a(2(1 + β) − a). ∎
    """

    source = Source("polyak1964", "the heavy ball under noise; derived")
    statement = "lim E‖∇f(x_t)‖² = aσ²(1+β)/((1−β)(2(1+β)−a)),  heavy ball, η = a/L"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        a, beta = self.numbers()
        return heavy_ball(a / c.L, beta, self.code)

    def bound(self, c: Constants, T: int) -> float:
        a, beta = self.numbers()
        return a * c.sigma**2 * (1 + beta) / ((1 - beta) * (2 * (1 + beta) - a))


class NesterovSteady(AbstractSteady):
    """lim E‖∇f(y_t)‖² = a²σ²[(u² + β²)(1 − φ₂) − 2uβφ₁]/[(1 + φ₂)((1 − φ₂)² − φ₁²)] for Nesterov's
    momentum on (L/2)‖x‖², η = a/L ≤ 1/L, u = 1 + β, φ₁ = u(1 − a), φ₂ = −β(1 − a).

    Proof. y_{t+1} = φ₁y_t + φ₂y_{t−1} − η(uξ_t − βξ_{t−1}): the covariances γ₀ and γ₁ = γ₀φ₁/(1 −
    φ₂) of an autoregression, combined. ∎
    """

    source = Source("nesterov1983", "constant momentum under noise; derived")
    statement = "lim E‖∇f(y_t)‖² = a²σ²[(u²+β²)(1−φ₂)−2uβφ₁]/[(1+φ₂)((1−φ₂)²−φ₁²)],  Nesterov"
    domain = {"a": number("(0, 1]")}

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        a, beta = self.numbers()
        return nesterov(a / c.L, beta, self.code)

    def bound(self, c: Constants, T: int) -> float:
        a, beta = self.numbers()
        u, p, q = 1 + beta, (1 + beta) * (1 - a), -beta * (1 - a)
        top = (u**2 + beta**2) * (1 - q) - 2 * u * beta * p
        return a**2 * c.sigma**2 * top / ((1 + q) * ((1 - q) ** 2 - p**2))


class HeavyBallRadius(AbstractSteady):
    """The linear rate of the heavy ball on (L/2)‖x‖² is √β for every (1 − √β)² ≤ ηL ≤ (1 + √β)²,
    whatever the step.

    Proof. The roots of z² − (1 + β − a)z + β are conjugate there, of product β. ∎
    """

    source = Source("polyak1964", "Section on the two-step method; derived")
    statement = "spectral radius = √β for (1−√β)² ≤ ηL ≤ (1+√β)²,  heavy ball"
    quantity = Moment.RADIUS

    @varies
    def assumes(self) -> Any:
        """The interval."""
        _, beta = self.numbers()
        low, high = (1 - beta**0.5) ** 2, (1 + beta**0.5) ** 2
        return (Is("isotropic"), Within("ηL", self, "step", low + 1e-6, high - 1e-6))

    def step(self, c: Constants, T: int) -> float:
        """ηL."""
        return float(self.a)

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        a, beta = self.numbers()
        return heavy_ball(a / c.L, beta, self.code)

    def bound(self, c: Constants, T: int) -> float:
        return float(self.beta) ** 0.5


class AbstractEdge(AbstractSteady):
    """The longest stable step, where the spectral radius is 1."""

    quantity = Moment.RADIUS
    assumes = (Is("isotropic"),)


class HeavyBallEdge(AbstractEdge):
    """The heavy ball on (L/2)‖x‖² is stable for ηL < 2(1 + β) alone: at ηL = 2(1 + β) its spectral
    radius is 1.

    Proof. z² − (1 + β − a)z + β has the root −1 there, and the other is −β. ∎
    """

    source = Source("polyak1964", "the stable steps; derived")
    statement = "spectral radius = 1 at ηL = 2(1 + β),  heavy ball: the edge of stability"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        _, beta = self.numbers()
        return heavy_ball(2 * (1 + beta) / c.L, beta, self.code)

    def bound(self, c: Constants, T: int) -> float:
        return 1.0


class NesterovEdge(AbstractEdge):
    """Nesterov's momentum on (L/2)‖x‖² is stable for ηL < 2(1 + β)/(1 + 2β) alone: at that step its
    spectral radius is 1.

    Proof. z² − (1 + β)(1 − a)z + β(1 − a) has the root −1 where a(1 + 2β) = 2(1 + β). ∎ With β → 1
    steps are to be below 4/(3L), where gradient descent allows 2/L.
    """

    source = Source("nesterov1983", "constant momentum, the stable steps; derived")
    statement = "spectral radius = 1 at ηL = 2(1 + β)/(1 + 2β),  Nesterov's momentum"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        _, beta = self.numbers()
        return nesterov(2 * (1 + beta) / (1 + 2 * beta) / c.L, beta, self.code)

    def bound(self, c: Constants, T: int) -> float:
        return 1.0


class SGDStronglyConvex(AbstractConstantStep):
    """E‖x_T − x*‖² ≤ ϱ^{2T}R² + η²σ²(1 − ϱ^{2T})/(1 − ϱ²), ϱ = max{|1 − ημ|, |1 − ηL|} < 1, for
    L-smooth f with f − (μ/2)‖·‖² convex and independent unbiased noise of variance at most σ².

    Proof. The expected step contracts by ϱ (`DistanceContraction`); the noise is orthogonal to it
    on average and adds η²σ². ∎ With equality on (L/2)‖x‖².
    """

    kind = Kind.EXPECTATION
    provenance = Provenance.DERIVED
    source = Source("gower2019", "Theorem 3.1, for additive noise; this form derived")
    statement = "E‖x_T − x*‖² ≤ ϱ^{2T}R² + η²σ²(1−ϱ^{2T})/(1−ϱ²),  SGD, strongly convex f"
    assumes = (Smooth(), FiniteVariance(), Is("convex"), Has("mu", 1e-12), Centered())
    quantity = Moment.EXPECTED

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return gradient_descent(float(self.scale) / c.L, self.code)

    def metric(self, c: Constants, T: int) -> Any:
        return DistanceSquare()

    def bound(self, c: Constants, T: int) -> float:
        h = float(self.scale)
        less = min(a * (2 - a) for a in (h * c.mu / c.L, h))  # 1 − ϱ²
        return float(left(less, T) * c.R**2 + (h * c.sigma / c.L) ** 2 * summed(less, T))


class AbstractFiniteSum(AbstractTheorem):
    """E‖x_T − x*‖² of steps along one of n functions ½‖x‖² − ⟨b_i, x⟩, spread ζ² = (1/n) Σ‖b_i −
    b̄‖²."""

    kind = Kind.EXACT
    provenance = Provenance.DERIVED
    domain = {"eta": number("(0, 1)")}

    eta: Reals = eqx.field(converter=real, default=0.2)

    @varies
    def assumes(self) -> Any:
        """Whole epochs, exact gradients, and a minimizer at 0."""
        return (NoNoise(), Is("unit"), Within("T mod n", self, "left", 0.0, 0.0),
                Within("x*", self, "off", 0.0, 0.0))  # fmt: skip

    def left(self, c: Constants, T: int) -> float:
        """T mod n."""
        return T % int(c.agents)

    def off(self, c: Constants, T: int) -> float:
        """max |x*_i|."""
        return float(np.max(np.abs(c.x_star)))

    def metric(self, c: Constants, T: int) -> Any:
        return DistanceSquare()

    def ceiling(self, c: Constants, T: int) -> float:
        """(q^T R + (1 − q^T) max‖b_i − b̄‖)², as far as steps can lead."""
        left = (1 - float(self.eta)) ** T
        far = float(np.max(np.linalg.norm(c.local, axis=1)))
        return (left * c.R + (1 - left) * far) ** 2


class Reshuffled(AbstractFiniteSum):
    """E‖x_{Kn} − x*‖² = q^{2nK}R² + V(1 − q^{2nK})/(1 − q^{2n}), V = η²ζ² n/(n−1) Σ_{j<n} (q^j −
    q̄)², for random reshuffling of n functions ½‖x‖² − ⟨b_i, x⟩, q = 1 − η, q̄ the mean of q^j: V
    is of the order η⁴, that of sampling (`Sampled`) of the order η².

    Proof. An epoch maps x − x* to q^n(x − x*) + η Σ_j q^{n−1−j}(b_{π(j)} − b̄). The sum has mean 0
    and, since the b_{π(j)} − b̄ add up to 0, covariances −ζ²/(n − 1) between different places. ∎
    """

    source = Source("mishchenko2020", "random reshuffling, on quadratics of one Hessian; derived")
    statement = "E‖x_{Kn}−x*‖² = q^{2nK}R² + V(1−q^{2nK})/(1−q^{2n}),  random reshuffling"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return RandomReshuffling(self.eta, int(c.agents))

    def bound(self, c: Constants, T: int) -> float:
        eta, n = float(self.eta), int(c.agents)
        w = gone(eta, np.arange(n))
        noise = (eta * c.zeta) ** 2 * n / max(n - 1, 1) * float(np.sum((w - w.mean()) ** 2))
        less = eta * (2 - eta)
        return float((1 - eta) ** (2 * T) * c.R**2 + noise * gone(less, T) / gone(less, n))


class Sampled(AbstractFiniteSum):
    """E‖x_T − x*‖² = q^{2T}R² + η²ζ²(1 − q^{2T})/(1 − q²) for SGD that draws one of n functions
    ½‖x‖² − ⟨b_i, x⟩ with replacement, q = 1 − η.

    Proof. x − x* is multiplied by q and gets η(b_i − b̄), independent of the past. ∎
    """

    source = Source("mishchenko2020", "sampling with replacement, beside it; derived")
    statement = "E‖x_T−x*‖² = q^{2T}R² + η²ζ²(1−q^{2T})/(1−q²),  sampling with replacement"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return SGDWithReplacement(self.eta)

    def bound(self, c: Constants, T: int) -> float:
        eta = float(self.eta)
        noise = (eta * c.zeta) ** 2 * summed(eta * (2 - eta), T)
        return float((1 - eta) ** (2 * T) * c.R**2 + noise)
