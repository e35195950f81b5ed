"""Natural GaLore: the identity by Woodbury, efficiency, and the stall."""

from __future__ import annotations

import numpy as np

from convergence.claims.base import Claim
from convergence.claims.identity import Identity
from convergence.noise.diagonal import DiagonalGaussian
from convergence.noise.matrix import CornerSign
from convergence.problems.counterexample import Counterexample
from convergence.problems.quadratic import Quadratic
from convergence.theorems.subspace import das2024

FISHER = np.array([0.25, 1.0, 4.0])

CLAIMS = (
    Identity("natural-galore-woodbury", das2024.Woodbury()),
    Identity("natural-galore-descent", das2024.NaturalDescent()),
    Claim(
        "natural-gradient-cramer-rao",
        das2024.CramerRao(),
        Quadratic(np.ones(3), FISHER),
        DiagonalGaussian(FISHER),
        horizons=(1, 16),
        seeds=131072,
        chunk=2048,
    ),
    Claim(
        "natural-galore-stalls",
        das2024.NaturalStalls(),
        Counterexample.pure(n=10, r=4, lam=0.5),
        CornerSign(1.0, 4),
        horizons=(16, 128),
        seeds=64,
    ),
)
