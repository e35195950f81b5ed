"""How lazy may a random subspace be? Lazy for a while, but not for ever.

LOZO estimates a gradient from two function values along UVᵀ, with U fresh at every step and V kept
for ν steps. Keeping V makes momentum cheap. What does it cost?

On f = (L/2)‖X‖² everything is known exactly. Within a period only the share r/n of X that V sees
moves, and shrinks by q = 1 − 2a + a²(mr + 2) a step, a = αLn/r. A period multiplies E‖X‖² by

    Φ_ν = 1 − (r/n)(1 − q^ν).

Per step that is nearly free until ν ≈ mr/4, but as ν grows Φ_ν tends to 1 − r/n: with V drawn once
and for all, a share 1 − r/n of the gradient is never seen, and no number of steps helps.

With noise the floor is αLD σ²/(2 − αLD), D = mn + 2n/r, for every ν: laziness costs no accuracy as
long as V is redrawn at all. Noise that follows the displacement is worse than isotropic noise by
n/r inside a held subspace: this, and not laziness, is the factor n/r of the paper's rate.

    convergence verify counterexamples/lozo_frozen_subspace.py
"""

from __future__ import annotations

import numpy as np

from convergence.claims.base import Claim
from convergence.noise.aligned import Aligned
from convergence.noise.gaussian import Gaussian
from convergence.problems.matrix_quadratic import EntryQuadratic
from convergence.statistics import Verdict
from convergence.theorems.zeroth_order.chen2025lozo import LazinessIsFree
from convergence.theorems.zeroth_order.chen2025lozo_laws import LozoAligned, LozoFrozen, LozoLaw

ONES = np.ones((3, 6))
UNIT = EntryQuadratic(ONES / 18**0.5, ONES)
REST = EntryQuadratic(0 * ONES, ONES)
QUIET = Gaussian(0.0)
EVER = 2**30  # a period longer than any run

CLAIMS = (
    Claim("a-period-of-eight", LozoLaw(2, 8), UNIT, QUIET, horizons=(24,), seeds=16384, chunk=1024),
    Claim(
        "a-period-for-ever",
        LozoLaw(2, EVER),
        UNIT,
        QUIET,
        horizons=(24,),
        seeds=8192,
        chunk=1024,
    ),
    Claim(
        "for-ever-stops-at-1-r-n",
        LozoFrozen(2),
        UNIT,
        QUIET,
        horizons=(20,),
        seeds=8192,
        chunk=1024,
    ),
    Claim(
        "laziness-is-free",
        LazinessIsFree(2, EVER),
        UNIT,
        QUIET,
        expect=Verdict.REFUTED,
        horizons=(512,),
        seeds=64,
    ),
    Claim(
        "aligned-noise-is-n-r-times-worse",
        LozoAligned(2),
        REST,
        Aligned(1.0),
        horizons=(40,),
        seeds=65536,
        chunk=1024,
        margin=0.1,
    ),
)
