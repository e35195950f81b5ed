"""Abbaszadehpeivasti, de Klerk and Zamani 2022: gradient descent on smooth nonconvex functions."""

from __future__ import annotations

import equinox as eqx

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.shipped import gradient_descent
from convergence.constants import Constants
from convergence.metrics.folds import Smallest
from convergence.metrics.pointwise import GradNormSq
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.domains import CODE, number


class GradientDescentNonconvex(AbstractTheorem):
    """min_{t≤T} ‖∇f(x_t)‖² ≤ 4LΔ/(T min{h(4 − h), h(4 − h²)} + 2) for L-smooth f, η = h/L, 0 < h ≤
    √3, Δ = f(x_0) − f*.

    Proof. f + (L/2)‖·‖² is convex and 2L-smooth: with g, g⁺ the gradients at x and x − (h/L)g,
    4L(f(x) − f(x⁺)) ≥ (1 + 2h − h²)‖g‖² − 2(1 − h)⟨g, g⁺⟩ + ‖g⁺‖². For h ≤ 1, 2⟨g, g⁺⟩ ≤ ‖g‖² +
    ‖g⁺‖² makes it (3h − h²)‖g‖² + h‖g⁺‖²; beyond, ‖g⁺ − g‖ ≤ h‖g‖ makes 2⟨g, g⁺⟩ at least
    (1 − h²)‖g‖² + ‖g⁺‖², and it (3h − h³)‖g‖² + h‖g⁺‖². Sum over t < T and add f(x_T) − f* ≥
    ‖∇f(x_T)‖²/(2L). ∎ For h ≤ 1 attained by a slope with the teeth of a saw, a step from peak to
    peak. No instance of slack near 1 is known beyond, where gradients would have to turn in a
    plane; PEPit's worst case is the bound there as well.
    """

    kind = Kind.PATHWISE
    source = Source("abbaszadehpeivasti2022", "the exact rate of h ≤ √3; this bound derived")
    provenance = Provenance.DERIVED
    statement = "min_{t≤T} ‖∇f(x_t)‖² ≤ 4LΔ/(T min{h(4−h), h(4−h²)} + 2),  η = h/L ≤ √3/L"
    assumes = (Smooth(), NoNoise())
    domain = {"scale": number("(0, 1.7320508]"), "code": CODE}

    scale: Reals = eqx.field(converter=real, default=1.0)  # h
    code: str = "own"

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return gradient_descent(float(self.scale) / c.L, self.code)

    def metric(self, c: Constants, T: int) -> Smallest:
        return Smallest(GradNormSq())

    def bound(self, c: Constants, T: int) -> float:
        h = float(self.scale)
        return 4 * c.L * c.Delta / (T * min(h * (4 - h), h * (4 - h**2)) + 2)

    def trivial(self, c: Constants, T: int) -> float:
        return c.grad0**2
