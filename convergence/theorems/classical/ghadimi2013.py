"""Ghadimi and Lan 2013: SGD on smooth nonconvex functions under bounded variance."""

from __future__ import annotations

import equinox as eqx

from convergence.algorithms.classical.sgd import SGD
from convergence.constants import Constants
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import GradNormSq
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import FiniteVariance, Improvable, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.domains import number


class SGDNonconvex(AbstractTheorem):
    """(1/T) Σ_{t<T} E‖∇f(x_t)‖² ≤ Δ/(γ(1−Lγ/2)T) + Lγσ²/(2−Lγ) for every 0 < γ < 2/L.

    Proof. The descent lemma and E‖g‖² ≤ ‖∇f‖² + σ² give E f(x_{t+1}) ≤ f(x_t) −
    γ(1 − Lγ/2)‖∇f(x_t)‖² + Lγ²σ²/2; sum over t < T and divide. On (L/2)‖x‖² with noise of exact
    total variance σ² every inequality but f(x_T) ≥ f* is an equality.

    The step is γ = scale · min{1/L, √(2Δ/(Lσ²T))}.
    """

    kind = Kind.EXPECTATION
    source = Source("ghadimi2013", "Theorem 2.1 and Corollary 2.2, with the sharp constants")
    provenance = Provenance.DERIVED
    statement = "(1/T) Σ E‖∇f(x_t)‖² ≤ Δ/(γ(1−Lγ/2)T) + Lγσ²/(2−Lγ),  γ = min{1/L, √(2Δ/(Lσ²T))}"
    assumes = (Smooth(), FiniteVariance(), Improvable())
    domain = {"scale": number("(0, 2)")}

    scale: Reals = eqx.field(converter=real, default=1.0)

    def gamma(self, c: Constants, T: int) -> float:
        noise = c.L * c.sigma**2 * T
        tuned = (2 * c.Delta / noise) ** 0.5 if noise > 0 else float("inf")
        return float(self.scale) * min(1 / c.L, tuned)

    def prescribe(self, c: Constants, T: int) -> SGD:
        return SGD(self.gamma(c, T))

    def metric(self, c: Constants, T: int) -> Average:
        return Average(GradNormSq())

    def bound(self, c: Constants, T: int) -> float:
        g = self.gamma(c, T)
        return c.Delta / (g * (1 - c.L * g / 2) * T) + c.L * g * c.sigma**2 / (2 - c.L * g)

    def trivial(self, c: Constants, T: int) -> float:
        return c.grad0**2


class SGDAnyStep(SGDNonconvex):
    """(1/T) Σ E‖∇f(x_t)‖² ≤ 2Δ/(γT) + Lγσ² for EVERY γ, here γ = scale/L.

    True for γ ≤ 1/L (it follows from `SGDNonconvex`). FALSE beyond: on (L/2)‖x‖² the gradients
    settle at Lγσ²/(2−Lγ), more than Lγσ² as soon as Lγ > 1, and diverge for γ > 2/L.
    """

    source = Source("ghadimi2013", "Corollary 2.2 without its step condition")
    statement = "(1/T) Σ E‖∇f(x_t)‖² ≤ 2Δ/(γT) + Lγσ² for every γ > 0 (false beyond 2/L)"
    assumes = (Smooth(), FiniteVariance())
    domain = {"scale": number("(0, inf)")}
    open = ("scale",)

    def gamma(self, c: Constants, T: int) -> float:
        return float(self.scale) / c.L

    def bound(self, c: Constants, T: int) -> float:
        g = self.gamma(c, T)
        return 2 * c.Delta / (g * T) + c.L * g * c.sigma**2
