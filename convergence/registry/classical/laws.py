"""Plain methods whose second moments are known exactly: no coefficient may be exchanged unseen."""

from __future__ import annotations

import numpy as np

from convergence.claims.base import Claim
from convergence.noise.gaussian import Gaussian
from convergence.problems.linear import Linear
from convergence.problems.quadratic import Isotropic
from convergence.theorems.classical.quadratic_laws import BatchLaw, MomentumLaw
from convergence.theorems.estimators.liu2024sophia_linear import SophiaLinear

FOUR = Isotropic(np.array([2.0, -1.0, 0.5, 0.0]), 2.0)
SLOPES = Linear([1.0, -0.05, 0.3])

CLAIMS = (
    Claim(
        "sgd-batch-law", BatchLaw(), FOUR, Gaussian(3.0), horizons=(1, 8), seeds=65536, chunk=4096
    ),
    Claim(
        "sgd-momentum-law",
        MomentumLaw(),
        FOUR,
        Gaussian(3.0),
        horizons=(2, 12),
        seeds=65536,
        chunk=4096,
    ),
    Claim("sophia-g-linear", SophiaLinear(), SLOPES, horizons=(3, 10, 40), seeds=1),
    Claim("sophia-g-linear-as-printed", SophiaLinear("paper"), SLOPES, horizons=(3, 40), seeds=1),
)
