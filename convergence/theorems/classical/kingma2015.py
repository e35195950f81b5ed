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


class AdamLinear(AbstractTheorem):
    """f(x_T) = −ηT Σ_i g_i²/(|g_i| + ε) on f(x) = ⟨g, x⟩: every step of Adam is η g/(|g| + ε).

    Proof. m_t = (1 − β₁^t)g and v_t = (1 − β₂^t)g², so the corrected moments are g and g² at every
    t. A missing, mistimed or misplaced correction changes the first steps at once.
    """

    kind = Kind.PATHWISE
    source = Source("kingma2015", "Section 3, initialization bias correction")
    provenance = Provenance.DERIVED
    statement = "f(x_T) = −ηT Σ_i g_i²/(|g_i| + ε) for Adam on f(x) = ⟨g, x⟩"
    assumes = (NoNoise(), Has("L", 0.0, 0.0))

    eta: Any = eqx.field(converter=real, default=0.01)

    def prescribe(self, c: Constants, T: int) -> FromOptax:
        return FromOptax(optax.adam, learning_rate=float(self.eta), eps=1e-8)

    def metric(self, c: Constants, T: int) -> Value:
        return Value()

    def bound(self, c: Constants, T: int) -> tuple[float, float]:
        value = -float(self.eta) * T * float(np.sum(c.g**2 / (np.abs(c.g) + 1e-8)))
        return value, value
