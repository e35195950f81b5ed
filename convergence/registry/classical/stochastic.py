"""Noise that stays: laws of SGD and momentum on quadratics, by exact moments where they are
affine."""

from __future__ import annotations

import numpy as np

from convergence.claims.base import Claim
from convergence.claims.exact import Exact
from convergence.noise.gaussian import Gaussian
from convergence.oracles.finite_workers import Workers
from convergence.problems.huber import Huber
from convergence.problems.max_abs import MaxAbs
from convergence.problems.quadratic import Isotropic
from convergence.problems.workers import consistent_rows, tight_frame, unit_workers
from convergence.statistics import Verdict
from convergence.theorems.classical import finite_sums as sums
from convergence.theorems.classical import last_iterates as last
from convergence.theorems.classical import stochastic_laws as laws

BOWL, NOISE = Isotropic(np.array([2.0, -1.0]), 2.0), Gaussian(1.5)
FRAME = tight_frame()
SLIGHT = Gaussian(0.3)


def corner(T: int) -> MaxAbs:
    """T + 1 entries of one size."""
    return MaxAbs.corner(T + 1, (T + 1) ** -0.5, 33)


UNEVEN = consistent_rows([[1.0, 0.0], [0.5, 0.8], [-0.5, 0.8]], [1.0, 2.0])
THREE = unit_workers([[1.0, 0.0], [-2.0, 1.0], [1.0, 2.0]], np.array([3.0, -3.0]))

CLAIMS = (
    Exact("heavy-ball-steady", laws.HeavyBallSteady(), BOWL, NOISE, horizons=(1,)),
    Exact("heavy-ball-steady-optax", laws.HeavyBallSteady(code="optax"), BOWL, NOISE,
          horizons=(1,)),
    Exact("nesterov-steady", laws.NesterovSteady(), BOWL, NOISE, horizons=(1,)),
    Exact("nesterov-steady-optax", laws.NesterovSteady(code="optax"), BOWL, NOISE, horizons=(1,)),
    Exact("heavy-ball-radius", laws.HeavyBallRadius(), BOWL, horizons=(1,)),
    Exact("heavy-ball-edge", laws.HeavyBallEdge(), BOWL, horizons=(1,)),
    Exact("nesterov-edge", laws.NesterovEdge(), BOWL, horizons=(1,)),
    Exact("sgd-strongly-convex", laws.SGDStronglyConvex(0.3), BOWL, NOISE, horizons=(1, 16)),
    Exact("averaged-sgd-law", sums.AveragedLaw(), BOWL, NOISE, horizons=(1, 16, 256)),
    Exact("last-like-average", sums.LastLikeAverage(), BOWL, NOISE, horizons=(256,),
          expect=Verdict.REFUTED, note="the last iterate keeps aσ²/(2 − a), whatever T",
          instead="averaged-sgd-law"),
    Claim("sgd-subgradient-average", last.SGDAverage(), corner, SLIGHT, horizons=(4, 32)),
    Claim("sgd-subgradient-last", last.SGDLast(), corner, SLIGHT, horizons=(4, 32)),
    Claim("momentum-averages", last.MomentumAverages(), BOWL, NOISE, horizons=(4, 64)),
    Claim("momentum-averages-tight", last.MomentumAverages(), lambda T: Huber(1 / (T + 1)),
          horizons=(4, 32), seeds=1),
    Claim("stochastic-polyak-law", sums.StochasticPolyakLaw(), FRAME, oracle=Workers,
          horizons=(1, 2), seeds=32768, margin=0.15),
    Claim("stochastic-polyak", sums.StochasticPolyakRate(1.0), UNEVEN, oracle=Workers,
          horizons=(2, 4), seeds=4096),
    Claim("stochastic-polyak-any-scale", sums.StochasticPolyakAnyScale(), FRAME, oracle=Workers,
          horizons=(4,), seeds=256, expect=Verdict.REFUTED,
          note="at c = ¼ every step reflects: no distance falls",
          instead="stochastic-polyak"),
    Claim("random-reshuffling-law", laws.Reshuffled(), THREE, oracle=Workers, horizons=(3, 6),
          seeds=8192),
    Claim("sampling-law", laws.Sampled(), THREE, oracle=Workers, horizons=(3, 6), seeds=65536),
)  # fmt: skip
