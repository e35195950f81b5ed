"""Descent–ascent, extragradient and optimism on quadratic games."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.claims.base import AbstractClaim, Claim
from convergence.claims.exact import Exact
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.problems.saddle import SaddleQuadratic, bilinear, conformal, random_saddle
from convergence.statistics import Verdict
from convergence.theorems.games import daskalakis2018 as optimistic
from convergence.theorems.games import korpelevich1976 as game

_RNG = np.random.default_rng(0)
# Three singular values, a saddle away from 0, and one row too many: F is 0 in a direction of x.
_A = np.array([[2.0, 0.0, 0.0], [0.0, 1.0, 0.5], [0.0, 0.0, 0.5], [0.0, 0.0, 0.0]])
TALL = bilinear(_A, _RNG.standard_normal(7), _A @ [1.0, -1.0, 0.5], _A.T @ [1.0, 2.0, 0.0, 0.0])
SQUARE = bilinear(_A[:3], _RNG.standard_normal(6), [1.0, 0.0, -1.0], [0.0, 1.0, 1.0])
ONE = bilinear([[1.0]], [1.0, -1.0])
CONFORMAL = conformal(0.5, 1.0, np.array([1.0, -2.0, 0.5, 1.0]))
GENERAL = random_saddle(2, 2, 0.5)
FLAT = random_saddle(3, 2, 0.0)


def exact(
    slug: str, theorem: Any, problem: SaddleQuadratic, *horizons: int, **fields: Any
) -> Exact:
    """A claim by exact moments."""
    return Exact(f"game-{slug}", theorem, problem, horizons=horizons, **fields)


CLAIMS: tuple[AbstractClaim, ...] = (
    exact("descent-ascent-law", game.BilinearDescentAscent(0.5), TALL, 1, 10, 40),
    exact("extragradient-law", game.BilinearExtragradient(0.7), TALL, 1, 10, 100),
    Claim("game-alternating-orbit", game.AlternatingOrbit(0.5), ONE, horizons=(64, 1024)),
    Claim("game-alternating-orbit-tall", game.AlternatingOrbit(1.5), TALL, horizons=(64, 1024)),
    Claim("game-extragradient-monotone", game.ExtragradientMonotone(0.5), FLAT, horizons=(16, 256)),
    Claim("game-extragradient-tight", game.ExtragradientMonotone(0.5), ONE, horizons=(16, 256)),
    exact("descent-ascent-strong-tight", game.DescentAscentStrong(0.5), CONFORMAL, 1, 16, 256,
          noise=Gaussian(0.3)),
    exact("descent-ascent-strong", game.DescentAscentStrong(1.5), GENERAL, 4, 64,
          noise=Gaussian(0.3)),
    exact("optimistic-radius", optimistic.OptimisticRadius(0.5), SQUARE, 1),
    exact("optimistic-radius-long-step", optimistic.OptimisticRadius(0.65), SQUARE, 1),
    exact("optimistic-threshold", optimistic.OptimisticStability(), SQUARE, 50, 98, 102),
    exact("descent-ascent-converges", game.DescentAscentConverges(), SQUARE, 1,
          noise=Noiseless(), expect=Verdict.REFUTED, note="no strong monotonicity",
          instead="game-descent-ascent-law"),
    exact("optimistic-up-to-one-over-l", optimistic.OptimisticUpToOneOverL(0.9), SQUARE, 1,
          expect=Verdict.REFUTED, note="the threshold is 1/√3",
          instead="game-optimistic-threshold"),
)  # fmt: skip
