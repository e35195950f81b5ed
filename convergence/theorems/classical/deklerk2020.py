"""De Klerk, Glineur and Taylor 2020: gradient descent along gradients that err."""

from __future__ import annotations

import equinox as eqx

from convergence.algorithms.base import AbstractAlgorithm
from convergence.algorithms.classical.sgd import ShrunkDescent
from convergence.constants import Constants
from convergence.metrics.pointwise import Gap
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import Has, Is, NoNoise, Smooth
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.classical.taylor2018 import ROUNDING
from convergence.theorems.domains import number


class ErringDescent(AbstractTheorem):
    """f(x_T) − f* ≤ ((L_ε − μ_ε)/(L_ε + μ_ε))^{2T} Δ, L_ε = (1 + ε)L, μ_ε = (1 − ε)μ, for L-smooth
    f with f − (μ/2)‖·‖² convex and steps of η = 2/(L_ε + μ_ε) along any d_t with ‖d_t − ∇f(x_t)‖ ≤
    ε‖∇f(x_t)‖.

    Proof. That of `taylor2018.ValueContraction` with ϱ = (L_ε − μ_ε)/S, S = L_ε + μ_ε = 2/η, the
    same multipliers, and ϱ/(εS) times ‖d_0 − g_0‖² ≤ ε²‖g_0‖² besides. The right side becomes ‖g_1
    − ϱg_0 + (2L/S)(d_0 − μ_ε x_0)‖²/(2(L − μ)) + (1 − ε)/(ε(L − μ)S²) · ‖2εLμx_0 − (L_ε − μ_ε)g_0 +
    (L − μ)d_0‖². ∎ Judged on d_t = (1 − ε)∇f(x_t), by which (μ/2)x² attains it; (L/2)x² does by d_t
    = (1 + ε)∇f(x_t). Agrees with numerical worst cases over all d_t.
    """

    kind = Kind.PATHWISE
    provenance = Provenance.DERIVED
    source = Source("deklerk2020", "Theorem 5.3, a relative error; derived")
    statement = "f(x_T) − f* ≤ ((L_ε−μ_ε)/(L_ε+μ_ε))^{2T} Δ,  ‖d_t − ∇f(x_t)‖ ≤ ε‖∇f(x_t)‖"
    assumes = (Smooth(), NoNoise(), Is("convex"), Has("mu", 0.0))
    domain = {"eps": number("[0, 1)")}

    eps: Reals = eqx.field(converter=real, default=0.2)

    def ends(self, c: Constants) -> tuple[float, float]:
        """L_ε and μ_ε."""
        eps = float(self.eps)
        return (1 + eps) * c.L, (1 - eps) * c.mu

    def prescribe(self, c: Constants, T: int) -> AbstractAlgorithm:
        return ShrunkDescent(2 / sum(self.ends(c)), self.eps)

    def metric(self, c: Constants, T: int) -> Gap:
        return Gap()

    def bound(self, c: Constants, T: int) -> float:
        most, least = self.ends(c)
        rate = (most - least) / (most + least)
        return float((rate ** (2 * T) + ROUNDING**2) * c.Delta)
