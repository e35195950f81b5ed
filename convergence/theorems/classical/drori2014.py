"""Drori and Teboulle 2014: the exact worst case of gradient descent on smooth convex functions."""

from __future__ import annotations

from convergence.algorithms.classical.sgd import SGD
from convergence.constants import Constants
from convergence.metrics.pointwise import Gap
from convergence.theorems.assumptions import Is, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source


class GradientDescentConvex(AbstractTheorem):
    """f(x_T) − f* ≤ LR²/(4T + 2) for convex L-smooth f, η = 1/L, R = ‖x_0 − x*‖.

    Attained by Huber's function with width w = R/(2T+1): every step moves by w, so
    x_T = (T+1)w and f(x_T) = Lw²(T + ½) = LR²/(4T + 2).
    """

    kind = Kind.PATHWISE
    source = Source("drori2014", "Theorem 3.1, h = 1")
    provenance = Provenance.RECALLED
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
