"""Methods without a step size, on single runs."""

from __future__ import annotations

import numpy as np

from convergence.claims.base import Claim
from convergence.problems.huber import Huber
from convergence.problems.linear import Linear
from convergence.problems.max_abs import MaxAbs
from convergence.problems.quadratic import Quadratic
from convergence.statistics import Verdict
from convergence.theorems.parameter_free import defazio2023 as dadapt
from convergence.theorems.parameter_free import pathwise

LONG = Huber(0.01)
BOWL = Quadratic(np.array([2.0, -1.0]), np.array([1.0, 0.1]))

CLAIMS = (
    Claim("schedule-free", pathwise.ScheduleFree(),
          lambda T: MaxAbs(np.repeat([1 + 1 / T, 1.0, 0.0], [1, T - 1, 33 - T])),
          horizons=(4, 32), seeds=1),
    Claim("prodigy-distance", pathwise.ProdigyDistance(), LONG, horizons=(64, 1024), seeds=1),
    Claim("dadaptation-distance", dadapt.DAdaptationDistance(), MaxAbs([1.0]),
          horizons=(64, 1024), seeds=1),
    Claim("dadapt-adam-distance", dadapt.DAdaptAdamDistance(), MaxAbs([1.0]), horizons=(16,),
          seeds=1, expect=Verdict.REFUTED, instead="dadaptation-distance",
          note="optax's Adam with D-Adaptation on f(x) = |x| from 1"),
    Claim("dog-regret", pathwise.DoGRegret(), BOWL, horizons=(4, 64), seeds=1),
    Claim("dowg-regret", pathwise.DoWGRegret(), BOWL, horizons=(4, 64), seeds=1),
    Claim("coin-linear", pathwise.CoinLinear(), Linear([0.6, 0.8]), horizons=(4, 32), seeds=1),
    Claim("cocob-linear", pathwise.COCOBLinear(4.0), Linear([2.0, -0.5, 0.125]),
          horizons=(1, 5, 16), seeds=1),
    Claim("cocob-any-fraction", pathwise.COCOBAnyFraction(4.0), Linear([2.0, -0.5, 0.125]),
          horizons=(1, 5, 16), seeds=1, expect=Verdict.REFUTED, instead="cocob-linear",
          note="α = 4: the first bet is a quarter, not a half"),
)  # fmt: skip
