"""Small claims of a user's own, shared by the tests of the store and of the command line."""

from __future__ import annotations

import numpy as np

from convergence.claims.base import Claim
from convergence.noise.gaussian import Gaussian
from convergence.problems.quadratic import Isotropic
from convergence.statistics import Verdict
from convergence.theorems.classical.ghadimi2013 import SGDNonconvex

PROBLEM = Isotropic(np.ones(4))
# A tenth of the step leaves f(x_T) − f* large: the slack is 1.7, and 256 seeds decide at any root.
GOOD = Claim("own-good", SGDNonconvex(0.1), PROBLEM, Gaussian(1.0), horizons=(4, 8), seeds=256)
ODD = Claim(
    "own-odd",
    SGDNonconvex(0.1),
    PROBLEM,
    Gaussian(1.0),
    horizons=(4, 8),
    seeds=256,
    expect=Verdict.REFUTED,
)
CLAIMS = (GOOD, ODD)
