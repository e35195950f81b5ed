"""Gradient wavelet transform: what holds, and where GWT-Adam diverges."""

from __future__ import annotations

import numpy as np

from convergence.claims.base import Claim
from convergence.claims.identity import Identity
from convergence.noise.gaussian import Gaussian
from convergence.problems.quadratic import Isotropic
from convergence.statistics import Verdict
from convergence.theorems.subspace import wen2025 as gwt

PAIR = Isotropic(np.array([1.0, -1.0]))
GENERIC = Isotropic(np.array([1.0, -1.1]))

CLAIMS = (
    Identity("gwt-haar-orthonormal", gwt.HaarOrthonormal()),
    Claim(
        "gwt-sgdm-bound",
        gwt.GWTSGDMBound(beta=0.7, scale=0.2, level=2),
        Isotropic(np.ones((3, 8))),
        Gaussian(2.0),
        horizons=(64, 512),
    ),
    Claim("gwt-adam-diverges", gwt.AdamDiverges(), PAIR, horizons=(1, 16, 48), seeds=1),
    Claim(
        "gwt-adam-stable",
        gwt.AdamStable(),
        PAIR,
        expect=Verdict.REFUTED,
        horizons=(16,),
        seeds=1,
    ),
    Claim(
        "gwt-adam-generic-start",
        gwt.AdamRecovers(),
        GENERIC,
        horizons=(2000,),
        seeds=1,
        note="any approximation at all makes v > 0 and ends the blow-up",
    ),
    Claim(
        "gwt-plain-adam",
        gwt.AdamRecovers(plain=True, start=(1.0, -1.0)),
        PAIR,
        horizons=(2000,),
        seeds=1,
    ),
)
