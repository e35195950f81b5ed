"""Drori and Teboulle 2014: the exact worst case of gradient descent on smooth convex functions."""

from __future__ import annotations

from convergence.algorithms.classical.sgd import SGD
from convergence.constants import Constants
from convergence.metrics.pointwise import Gap
from convergence.theorems.assumptions import Is, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source


class GradientDescentConvex(AbstractTheorem):
    """f(x_T) − f* ≤ LR²/(4T + 2) for convex L-smooth f, η = 1/L, R = ‖x_0 − x*‖.

    Proof, for L = 1, with δ = f − f*, d_t = ‖x_t − x*‖ and a step x_{T+1} that nobody makes. f* ≥
    f(x_t) + ⟨g_t, x* − x_t⟩ + ½‖g_t‖² says δ_t ≤ ½(d_t² − d_{t+1}²), and f(x_t) ≥ f(x_{t+1}) +
    ⟨g_{t+1}, g_t⟩ + ½‖g_t − g_{t+1}‖² that δ_t − δ_{t+1} ≥ ½‖g_t‖² + ½‖g_{t+1}‖², where ‖g_t‖
    falls. The first, summed over t ≤ T: ½R² ≥ Σδ_t + ½d_{T+1}² ≥ (T+1)δ_T + ½(T² + T)‖g_T‖² +
    ½d_{T+1}². And Tδ_T ≤ T(⟨g_T, x_{T+1} − x*⟩ + ½‖g_T‖²) ≤ ½d_{T+1}² + ½(T² + T)‖g_T‖². Together
    (2T+1)δ_T ≤ ½R². ∎ Attained by Huber's function with width w = R/(2T+1): every step moves by w,
    so x_T = (T+1)w and f(x_T) = Lw²(T + ½) = LR²/(4T + 2).
    """

    kind = Kind.PATHWISE
    source = Source("drori2014", "Theorem 3.1, h = 1")
    provenance = Provenance.DERIVED
    statement = "f(x_T) − f* ≤ LR²/(4T + 2),  η = 1/L"
    assumes = (Smooth(), NoNoise(), Is("convex"))

    def prescribe(self, c: Constants, T: int) -> SGD:
        return SGD(1 / c.L)

    def metric(self, c: Constants, T: int) -> Gap:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        return c.L * c.R**2 / (4 * T + 2)

    def trivial(self, c: Constants, T: int) -> float:
        return c.Delta
