"""What a proof on messages, networks or heavy tails asks for is checked: instances and fields that
fulfil all the rest, and on which the bare statement would be false."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convergence.claims.base import AbstractOnInstance, Claim
from convergence.claims.exact import Exact
from convergence.claims.exact_masks import ExactMasks
from convergence.claims.separation import Separation
from convergence.claims.settings import Settings
from convergence.noise.agents import PerEntry
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.noise.pair import ATOMS, Pair, Points
from convergence.noise.ripple import Ripple
from convergence.noise.two_point import three_point, two_point
from convergence.oracles.bilevel import BilevelOracle
from convergence.oracles.finite_workers import Workers
from convergence.parts import graphs
from convergence.parts.compressors import Bernoulli, ScaledSign, TopK
from convergence.problems.agents import AgentQuadratics, common
from convergence.problems.bilevel import reference
from convergence.problems.nonconvex import log_cosh
from convergence.problems.quadratic import Isotropic
from convergence.problems.workers import random_workers, unit_workers
from convergence.statistics import Verdict
from convergence.theorems.compression import (
    beznosikov2020,
    fatkhullin2023,
    richtarik2021,
    stich2018,
)
from convergence.theorems.compression import gao2024econtrol as econtrol
from convergence.theorems.compression import gao2024econtrol_laws as laws
from convergence.theorems.compression import gao2024econtrol_rivals as rivals
from convergence.theorems.decentralized import (
    alghunaim2022,
    alghunaim2022_sparse,
    cao2024,
    dagreou2022,
    hong2020,
    ji2021,
    koloskova2020,
    zhu2024,
)
from convergence.theorems.heavy_tailed import hubler2025, sun2025, zhang2020
from convergence.theorems.heavy_tailed import laws as heavy

OFFSETS = np.random.default_rng(0).standard_normal((8, 2))
OFFSETS -= OFFSETS.mean(axis=0)
RING = graphs.lazy(graphs.ring(8))
CM = common(RING, [0.5, 1.0], OFFSETS, x0=1.0)
SPREAD = common(RING, [0.5, 1.0], OFFSETS, x0=np.arange(16.0).reshape(8, 2))
ALIKE = common(RING, [0.5, 1.0], np.zeros((8, 2)), x0=1.0)
UNEVEN = PerEntry(np.where(np.arange(2) == 0, 3.0, 1.0) * np.ones((8, 1)))
UNIT = PerEntry(1.0)
REF = reference(graphs.lazy(graphs.ring(4)))
APART = dataclasses.replace(REF, x0=np.arange(4.0)[:, None])
SAME = unit_workers(np.zeros((8, 2)), np.zeros(2))
FAR = unit_workers(np.zeros((8, 2)), [9.0, 9.0])
FOUR = unit_workers([[1.0], [-1.0], [0.5], [-0.5]], np.ones(1))
GENERAL = random_workers(4, 6)
THREE = Points(0.3**0.5 * ATOMS)
PAIR = Pair([1.448751, -1.378811], 0.2)
ROWS = AgentQuadratics(
    np.array([[0.5, 0.5], [0.25, 0.75]]),
    np.ones((2, 1, 1)),
    np.array([[3.0], [0.0]]),
    directed=True,
)
# Each sees one coordinate and speaks to nobody: every point with x_1 or x_2 at its own center is
# a fixed point.
STRANGERS = AgentQuadratics(
    np.eye(2), np.array([np.diag([1.0, 0.0]), np.diag([0.0, 1.0])]), np.ones((2, 2)), directed=True
)
COLUMNS = AgentQuadratics(ROWS.W.T, ROWS.H, ROWS.c, directed=True)


def c(theorem: Any, problem: Any, noise: Any = Noiseless(), T: int = 64, **more: Any) -> Claim:
    return Claim("own", theorem, problem, noise, horizons=(T,), **more)


def w(theorem: Any, problem: Any, noise: Any = Noiseless(), T: int = 64) -> Claim:
    return c(theorem, problem, noise, T, oracle=Workers)


def m(theorem: Any, problem: Any, noise: Any = Noiseless(), T: int = 10) -> ExactMasks:
    return ExactMasks("own", theorem, problem, noise, horizons=(T,), oracle=Workers)


def ex(theorem: Any, problem: Any = CM, noise: Any = UNIT, T: int = 1) -> Exact:
    return Exact("own", theorem, problem, noise, horizons=(T,))


def b(theorem: Any, problem: Any = REF, noise: Any = UNIT, T: int = 1) -> Exact:
    return Exact("own", theorem, problem, noise, horizons=(T,), oracle=BilevelOracle)


# The claim, and the assumption that fails.
OUTSIDE: dict[str, tuple[Callable[[], AbstractOnInstance], str]] = {
    "one-worker-of-three": (
        lambda: w(beznosikov2020.OneWorker(), random_workers(3, 3)), "agents"),
    "more-entries-than-there-are": (
        lambda: w(richtarik2021.EF21Surely(TopK(9)), GENERAL), "a compressor that fits"),
    "floor-from-rest": (
        lambda: w(fatkhullin2023.ThreeAtomFloor(1.0), SAME, THREE, 2000),
        "a start (0, −a) from x*"),
    "floor-long-steps": (
        lambda: w(fatkhullin2023.ThreeAtomFloor(4.0), unit_workers(np.zeros((8, 2)), [0.0, -1.0]),
                  THREE, 2), "a step γ ≤ 1"),
    "three-atoms-elsewhere": (
        lambda: w(fatkhullin2023.IdealThreeAtoms(), FAR, THREE), "R"),
    "two-atoms-few-steps": (
        lambda: w(fatkhullin2023.TwoAtomFloor(), SAME, PAIR, 64), "a step so small that b shows"),
    "two-atoms-balanced": (
        lambda: w(fatkhullin2023.TwoAtomFloor(), SAME, Pair([1.5, 1.0], 0.5), 4000),
        "a step so small that b shows"),
    "two-atoms-many-workers": (
        lambda: w(fatkhullin2023.TwoAtomFloor(6.0), unit_workers(np.zeros((4000, 2)), [0.0, 0.0]),
                  PAIR, 8), "a step so small that b shows"),
    "two-atoms-far": (
        lambda: w(fatkhullin2023.TwoAtomFloor(6.0), FAR, PAIR, 4000),
        "a step so small that b shows"),
    "three-way-elsewhere": (
        lambda: Separation("own", rivals.ThreeWay(), unit_workers(
            [[1.0, 2.0], [-1.0, -2.0]], np.zeros(2)), PAIR, horizons=(2000,), oracle=Workers),
        "the workers of the comparison"),
    "econtrol-from-the-minimizer": (
        lambda: w(econtrol.EControlStochastic(), SAME, Gaussian(1.0)), "a start above f*"),
    "bernoulli-law-unstable": (
        lambda: m(laws.BernoulliLaw("econtrol", 0.1, 0.9), FOUR, Gaussian(1.0), 1),
        "a stable step"),
    "small-step-limit-long-step": (
        lambda: m(laws.SmallStepLimit("ef21"), FOUR, Gaussian(1.0), 10), "a step small enough"),
    "small-step-limit-both": (
        lambda: m(laws.SmallStepLimit("ec"), FOUR, Gaussian(1.0), 10**6), "a step small enough"),
    "eta-at-the-limit": (
        lambda: m(laws.EtaLimit(share=1.0), FOUR, T=10**6), "a step far below |share − 1|δ"),
    "fixed-point-columns-alone": (
        lambda: ex(koloskova2020.FixedPoint("consensus"), COLUMNS), "row-stochastic W"),
    "fixed-point-of-strangers": (
        lambda: ex(koloskova2020.FixedPoint("ATC"), STRANGERS, Noiseless()), "a defined bound"),
    "mode-bias-directed": (lambda: ex(koloskova2020.ModeBias("consensus"), ROWS), "lam_min"),
    "unbiased-directed": (lambda: ex(alghunaim2022.CorrectedUnbiased("ED"), ROWS), "lam_min"),
    "variance-uneven": (
        lambda: ex(alghunaim2022.Variance("ED"), CM, UNEVEN), "isotropic_noise"),
    "stability-at-the-edge": (
        lambda: ex(alghunaim2022.Stability("ED"), CM, T=100), "a radius that float64 tells from 1"),
    "energy-from-elsewhere": (
        lambda: ex(alghunaim2022.Energy("ED", 0.3), CM, Noiseless(), 4000), "a start at x*"),
    "energy-alike-from-elsewhere": (
        lambda: ex(alghunaim2022.Energy("ED", 0.3), ALIKE, Noiseless(), 4000), "a start at x*"),
    "slow-root-on-a-ring": (
        lambda: ex(alghunaim2022_sparse.SlowRoot("ED", 0.05), CM), "the slow root leads"),
    "transient-on-a-ring": (
        lambda: ex(alghunaim2022_sparse.SparseTransient("ED"), CM), "one network eigenvalue"),
    "transient-of-dsgd-alike": (
        lambda: ex(alghunaim2022_sparse.TransientLaw("ATC"),
                   common(graphs.lazy_complete(8, 1e-3), [1.0], np.zeros((8, 1)))),
        "a gap so small that the leading term leads"),
    "flatness-uneven": (
        lambda: ex(cao2024.DiffusionExcessRisk("diffusion"), CM, UNEVEN), "known covariances"),
    "flatness-from-elsewhere": (
        lambda: ex(cao2024.DiffusionExcessRisk("diffusion", finite=True), CM), "a start at w*"),
    "flatness-alike-and-silent-from-elsewhere": (
        lambda: ex(cao2024.DiffusionExcessRisk("diffusion", finite=True), ALIKE, PerEntry(0.0)),
        "a start at w*"),
    "crossover-of-any-noise": (
        lambda: ex(cao2024.Crossover(), CM, T=20_000), "the noise of that batch"),
    "flatness-long-steps": (lambda: ex(cao2024.SmallStepGap(), CM, T=4), "a small step"),
    "dsgd-small-step-long": (
        lambda: ex(koloskova2020.DSGDSmallStep("ATC"), CM, T=8), "a small step"),
    "dsgd-shared-minimizer": (
        lambda: ex(koloskova2020.SharedMinimizer(), CM), "one minimizer for all"),
    "dsgd-rate-early": (lambda: ex(koloskova2020.DSGDRate(), CM, T=2), "stable step"),
    "dsgd-rate-without-noise": (
        lambda: ex(koloskova2020.DSGDRate(), CM, Noiseless(), 4000), "sigma > 0"),
    "sparkle-unstable": (
        lambda: b(zhu2024.SparkleUnbiased("ED", "ED", (9.0, 3.0, 3.0, 1.0))), "stable step"),
    "sparkle-other-agents": (
        lambda: b(zhu2024.SparkleUnbiased("ED", "ED", W_lower=RING)), "one number of agents"),
    "sparkle-long-steps": (
        lambda: b(zhu2024.SmallUpperStep("ED", "ED"), T=50), "a small upper step"),
    "small-upper-step-overshooting-average": (
        lambda: b(zhu2024.SmallUpperStep("ED", "ED", steps=[0.05, 0.1, 0.1, 1.95]), T=10**5),
        "a small upper step"),
    "sparkle-uncorrected-unequal": (
        lambda: b(zhu2024.SmallUpperStep("ATC", "ATC"), T=10**6), "common"),
    "d-soba-bias-alike": (
        lambda: b(zhu2024.BiasOfUncorrected(), dataclasses.replace(
            REF, **{k: np.broadcast_to(np.mean(getattr(REF, k), axis=0, keepdims=True),
                                       np.shape(getattr(REF, k))).copy() for k in "ABbCdr"}),
                  T=1000), "heterogeneous upper level"),
    "sparkle-transient-on-a-ring": (
        lambda: b(zhu2024.SparkleTransient(), T=25), "one eigenvalue 1 − 1/T"),
    "speed-up-of-unequal-agents": (lambda: b(zhu2024.SpeedUp(), T=4), "common"),
    "better-elsewhere": (
        lambda: b(zhu2024.Better(steps=(0.2, 0.4, 0.4, 1.0)), APART), "the reference agents"),
    "sparkle-rate-early": (lambda: b(zhu2024.SparkleRate(), T=1000), "stable step"),
    "soba-rate-early": (lambda: b(dagreou2022.SOBARate(), T=1000), "stable step"),
    "soba-unstable": (lambda: b(dagreou2022.SOBAUnbiased(rho=5.0)), "stable step"),
    "soba-rows-apart": (lambda: b(dagreou2022.SOBAUnbiased(), APART), "one start for all"),
    "stocbio-unstable": (lambda: b(ji2021.NeumannBias(alpha=9.0)), "stable step"),
    "ttsa-short-series": (
        lambda: c(hong2020.TTSARate(), dataclasses.replace(REF, A=REF.A * [[[40.0]], [[0.2]],
                                                                          [[40.0]], [[1.0]]]),
                  UNIT, 4000, oracle=BilevelOracle), "a Neumann series long enough"),
    "plateau-from-another-start": (
        lambda: c(heavy.ClippedPlateau(), Isotropic(5 * np.ones(2)), two_point(1.5, 1.0, 0.05)),
        "the start and the noise of the plateau"),
    "plateau-symmetric": (
        lambda: c(heavy.ClippedPlateau(), Isotropic(np.zeros(2)), three_point(1.5, 1.0, 0.05)),
        "the start and the noise of the plateau"),
    "average-law-of-noise-that-moves": (
        lambda: c(heavy.SGDAverageLaw(), Isotropic(np.ones(2)), Ripple(Gaussian(1.0))),
        "exact variance"),
    "clipped-long-steps": (
        lambda: c(zhang2020.ClippedSGDNonconvex(scale=3.0), log_cosh([6.0, 6.0])), "γL ≤ 1"),
    "normalized-from-the-minimizer": (
        lambda: c(sun2025.NSGDMomentum(), Isotropic(np.zeros(2)), Gaussian(1.0)),
        "a start above f*"),
    "a-batch-beyond-integers": (
        lambda: c(hubler2025.BatchNSGDBudget(), Isotropic(np.ones(2)), two_point(1.05, 9.0, 0.05)),
        "a batch that can be drawn"),
}  # fmt: skip


# Each compiles a recursion of its own to find its spectral radius.
LONG = ("sparkle-unstable", "soba-unstable", "stocbio-unstable", "dsgd-rate-early",
        "sparkle-rate-early", "soba-rate-early")  # fmt: skip


@pytest.mark.parametrize(
    ("build", "failed"),
    [
        pytest.param(*case, id=name, marks=[pytest.mark.standard] if name in LONG else [])
        for name, case in OUTSIDE.items()
    ],
)
def test_what_a_proof_does_not_cover_is_not_judged(build: Callable[[], Claim], failed: str):
    report = build().verify(Settings())
    assert report.verdict is Verdict.INAPPLICABLE, report.reason
    assert next(a.name for a in report.assumptions if not a.holds) == failed


INSIDE: dict[str, Callable[[], AbstractOnInstance]] = {
    "mode-bias-cta": lambda: ex(koloskova2020.ModeBias("CTA"), CM, Noiseless()),
    "unbiased-from-anywhere": lambda: ex(alghunaim2022.CorrectedUnbiased("EXTRA"), SPREAD),
    "fixed-point-of-rows": lambda: ex(koloskova2020.FixedPoint("consensus"), ROWS, Noiseless()),
    "uncorrected-but-alike": lambda: ex(koloskova2020.SharedMinimizer(), ALIKE),
    "contraction-of-sign": lambda: m(
        richtarik2021.EF21Nonconvex(Bernoulli(0.5), 1.0), FOUR, T=64),
}  # fmt: skip


def test_steps_that_the_bound_of_error_feedback_does_not_reach_decide_nothing():
    claim = w(stich2018.ErrorFeedbackSurely(ScaledSign(), 5.0), GENERAL)
    report = dataclasses.replace(claim, seeds=1).verify(Settings())
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "infinite" in report.reason


@pytest.mark.parametrize("build", INSIDE.values(), ids=INSIDE)
def test_what_a_proof_covers_is_judged(build: Callable[[], Claim]):
    report = dataclasses.replace(build(), seeds=1).verify(Settings())
    assert report.verdict is Verdict.CONSISTENT, report.reason
