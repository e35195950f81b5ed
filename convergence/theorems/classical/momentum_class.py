"""Constant momentum over a whole class of functions: heavy ball and Nesterov's, as they ship."""

from __future__ import annotations

import equinox as eqx

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.shipped import heavy_ball
from convergence.constants import Constants
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import Gap
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import Has, Is, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.classical.momentum_quadratics import AbstractNesterov
from convergence.theorems.domains import CODE, number


class HeavyBallAverage(AbstractTheorem):
    """(1/T) Σ_{t<T} f(x_t) − f* ≤ (LR²/(2h) + βΔ/(1 − β))/T for convex L-smooth f and the heavy
    ball with a constant momentum β, η = h(1 − β)/L, 0 < h ≤ 1.

    Proof. z_t = x_t + β(x_t − x_{t−1})/(1 − β) obeys z_{t+1} = z_t − ag, g = ∇f(x_t), a = h/L.
    ⟨g, x_t − x*⟩ ≥ f(x_t) − f* + ‖g‖²/(2L) and ⟨g, x_t − x_{t−1}⟩ ≥ f(x_t) − f(x_{t−1}), so that
    2a[f(x_t) − f* + β(f(x_t) − f(x_{t−1}))/(1 − β)] ≤ ‖z_t − x*‖² − ‖z_{t+1} − x*‖² + a(a −
    1/L)‖g‖². Sum over t < T. ∎ Attained in the limit of T by Huber functions whose linear part ends
    after half of their way.
    """

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    source = Source("ghadimi2015", "Theorem 1, constant momentum; this form derived")
    statement = "(1/T) Σ f(x_t) − f* ≤ (LR²/(2h) + βΔ/(1−β))/T,  heavy ball, η = h(1−β)/L, h ≤ 1"
    assumes = (Smooth(), NoNoise(), Is("convex"))
    domain = {"beta": number("[0, 1)"), "scale": number("(0, 1]"), "code": CODE}

    beta: Reals = eqx.field(converter=real, default=0.9)
    scale: Reals = eqx.field(converter=real, default=1.0)  # h
    code: str = "own"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        beta = float(self.beta)
        return heavy_ball(float(self.scale) * (1 - beta) / c.L, beta, self.code)

    def metric(self, c: Constants, T: int) -> Average:
        return Average(Gap())

    def bound(self, c: Constants, T: int) -> float:
        beta = float(self.beta)
        first = c.L * c.R**2 / (2 * float(self.scale))
        return float((first + beta / (1 - beta) * c.Delta) / T)

    def trivial(self, c: Constants, T: int) -> float:
        return float(c.Delta)


class NesterovStrong(AbstractNesterov):
    """f(y_T) − f* ≤ (1 − q)^T (Δ + μR²/2)/(q(1 + q)) for L-smooth f with f − (μ/2)‖·‖² convex and
    Nesterov's momentum with β = (1 − q)/(1 + q), η = 1/L, q = √(μ/L); y the points where gradients
    are asked, as torch and optax keep them.

    Proof. Let x⁺ = y − g/L, g = ∇f(y), and z⁺ = x + (x⁺ − x)/q = (1 − q)z + qy − g/(qL), so that y
    = (x + qz)/(1 + q). V = f(x) − f* + (μ/2)‖z − x*‖² falls by 1 − q: f(x⁺) ≤ f(y) − ‖g‖²/(2L), and
    (μ/2)‖z⁺ − x*‖² ≤ (μ/2)[(1−q)‖z − x*‖² + q‖y − x*‖²] − q⟨g, y − x*⟩ − (1−q)⟨g, y − x⟩ +
    ‖g‖²/(2L), where q times f(y) − f* − ⟨g, y − x*⟩ + (μ/2)‖y − x*‖² ≤ 0 and 1 − q times f(y) −
    ⟨g, y − x⟩ ≤ f(x) are left. At y, f is at most its mean over x and z, and f(z) − f* ≤
    (L/2)‖z − x*‖². ∎ No instance of slack near 1 is known: quadratics fall by (1 − q)² a step.
    """

    source = Source("nesterov1983", "constant momentum, strongly convex; this form derived")
    statement = "f(y_T) − f* ≤ (1−q)^T (Δ + μR²/2)/(q(1+q)),  Nesterov's momentum, q = √(μ/L)"
    assumes = (Smooth(), NoNoise(), Is("convex"), Has("mu", 1e-12))

    def bound(self, c: Constants, T: int) -> float:
        q = (c.mu / c.L) ** 0.5
        return float((1 - q) ** T * (c.Delta + c.mu * c.R**2 / 2) / (q * (1 + q)))
