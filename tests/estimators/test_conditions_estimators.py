"""Statements on estimated gradients and curvatures say nothing beyond their proofs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convergence.errors import InvalidInput
from convergence.noise.agents import PerEntry
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.noise.pair import Pair
from convergence.noise.ripple import Ripple
from convergence.oracles.curvature import Curvature
from convergence.oracles.layer import Layer
from convergence.parts.matrix_products import CRS, WTA, TopPairs
from convergence.problems.quadratic import Isotropic, rotation
from convergence.problems.regression import Regression, power_law, three_rows
from convergence.problems.separable import RotatedSeparable
from convergence.problems.shifted import Shifted
from convergence.problems.two_layer import small_net
from convergence.theorems.estimators import (
    chen2025celora,
    chen2025celora_adapter,
    liu2023wta_sgd,
    liu2024sophia,
    liu2024sophia_rivals,
    yao2024ist,
)
from tests.conditions import Case, named

ROWS = Regression(np.eye(4), np.zeros((1, 4)), [[1.0, 0.9, 0.8, 0.7]])
LINE = Regression(np.sqrt([[0.5], [0.25], [0.25]]), np.zeros((2, 3)), [[1.0], [-2.0]])
SPECTRUM, FAR = power_law(), three_rows(5.0)
SPIKED = Regression(np.ones((4, 1)), [[-4.0, 5.0, 3.0, 0.0]], [[1.0]])  # from θ* = 1
EVEN = Regression(np.ones((4, 1)), [[-1.0, 3.0, 3.0, -1.0]], [[1.0]])  # |r_i| = 2 for all i
HIT = Regression(np.ones((3, 1)), [[0.0, 1.0, 2.0]], [[1.0]])  # r_2 = 0
BLOCKS = Isotropic(np.ones((4, 2)))
UPPER = PerEntry([[2.0, 2.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
TURN, X0 = rotation(2, 3), np.array([0.6, 0.6])


def layer(failed: str, theorem: Any, problem: Any, noise: Any = Noiseless(), T: int = 20) -> Case:
    """On a layer whose gradient is a product of factors."""
    return Case(failed, theorem, problem, noise, T, Layer)


def newton(failed: str, theorem: Any, problem: Any, T: int = 20) -> Case:
    """With Hessians."""
    return Case(failed, theorem, problem, Noiseless(), T, Curvature)


def separable(shape: str, lam: Any, Q: Any = None, x0: Any = X0) -> RotatedSeparable:
    """A separable function in the basis Q."""
    return RotatedSeparable(x0, lam, Q, 1.0, shape)


CASES = [
    layer("relative error", chen2025celora.BiasedGD(1, refresh=1000), ROWS),
    layer("relative error", chen2025celora.BiasedGD(1, refresh=2), ROWS),
    layer("relative error", chen2025celora.BiasedGD(1, rule="weights"), ROWS),
    layer("relative error", chen2025celora.BiasedGD(1, 2), ROWS),
    layer("relative error", chen2025celora.BiasedSGD(1), SPECTRUM, Gaussian(1.0)),
    layer("rows", chen2025celora.BiasedGD(5), ROWS),
    layer("rows", chen2025celora.MeasuredErrors(1, 7), SPECTRUM),
    layer("orthogonal", chen2025celora.StaleRows(1), LINE),
    layer("resolved rows", chen2025celora.StaleRows(1, scale=1.0), ROWS),
    layer("exact gradients", chen2025celora.StaleRows(1), ROWS, Gaussian(1.0)),
    layer("three_rows", chen2025celora.TopOneStalls(1), FAR),
    layer("short step", liu2023wta_sgd.SampledSGD(CRS(40), scale=1.0), FAR),
    layer("horizon", liu2023wta_sgd.SampledMoment(CRS(3)), SPIKED, T=2),
    layer("Delta", liu2023wta_sgd.SampledMoment(CRS(3)), FAR, T=1),
    layer("rows to draw from", liu2023wta_sgd.SampledMoment(WTA(6, 4)), SPIKED, T=1),
    layer("rows to draw from", liu2023wta_sgd.SampledLaw(WTA(9, 8)), SPIKED),
    layer("residuals apart", liu2023wta_sgd.SampledLaw(WTA(3, 2)), EVEN),
    layer("residuals apart", liu2023wta_sgd.SampledLaw(CRS(3)), HIT),
    layer("ones", liu2023wta_sgd.SampledLaw(CRS(3)), ROWS),
    Case("blocks", yao2024ist.BlockSGD(), Isotropic(np.ones((3, 2)))),
    Case("blocks", yao2024ist.BlockSGD(), Isotropic(np.ones(4))),
    Case("p_min > 0", yao2024ist.BlockSGD(rule="learned"), BLOCKS),
    Case("p_min > 0", yao2024ist.BlockSGD(rule="gradient"), BLOCKS),
    Case("p_min > 0", yao2024ist.BlockSGD((0.0, 0.0, 0.0, -1e4)), BLOCKS),
    Case("isotropic noise", yao2024ist.BlockLaw((3.0, 0.0, 0.0, 0.0)), BLOCKS, UPPER),
    Case("isotropic noise", yao2024ist.BlockLaw(), BLOCKS, Pair(np.ones((4, 2)))),
    Case("exact variance", yao2024ist.BlockLaw(), BLOCKS, Ripple(Gaussian(1.0))),
    Case("equal blocks", yao2024ist.BlockLaw(), Isotropic(np.arange(8.0).reshape(4, 2))),
    Case("equal blocks", yao2024ist.BlockLaw(),
         Shifted(np.ones((4, 2)), np.arange(8.0).reshape(4, 2))),
    Case("blocks", yao2024ist.BlockLaw(), Isotropic(np.ones(4))),
    Case("horizon", yao2024ist.ImportanceHelps(), BLOCKS, T=2),
    Case("blocks", yao2024ist.ImportanceHelps(3), BLOCKS, T=1),
    newton("an eigenbasis", liu2024sophia.SophiaRuntime("diagonal"),
           separable("cosh", [1.0, 1e4], TURN)),
    newton("an eigenbasis", liu2024sophia.EveryStep("diagonal"),
           separable("logcosh", [1.0, 2.0], TURN)),
    newton("an eigenbasis", liu2024sophia.SophiaQuadraticLaw("diagonal"),
           separable("square", [1.0, 3.0], TURN)),
    newton("resolved eigenbasis", liu2024sophia.SophiaQuadraticLaw(),
           separable("square", [1.0, 1.0], TURN)),
    newton("resolved eigenbasis", liu2024sophia.SophiaRuntime(),
           separable("square", [1.0, 1e7], TURN)),
    newton("quadratic", liu2024sophia.SophiaQuadraticLaw(), separable("cosh", [1.0, 3.0])),
    newton("a start inside", liu2024sophia_rivals.NewtonInside(),
           separable("logcosh", [1.0, 1.0], None, [1.1, 0.0])),
    newton("that start", liu2024sophia_rivals.SignFloor(), separable("square", [1e-3, 1.0])),
    newton("that start", liu2024sophia_rivals.SignFloor(),
           separable("square", [1e-3, 1.0, 1.0], None, [1.0, 0.1, 0.1])),
    layer("relative error", chen2025celora_adapter.AdapterGD(1), small_net()),
    layer("rows", chen2025celora_adapter.AdapterGD(1, 5), small_net()),
    layer("stretch", chen2025celora_adapter.AdapterGD(1), ROWS),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=named(CASES))
def test_an_instance_beyond_the_proof_is_not_judged(case: Case) -> None:
    assert case.failed in case.failing()


def test_the_diagonal_is_an_eigenbasis_on_the_axes() -> None:
    """The statement is as wide as its proof."""
    theorem = liu2024sophia.SophiaRuntime("diagonal")
    assert not newton("", theorem, separable("logcosh", [1.0, 2.0])).failing()


REFUSED: list[Callable[[], Any]] = [
    lambda: chen2025celora.StaleRows(rule="weights"),
    lambda: chen2025celora.StaleRows(r0=1),
    lambda: chen2025celora.BiasedGD(scale=1.5),
    lambda: chen2025celora.MeasuredErrors(scale=1.5),
    lambda: chen2025celora.BiasedGD(0),
    lambda: chen2025celora.TopOneStalls(2),
    lambda: chen2025celora.TopOneStalls(rule="weights"),
    lambda: chen2025celora.TopOneStalls(refresh=2),
    lambda: liu2023wta_sgd.SampledSGD(WTA(3, 2)),
    lambda: liu2023wta_sgd.SampledSGD(TopPairs(2)),
    lambda: liu2023wta_sgd.SampledSGD(CRS(2, rescale=False)),
    lambda: liu2023wta_sgd.SampledSGD(WTA(3, weigh=False)),
    lambda: liu2023wta_sgd.SampledMoment(TopPairs(2)),
    lambda: liu2023wta_sgd.SampledLaw(WTA(3)),
    lambda: yao2024ist.BlockSGD(mix=1.5),
    lambda: yao2024ist.BlockSGD(rule="largest"),
    lambda: yao2024ist.BlockSGD(scale=2.0),
    lambda: yao2024ist.BlockLaw(rule="gradient"),
    lambda: liu2024sophia.SophiaRuntime("hutchinson"),
    lambda: liu2024sophia.EveryStep(which="all"),
    lambda: liu2024sophia_rivals.SignFloor(0.0),
]


@pytest.mark.parametrize("build", REFUSED)
def test_a_field_outside_the_proof_is_not_built(build: Callable[[], Any]) -> None:
    with pytest.raises(InvalidInput, match="is needed"):
        build()
