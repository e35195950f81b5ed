"""Weights in few bits: rounding to nearest stands still, tossing a coin does not.

Keep the weights on a grid of width h and round after every step of SGD. If η|∂f| < h/2, rounding to
nearest puts every weight back where it was: the loss never changes again, however long one trains
and however far away the minimum is. Here x = 0.9, h = 0.1, η = 0.05: a step of 0.045 is rounded
away for ever, at f = 8.1 (twenty coordinates).

Round up with probability (y/h − ⌊y/h⌋) instead, and down otherwise. Then E Q(y) = y: the mean of x
moves as if there were no grid. The price is a variance of at most h²/4 a coordinate and step, so

    (1/T) Σ E‖∇f(x_t)‖² ≤ Δ/(η(1−Lη/2)T) + [Lη²σ² + Ldh²/4]/(2η(1−Lη/2)),

which a minimizer halfway between two grid points attains. Low-bit training lives on this coin.

    convergence verify counterexamples/round_to_nearest_stagnates.py
"""

from __future__ import annotations

import numpy as np

from convergence.claims.base import Claim
from convergence.noise.gaussian import Gaussian
from convergence.problems.shifted import Shifted
from convergence.statistics import Verdict
from convergence.theorems.subspace.zhang2024qgalore import (
    NearestStagnates,
    NearestWorksToo,
    RoundingUnbiased,
    StochasticRounding,
)

H = 0.1
FAR = Shifted(np.full(20, 9 * H))
HALFWAY = Shifted(np.full(20, 2 * H), np.full(20, 0.5 * H))
QUIET = Gaussian(0.0)

CLAIMS = (
    Claim(
        "nearest-never-moves",
        NearestStagnates(scale=0.05),
        FAR,
        QUIET,
        horizons=(16, 1024),
        seeds=1,
    ),
    Claim(
        "nearest-converges-too",
        NearestWorksToo(scale=0.05),
        FAR,
        QUIET,
        expect=Verdict.REFUTED,
        horizons=(1024,),
        seeds=64,
    ),
    Claim(
        "the-coin-changes-no-mean",
        RoundingUnbiased(scale=0.05),
        FAR,
        QUIET,
        horizons=(10, 20),
        seeds=1024,
    ),
    Claim(
        "the-coin-converges",
        StochasticRounding(scale=0.05),
        FAR,
        QUIET,
        horizons=(1024,),
        seeds=4096,
    ),
    Claim(
        "halfway-is-the-worst-place",
        StochasticRounding(),
        HALFWAY,
        QUIET,
        horizons=(16, 64),
        seeds=32768,
        chunk=4096,
        note="the bound is attained as T grows: at T = 256 to 0.4 %, which takes millions of runs",
    ),
)
