"""Sophia-G (arXiv 2305.14342) on a linear function: when its curvature is renewed."""

from __future__ import annotations

import equinox as eqx
import numpy as np

from convergence.algorithms.estimators.sophia import SophiaG
from convergence.constants import Constants
from convergence.metrics.pointwise import Value
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import Has, NoNoise
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.conditions import FromZero
from convergence.theorems.domains import count, number, one_of
from convergence.theorems.shrinking import gone


class SophiaLinear(AbstractTheorem):
    """f(x_T) = −η Σ_i |g_i| Σ_{t<T} min{1, (1 − β₁^{t+1})|g_i|/(ρ(1 − β₂^j)B g_i² + 1e-15)} on
    f(x) = ⟨g, x⟩ from 0, with j = ⌊t/k⌋ renewals before step t as in the public code, one more as
    printed.

    Proof. m_t = (1 − β₁^{t+1})g and h = (1 − β₂^j)B g²: the gradient is constant. x_0 = 0.
    """

    kind = Kind.PATHWISE
    source = Source("liu2024sophia", "Algorithm 3 and the public optimizer; law derived")
    provenance = Provenance.DERIVED
    statement = "f(x_T) = −η Σ_i |g_i| Σ_{t<T} min{1, (1−β₁^{t+1})/(ρ(1−β₂^j)B|g_i|)}, f = ⟨g, x⟩"
    assumes = (NoNoise(), Has("L", 0.0, 0.0), FromZero())
    domain = {
        "semantics": one_of("code", "paper"),
        "eta": number("(0, inf)"),
        "rho": number("(0, inf)"),
        "beta1": number("[0, 1)"),
        "beta2": number("[0, 1)"),
        "B": number("(0, inf)"),
        "k": count(),
    }

    semantics: str = eqx.field(static=True, default="code")
    eta: Reals = eqx.field(converter=real, default=0.01)
    rho: Reals = eqx.field(converter=real, default=0.4)
    beta1: Reals = eqx.field(converter=real, default=0.9)
    beta2: Reals = eqx.field(converter=real, default=0.8)
    B: Reals = eqx.field(converter=real, default=7.0)
    k: int = eqx.field(static=True, default=4)

    def prescribe(self, c: Constants, T: int) -> SophiaG:
        return SophiaG(
            self.eta,
            self.rho,
            self.beta1,
            self.beta2,
            self.k,
            self.B,
            semantics=self.semantics,
        )

    def metric(self, c: Constants, T: int) -> Value:
        return Value()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        t, g = np.arange(T)[:, None], np.abs(c.g)
        renewed = t // self.k + (1 if self.semantics == "paper" else 0)
        h = gone(1 - float(self.beta2), renewed) * float(self.B) * g**2
        ratio = gone(1 - float(self.beta1), t + 1) * g / (float(self.rho) * h + 1e-15)
        value = -float(self.eta) * float(np.sum(g * np.minimum(1.0, ratio)))
        return value, value
