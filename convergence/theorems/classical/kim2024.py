"""Gradient descent with any step below 2/L on smooth convex functions: its exact worst cases."""

from __future__ import annotations

import equinox as eqx

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.shipped import gradient_descent
from convergence.constants import Constants
from convergence.metrics.pointwise import Gap, GradNorm, GradNormSq
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import Is, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.domains import CODE, number


class AbstractConstantStep(AbstractTheorem):
    """Gradient descent with η = h/L, by any of three hands."""

    kind = Kind.PATHWISE
    provenance = Provenance.RECALLED
    assumes = (Smooth(), NoNoise(), Is("convex"))
    domain = {"scale": number("(0, 2)"), "code": CODE}

    scale: Reals = eqx.field(converter=real, default=1.0)  # h
    code: str = "own"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return gradient_descent(float(self.scale) / c.L, self.code)


class GradientDescentValue(AbstractConstantStep):
    """f(x_T) − f* ≤ (LR²/2) max{1/(2Th + 1), (1 − h)^{2T}} for convex L-smooth f, η = h/L, 0 < h <
    2.

    Drori and Teboulle 2014 proved it for h ≤ 1 and conjectured the rest, proved by Kim 2024.

    Proof for h ≤ 1, as in `drori2014`. hδ_t ≤ ½(d_t² − d_{t+1}²) − ½h(1−h)‖g_t‖² and δ_t − δ_{t+1}
    ≥ ½h(‖g_t‖² + ‖g_{t+1}‖²), where ‖g_t‖ falls: ½R² ≥ h(T+1)δ_T + ½[h²(T² + T) +
    h(1−h)(T+1)]‖g_T‖² + ½d_{T+1}². With k = Th + 1 − h, kδ_T ≤ k⟨g_T, x_{T+1} − x*⟩ + k(h −
    ½)‖g_T‖² is at most ½d_{T+1}² + [½k² + k(h − ½)]‖g_T‖², whose bracket is half the one above:
    (2Th + 1)δ_T ≤ ½R². ∎ For h ≤ 1 attained by Huber's function of width R/(2Th + 1), for large h
    by (L/2)x².
    """

    source = Source("kim2024b", "main theorem; for h ≤ 1 Theorem 3.1 of drori2014")
    statement = "f(x_T) − f* ≤ (LR²/2) max{1/(2Th+1), (1−h)^{2T}},  gradient descent, η = h/L < 2/L"

    def metric(self, c: Constants, T: int) -> Gap:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        h = float(self.scale)
        return c.L * c.R**2 / 2 * max(1 / (2 * T * h + 1), (1 - h) ** (2 * T))


class GradientDescentSlope(AbstractConstantStep):
    """‖∇f(x_T)‖² ≤ 2LΔ max{1/(2Th + 1), (1 − h)^{2T}} for convex L-smooth f, η = h/L, 0 < h < 2.

    Proof for h ≤ 1, L = 1. f(x_t) ≥ f(x_{t+1}) + h⟨g_{t+1}, g_t⟩ + ½‖g_t − g_{t+1}‖² ≥ f(x_{t+1}) +
    ½h(‖g_t‖² + ‖g_{t+1}‖²), where ‖g_t‖ falls: Δ ≥ Th‖g_T‖² + f(x_T) − f* ≥ (Th + ½)‖g_T‖². ∎
    Beyond it is recalled. For h ≤ 1 attained by Huber's function of width R/(Th + 1), for large h
    by (L/2)x².
    """

    source = Source("kim2024a", "main theorem, of a convex function")
    statement = "‖∇f(x_T)‖² ≤ 2LΔ max{1/(2Th+1), (1−h)^{2T}},  gradient descent, η = h/L < 2/L"

    def metric(self, c: Constants, T: int) -> GradNormSq:
        return GradNormSq()

    def bound(self, c: Constants, T: int) -> float:
        h = float(self.scale)
        return 2 * c.L * c.Delta * max(1 / (2 * T * h + 1), (1 - h) ** (2 * T))


class GradientDescentSlopeFromDistance(AbstractConstantStep):
    """‖∇f(x_T)‖ ≤ LR max{1/(Th + 1), |1 − h|^T} for convex L-smooth f, η = h/L, 0 < h < 2.

    Proof for h ≤ 1. In that of `GradientDescentValue`, where ½R² ≥ h(T+1)δ_T + ½[h²(T² + T) +
    h(1−h)(T+1)]‖g_T‖² + ½d_{T+1}², put δ_T ≥ ½‖g_T‖² and d_{T+1} ≥ (1−h)‖g_T‖, which cocoercivity
    gives: R² ≥ (Th + 1)²‖g_T‖². ∎ Beyond it is conjectured by Taylor, Hendrickx and Glineur 2017;
    agrees with numerical worst cases for T ≤ 20. For h ≤ 1 attained by Huber's function of width
    R/(Th + 1), for large h by (L/2)x².
    """

    source = Source("taylor2017", "Conjecture on the last gradient, mu = 0")
    statement = "‖∇f(x_T)‖ ≤ LR max{1/(Th+1), |1−h|^T},  gradient descent, η = h/L < 2/L"

    def metric(self, c: Constants, T: int) -> GradNorm:
        return GradNorm()

    def bound(self, c: Constants, T: int) -> float:
        h = float(self.scale)
        return c.L * c.R * max(1 / (T * h + 1), abs(1 - h) ** T)
