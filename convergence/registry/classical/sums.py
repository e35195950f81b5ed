"""One function of a sum a step: variance reduction and interpolation, by exact moments."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.claims.base import AbstractClaim
from convergence.claims.exact_masks import ExactMasks
from convergence.oracles.finite_workers import Workers
from convergence.problems.clients import plain_clients
from convergence.problems.workers import consistent_rows, tight_frame
from convergence.statistics import Verdict
from convergence.theorems.classical import defazio2014 as sums

_RNG = np.random.default_rng(0)
UNEVEN = plain_clients(np.exp(_RNG.uniform(-2, 0, (3, 2))), _RNG.standard_normal((3, 2)), 2.0)
ALIKE = plain_clients([1.0, 0.3], _RNG.standard_normal((4, 2)), 2.0)
FRAME = tight_frame()
ROWS = consistent_rows([[1.0, 0.0], [0.5, 0.8], [-0.5, 0.8]], [1.0, 2.0])


def exact(slug: str, theorem: Any, problem: Any, *horizons: int, **more: Any) -> Any:
    """A claim of this module."""
    return ExactMasks(slug, theorem, problem, horizons=horizons, oracle=Workers, **more)


CLAIMS: tuple[AbstractClaim, ...] = (
    exact("svrg-law", sums.SVRGLaw(), UNEVEN, 1, 8),
    exact("svrg-like-descent", sums.SVRGLikeDescent(), UNEVEN, 8, expect=Verdict.REFUTED,
          instead="svrg-law", note="curvatures between 0.14 and 1"),
    exact("saga-law", sums.SAGALaw(), ALIKE, 1, 16),
    exact("saga-strongly-convex", sums.SAGAStronglyConvex(), UNEVEN, 1, 512),
    exact("sgd-interpolation-tight", sums.SGDInterpolation(), FRAME, 1, 16),
    exact("sgd-interpolation", sums.SGDInterpolation(1.2), ROWS, 1, 16),
    exact("interpolation-like-descent", sums.InterpolationLikeDescent(), FRAME, 16,
          expect=Verdict.REFUTED, instead="sgd-interpolation-tight",
          note="three directions in the plane, of which a step sees one"),
)  # fmt: skip
