"""An oracle whose samples are functions, individually smooth: F(·; ξ) for STORM."""

from __future__ import annotations

from typing import Any

from convergence.oracles.base import Oracle
from convergence.shapes import Iterate, Key, Scalar


class RippleOracle(Oracle):
    """F(w; ξ) = f(w) + ⟨ζ, w⟩ + s Σ sin(w_i + φ_i): every sample is (L + s)-smooth.

    With additive noise ∇F(w; ξ) − ∇F(v; ξ) = ∇f(w) − ∇f(v) exactly, and the correction of a
    variance-reduced method costs nothing; here it costs s‖w − v‖.
    """

    noise: Any  # a Ripple

    def value(self, x: Iterate, key: Key) -> Scalar:
        return self.problem.value(x) + self.noise.potential(x, key)
