"""Alternating steps of soft gates and parameters."""

from __future__ import annotations

import numpy as np

from convergence.claims.base import AbstractClaim, Claim
from convergence.oracles.clients import Gated
from convergence.problems.gated import GatedLeastSquares
from convergence.theorems.federated.chen2023 import GatesConverge, GatesDescend

_RNG = np.random.default_rng(0)
TALL = GatedLeastSquares(
    _RNG.standard_normal((4, 3)), _RNG.standard_normal(4), [1.0, -1.0, 0.5], np.full(3, 0.5)
)
# One parameter and one gate, and a residual of 1 that neither can reach.
ONE = GatedLeastSquares([[1.0], [0.0]], [0.6, 1.0], [1.0], [0.2])
# The blocks turn each other's directions: which one steps first matters.
TURNED = GatedLeastSquares(
    [[-1.0, -3.0], [1.0, -3.0], [0.0, 0.0]], [-3.0, 3.0, 1.0], [-1.0, 2.0], [0.5, 0.5]
)

CLAIMS: tuple[AbstractClaim, ...] = (
    Claim("gates-descend", GatesDescend(), TALL, horizons=(16, 256), oracle=Gated),
    Claim("gates-descend-tight", GatesDescend(), ONE, horizons=(1,), oracle=Gated),
    Claim("gates-descend-turned", GatesDescend(), TURNED, horizons=(1, 4), oracle=Gated),
    Claim("gates-converge", GatesConverge(), TALL, horizons=(16, 256), oracle=Gated),
    Claim("gates-converge-tight", GatesConverge(), ONE, horizons=(1, 16), oracle=Gated),
)
