"""Statements that are false, or that no data can settle, each on an instance that shows it."""

from __future__ import annotations

import numpy as np

from convergence.claims.base import Claim
from convergence.claims.identity import Identity
from convergence.noise.heavy import Pareto
from convergence.noise.ripple import Ripple
from convergence.noise.two_point import three_point, two_point
from convergence.oracles.ripple import RippleOracle
from convergence.problems.nonconvex import bowl, log_cosh, quad_cos
from convergence.registry.heavy_tailed.instances import E1, FEW, SILENT, false, walked
from convergence.statistics import Verdict
from convergence.theorems.heavy_tailed.cutkosky2020 import GradientTransport
from convergence.theorems.heavy_tailed.folklore import (
    Divergence,
    FiniteMeanSquare,
    FixedClipping,
    HeavyBallNormalized,
    NoExtrapolation,
    SigmaP,
    TwoSamples,
)
from convergence.theorems.heavy_tailed.hubler2025 import BatchNSGD
from convergence.theorems.heavy_tailed.laws import plateau
from convergence.theorems.heavy_tailed.lemmas import ClippingSharper, VonBahrEsseenOne
from convergence.theorems.heavy_tailed.shared import Certified, FasterDecay
from convergence.theorems.heavy_tailed.sun2025 import NSGDMomentum

LADDER = (64, 256, 1024, 4096)

INFINITE = Claim(
    "sgd-mean-square-infinite",
    FiniteMeanSquare(),
    bowl([1.0, 1.0]),
    Pareto.of(1.2, beta=1.3),
    expect=Verdict.INCONCLUSIVE,
    horizons=(256,),
    seeds=1024,
    note="E‖∇f(w^T)‖² = ∞: no sample size makes a mean of squares trustworthy",
)

SPIKES_P12 = false(
    "sgd-sigma-p-p12",
    SigmaP(),
    bowl([1.0, 0.0]),
    lambda T: three_point(1.2, 1.0, 1 / T, E1),
    horizons=(256, 1024),
    seeds=256,
)
SPIKES_P15 = false(
    "sgd-sigma-p-p15",
    SigmaP(),
    bowl([1.0, 0.0]),
    lambda T: three_point(1.5, 1.0, 1 / T, E1),
    horizons=(4096,),
    seeds=256,
    note="visible from T = 1000 on; for p = 1.8 not before T = 10⁶",
)

# Skewed noise whose usual value −lo e is longer than any gradient: s q/(1−q) > G = 1.
CLIMB = two_point(1.5, 1.3, 0.4, E1)
SMALL_BATCH = false(
    "nsgd-one-sample",
    FasterDecay(BatchNSGD(B=1), exponent=0.2),
    log_cosh([3.0, 0.0]),
    CLIMB,
    horizons=LADDER,
    seeds=FEW,
    note="the rate (p−1)/(3p−2) without momentum or batches: the iterate climbs",
)
SMALL_BATCH_BOUND = Claim(
    "nsgd-one-sample-bound",
    BatchNSGD(B=1),
    log_cosh([3.0, 0.0]),
    CLIMB,
    horizons=(64, 256, 1024),
    seeds=FEW,
    note="its true bound keeps 2σ, and is vacuous here",
)

SPIKY = two_point(1.5, 1.0, 0.05, E1)
REST = plateau(0.05, float(np.asarray(SPIKY.values)[0]), 1.0)
FIXED_CLIP = false(
    "clipping-fixed-threshold",
    FixedClipping(),
    log_cosh([float(np.arctanh(REST)), 0.0]),
    SPIKY,
    horizons=LADDER,
    seeds=FEW,
    note="started where the clipped noise is in balance, and it stays there",
)
FIXED_CLIP_P2 = false(
    "clipping-fixed-threshold-p20",
    FixedClipping(),
    log_cosh([float(np.arctanh(plateau(0.05, 19**0.5, 1.0))), 0.0]),
    two_point(2.0, 1.0, 0.05, E1),
    horizons=LADDER,
    seeds=FEW,
    note="finite variance does not help: the bias of a fixed level stays",
)

TWO_SAMPLES = false(
    "storm-two-samples",
    TwoSamples(),
    quad_cos([3.0, 3.0]),
    Ripple(three_point(1.8, 1.0, 0.02), 0.5),
    horizons=(3000,),
    seeds=256,
    oracle=RippleOracle,
)

NEAR = quad_cos([0.1, 0.0], c=1.0, a=0.02)
# γ = 0.005 at α = 0.02 and σ = 0, whatever the schedule would say: the bound allows any pair.
FIXED = GradientTransport(alpha=0.02)
SLOW = 0.005 / FIXED.gamma(NEAR.constants() | SILENT.constants((2,)), 4000)
LOOK_AHEAD = Claim(
    "nigt-extrapolates",
    GradientTransport(alpha=0.02, scale=SLOW),
    NEAR,
    SILENT,
    horizons=(1000,),  # its proof takes 15 s at T = 4000, and 4 s here
    more={"full": (4000,)},
    seeds=16,
    chunk=16,
)
NO_LOOK_AHEAD = false(
    "nigt-without-extrapolation",
    NoExtrapolation(alpha=0.02, scale=SLOW),
    NEAR,
    SILENT,
    horizons=(1000,),  # its proof takes 15 s at T = 4000, and 4 s here
    more={"full": (4000,)},
    seeds=16,
    chunk=16,
)


def _ramp(p: float, exponent: float) -> Claim:
    problem, noise = walked(NSGDMomentum(), p)
    return false(
        f"nsgdm-rate-of-p2-at-p{round(10 * p)}",
        FasterDecay(NSGDMomentum(), exponent=exponent),
        problem,
        noise,
        horizons=(256, 1024, 4096, 16384),
        seeds=256,
        chunk=4,
        note="the exponent 1/4 of finite variance, on the ramp; at p = 1.5 the true exponent 0.2 "
        "is as near as the margin of a rate, which no data settle",
    )


RATE_OF_P2 = _ramp(1.2, 0.25)

DIVERGENCE = false(
    "sgd-diverges",
    Divergence(),
    log_cosh([4.0, 4.0]),
    Pareto.of(1.5),
    horizons=(256, 4096),
    seeds=256,
    note="under infinite variance, but the gradient of f is bounded: SGD converges",
    instead="sgd-bounded-gradient-p15-logcosh-spikes",
)

HEAVY_BALL = false(
    "heavy-ball-after-normalizing",
    Certified(HeavyBallNormalized()),
    log_cosh([3.0, 0.0], 1.0, 0.2),
    SILENT,
    horizons=(400,),
    seeds=2,
)
AVERAGE_BEFORE = Claim(
    "average-before-normalizing",
    Certified(NSGDMomentum(alpha=0.1)),
    log_cosh([3.0, 0.0], 1.0, 0.2),
    Pareto(1.3, 0.0, 1.2),
    horizons=(400,),
    seeds=2,
)

CLAIMS = (
    INFINITE,
    SPIKES_P12,
    SPIKES_P15,
    SMALL_BATCH,
    SMALL_BATCH_BOUND,
    FIXED_CLIP,
    FIXED_CLIP_P2,
    TWO_SAMPLES,
    LOOK_AHEAD,
    NO_LOOK_AHEAD,
    RATE_OF_P2,
    DIVERGENCE,
    HEAVY_BALL,
    AVERAGE_BEFORE,
    Identity("von-bahr-esseen-constant-1", VonBahrEsseenOne(), expect=Verdict.REFUTED),
    Identity("clipping-lemma-sharper", ClippingSharper(), expect=Verdict.REFUTED),
)
