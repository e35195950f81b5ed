"""Adam with its memory cut in half by wavelets, on the simplest function there is, diverges.

The gradient wavelet transform keeps Adam's moments for half of the gradient only: for the averages
A = (g₀ + g₁)/√2 of neighboring entries. The differences D = (g₀ − g₁)/√2 get no moments of their
own; they are divided by the denominator √v + ε of the averages. Noise in the averages keeps that
denominator honest, so in practice nothing happens.

Take f(w) = ½‖w‖² and start at (1, −1). The gradient is (1, −1): its average is 0, exactly, and it
stays 0. So v = 0, the denominator is ε = 10⁻⁶, and every step multiplies w by

    1 − s_t α/ε ≈ −2500   (lr = 0.01, α = 0.25; s_t the bias-corrected step).

f grows by a factor of millions a step and overflows after 58. Adam on the same start converges,
and so does GWT-Adam from (1, −1.1): any average at all makes v > 0 and ends the blow-up. What the
example shows is that the method has no safeguard, not that it will blow up tomorrow.

    convergence verify counterexamples/gwt_adam_diverges.py
"""

from __future__ import annotations

import numpy as np

from convergence.claims.base import Claim
from convergence.problems.quadratic import Isotropic
from convergence.statistics import Verdict
from convergence.theorems.subspace.wen2025 import AdamDiverges, AdamRecovers, AdamStable

PAIR = Isotropic(np.array([1.0, -1.0]))
TILTED = Isotropic(np.array([1.0, -1.1]))
MATRIX = Isotropic(np.array([[1.0, -1.0, 3.0, -3.0], [0.5, -0.5, -2.0, 2.0]]))

CLAIMS = (
    Claim("two-entries-overflow", AdamDiverges(), PAIR, horizons=(1, 16, 48), seeds=1),
    Claim("so-does-a-matrix-of-pairs", AdamDiverges(), MATRIX, horizons=(48,), seeds=1),
    Claim(
        "gwt-adam-ends-below-its-start",
        AdamStable(),
        PAIR,
        expect=Verdict.REFUTED,
        horizons=(48,),
        seeds=1,
    ),
    Claim(
        "adam-does",
        AdamRecovers(plain=True, start=(1.0, -1.0)),
        PAIR,
        horizons=(2000,),
        seeds=1,
    ),
    Claim("a-tilted-start-recovers", AdamRecovers(), TILTED, horizons=(2000,), seeds=1),
)
