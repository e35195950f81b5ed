"""Sign descent with error feedback, where sign descent fails."""

from __future__ import annotations

import math

import numpy as np

from convergence.claims.base import AbstractClaim, Claim
from convergence.noise.two_point import two_point
from convergence.oracles.finite_workers import Workers
from convergence.problems.linear import Linear
from convergence.problems.max_abs import MaxAbs
from convergence.problems.valley import Valley
from convergence.problems.workers import consistent_rows
from convergence.statistics import Verdict
from convergence.theorems.adaptive import feedback

SKEWED = two_point(2.0, math.sqrt(75.0) / 4, 0.25, along=[1.0])  # 4 (¼) and −1 (¾), less ¼
VALLEY = Valley(np.array([1 + 2.0**-8, 1 - 2.0**-8]))
ROWS = consistent_rows([[1.5, -0.5], [-0.5, 1.5]], [1 + 2.0**-8, 1 - 2.0**-8])

CLAIMS: tuple[AbstractClaim, ...] = (
    Claim("sign-feedback-skewed", feedback.FeedbackOfSkewed(), Linear([0.25]), SKEWED,
          horizons=(128,), seeds=8192, margin=0.2),
    Claim("sign-feedback-tight", feedback.FeedbackConvex(), MaxAbs([1.0]), horizons=(1,), seeds=1),
    Claim("sign-feedback-valley", feedback.FeedbackConvex(), VALLEY, horizons=(64, 1024), seeds=1),
    Claim("sign-convex", feedback.SignConvex(), VALLEY, horizons=(1024,), seeds=1,
          expect=Verdict.REFUTED, instead="sign-feedback-valley",
          note="the smoother direction is never taken"),
    Claim("sign-feedback-interpolation", feedback.FeedbackInterpolation(), ROWS,
          oracle=Workers, horizons=(64,), seeds=16384),
    Claim("sign-interpolation", feedback.SignInterpolation(), ROWS, oracle=Workers,
          horizons=(1024,), seeds=64, expect=Verdict.REFUTED,
          instead="sign-feedback-interpolation", note="two rows whose signs are opposite"),
)  # fmt: skip
