"""Normalizing is not averaging: one sample a step climbs the hill.

Normalized SGD moves by γ along g/‖g‖, so a spike of length 10⁶ moves it no further than a spike of
length 1. Is that not all one could ask of heavy tails?

Let f = log cosh, so |f'| < 1, and let the noise be 1.61 with chance 0.4 and −1.07 otherwise: mean
zero, E|ξ|^{3/2} = 1.3^{3/2}. At w > 0 the gradient f'(w) < 1 never outweighs −1.07. In 60 % of all
steps g < 0, and w moves UP; in 40 % it moves down. The mean of g points downhill, the mean of g/‖g‖
uphill: w climbs at the speed 0.2γ for ever, and the average gradient tends to 1, its supremum.

The bound for one sample a step keeps the term 2σ. Here it is true and says nothing. What helps is
to average BEFORE normalizing: over a batch, σB^{−(p−1)/p}, or over time, by momentum with
1 − θ = T^{−p/(3p−2)}. Both converge on the same instance.

    convergence verify counterexamples/nsgd_small_batch.py
"""

from __future__ import annotations

from convergence.claims.base import Claim
from convergence.problems.nonconvex import log_cosh
from convergence.registry.heavy_tailed.false import CLIMB, SMALL_BATCH, SMALL_BATCH_BOUND
from convergence.registry.heavy_tailed.instances import FEW
from convergence.theorems.heavy_tailed.hubler2025 import BatchNSGD
from convergence.theorems.heavy_tailed.shared import Decay
from convergence.theorems.heavy_tailed.sun2025 import NSGDMomentum

START = log_cosh([3.0, 0.0])

CLAIMS = (
    SMALL_BATCH,
    SMALL_BATCH_BOUND,
    Claim("nsgd-batch-of-1024", BatchNSGD(B=1024), START, CLIMB, horizons=(64,), seeds=FEW),
    Claim(
        "nsgd-momentum-descends",
        Decay(NSGDMomentum()),
        START,
        CLIMB,
        horizons=(256, 1024, 4096, 16384),
        seeds=FEW,
    ),
)
