"""Statements on subspace methods say nothing beyond their proofs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms.subspace.rso import GaussianFrame
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.noise.agents import PerEntry
from convergence.noise.base import AbstractNoise, Noiseless
from convergence.noise.diagonal import DiagonalGaussian
from convergence.noise.gaussian import Gaussian
from convergence.noise.matrix import BatchMean, CornerGaussian, CornerSign
from convergence.noise.pair import Pair
from convergence.noise.ripple import Ripple
from convergence.parts.projectors import Frozen, Haar, TopSVD
from convergence.parts.solvers import AGD, GD, ZO, Adam, MomentumGD
from convergence.problems.counterexample import Counterexample
from convergence.problems.gradient_form import GradientForm, ScalarFactors
from convergence.problems.huber import Huber
from convergence.problems.matrix_quadratic import Cosines, EntryQuadratic
from convergence.problems.quadratic import Isotropic, Quadratic
from convergence.problems.shifted import Shifted
from convergence.registry.subspace.errata import EDGE, LARGE_STEP, LIPSCHITZ
from convergence.theorems.subspace import (
    chen2025rso,
    chen2025rso_costs,
    das2024,
    he2025,
    he2025_adapter,
    wen2025,
    zhao2024,
    zmushko2025,
)
from convergence.theorems.subspace import he2025_stall as stall
from convergence.theorems.subspace import zhang2024qgalore as qgalore
from tests.conditions import Case, named

PURE, SIGN = Counterexample.pure(10, 4, 0.5), CornerSign(1.0, 4)
NORMAL, PURE8 = CornerGaussian(1.0, 4), Counterexample.pure(8, 4)
LOUD, NARROW = (
    Counterexample.pure(10, 4, 2.0),
    (Counterexample.pure(10, 2, 0.5), CornerSign(1.0, 2)),
)
LINE = Counterexample.pure(5, 4, 0.5)  # one visible row
UNEVEN = np.zeros((8, 8))
UNEVEN[:4, :4] = np.diag([0.9, 0.1, 0.1, 0.1])
TURNED = np.zeros((10, 10))
TURNED[:6, :6] = 0.3 * np.linalg.qr(np.random.default_rng(0).standard_normal((6, 6)))[0]
ROTATED = Counterexample(PURE.D, TURNED)
STRAY = PURE.X0 + 0.1 * np.eye(10, k=5)  # a gradient in the noise columns
SQUARE, SPREAD = Isotropic(np.eye(6)[:, :5]), EntryQuadratic(np.ones((6, 5)), 1 + np.eye(6)[:, :5])
FLAT = Isotropic(np.ones(2))
TURN = np.array([[1.0, 1.0], [-1.0, 1.0]]) / 2**0.5


class SkewedEntries(AbstractNoise):
    """Independent entries, 3 with chance 1/10 and −1/3 else: E ξξᵀ = I."""

    def draw(self, x: Any, key: Any) -> Any:
        return jnp.where(jax.random.bernoulli(key, 0.1, x.shape), 3.0, -1 / 3)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        sigma = float(np.prod(shape)) ** 0.5
        return Constants(sigma=sigma, isotropic_noise=True, additive=True, light_tailed=True)


BELOW, RANK, TIES = "gradient below the noise", "the corner's rank", "no ties"

# Five methods stall on the corner for the same reasons.
STALLS: dict[str, Callable[[int], Any]] = {
    "galore": lambda r: stall.Stalls(r),
    "optax": lambda r: he2025_adapter.OptaxStalls(r),
    "rso": lambda r: chen2025rso.RSOStall(r),
    "natural": lambda r: das2024.NaturalStalls(r),
    "q-galore": lambda r: qgalore.QGaLoreStalls(r),
    "frugal": lambda r: zmushko2025.ResidualConverges(r),
    "frugal-sign": lambda r: zmushko2025.SignConverges(r),
    "frugal-none": lambda r: zmushko2025.NoneStalls(r),
}
INSTANCES: dict[str, tuple[str, int, Any, Any]] = {
    "loud": (BELOW, 4, LOUD, SIGN),
    "as-loud": (BELOW, 4, Counterexample.pure(10, 4, 1.0), SIGN),
    "narrow-corner": (RANK, 4, *NARROW),
    "larger-rank": (RANK, 5, PURE, SIGN),
    "corner-that-f-sees": (RANK, 4, PURE, CornerSign(1.0, 6)),
    "normal": ("batch", 4, PURE, NORMAL),
    "batch": ("two-point noise", 4, PURE, BatchMean(SIGN, 3)),
    "even-batch": ("two-point noise", 4, PURE, BatchMean(SIGN, 2)),
    "stray-columns": ("noise_columns", 4, Counterexample(PURE.D, STRAY), SIGN),
    "spread": ("batch", 4, PURE, Gaussian(2.0)),
}


@pytest.mark.parametrize("instance", INSTANCES)
@pytest.mark.parametrize("method", STALLS)
def test_a_stall_needs_one_hidden_sign(method: str, instance: str) -> None:
    failed, r, problem, noise = INSTANCES[instance]
    assert failed in Case(failed, STALLS[method](r), problem, noise, 8).failing()
    assert not Case("", STALLS[method](4), PURE, SIGN, 8).failing()
    if r <= 4 and instance == "narrow-corner":
        assert not Case("", STALLS[method](2), problem, noise, 8).failing()


DIAGONAL = EntryQuadratic.rows([0.25, 0.5, 1.0, 2.0], 0.5 + np.eye(4)[:, :3])
CASES = [
    # GaLore's partial stalls
    Case("odd batch", stall.StallsOddBatch(tau=5), PURE, BatchMean(SIGN, 2)),
    Case("batch", stall.StallsOddBatch(tau=5), PURE, BatchMean(NORMAL, 3)),
    Case(RANK, stall.StallsOddBatch(tau=5), NARROW[0], BatchMean(NARROW[1], 3)),
    Case(TIES, stall.StallsOddBatch(tau=5), Counterexample.pure(lam=1.0), BatchMean(SIGN, 3)),
    Case("even batch", stall.EvenBatchConverges(tau=5), PURE, BatchMean(SIGN, 3)),
    Case("batch", stall.EvenBatchConverges(tau=5), PURE, BatchMean(NORMAL, 2)),
    Case(TIES, stall.EvenBatchConverges(tau=5), PURE, BatchMean(SIGN, 4)),
    Case("full rank", stall.EvenBatchConverges(tau=5),
         Counterexample(PURE.D, np.diag([0.5] * 5 + [0.0] * 5)), BatchMean(SIGN, 2)),
    Case("horizon", stall.EvenBatchLaw(tau=5), LINE, BatchMean(SIGN, 2), 12),
    Case("visible", stall.EvenBatchLaw(tau=5), PURE, BatchMean(SIGN, 2)),
    Case(BELOW, stall.EvenBatchLaw(tau=5), Counterexample.pure(5, 4, 1.5), BatchMean(SIGN, 2)),
    Case(RANK, stall.Plateau(tau=5), *NARROW),
    Case("two-point noise", stall.Plateau(tau=5), PURE, BatchMean(SIGN, 3)),
    Case(TIES, stall.Plateau(tau=5, eta=0.5), Counterexample.pure(lam=32.0), SIGN),
    Case("one value", stall.GaussianLaw(tau=5), Counterexample(np.zeros((4, 4)), UNEVEN),
         NORMAL),
    Case("one value", stall.GaussianLaw(3, 5), PURE8, NORMAL),
    Case(RANK, stall.GaussianLaw(5, 5), PURE8, NORMAL),
    Case("gaussian", stall.GaussianLaw(tau=5), PURE8, SIGN),
    Case("isotropic noise", stall.ConvergesAtRate(tau=5), PURE, SIGN),
    Case("isotropic noise", stall.ConvergesAtRate(), SQUARE, PerEntry(1 + np.eye(6)[:, :5])),
    Case("normal noise", stall.ConvergesAtRate(), SQUARE, SkewedEntries()),
    Case("a start above the noise", zmushko2025.RandomSplitRate(), Isotropic(0.01 * np.ones(8)),
         Gaussian(1.0)),
    Case("a start above the noise", stall.ConvergesAtRate(), Isotropic(0.01 * np.ones((6, 5))),
         Gaussian(1.0)),
    # GoLore
    Case("rank", he2025.GaLoreDeterministic(7), SQUARE),
    Case("m", he2025.GoLoreSGD(), Isotropic(np.ones(6)), Gaussian(1.0)),
    Case("a start above f*", he2025.GoLoreSGD(), Isotropic(np.zeros((6, 5))), Gaussian(1.0)),
    Case("isotropic", he2025.GoLoreIsotropicLaw(), SPREAD, Gaussian(1.0)),
    Case("exact variance", he2025.GoLoreIsotropicLaw(), SQUARE, Ripple(Gaussian(1.0))),
    Case("by_rows", he2025.GoLoreRowLaw(), SPREAD, Gaussian(1.0)),
    Case("isotropic noise", he2025.GoLoreRowLaw(), DIAGONAL, PerEntry(1 + np.eye(4)[:, :3])),
    Case("short step", he2025.GoLoreRowLaw(eta=1.1), DIAGONAL, Gaussian(1.0)),
    Case("additive", he2025.GoLoreLazy(), SQUARE, Ripple(Gaussian(1.0))),
    Case("corner_rank", he2025.GoLoreCounterexampleLaw(), PURE, Gaussian(1.0)),
    Case(RANK, he2025.GoLoreCounterexampleLaw(), PURE, CornerSign(1.0, 5)),
    Case("isotropic", he2025.GoLoreMSGDLaw(), SPREAD, Gaussian(1.0)),
    # RSO
    Case("exact subproblems", chen2025rso.RSOExact(2), DIAGONAL),
    Case("exact subproblems", chen2025rso.RSOExact(2, iterations=2), SPREAD),
    Case("rank", chen2025rso.RSOInexact(7), SQUARE),
    Case("a solver that contracts", chen2025rso.RSOSteps(inner=MomentumGD(2, scale=0.5)), SQUARE),
    Case("frames of all rows", chen2025rso_costs.RSOAdamFloor(2), SQUARE),
    Case("a solver that contracts", chen2025rso.RSOSteps(inner=AGD(4)), SQUARE, Gaussian(1.0)),
    Case("a solver that contracts", chen2025rso.RSOSteps(inner=ZO(4)), Cosines(np.ones((6, 5)))),
    Case("additive", chen2025rso.RSOSteps(), SQUARE, Ripple(Gaussian(1.0))),
    Case("exact gradients", chen2025rso.RSOInexact(), SQUARE, Gaussian(1.0)),
    Case("quadratic", chen2025rso_costs.RSOBudgetZO(), Cosines(np.ones((6, 5)))),
    # Natural GaLore, Q-GaLore, FRUGAL, GWT
    Case("Fisher matrix", das2024.CramerRao(), Quadratic([2.0, -2.0], [1.5, 0.5], TURN),
         DiagonalGaussian([0.5, 0.5])),
    Case("Fisher matrix", das2024.CramerRao(), Quadratic(np.ones(2), [0.5, 0.7]),
         DiagonalGaussian([0.5, 0.5])),
    Case("Fisher matrix", das2024.CramerRao(), Quadratic(np.ones(2), [0.5, 0.0]),
         DiagonalGaussian([0.5, 0.0])),
    Case("covariance", das2024.CramerRao(), Quadratic(np.ones(2), np.ones(2)), Gaussian(2**0.5)),
    Case("quadratic", das2024.CramerRao(), Cosines(np.zeros((1, 2))),
         DiagonalGaussian(np.ones((1, 2)))),
    Case("rows of two levels", qgalore.QGaLoreStalls(), ROTATED,
         SIGN),
    Case("minimizer at 0", qgalore.RoundingUnbiased(), Shifted(np.ones(3), 5.0)),
    Case("x_0 ≠ 0", qgalore.RoundingUnbiased(), Shifted(np.zeros(3))),
    Case("isotropic", qgalore.RoundingUnbiased(), Quadratic(np.ones(2), [1.0, 2.0])),
    Case("inside the cell", qgalore.NearestStagnates(scale=0.5), Shifted(np.full(3, 0.9))),
    Case("inside the cell", qgalore.NearestStagnates(scale=0.01), Shifted([0.95])),
    # Nearer to 0 than a cell's rounding, and no multiple of h.
    Case("inside the cell", qgalore.NearestStagnates(scale=0.5), Isotropic(np.full(3, 1e-12))),
    Case("a diagonal gradient", zmushko2025.SignConverges(), ROTATED, SIGN),
    Case("before the kink", zmushko2025.SignConverges(alpha=0.1), PURE, SIGN),
    Case("resolved gradient", zmushko2025.ResidualConverges(alpha=0.5), PURE, SIGN, 40),
    Case("isotropic noise", zmushko2025.FixedSplit(), FLAT, Pair(np.ones(2))),
    Case("isotropic noise", zmushko2025.FixedSplitRounded(), FLAT, PerEntry([1.0, 3.0])),
    Case("shape", zmushko2025.SGDMBase(), Isotropic(np.ones((2, 2, 2))), Gaussian(1.0)),
    Case("columns", wen2025.GWTSGDMBound(level=2), Isotropic(np.ones((3, 6))), Gaussian(1.0)),
    Case("isotropic noise", wen2025.GWTSGDMBound(), FLAT, PerEntry([1.0, 3.0])),
    Case("antisymmetric pairs", wen2025.AdamDiverges(), Isotropic(np.array([1.0, -1.1]))),
    Case("antisymmetric pairs", wen2025.AdamDiverges(), Isotropic(np.ones(3))),
    Case("minimizer at 0", wen2025.AdamDiverges(), Shifted([1.0, -1.0], 3.0)),
    Case("before it overflows", wen2025.AdamDiverges(), Isotropic(np.array([1.0, -1.0])), T=80),
    Case("that start", wen2025.AdamRecovers(), Isotropic(np.array([1.0, -1.0]))),
    # GaLore's own theory
    Case("L_B", zhao2024.FixedProjectionRate(), LIPSCHITZ),
    Case("step of the path", zhao2024.FixedProjectionCorrected(0.5), ScalarFactors(
        1.1, [0.0, 1.0], [0.0, 1.0], [0.0, 1.0], 1.0, 0.5, 10), T=10),
    Case("resolved bound", zhao2024.FixedProjectionCorrected(1.0), EDGE, T=4000),
    Case("resolved bound", zhao2024.FixedProjectionCorrected(30.0), EDGE, T=4000),
    Case("a diagonal gradient", zmushko2025.SignConverges(), Isotropic(np.ones((3, 5)))),
    Case("resolved gradient", zhao2024.LowRankCorrected(0.5), LARGE_STEP, T=2000),
    Case("resolved gradient", zhao2024.LowRankCorrected(20.0), LARGE_STEP, T=6),
    Case("step condition", zhao2024.LowRankWithConditions(1.0), GradientForm(
        np.eye(2)[None], np.eye(2)[None], np.eye(2)[None], np.zeros((2, 2))), T=1),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=named(CASES))
def test_an_instance_beyond_the_proof_is_not_judged(case: Case) -> None:
    assert case.failed in case.failing()


REFUSED: list[Callable[[], Any]] = [
    lambda: stall.Stalls(0),
    lambda: stall.Stalls(eta=-0.1),
    lambda: stall.Plateau(eta=2.0),
    lambda: stall.GaussianLaw(tau=0),
    lambda: he2025.GoLoreSGD(projector=TopSVD()),
    lambda: he2025.GoLoreSGD(projector=Frozen(np.eye(6)[:, :2])),
    lambda: he2025.GoLoreIsotropicLaw(projector=GaussianFrame()),
    lambda: he2025.GoLoreSGD(scale=2.0),
    lambda: he2025.GoLoreRowLaw(projector=TopSVD()),
    lambda: he2025.GoLoreMSGDLaw(beta1=0.0),
    lambda: he2025.GoLoreLazy(tau=0),
    lambda: chen2025rso.RSOInexact(frame=GaussianFrame()),
    lambda: chen2025rso.RSOSteps(frame=TopSVD()),
    lambda: chen2025rso.RSOStall(frame=Haar()),
    lambda: chen2025rso.RSOLaw(5, GaussianFrame(), 5),
    lambda: chen2025rso.RSOSteps(inner=MomentumGD(4)),  # a step of 1, where ½ is the longest
    lambda: chen2025rso.RSOSteps(inner=MomentumGD(4, beta1=0.1, scale=0.5)),
    lambda: chen2025rso_costs.RSOBudgetMSGD(inner=MomentumGD(4)),
    lambda: chen2025rso_costs.RSOAdamFloor(inner=Adam(4, b1=0.9, b2=0.8)),
    lambda: chen2025rso.RSOSteps(inner=GD(0)),
    lambda: chen2025rso.RSOSteps(inner=GD(4, scale=1.5)),
    lambda: chen2025rso.RSOSteps(inner=GD(4, eps=0.1)),
    lambda: chen2025rso.RSOInexact(eps=0.0),
    lambda: chen2025rso_costs.RSOBudget(inner=GD(10**5, scale=0.5)),
    lambda: chen2025rso_costs.RSOBudgetAGD(inner=GD(10**5)),
    lambda: qgalore.StochasticRounding(rounding="nearest"),
    lambda: qgalore.StochasticRounding(scale=2.5),
    lambda: qgalore.RoundingUnbiased(h=0.0),
    lambda: zmushko2025.FixedSplit(beta=1.0),
    lambda: zmushko2025.FixedSplitRounded(scale=2.0),
    lambda: zmushko2025.RandomSplit(p=1.5),
    lambda: zmushko2025.RandomSplit(gap=0),
    lambda: zmushko2025.ResidualConverges(alpha=2.5),
    lambda: zmushko2025.ResidualConverges(stateful="lion"),
    lambda: wen2025.AdamRecovers(lr=1.0),
    lambda: wen2025.AdamRecovers(start=(1.0, -1.0)),
    lambda: zhao2024.FixedProjectionCorrected(-1.0),
]


@pytest.mark.parametrize("build", REFUSED)
def test_a_field_outside_the_proof_is_not_built(build: Callable[[], Any]) -> None:
    with pytest.raises(InvalidInput, match="is needed"):
        build()


@pytest.mark.parametrize("problem", [Isotropic(np.ones(3)), Huber(0.1)])
def test_a_matrix_statement_needs_a_matrix(problem: Any) -> None:
    for theorem in (he2025.GaLoreDeterministic(1), chen2025rso.RSOInexact(1)):
        assert Case("m", theorem, problem, Noiseless()).failing()
