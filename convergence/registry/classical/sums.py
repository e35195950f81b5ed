"""One function of a sum a step: variance reduction and interpolation, by exact moments."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.claims.base import AbstractClaim, Claim
from convergence.claims.exact_masks import ExactMasks
from convergence.oracles.finite_workers import Workers
from convergence.problems.clients import plain_clients
from convergence.problems.workers import (
    WorkerQuadratics,
    consistent_rows,
    tight_frame,
    unit_workers,
)
from convergence.statistics import Verdict
from convergence.theorems.classical import defazio2014 as sums
from convergence.theorems.classical import gower2019 as sampled
from convergence.theorems.classical import scikit_saga as scikit
from convergence.theorems.classical import vaswani2019 as armijo

_RNG = np.random.default_rng(0)
UNEVEN = plain_clients(np.exp(_RNG.uniform(-2, 0, (3, 2))), _RNG.standard_normal((3, 2)), 2.0)
ALIKE = plain_clients([1.0, 0.3], _RNG.standard_normal((4, 2)), 2.0)
SEEN = plain_clients([1.0, 0.3], [[1.0, -0.5], [-2.0, 0.25], [1.0, 0.25]], 2.0)
FRAME = tight_frame()
APART = unit_workers([[1.0], [-1.0]], np.array([3.0]))
# The first try, of 0.8(1 + 2⁻¹⁰)/L_max, is just too long for one function and not for the other.
STEEP = WorkerQuadratics(
    np.array([2.0, -1.0]), np.array([1.0, 1 - 2.0**-9])[:, None, None] * np.eye(2), np.zeros((2, 2))
)
ROWS = consistent_rows([[1.0, 0.0], [0.5, 0.8], [-0.5, 0.8]], [1.0, 2.0])


def exact(slug: str, theorem: Any, problem: Any, *horizons: int, **more: Any) -> Any:
    """A claim of this module."""
    return ExactMasks(slug, theorem, problem, horizons=horizons, oracle=Workers, **more)


def run(slug: str, theorem: Any, problem: Any, *horizons: int, **more: Any) -> Claim:
    """A claim of this module that is judged by runs."""
    return Claim(slug, theorem, problem, horizons=horizons, oracle=Workers, **more)


CLAIMS: tuple[AbstractClaim, ...] = (
    exact("svrg-law", sums.SVRGLaw(), UNEVEN, 1, 8),
    exact("svrg-like-descent", sums.SVRGLikeDescent(), UNEVEN, 8, expect=Verdict.REFUTED,
          instead="svrg-law", note="curvatures between 0.14 and 1"),
    exact("saga-law", sums.SAGALaw(), ALIKE, 1, 16),
    exact("saga-like-descent", sums.SAGALikeDescent(), ALIKE, 16, expect=Verdict.REFUTED,
          instead="saga-law", note="four clients with minimizers of their own"),
    exact("saga-strongly-convex", sums.SAGAStronglyConvex(), UNEVEN, 1, 512),
    run("saga-scikit-law", scikit.SeenSAGALaw(), SEEN, 2, 4, seeds=65536, margin=0.15),
    exact("sgd-sampled-law", sampled.DrawnSumLaw(), UNEVEN, 1, 64),
    exact("sgd-expected-smoothness", sampled.ExpectedSmoothness(), UNEVEN, 1, 64),
    exact("sgd-interpolation-tight", sums.SGDInterpolation(), FRAME, 1, 16),
    exact("sgd-interpolation", sums.SGDInterpolation(1.2), ROWS, 1, 16),
    exact("interpolation-like-descent", sums.InterpolationLikeDescent(), FRAME, 16,
          expect=Verdict.REFUTED, instead="sgd-interpolation-tight",
          note="three directions in the plane, of which a step sees one"),
    run("armijo-interpolation", armijo.ArmijoInterpolation(0.79), FRAME, 4, seeds=65536),
    run("armijo-round", armijo.ArmijoRound(0.8 * (1 + 2.0**-10)), STEEP, 1, 16,
        seeds=16),
    run("armijo-anywhere", armijo.ArmijoAnywhere(0.5, 0.5), APART, 16, seeds=64,
        expect=Verdict.REFUTED, instead="armijo-interpolation",
        note="two functions with minimizers 1 and −1: a step ends at either"),
)  # fmt: skip
