"""GaLore and GoLore: the counterexample end to end, the theorems, and the errata."""

from __future__ import annotations

from typing import Any

import numpy as np
import optax

from convergence.claims.base import Claim
from convergence.claims.exact_masks import ExactMasks
from convergence.noise.gaussian import Gaussian
from convergence.noise.matrix import BatchMean, CornerGaussian, CornerSign
from convergence.parts.momenta import EMA, Optax
from convergence.parts.projectors import Coordinates
from convergence.problems.counterexample import Counterexample
from convergence.problems.huber import Huber
from convergence.problems.linear import Linear
from convergence.problems.matrix_quadratic import EntryQuadratic
from convergence.problems.quadratic import Isotropic
from convergence.statistics import Verdict
from convergence.theorems.classical.drori2014 import GradientDescentConvex
from convergence.theorems.classical.ghadimi2013 import SGDAnyStep, SGDNonconvex
from convergence.theorems.classical.kingma2015 import AdamLinear
from convergence.theorems.subspace import he2025, he2025_adapter, he2025_stall

PURE = Counterexample.pure(n=10, r=4, lam=0.5)
SIGN = CornerSign(1.0, 4)
SQUARE = Isotropic(np.eye(6)[:, :5])  # (1/2)‖X‖² on 6 × 5 matrices
EYE = Isotropic(np.eye(6))
ROWS = EntryQuadratic.rows([0.25, 0.5, 1.0, 2.0], 0.5 + np.eye(4)[:, :3])
# As much total variance as the corner noise has, spread over all entries.
SPREAD = Gaussian(2.0)


ONE: dict[str, Any] = {"seeds": 1}  # a deterministic run

STALLS = (
    Claim(
        "galore-stalls",
        he2025_stall.Stalls(),
        PURE,
        SIGN,
        horizons=(100, 2000),
        seeds=16,
        chunk=16,
    ),
    Claim(
        "galore-stalls-msgd",
        he2025_stall.Stalls(inner=EMA(0.1)),
        PURE,
        SIGN,
        horizons=(100, 2000),
        seeds=16,
        chunk=16,
    ),
    Claim(
        "galore-stalls-adam",
        he2025_stall.Stalls(inner=Optax(optax.scale_by_adam), eta=0.01),
        PURE,
        SIGN,
        horizons=(100, 2000),
        seeds=16,
        chunk=16,
    ),
    Claim(
        "galore-stalls-odd-batch",
        he2025_stall.StallsOddBatch(tau=5, eta=0.05),
        Counterexample.published(),
        BatchMean(SIGN, 3),
        horizons=(500, 5000),
        seeds=16,
        chunk=16,
    ),
    Claim(
        "galore-even-batch-converges",
        he2025_stall.EvenBatchConverges(tau=5, eta=0.5),
        PURE,
        BatchMean(SIGN, 2),
        horizons=(20, 40),
        seeds=8192,
    ),
    Claim(
        "galore-figure1-plateau",
        he2025_stall.Plateau(eta=3e-5),
        Counterexample.published(),
        SIGN,
        horizons=(20_000, 100_000),
        seeds=4,
        chunk=4,
        more={"standard": (20_000, 200_000), "full": (20_000, 200_000)},
        note="the published curve: n = 10, r = 4, τ = 100, step 3e-5; plateau near −20.78",
    ),
    Claim(
        "galore-gaussian-noise-slow",
        he2025_stall.GaussianLaw(tau=5, eta=0.1),
        Counterexample.pure(n=8, r=4, lam=0.5),
        CornerGaussian(1.0, 4),
        horizons=(50, 100),
        more={"standard": (50, 200, 800), "full": (50, 200, 800, 3200)},
        seeds=49152,
        margin=0.1,
    ),
    Claim(
        "galore-isotropic-converges",
        he2025_stall.ConvergesAtRate(tau=10),
        PURE,
        SPREAD,
        horizons=(64, 256, 1024, 4096),
        chunk=64,
    ),
    Claim(
        "galore-converges",
        he2025_stall.ConvergesInAnyNoise(tau=10),
        PURE,
        SIGN,
        expect=Verdict.REFUTED,
        horizons=(64, 256, 1024, 4096),
        seeds=64,
        chunk=16,
        instead="golore-sgd",
        note="false: the same sentence as galore-isotropic-converges, on the counterexample",
    ),
    Claim(
        "optax-galore-stalls",
        he2025_adapter.OptaxStalls(),
        PURE,
        SIGN,
        horizons=(100, 2000),
        seeds=16,
        chunk=16,
        note="optax.contrib.galore as shipped, with Adam inside",
    ),
)

CONVERGES = (
    Claim("galore-deterministic", he2025.GaLoreDeterministic(), EYE, horizons=(3, 12, 48), **ONE),
    Claim(
        "galore-large-batch",
        he2025.GaLoreLargeBatch(),
        SQUARE,
        Gaussian(1.0),
        horizons=(4, 16, 64),
    ),
    Claim(
        "golore-counterexample-law",
        he2025.GoLoreCounterexampleLaw(r=4),
        PURE,
        SIGN,
        horizons=(5, 20, 80),
        seeds=16384,
    ),
    ExactMasks(
        "golore-row-law",
        he2025.GoLoreRowLaw(),
        ROWS,
        Gaussian(1.0),
        horizons=(4, 12),
        how="both",
        seeds=49152,
        chunk=4096,
        note="closed form, moments of the code by E Π ⊗ Π, and simulation agree",
    ),
    ExactMasks(
        "golore-row-law-coordinates",
        he2025.GoLoreRowLaw(projector=Coordinates()),
        ROWS,
        Gaussian(1.0),
        horizons=(4, 12, 1000),
        note="the same E Π, another E Π ⊗ Π",
    ),
    ExactMasks(
        "golore-row-law-coordinates-drawn",
        he2025.GoLoreRowLaw(projector=Coordinates()),
        ROWS,
        Gaussian(1.0),
        horizons=(4, 12),
        how="both",
        seeds=65536,
        chunk=4096,
        note="also what the projector draws, not its list of outcomes alone",
    ),
    Claim(
        "golore-sgd",
        he2025.GoLoreSGD(),
        SQUARE,
        Gaussian(1.0),
        horizons=(16, 64, 256),
        seeds=2048,
    ),
    Claim(
        "golore-sgd-law",
        he2025.GoLoreIsotropicLaw(),
        SQUARE,
        Gaussian(1.0),
        seeds=1024,
    ),
    Claim(
        "golore-msgd-law",
        he2025.GoLoreMSGDLaw(beta1=0.3),
        Isotropic(np.eye(4)),
        Gaussian(1.0),
        horizons=(4, 16, 64),
        seeds=16384,
    ),
    Claim("golore-lazy", he2025.GoLoreLazy(), SQUARE, Gaussian(1.0), horizons=(64, 256)),
    Claim(
        "golore-msgd",
        he2025.GoLoreMSGD(),
        Isotropic(np.eye(4)),
        Gaussian(0.05),
        horizons=(4096, 16384),
        chunk=64,
    ),
    Claim(
        "sgd-ghadimi-lan",
        SGDNonconvex(),
        SQUARE,
        Gaussian(1.0),
        horizons=(16, 64, 256),
        seeds=2048,
    ),
    Claim(
        "gd-huber-tight",
        GradientDescentConvex(),
        lambda T: Huber(1 / (2 * T + 1)),
        horizons=(1, 10, 100, 1000),
        **ONE,
    ),
    Claim(
        "adam-constant-gradient",
        AdamLinear(),
        Linear([1.0, -3.0, 0.01]),
        horizons=(1, 10, 1000),
        **ONE,
    ),
    Claim(
        "sgd-step-too-large",
        SGDAnyStep(scale=2.2),
        SQUARE,
        Gaussian(1.0),
        expect=Verdict.REFUTED,
        horizons=(16, 64),
        seeds=64,
        note="η = 2.2/L",
    ),
)

CLAIMS = STALLS + CONVERGES
