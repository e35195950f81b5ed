"""Why a constant step is not enough: DSGD among agents that disagree.

Sixteen agents on a ring, each with f_i(x) = ½(x − c_i)². Each knows its own center; the group wants
the mean. DSGD lets everyone take a gradient step and then average with two neighbors. There is no
noise. Does everyone reach the mean?

At the mean, agent i still feels the force β_i = c_i − x̄. Mixing brings it back by a factor λ, its
own gradient pulls it away by αβ: along an eigenvector of W the two balance at

    e = αλβ / (1 − λ(1 − α)),

which vanishes only if α → 0 or β = 0. With β along the slowest mode of a ring of 16 (λ₂ = 0.9746)
and α = 0.05 the mean square distance is 0.4324: no number of steps brings it down. Note that the
small-step formula α²λ²/(1 − λ)² = 3.69 is nine times too large here: α is not small against 1 − λ.

The cure is not a smaller step but a correction: exact diffusion, EXTRA and gradient tracking
remember the force they fight and have no bias at the very same step. And if all agents share one
minimizer (β = 0), DSGD needs no cure.

    convergence verify counterexamples/dsgd_heterogeneity.py
"""

from __future__ import annotations

import numpy as np

from convergence.claims.exact import Exact
from convergence.noise.agents import PerEntry
from convergence.parts import graphs
from convergence.problems.agents import common, slowest
from convergence.statistics import Verdict
from convergence.theorems.decentralized.alghunaim2022 import CorrectedUnbiased
from convergence.theorems.decentralized.koloskova2020 import ConstantStep, ModeBias, SharedMinimizer

RING = graphs.lazy(graphs.ring(16))
DISAGREE = slowest(RING)
AGREE = common(RING, [1.0], np.zeros((16, 1)), x0=1.0)
UNIT = PerEntry(1.0)

CLAIMS = (
    Exact("dsgd-stops-short", ConstantStep(), DISAGREE, UNIT,
          expect=Verdict.REFUTED, horizons=(1,)),
    Exact("dsgd-stops-exactly-there", ModeBias("ATC"), DISAGREE, UNIT,
          horizons=(1,)),
    Exact("dsgd-is-fine-in-agreement", SharedMinimizer(), AGREE, UNIT,
          horizons=(1,)),
    *(Exact(f"{name.lower()}-does-not-stop", CorrectedUnbiased(name), DISAGREE, UNIT,
            horizons=(1,)) for name in ("ED", "EXTRA", "ATC-GT")),
)  # fmt: skip
