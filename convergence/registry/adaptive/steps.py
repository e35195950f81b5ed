"""Adaptive and sign-like methods: steps, sums of gradients, cycles, and weight decay."""

from __future__ import annotations

import math

import numpy as np

from convergence.claims.base import Claim
from convergence.noise.two_point import two_point
from convergence.problems.linear import Linear
from convergence.problems.max_abs import MaxAbs
from convergence.problems.quadratic import Isotropic, Quadratic
from convergence.problems.runaway import Runaway
from convergence.problems.shifted import Shifted
from convergence.problems.valley import Valley
from convergence.statistics import Verdict
from convergence.theorems.adaptive import (
    adagrad_norm,
    cycles,
    decay,
    linear,
    sign,
    skewed,
    smooth,
    steps,
)

T2 = (4, 32)
ONE = Isotropic(np.array([0.03125]), 2.0)
ORTHOGONAL = np.array([[0.6, -0.8, 0.0], [0.8, 0.6, 0.0]])
# The gradient grows by β₂/β₁ while Adam with (.9, .95) makes a longest step of .01 × 1.165.
STEEP = Runaway(math.log(0.95 / 0.9) / (0.01 * 0.1 / math.sqrt(0.05 * (1 - 0.81 / 0.95))))
# f = x/4 from samples 4 (¼) and −1 (¾).
SKEWED = two_point(2.0, math.sqrt(75.0) / 4, 0.25, along=[1.0])
# ∇F = x − X, X = 9 (.1) or −1 (.9), of mean 0. The start is an odd multiple of 1/16 from −1.
RARE, BOWL = two_point(2.0, 3.0, 0.1, along=[-1.0]), Shifted(np.array([0.0625]))
FLAT = Quadratic(np.array([0.0, 2.0]), np.array([1.0, 0.0]))
OUTWARD = Shifted(np.array([8.0, -6.0]), np.array([100.0, -100.0]))
BESIDE = Shifted(np.array([2.0001]), np.array([2.0]))
VALLEY = Valley(np.array([1 + 2.0**-8, 1 - 2.0**-8]))


def walk_to_zero(T: int) -> Isotropic:
    """T steps of sign descent from the minimizer."""
    return Isotropic(np.full(3, float(T)))


CLAIMS = (
    Claim("adagrad-smooth", smooth.AdaGradSmooth(), ONE, horizons=T2, seeds=1),
    Claim("adagrad-norm-smooth", adagrad_norm.AdaGradNormSmooth(b=0.75),
          Isotropic(np.array([0.4375**0.5])), horizons=T2, seeds=1),
    Claim("adagrad-norm-any-start", adagrad_norm.AdaGradNormSmooth(), Isotropic(np.array([0.01])),
          horizons=(60,), seeds=1),
    Claim("adagrad-norm-regret", adagrad_norm.AdaGradNormRegret(), MaxAbs([1.0]), horizons=(1,),
          seeds=1),
    Claim("adagrad-norm-regret-corner", adagrad_norm.AdaGradNormRegret(0.5),
          MaxAbs.corner(4), horizons=(16,), seeds=1),
    Claim("sign-descent-smooth", smooth.SignDescentSmooth(), walk_to_zero, horizons=T2, seeds=1),
    Claim("spectral-descent-smooth", smooth.SpectralDescentSmooth(),
          lambda T: Isotropic(T * ORTHOGONAL), horizons=T2, seeds=1),
    Claim("adam-longest-step", steps.AdamStep(), STEEP, horizons=(400,), seeds=1),
    Claim("adam-longest-step-as-printed", steps.AdamStepAsPrinted(), STEEP,
          expect=Verdict.REFUTED, horizons=(400,), seeds=1, instead="adam-longest-step",
          note="gradients that grow by β₂/β₁ a step"),
    Claim("rprop-linear-optax", linear.RpropLinear(), Linear([2.0, -0.5, 0.125]),
          expect=Verdict.REFUTED, horizons=(1, 5), seeds=1,
          note="optax.rprop makes the step of the gradient before, and none at first"),
    Claim("adam-two-cycle", cycles.AdamCycle(), ONE, horizons=T2, seeds=1),
    Claim("sign-two-cycle", cycles.SignCycle(), ONE, horizons=T2, seeds=1),
    Claim("lars-factor", cycles.LARSFactor(), Isotropic(np.array([3.0, 4.0]), 2.0), horizons=T2,
          seeds=1),
    Claim("fromage-factor", cycles.FromageFactor(), Isotropic(np.array([3.0, 4.0]), 2.0),
          horizons=T2, seeds=1),
    Claim("lookahead-factor", cycles.LookaheadFactor(), Isotropic(np.array([3.0, 4.0]), 2.0),
          horizons=(5, 20), seeds=1),
    Claim("sam-cycle", cycles.SAMCycle(), Isotropic(np.array([3.0, 4.0]), 2.0), horizons=T2,
          seeds=1),
    Claim("adamw-decay-alone", decay.DecayAlone(), FLAT, horizons=T2, seeds=1),
    Claim("sgd-coupled-decay", decay.CoupledDecay(), OUTWARD, horizons=T2, seeds=1),
    Claim("adamw-box", decay.AdamWBox(), OUTWARD, horizons=T2, seeds=1),
    Claim("lion-box", decay.LionBox(), OUTWARD, horizons=T2, seeds=1),
    Claim("sign-decay-rest", decay.SignDecayRest(), BESIDE, horizons=(1, 32), seeds=1),
    Claim("sign-descent-skewed", sign.SignOfSkewed(), Linear([0.25]), SKEWED, horizons=(32,),
          seeds=32768),
    Claim("sign-descent-descends", sign.SignDescends(), Linear([0.25]), SKEWED,
          expect=Verdict.REFUTED, horizons=(8,), seeds=2048, instead="sign-descent-skewed",
          note="the sign of a sample is that of its median"),
    Claim("sign-seeks-median", skewed.SignSeeksMedian(), BOWL, RARE, horizons=(12, 65),
          seeds=4096),
    Claim("adam-towards-median", skewed.AdamTowardsMedian(), BOWL, RARE, horizons=(4, 10),
          seeds=16384, margin=0.2),
    Claim("adam-towards-median-momentum", skewed.AdamTowardsMedian(b1=0.9, b2=0.999), BOWL, RARE,
          horizons=(4,), seeds=16384, margin=0.2),
    Claim("sign-descent-valley", sign.SignInAValley(), VALLEY, horizons=(4, 1024), seeds=1),
    Claim("sign-descent-valley-descends", sign.SignValleyDescends(), VALLEY,
          expect=Verdict.REFUTED, horizons=(1024,), seeds=1, instead="sign-descent-valley"),
)  # fmt: skip
