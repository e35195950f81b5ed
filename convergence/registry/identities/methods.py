"""Identities, closed forms and counts, each checked without a run."""

from __future__ import annotations

from typing import Any

from convergence.claims.identity import Identity
from convergence.statistics import Verdict
from convergence.statistics.scoring import scores, trapezoid_scores
from convergence.theorems.identities import aghajanyan2021 as dimension
from convergence.theorems.identities import albert2025 as bases
from convergence.theorems.identities import choromanski2021 as features
from convergence.theorems.identities import dahl2023 as algoperf
from convergence.theorems.identities import gu2021 as lssl
from convergence.theorems.identities import horvath2024 as maestro
from convergence.theorems.identities import li2022dp as private
from convergence.theorems.identities import liu2023noisyquant as noisyquant
from convergence.theorems.identities import meng2024 as pissa
from convergence.theorems.identities import neelakantan2015 as annealed
from convergence.theorems.identities import petersen2024 as tract
from convergence.theorems.identities import sehanobish2024 as layers
from convergence.theorems.identities import sun2024ffa as ffa
from convergence.theorems.identities import yan2024 as rscp


def false(slug: str, theorem: Any, note: str, instead: str) -> Identity:
    """A false statement, what shows it, and the claim that corrects it."""
    return Identity(slug, theorem, expect=Verdict.REFUTED, note=note, instead=instead)


CLAIMS = (
    Identity("noisyquant-error", noisyquant.NoisyError()),
    false("noisyquant-always-helps", noisyquant.NoiseAlwaysHelps(),
          "b = 1, n = ½: at 0.4 from the bin edge 0.4233 against 0.36", "noisyquant-error"),
    false("noisyquant-helps-on-average", noisyquant.NoiseHelpsOnAverage(),
          "averaged over the bin both errors are b²/3", "noisyquant-error"),
    Identity("ffa-averaged-factors", ffa.AveragedFactors()),
    false("ffa-factors-average", ffa.FactorsAverage(),
          "the mean of products is not the product of means", "ffa-averaged-factors"),
    Identity("ffa-private-noise", ffa.NoisyFactors()),
    false("ffa-noise-linear", ffa.NoiseLinear(),
          "the product of two noises has the size s⁴mkr", "ffa-private-noise"),
    Identity("tract-proposed-change", tract.ProposedChange()),
    false("tract-sgd-contrast", tract.ContrastInvariant(),
          "ten times the contrast, a hundred times the change", "tract-proposed-change"),
    Identity("ghost-norm", private.GhostNorm()),
    false("ghost-norm-squares-add", private.SquaresAdd(),
          "positions of one example add before they are squared", "ghost-norm"),
    Identity("clipping-bias", private.ClippingBias()),
    false("clipping-reaches-mean", private.ReachesTheMean(),
          "two thirds at 0, one third at 3: at the mean 1 the clipped gradients do not cancel",
          "clipping-bias"),
    Identity("private-floor", private.PrivateFloor()),
    Identity("intrinsic-dimension", dimension.Transition()),
    false("intrinsic-dimension-one-fewer", dimension.OneFewer(),
          "k = 6 equations and 5 random directions", "intrinsic-dimension"),
    Identity("intrinsic-mean-residual", dimension.MeanResidual()),
    false("intrinsic-any-matrix", dimension.AnyMatrix(),
          "A = diag(1, 3), b = e_1: ¾ instead of ½", "intrinsic-mean-residual"),
    Identity("randlora-counts", bases.RandLoRACounts()),
    false("randlora-reaches-all", bases.FullRankReachesAll(),
          "6 × 5, N = 3: rank 5, and 18 of 30 dimensions", "randlora-counts"),
    Identity("nola-count", bases.NOLACount()),
    false("nola-count-always", bases.NOLACountAlways(),
          "(m, n, r, k, l) = (1, 3, 1, 3, 2): 2 instead of 4", "nola-count"),
    Identity("lssl-convolution", lssl.Convolution()),
    false("lssl-circular", lssl.CircularConvolution(),
          "a Fourier transform without zero padding wraps around", "lssl-convolution"),
    Identity("lssl-bilinear-order", lssl.BilinearOrder()),
    false("lssl-bilinear-second-order", lssl.BilinearSecondOrder(),
          "sampled sin t: order 1", "lssl-bilinear-order"),
    Identity("random-feature-moments", features.FeatureMoments()),
    Identity("random-feature-ratio-bias", features.RatioBias()),
    false("random-feature-unbiased", features.Unbiased(),
          "a ratio of unbiased estimates is biased", "random-feature-ratio-bias"),
    Identity("layer-feature", layers.LayerFeature()),
    Identity("drawn-layer-error", layers.DrawnLayer()),
    false("drawn-layer-one-draw", layers.OneDrawServesAll(),
          "one draw: E(f_m − f)² is that of m = 1 whatever m", "drawn-layer-error"),
    Identity("pissa-first-step", pissa.FirstStep()),
    false("pissa-always-faster", pissa.AlwaysFaster(),
          "a slope along the triple r + 1: rate 0 against 0.32", "pissa-first-step"),
    Identity("annealed-noise-level", annealed.AnnealedLevel()),
    false("annealed-constant-noise", annealed.ConstantNoiseVanishes(),
          "without annealing the level stays", "annealed-noise-level"),
    Identity("rscp-coverage", rscp.RobustCoverage()),
    false("rscp-uncorrected", rscp.UncorrectedCoverage(),
          "six draws a score: coverage 0.7435 for 0.9", "rscp-coverage"),
    Identity("maestro-minimum", maestro.NestedMinimum()),
    Identity("maestro-sampled-rank", maestro.SampledRank()),
    false("maestro-any-distribution", maestro.AnyDistribution(),
          "p = δ_4 leaves the parts of rank 1, 2, 3 free", "maestro-minimum"),
    false("maestro-always-svd", maestro.AlwaysTheSVD(),
          "A = diag(3, 2, 1), covariance diag(1, 4, 25): e_3e_3ᵀ, not 3e_1e_1ᵀ",
          "maestro-minimum"),
    Identity("algoperf-score-properties", algoperf.ScoreProperties(scores, trapezoid_scores)),
    false("algoperf-zero-if-never-hit", algoperf.ZeroIfNeverHit(scores),
          "4.5 times the fastest is a hit, and scores 0", "algoperf-score-properties"),
    false("algoperf-order-of-two", algoperf.OrderOfTwo(scores),
          "A above B, until C enters the field: publish the field with a score",
          "algoperf-score-properties"),
)  # fmt: skip
