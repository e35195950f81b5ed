"""A clip level that never grows: a bias that never leaves.

Clipping at a fixed h tames any spike. But a clipped sample is no longer unbiased. Let the noise be
+s with chance q and −lo = −sq/(1−q) otherwise, and h < s. Where the gradient is g, the clipped
sample is h with chance q and g − lo otherwise, so its mean is (1−q)(g − lo) + qh. It vanishes not
at g = 0 but at

    g* = q(s − h)/(1 − q),

and there SGD stays: 0.2853 for p = 1.5, σ = 1, q = 0.05, h = 1, whatever the step size and however
long it runs. On a quadratic the law is exact, and a two-sided interval confirms it.

It is often said that at p = 2 no growing level is needed. It is: the plateau of the same noise with
variance 1 is there too. The level has to grow like T^{1/(3p−2)}, T^{1/4} at p = 2, and then the
bound holds, on the very same instance.

    convergence verify counterexamples/clipping_fixed_threshold.py
"""

from __future__ import annotations

from convergence.claims.base import Claim
from convergence.registry.heavy_tailed.false import FIXED_CLIP, FIXED_CLIP_P2, SPIKY
from convergence.registry.heavy_tailed.tight import LAWS
from convergence.theorems.heavy_tailed.zhang2020 import ClippedSGDNonconvex

CLAIMS = (
    FIXED_CLIP,
    FIXED_CLIP_P2,
    *(claim for claim in LAWS if claim.slug == "clipping-plateau"),
    Claim(
        "clipping-level-that-grows",
        ClippedSGDNonconvex(),
        FIXED_CLIP.problem,
        SPIKY,
        horizons=(256, 1024),
    ),
)
