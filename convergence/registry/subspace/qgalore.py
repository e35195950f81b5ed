"""Q-GaLore: what rounding costs, which rounding stagnates, and GaLore's stall in low bits."""

from __future__ import annotations

import numpy as np

from convergence.claims.base import Claim
from convergence.claims.identity import Identity
from convergence.noise.gaussian import Gaussian
from convergence.noise.matrix import CornerSign
from convergence.problems.counterexample import Counterexample
from convergence.problems.shifted import Shifted
from convergence.statistics import Verdict
from convergence.theorems.subspace import zhang2024qgalore as qgalore

H = 0.1
HALFWAY = Shifted(np.full(16, 2 * H), np.full(16, 0.5 * H))
FAR = Shifted(np.full(16, 9 * H))

CLAIMS = (
    Claim(
        "qgalore-stochastic-rounding",
        qgalore.StochasticRounding(),
        HALFWAY,
        Gaussian(0.0),
        horizons=(64, 256),
        seeds=32768,
        note="a minimizer halfway between grid points and η = 1/L: only f(x_T) ≥ f* is loose",
    ),
    Claim(
        "qgalore-stochastic-rounding-noisy",
        qgalore.StochasticRounding(scale=0.25),
        FAR,
        Gaussian(0.5),
        horizons=(256,),
    ),
    Claim(
        "qgalore-rounding-unbiased",
        qgalore.RoundingUnbiased(scale=0.05),
        FAR,
        Gaussian(0.5),
        horizons=(10, 20),
        seeds=4096,
    ),
    Claim(
        "qgalore-nearest-stagnates",
        qgalore.NearestStagnates(scale=0.05),
        FAR,
        Gaussian(0.0),
        horizons=(16, 256),
        seeds=1,
    ),
    Claim(
        "qgalore-nearest-works-too",
        qgalore.NearestWorksToo(scale=0.05),
        FAR,
        Gaussian(0.0),
        expect=Verdict.REFUTED,
        horizons=(1024,),  # its proof takes 25 s at T = 4096, and 1 s here
        more={"full": (4096,)},
    ),
    Claim(
        "qgalore-stalls",
        qgalore.QGaLoreStalls(),
        Counterexample.pure(n=10, r=4, lam=0.5),
        CornerSign(1.0, 4),
        horizons=(16, 128),
        seeds=64,
    ),
    Identity("qgalore-int4-half-step", qgalore.RoundingErrorStraddling()),
    Identity(
        "qgalore-int4-half-step-any-group",
        qgalore.RoundingErrorAnyGroup(),
        expect=Verdict.REFUTED,
        note="the zero point is clamped to 0..15, so that a group on one side of 0 collapses",
    ),
)
