"""Kingma and Ba 2015 (Adam): what its bias correction is for."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np
import optax

from convergence.algorithms.optax_adapter import FromOptax
from convergence.constants import Constants
from convergence.metrics.pointwise import Value
from convergence.shapes import real
from convergence.theorems.assumptions import Has, NoNoise
from convergence.theorems.base import AbstractTheorem, Kind, Provenance, Source
from convergence.theorems.domains import number


class AdamLinear(AbstractTheorem):
    """−ηT‖g‖₁ ≤ f(x_T) ≤ −ηT Σ_i g_i²/(|g_i| + ε) on f(x) = ⟨g, x⟩, for Adam with a damping of at
    most ε: every step of Adam is η g/(|g| + damping).

    Proof. m_t = (1 − β₁^t)g and v_t = (1 − β₂^t)g², so the corrected moments are g and g² at every
    t. A missing, mistimed or misplaced correction changes the first steps at once.
    """

    kind = Kind.PATHWISE
    source = Source("kingma2015", "Section 3, initialization bias correction")
    provenance = Provenance.DERIVED
    statement = "−ηT‖g‖₁ ≤ f(x_T) ≤ −ηT Σ_i g_i²/(|g_i| + ε) for Adam on f(x) = ⟨g, x⟩"
    assumes = (NoNoise(), Has("L", 0.0, 0.0))

    domain = {"eta": number("(0, inf)")}

    eta: Any = eqx.field(converter=real, default=0.01)
    eps: Any = eqx.field(converter=real, default=1e-8)

    def prescribe(self, c: Constants, T: int) -> FromOptax:
        return FromOptax(optax.adam, learning_rate=float(self.eta), eps=float(self.eps))

    def metric(self, c: Constants, T: int) -> Value:
        return Value()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        size = np.abs(c.g)
        damped = np.divide(size**2, size + float(self.eps), out=np.zeros_like(size), where=size > 0)
        return -float(self.eta) * T * float(size.sum()), -float(self.eta) * T * float(damped.sum())
