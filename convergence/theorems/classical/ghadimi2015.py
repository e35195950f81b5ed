"""Ghadimi, Feyzmahdavian and Johansson 2015: the heavy ball on smooth convex functions."""

from __future__ import annotations

from convergence.algorithms.classical.accelerated import HeavyBall
from convergence.constants import Constants
from convergence.metrics.pointwise import Gap
from convergence.theorems.assumptions import Is, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source


class HeavyBallConvex(AbstractTheorem):
    """f(x_T) − f* ≤ LR²/(2(T + 1)) for convex L-smooth f, steps 1/(L(t+2)), inertia t/(t+2).

    Proof. z_t = x_t + t(x_t − x_{t−1}) obeys z_{t+1} = z_t − ηg, g = ∇f(x_t), η = 1/L. Expand
    ‖z_{t+1} − x*‖² with ⟨g, x_t − x*⟩ ≥ f(x_t) − f* + ‖g‖²/(2L) and ⟨g, x_t − x_{t−1}⟩ ≥
    f(x_t) − f(x_{t−1}): it is at most ‖z_t − x*‖² − 2η[(t + 1)(f(x_t) − f*) − t(f(x_{t−1}) − f*)] +
    η(η − 1/L)‖g‖². The last term is 0 and the brackets telescope over t ≤ T. ∎
    """

    kind = Kind.PATHWISE
    source = Source("ghadimi2015", "heavy ball with decaying steps, last iterate; derived here")
    provenance = Provenance.DERIVED
    statement = "f(x_T) − f* ≤ LR²/(2(T + 1)),  heavy ball with t/(t+2) and 1/(L(t+2))"
    assumes = (Smooth(), NoNoise(), Is("convex"))

    def prescribe(self, c: Constants, T: int) -> HeavyBall:
        return HeavyBall(1 / c.L)

    def metric(self, c: Constants, T: int) -> Gap:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        return c.L * c.R**2 / (2 * (T + 1))

    def trivial(self, c: Constants, T: int) -> float:
        return c.Delta
