"""Liu and Zhou 2025: normalized SGD with momentum when p is unknown."""

from __future__ import annotations

import math

import equinox as eqx

from convergence.constants import Constants
from convergence.shapes import Reals, real
from convergence.theorems.assumptions import Smooth
from convergence.theorems.base import Source
from convergence.theorems.domains import number
from convergence.theorems.heavy_tailed.shared import PRESCRIBED, PthMoment, tail
from convergence.theorems.heavy_tailed.sun2025 import NSGDMomentum


class NSGDUnknown(NSGDMomentum):
    """E Y_T ≤ (Δ/γ₀ + 2Lγ₀)T^{−1/4} + 2c_pσT^{−(p−1)/(2p)} + 2σT^{−1/2}.

    α = T^{−1/2}, γ = γ₀T^{−3/4}. The bound of `NSGDMomentum` at this blind schedule, with
    Lγ/2 + 2Lγθ/α ≤ 2Lγ/α and 1−θ^p ≥ α.
    The exponent (p−1)/(2p) is the paper's; the constants are derived.
    """

    source = Source("liu2025", "the case of unknown p; constants derived")
    statement = (
        "E Y_T ≤ (Δ/γ₀ + 2Lγ₀)T^(−1/4) + 2c_pσT^(−(p−1)/(2p)) + 2σT^(−1/2),  "
        "α = T^(−1/2), γ = γ₀T^(−3/4),  NSGD-M, p unknown"
    )

    assumes = (Smooth(), PthMoment())
    domain = {"alpha": PRESCRIBED, "gamma0": number("(0, inf)")}

    gamma0: Reals = eqx.field(converter=real, default=1.0)

    def tuned(self, c: Constants, T: int) -> tuple[float, float]:
        return T**-0.5, float(self.gamma0) * T**-0.75

    def bound(self, c: Constants, T: int) -> float:
        t, g = tail(c), float(self.gamma0) * float(self.scale)
        walk = (c.Delta / g + 2 * c.L * g) * T**-0.25
        return walk + 2 * t.c * t.sigma * T ** (-(t.p - 1) / (2 * t.p)) + 2 * t.sigma / math.sqrt(T)
