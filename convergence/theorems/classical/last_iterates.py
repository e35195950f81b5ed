"""Averages and last iterates under noise, with constants: subgradients, decay, momentum."""

from __future__ import annotations

import equinox as eqx

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.classical.accelerated import HeavyBall
from convergence.algorithms.classical.optimized import LinearlyDecayed
from convergence.algorithms.shipped import gradient_descent
from convergence.constants import Constants
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import Gap
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import FiniteVariance, Has, Is, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.conditions import Positive
from convergence.theorems.domains import CODE, code_of, number


class AbstractNoisySubgradient(AbstractTheorem):
    """Convex f with subgradients of at most G, and unbiased noise of variance at most σ²: E‖g_t‖² ≤
    G² + σ²."""

    kind = Kind.EXPECTATION
    provenance = Provenance.DERIVED
    assumes = (FiniteVariance(), Is("convex"), Has("G"), Positive("R"))
    domain = {"code": CODE}

    code: str = "own"

    def size(self, c: Constants) -> float:
        """√(G² + σ²)."""
        return float((c.G**2 + c.sigma**2) ** 0.5)

    def trivial(self, c: Constants, T: int) -> float:
        return float(c.Delta)


class SGDAverage(AbstractNoisySubgradient):
    """(1/T) Σ_{t<T} E f(x_t) − f* ≤ R√(G² + σ²)/√T for SGD on convex f with subgradients of at most
    G, η = R/√((G² + σ²)T).

    Proof. E‖x_{t+1} − x*‖² ≤ E‖x_t − x*‖² − 2η(E f(x_t) − f*) + η²(G² + σ²); sum over t < T. ∎
    """

    source = Source("zinkevich2003", "Theorem 1, with noise and a constant step; proof textbook")
    statement = "(1/T) Σ E f(x_t) − f* ≤ R√(G²+σ²)/√T,  SGD, η = R/√((G²+σ²)T)"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return gradient_descent(c.R / (self.size(c) * T**0.5), self.code)

    def metric(self, c: Constants, T: int) -> Average:
        return Average(Gap())

    def bound(self, c: Constants, T: int) -> float:
        return float(self.size(c) * c.R / T**0.5)


class SGDLast(AbstractNoisySubgradient):
    """E f(x_T) − f* ≤ R√(G² + σ²)/√(T + 1) for SGD on convex f with subgradients of at most G and
    the steps η_t = R(T − t)/(√(G² + σ²)(T + 1)^{3/2}), t < T: the last iterate, without a
    logarithm.

    Proof. Number the points 1, …, N = T + 1 and let z_0 = x*, z_t = (1 − a_t)z_{t−1} + a_t x_t, a_t
    = 1/(N − t + 1) for t < N and a_N = 0, A_t = Π_{s≤t}(1 − a_s) = (N − t)/N and A_N = 1/N. Since
    x_t − z_t = (1 − a_t)(x_t − z_{t−1}) and z_t is known before the noise of g_t, D_t = E‖x_t −
    z_{t−1}‖² has D_{t+1}/A_t² ≤ D_t/A_{t−1}² − 2(η_t/A_t²)E[f(x_t) − f(z_t)] + (η_t/A_t)²(G² + σ²).
    With η_t = bA_t, and f(z_t) − f* ≤ Σ_{s≤t} (A_t a_s/A_s)(f(x_s) − f*), the sum leaves of every
    s < N the weight 2b[1/A_s − (a_s/A_s)(N − s + 1)] = 0, and 2bN(E f(x_N) − f*) ≤ R² +
    b²N(G² + σ²). Take b = R/√((G² + σ²)N). ∎ Attained without noise; see `SubgradientLast`.
    """

    source = Source("zamani2023", "Theorem 2.4, with noise; this proof derived")
    statement = "E f(x_T) − f* ≤ R√(G²+σ²)/√(T+1),  SGD, η_t = R(T−t)/(√(G²+σ²)(T+1)^{3/2})"
    domain = {"code": code_of("own")}

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return LinearlyDecayed(c.R * T / (self.size(c) * (T + 1) ** 1.5), T)

    def metric(self, c: Constants, T: int) -> Gap:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        return float(self.size(c) * c.R / (T + 1) ** 0.5)


class MomentumAverages(AbstractTheorem):
    """E f(x_T) − f* ≤ LR²/(2h(T + 1)) + hσ²/(2L) for convex L-smooth f, noise of variance σ², and
    the heavy ball with inertia t/(t+2) and steps η/(t+2), η = h/L, h ≤ 1: momentum as averaging,
    by which the last iterate has what the average of SGD has.

    Proof. z_t = x_t + t(x_t − x_{t−1}) obeys z_{t+1} = z_t − ηg_t: SGD on gradients at the
    averages x_{t+1} = ((t + 1)x_t + z_{t+1})/(t + 2). As for `HeavyBallConvex`, E‖z_{t+1} − x*‖² ≤
    E‖z_t − x*‖² − 2ηE[(t + 1)(f(x_t) − f*) − t(f(x_{t−1}) − f*)] + η(η − 1/L)E‖∇f(x_t)‖² + η²σ².
    Sum over t ≤ T. ∎ Attained without noise by Huber's function.
    """

    kind = Kind.EXPECTATION
    provenance = Provenance.DERIVED
    source = Source("ghadimi2015", "heavy ball with decaying steps, under noise; derived")
    statement = "E f(x_T) − f* ≤ LR²/(2h(T+1)) + hσ²/(2L),  heavy ball t/(t+2), h/(L(t+2)), h ≤ 1"
    assumes = (Smooth(), FiniteVariance(), Is("convex"))
    domain = {"scale": number("(0, 1]")}

    scale: Reals = eqx.field(converter=real, default=1.0)  # h

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return HeavyBall(float(self.scale) / c.L)

    def metric(self, c: Constants, T: int) -> Gap:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        h = float(self.scale)
        return float(c.L * c.R**2 / (2 * h * (T + 1)) + h * c.sigma**2 / (2 * c.L))

    def trivial(self, c: Constants, T: int) -> float:
        return float(c.Delta)
