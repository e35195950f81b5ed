"""Estimated gradients: few rows of a product (CE-LoRA, CRS, WTA-CRS), few blocks (IST), few bits
of curvature (Sophia)."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.claims.base import Claim
from convergence.claims.identity import Identity
from convergence.claims.separation import Separation
from convergence.noise.base import AbstractNoise, Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.noise.pair import Points
from convergence.oracles.curvature import Curvature
from convergence.oracles.finite_workers import Workers
from convergence.oracles.layer import Layer
from convergence.parts.matrix_products import CRS, WTA
from convergence.problems.base import AbstractProblem
from convergence.problems.quadratic import Isotropic, rotation
from convergence.problems.regression import Regression, power_law, three_rows
from convergence.problems.separable import RotatedSeparable, spiked
from convergence.problems.two_layer import TwoLayer, small_net, three_targets
from convergence.problems.workers import unit_workers
from convergence.statistics import Verdict
from convergence.theorems.base import AbstractTheorem
from convergence.theorems.estimators import chen2025celora as celora
from convergence.theorems.estimators import chen2025celora_adapter as adapter
from convergence.theorems.estimators import liu2023wta as wta
from convergence.theorems.estimators import liu2023wta_sgd as sampled
from convergence.theorems.estimators import liu2024sophia as sophia
from convergence.theorems.estimators import liu2024sophia_rivals as rivals
from convergence.theorems.estimators import yao2024ist as ist

REFUTED = Verdict.REFUTED

COLLINEAR = Regression(np.sqrt([[0.5], [0.25], [0.25]]), np.zeros((2, 3)), [[1.0], [-2.0]])
ORTHOGONAL = Regression(np.eye(2), [[1.0, -2.0]], np.zeros((1, 2)))
FOUR_ROWS = Regression(np.eye(4), [[1.0, -2.0, 3.0, 1.5]], np.zeros((1, 4)))
THREE = three_rows()
FAR = three_rows(5.0)
SPECTRUM = power_law()
NET, TARGETS = small_net(), three_targets()
UNIT = TwoLayer(
    np.eye(2), [[1.0, -0.5]], [[1.0], [0.5], [-0.5]], np.zeros((2, 3)), [[0, 1.0, -1.0]]
)
SPIKED = Regression(np.ones((4, 1)), [[-4.0, 5.0, 3.0, 0.0]], [[1.0]])  # from θ* = 1
TRIANGLE = Points(0.3**0.5 * np.array([[2.0, 0.0], [0.0, 1.0], [-2.0, -1.0]]))
LONE = unit_workers(np.zeros((1, 2)), np.zeros(2))

BLOCKS = Isotropic(np.ones((4, 3)))
UNEQUAL = Isotropic(np.diag([8.0, 2.0, 1.0, 0.5])[:, :3] + 0.1)
STARVED = (0.0, 0.0, 0.0, -40.0)
# A noise whose large second block goes with a positive first one: chances that followed the
# applied sample would drop just those.
SKEW = Points([[[a], [s]] for a, s in 4 * [(1.0, 2.0), (1.0, -2.0)] + [(-4.0, 2.0), (-4.0, -2.0)]])

TURN = rotation(4, 3)
KAPPA = np.geomspace(1e-3, 1.0, 4)
COSH = RotatedSeparable(TURN.T @ np.array([2.0, -1.0, 0.5, 3.0]), 1 / KAPPA, TURN, 1.0, "cosh")
LOGCOSH = RotatedSeparable(
    TURN.T @ np.array([2.0, -1.0, 0.5, 3.0]), 1 / KAPPA, TURN, 1.0, "logcosh"
)
SPIKES = spiked(24, 1e-3)
CLIPPED = RotatedSeparable([0.1705], [1.0], None, 1.0, "logcosh")  # barely, and for one step
ROTATED = RotatedSeparable(TURN.T @ np.array([2.0, -1.0, 0.5, 3.0]), KAPPA, TURN, 2.0, "square")


def layer(
    name: str,
    theorem: AbstractTheorem,
    problem: AbstractProblem,
    T: tuple[int, ...],
    noise: AbstractNoise | None = None,
    seeds: int = 1,
    **more: Any,
) -> Claim:
    """A claim on a layer whose gradient is a product of factors."""
    noise = noise or Noiseless()
    return Claim(name, theorem, problem, noise, horizons=T, seeds=seeds, oracle=Layer, **more)


def newton(
    name: str,
    theorem: AbstractTheorem,
    problem: Any,
    T: tuple[int, ...],
    **more: Any,
) -> Claim:
    """A deterministic run that asks for Hessians."""
    return Claim(name, theorem, problem, Noiseless(), horizons=T, seeds=1, oracle=Curvature, **more)


def sign_start(T: int, mu: float = 1e-3, beta: float = 1.0, scale: float = 1.0) -> RotatedSeparable:
    """½(μx² + βy²) from x_0 = 1 and y_0 = η(T)/2."""
    eta = rivals.SignFloor(scale).eta(mu, beta, 1.0, T)
    return RotatedSeparable([1.0, eta / 2], [mu, beta], None, 1.0, "square")


def condition(T: int) -> RotatedSeparable:
    """A quadratic with the condition number 10^T; unturned, so that none of it is round-off."""
    return RotatedSeparable(
        [2.0, -1.0, 0.5, 3.0], np.geomspace(10.0**-T, 1.0, 4), None, 2.0, "square"
    )


CLAIMS = (
    # CE-LoRA
    layer("celora-collinear-tight", celora.BiasedGD(1), COLLINEAR, (16, 64)),
    layer("celora-collinear-small-step", celora.BiasedGD(1, scale=0.1), COLLINEAR, (64, 256)),
    layer("celora-orthogonal", celora.BiasedGD(1), ORTHOGONAL, (16, 64)),
    layer("celora-noisy", celora.BiasedSGD(1), COLLINEAR, (32, 64), Gaussian(1.0), 16384),
    layer("celora-measured-errors", celora.MeasuredErrors(8, 2), SPECTRUM, (16, 64)),
    layer("celora-double-lora", celora.BiasedGD(1, 1), COLLINEAR, (16, 64)),
    layer("celora-split-is-exact", celora.MeasuredErrors(1, 1, scale=0.5), THREE, (16,)),
    layer("celora-top1-stalls", celora.TopOneStalls(1, scale=0.01), THREE, (64, 1024)),
    layer(
        "celora-like-lora",
        celora.LikeLoRA(1),
        THREE,
        (16, 64, 256, 1024),
        seeds=2,
        expect=REFUTED,
        note="top-1 rows converge to the Chebyshev center of three targets",
        instead="celora-top1-stalls",
    ),
    layer(
        "celora-stale-rows",
        celora.BiasedGDAnyRows(1, refresh=10**6),
        ORTHOGONAL,
        (64,),
        expect=REFUTED,
        note="the rows of step 0 for ever: the other row is never seen",
    ),
    layer(
        "celora-rotating-rows",
        celora.StaleRows(2, refresh=8, scale=0.2),
        FOUR_ROWS,
        (8, 64),
        note="two of four rows, kept for eight steps: by then others are larger",
    ),
    layer(
        "celora-weights-only-rule",
        celora.BiasedGDAnyRows(1, rule="weights"),
        ORTHOGONAL,
        (64,),
        expect=REFUTED,
        note="rows ranked by |W_i| alone never change",
    ),
    Claim(
        "celora-per-sample-contraction",
        celora.PerSampleContraction(),
        LONE,
        TRIANGLE,
        expect=REFUTED,
        horizons=(2000,),
        seeds=64,
        oracle=Workers,
        note="‖ĝ − g‖² ≤ ½‖g‖² on every sample, and yet the mean of ĝ vanishes away from 0",
    ),
    layer("celora-adapter", adapter.AdapterGD(1, 4, scale=0.1), NET, (64, 1024)),
    layer("celora-adapter-collinear", adapter.AdapterGD(1, scale=0.1), UNIT, (64, 1024)),
    layer("celora-adapter-any-rows", adapter.AdapterAnyRows(1), TARGETS, (64,), expect=REFUTED,
          note="an adapter below three rows: BA stays at the Chebyshev center"),
    # CRS and WTA-CRS
    Identity("wta-exact-moments", wta.ExactMoments()),
    Identity("wta-sufficient-condition", wta.SufficientCondition()),
    Identity(
        "wta-without-condition", wta.WithoutCondition(), expect=REFUTED,
        note="X = Y = I_8, k = 4, |C| = 3: variance 20 against 14",
        instead="wta-sufficient-condition",
    ),
    Identity(
        "wta-score-minimizes", wta.ScoreMinimizes(), expect=REFUTED,
        note="X = Y = I_3, k = 2: the score keeps |C| = 0 with variance 3, |C| = 1 has 2",
        instead="wta-exact-moments",
    ),
    Identity("wta-identity-instance", wta.IdentityInstance()),
    layer("crs-moment", sampled.SampledMoment(CRS(3)), SPIKED, (1,), seeds=32768, margin=0.15),
    layer(
        "wta-moment", sampled.SampledMoment(WTA(3, 2)), SPIKED, (1,), seeds=16384, margin=0.15
    ),
    layer("crs-three-rows", sampled.SampledSGD(CRS(1)), FAR, (16, 128), seeds=1024,
          expect=Verdict.INCONCLUSIVE,
          note="nothing certifies the tails that sampled rows give f: refutable, not confirmable"),
    layer("wta-sgd", sampled.SampledSGD(WTA(2)), FAR, (16, 128), seeds=1024,
          expect=Verdict.INCONCLUSIVE,
          note="nothing certifies the tails that sampled rows give f: refutable, not confirmable"),
    layer("crs-law", sampled.SampledLaw(CRS(3)), SPIKED, (16,), seeds=65536, margin=0.15),
    layer("wta-law", sampled.SampledLaw(WTA(3, 2)), SPIKED, (16,), seeds=262144, margin=0.15),
    # IST
    Claim("ist-uniform-tight", ist.BlockSGD(), BLOCKS, Noiseless(), horizons=(10,), seeds=4096),
    Claim("ist-uniform-noisy", ist.BlockSGD(), BLOCKS, Gaussian(1.0), horizons=(32, 64),
          seeds=2048),
    Claim("ist-law", ist.BlockLaw((0.0, 0.5, 1.0, 2.0)), BLOCKS, Gaussian(3.0), horizons=(16,),
          seeds=32768),
    Claim("ist-starved-block", ist.BlockLaw(STARVED), BLOCKS, Noiseless(), horizons=(128,),
          seeds=16384, note="a block that is never drawn keeps its gradient"),
    Claim("ist-learned-importance", ist.BlockSGD(mix=0.5, rule="learned"), BLOCKS, Noiseless(),
          horizons=(64,), seeds=1024),
    Claim("ist-gradient-importance", ist.BlockSGD((0.0, 0.0), 0.1, "gradient"),
          Isotropic([[0.5], [0.0]]), SKEW, horizons=(16384,), seeds=512,
          note="importance from a sample of its own; from the applied one the bound is false"),
    Claim("ist-ignores-importance", ist.IgnoresImportance(STARVED), BLOCKS, Noiseless(),
          expect=REFUTED, horizons=(256,), note="a saturated softmax starves a block"),
    Separation("ist-importance-helps", ist.ImportanceHelps(), UNEQUAL, Noiseless(),
               horizons=(1,), seeds=1024, expect=Verdict.INCONCLUSIVE,
               note="true; nothing certifies the tails of the blocks that are drawn"),
    # Sophia
    newton("sophia-runtime", sophia.SophiaRuntime(), SPIKES, (1,)),
    newton("sophia-runtime-separable", sophia.SophiaSeparable(), SPIKES, (1, 4, 16)),
    newton("sophia-runtime-clipped", sophia.SophiaSeparable(), CLIPPED, (4,)),
    *(
        newton(f"sophia-step-{which}-{name}", sophia.EveryStep(which=which), problem, (128,))
        for name, problem in (("cosh", COSH), ("logcosh", LOGCOSH))
        for which in ("descent", "newton", "clipped")
    ),
    newton("sophia-quadratic-law", sophia.SophiaQuadraticLaw(), ROTATED, (4, 16)),
    newton(
        "sophia-diagonal-rotated", sophia.SophiaDiagonalLaw("diagonal"), ROTATED, (16,),
        expect=REFUTED,
        note="the diagonal of a rotated Hessian brings the condition number back",
    ),
    newton("newton-logcosh-inside", rivals.NewtonInside(),
           RotatedSeparable([1.08], [1.0], None, 1.0, "logcosh"), (2, 4)),
    newton("newton-logcosh-outside", rivals.NewtonConverges(),
           RotatedSeparable([1.1], [1.0], None, 1.0, "logcosh"), (3,), expect=REFUTED,
           note="beyond 1.0887 the full Newton step overshoots"),
    newton("sign-descent-floor", rivals.SignFloor(), sign_start, (10, 100)),
    newton("sign-descent-other-step", rivals.SignFloor(0.5),
           lambda T: sign_start(T, scale=0.5), (10, 100)),
    newton("sophia-free-of-condition", sophia.SophiaQuadraticLaw(), condition, (2, 4, 8),
           note="condition numbers 10², 10⁴ and 10⁸, one law"),
)  # fmt: skip
