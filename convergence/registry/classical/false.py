"""Statements on textbook methods that are false, each on an instance that shows it."""

from __future__ import annotations

import numpy as np

from convergence.claims.base import Claim
from convergence.noise.two_point import two_point
from convergence.problems.huber import Huber
from convergence.problems.piecewise import PiecewiseQuadratic
from convergence.problems.polygon import Polygon
from convergence.problems.quadratic import Quadratic
from convergence.statistics import Verdict
from convergence.theorems.classical.kingma2015 import AdamRegret
from convergence.theorems.classical.lessard2016 import PolyakQuadratic, PolyakStronglyConvex

LADDER = (64, 256, 1024, 4096)
SPREAD = Quadratic(np.array([1.0, -2.0, 0.5]), np.array([25.0, 5.0, 1.0]))
# φ' = 25x, x + 24, 25x − 24: from 3.3 the heavy ball is drawn into a cycle of three points.
LESSARD = PiecewiseQuadratic([3.3], [1.0, 2.0], [25.0, 1.0, 25.0])
# Polyak's rule at μ/L = 1/400, from a start a tenth away from any that goes to 0.
TRIANGLE = Polygon.cycle(4 / 1.05**2, (0.95 / 1.05) ** 2, 3, L=1.0, mu=0.0025, x0=(0.9, -4.0))
# X = 9 with chance 1/10, −1 otherwise, has mean 0 and median −1; ∇F = x − X near 0.
SKEWED = two_point(2.0, 3.0, 0.1, along=[-1.0])

CLAIMS = (
    Claim("polyak-quadratic", PolyakQuadratic(), SPREAD, horizons=(1, 8, 32), seeds=1),
    Claim(
        "polyak-strongly-convex", PolyakStronglyConvex(), LESSARD, expect=Verdict.REFUTED,
        horizons=LADDER, seeds=1, instead="polyak-quadratic", note="a cycle of three points",
    ),
    Claim(
        "polyak-strongly-convex-plane", PolyakStronglyConvex(), TRIANGLE, expect=Verdict.REFUTED,
        horizons=(256, 1024, 4096, 16384), seeds=1, instead="polyak-quadratic",
        note="round a triangle",
    ),
    Claim(
        "adam-regret", AdamRegret(), Huber(20.0), SKEWED, expect=Verdict.REFUTED,
        horizons=LADDER, seeds=1024,
        note="Adam goes for the median of the gradients, not for their mean",
    ),
)  # fmt: skip
