"""The most expensive bug in variance reduction is one random number.

STORM estimates the gradient recursively,

    m_t = ∇F(w_t; ξ_t) + θ (m_{t−1} − ∇F(w_{t−1}; ξ_t)),

and the same ξ_t appears twice. Both gradients then carry nearly the same noise; in their difference
it cancels up to L̄γ, the length of a step, and m may be averaged over a long time at little cost.

Draw a second sample for ∇F(w_{t−1}; ·), as a data loader does unasked, and nothing cancels: m is
now a sum of fresh noises with weights θ^k, of size σα^{−1/p}, where it should be σα^{(p−1)/p}. The
code runs, the loss falls for a while, no test of shapes complains. The explicit bound of the
method does: it is exceeded from T = 3000 on (p = 1.8). With the sample shared it holds on the same
instance.

In this package a sample IS a key, and the bug has to be planted on purpose.

    convergence verify counterexamples/storm_two_samples.py
"""

from __future__ import annotations

from convergence.claims.base import Claim
from convergence.oracles.ripple import RippleOracle
from convergence.registry.heavy_tailed.false import TWO_SAMPLES
from convergence.theorems.heavy_tailed.liu2023 import StormA

CLAIMS = (
    TWO_SAMPLES,
    Claim(
        "storm-one-sample",
        StormA(),
        TWO_SAMPLES.problem,
        TWO_SAMPLES.noise,
        horizons=(3000,),
        seeds=1024,
        oracle=RippleOracle,
    ),
)
