"""Matrix methods on a linear function."""

from __future__ import annotations

import numpy as np

from convergence.claims.base import Claim
from convergence.problems.linear import Linear
from convergence.theorems.adaptive.matrices import MuonLinear, ShampooLinear

CLAIMS = (
    Claim("shampoo-linear", ShampooLinear(), Linear(np.array([[2.0, 1.0, 0.0], [0.0, 1.0, -1.0]])),
          horizons=(1, 16), seeds=1),
    Claim("muon-linear", MuonLinear(), Linear(np.eye(3)[[2, 0, 1]] * 0.7), horizons=(1, 16),
          seeds=1),
)  # fmt: skip
