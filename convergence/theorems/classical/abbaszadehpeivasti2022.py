"""Abbaszadehpeivasti, de Klerk and Zamani 2022: gradient descent on smooth nonconvex functions."""

from __future__ import annotations

from convergence.algorithms.classical.sgd import SGD
from convergence.constants import Constants
from convergence.metrics.folds import Smallest
from convergence.metrics.pointwise import GradNormSq
from convergence.theorems.assumptions import NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source


class GradientDescentNonconvex(AbstractTheorem):
    """min_{t≤T} ‖∇f(x_t)‖² ≤ 4LΔ/(3T + 2) for L-smooth f, η = 1/L, Δ = f(x_0) − f*.

    Proof. h = f + (L/2)‖·‖² is convex and 2L-smooth: h(x) ≥ h(y) + ⟨∇h(y), x − y⟩ + ‖∇h(x) −
    ∇h(y)‖²/(4L). For x = x_t, y = x_{t+1} = x − ∇f(x)/L this reads f(x_t) − f(x_{t+1}) ≥
    ‖∇f(x_t)‖²/(2L) + ‖∇f(x_{t+1})‖²/(4L). Sum over t < T and add f(x_T) − f* ≥ ‖∇f(x_T)‖²/(2L):
    the weights on ‖∇f(x_t)‖² add up to (3T + 2)/(4L). ∎
    """

    kind = Kind.PATHWISE
    source = Source("abbaszadehpeivasti2022", "the exact rate of steps 1/L; this bound derived")
    provenance = Provenance.DERIVED
    statement = "min_{t≤T} ‖∇f(x_t)‖² ≤ 4LΔ/(3T + 2),  η = 1/L"
    assumes = (Smooth(), NoNoise())

    def prescribe(self, c: Constants, T: int) -> SGD:
        return SGD(1 / c.L)

    def metric(self, c: Constants, T: int) -> Smallest:
        return Smallest(GradNormSq())

    def bound(self, c: Constants, T: int) -> float:
        return 4 * c.L * c.Delta / (3 * T + 2)

    def trivial(self, c: Constants, T: int) -> float:
        return c.grad0**2
