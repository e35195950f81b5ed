"""FRUGAL: both bounds, GaLore recovered, and convergence where GaLore stalls."""

from __future__ import annotations

import numpy as np

from convergence.claims.base import Claim
from convergence.noise.gaussian import Gaussian
from convergence.noise.matrix import CornerSign
from convergence.problems.counterexample import Counterexample
from convergence.problems.quadratic import Quadratic
from convergence.statistics import Verdict
from convergence.theorems.subspace import zmushko2025 as frugal

D = 20
FLAT = Quadratic(np.ones(D), np.ones(D))
SPREAD = Quadratic(np.ones(D), np.geomspace(0.05, 1.0, D))
PURE = Counterexample.pure(n=10, r=4, lam=0.5)
SIGN = CornerSign(1.0, 4)

CLAIMS = (
    Claim(
        "frugal-fixed-split",
        frugal.FixedSplit(beta=0.7, scale=0.2),
        FLAT,
        Gaussian(2.0),
        horizons=(64, 512),
        note="small steps on (1/2)‖x‖²: slack near 1",
    ),
    Claim(
        "frugal-fixed-split-rounded",
        frugal.FixedSplitRounded(beta=0.9),
        SPREAD,
        Gaussian(2.0),
        horizons=(512,),
    ),
    Claim("sgdm-liu-gao-yin", frugal.SGDMBase(), FLAT, Gaussian(2.0), horizons=(128, 512)),
    Claim(
        "frugal-random-split",
        frugal.RandomSplit(beta=0.7, scale=0.5, p=0.3),
        FLAT,
        Gaussian(2.0),
        horizons=(128, 512),
    ),
    Claim(
        "frugal-rate",
        frugal.RandomSplitRate(beta=0.7, p=0.3),
        Quadratic(np.ones(8), np.ones(8)),
        Gaussian(2.0),
        horizons=(128, 256, 512, 2048),
        seeds=512,
    ),
    Claim(
        "frugal-step-too-large",
        frugal.FixedSplitAnyStep(beta=0.9, scale=88.0),
        FLAT,
        Gaussian(2.0),
        expect=Verdict.REFUTED,
        horizons=(64,),
        note="Lα = 2.2: the state-free half diverges",
    ),
    Claim(
        "frugal-counterexample-converges",
        frugal.ResidualConverges(),
        PURE,
        SIGN,
        horizons=(16, 128),
        seeds=64,
    ),
    Claim(
        "frugal-adam-counterexample-converges",
        frugal.ResidualConverges(stateful="adam"),
        PURE,
        SIGN,
        horizons=(16, 128),
        seeds=64,
    ),
    Claim(
        "frugal-sign-counterexample-converges",
        frugal.SignConverges(alpha=1 / 256),
        PURE,
        SIGN,
        horizons=(16, 128),
        seeds=64,
    ),
    Claim("frugal-none-is-galore", frugal.NoneStalls(), PURE, SIGN, horizons=(16, 128), seeds=64),
    Claim(
        "frugal-none-converges",
        frugal.NoneConverges(),
        PURE,
        SIGN,
        expect=Verdict.REFUTED,
        horizons=(16, 128),
        seeds=64,
    ),
)
