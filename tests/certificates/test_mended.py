"""Instances on which a certificate used to be false, by kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence.claims.exact import Exact
from convergence.errors import InvalidInput
from convergence.laws import certificates
from convergence.noise.agents import PerAgent, PerEntry
from convergence.noise.atoms import Atoms
from convergence.noise.base import Noiseless
from convergence.noise.coin import Coin
from convergence.noise.gaussian import Gaussian
from convergence.noise.matrix import BatchMean, CornerGaussian, CornerSign
from convergence.noise.two_point import three_point, two_point
from convergence.parts import graphs
from convergence.precision import precision
from convergence.problems.agents import AgentQuadratics
from convergence.problems.counterexample import Counterexample
from convergence.problems.gradient_form import GradientForm
from convergence.problems.huber import Huber
from convergence.problems.linear import Linear
from convergence.problems.quadratic import Isotropic, Quadratic
from convergence.problems.separable import RotatedSeparable
from convergence.theorems.adaptive.sign import SignInAValley
from convergence.theorems.classical.abbaszadehpeivasti2022 import GradientDescentNonconvex
from convergence.theorems.classical.ghadimi2013 import SGDNonconvex
from convergence.theorems.decentralized.koloskova2020 import DSGDSmallStep
from convergence.theorems.subspace import he2025_stall as stall
from convergence.theorems.zeroth_order.ghadimi2013zo import RSGF
from convergence.theorems.zeroth_order.nesterov2017 import GradientFreeConvex


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with precision("float64"):
        yield


def claim(theorem: Any, problem: Any, noise: Any = None, T: int = 20, seeds: int = 64) -> Claim:
    noise = Noiseless() if noise is None else noise
    return Claim("c", theorem, problem, noise, horizons=(T,), seeds=seeds)


SINK = np.ones((50, 1, 1))
SINK[0] = -20.0
PURE, SIGN = Counterexample.pure(10, 4, 0.5), CornerSign(1.0, 4)
SIGNS = np.where(np.arange(64) % 2 == 0, 1.0, -1.0)[:, None]
COMPLETE = graphs.complete(64)
MENDED: dict[str, Callable[[], Any]] = {
    "indefinite quadratic, noise": lambda: claim(
        SGDNonconvex(), Quadratic([10.0, 0.1], [1.0, -0.5]), Gaussian(0.1), 30
    ),
    "indefinite quadratic, exact": lambda: claim(
        GradientDescentNonconvex(), Quadratic([1.0, 1.0], [1.0, -0.999]), T=40
    ),
    "indefinite quadratic, L from below": lambda: claim(
        GradientDescentNonconvex(), Quadratic([1.0, 1.0], [1.0, -7.0]), T=40
    ),
    "Huber from the left": lambda: claim(SGDNonconvex(), Huber(1.0, R=-3.0), T=1),
    "Huber from inside": lambda: claim(SGDNonconvex(), Huber(1.0, R=0.1), T=4),
    "Huber from far left": lambda: claim(SGDNonconvex(), Huber(0.5, R=-30.0), T=8),
    "R of a stack": lambda: claim(
        GradientFreeConvex(),
        AgentQuadratics(graphs.complete(4), np.ones((4, 1, 1)), SIGNS[:4]),
        T=4,
        seeds=256,
    ),
    "d of a stack": lambda: claim(
        RSGF(), AgentQuadratics(COMPLETE, np.ones((64, 1, 1)), SIGNS), Gaussian(8.0), 64, 256
    ),
    "L of a stack": lambda: Exact(
        "c",
        DSGDSmallStep("consensus"),
        AgentQuadratics(graphs.lazy_complete(50, 0.9), SINK, np.eye(50)[:, :1]),
        horizons=(300,),
    ),
    "a stack unbounded below": lambda: claim(
        SGDNonconvex(), AgentQuadratics(graphs.lazy_complete(50, 0.9), SINK, np.eye(50)[:, :1])
    ),
    "a coin that is handed the iterate": lambda: claim(
        SGDNonconvex(), Isotropic(100 * np.ones(2)), Coin(0.01, 1.0, 2.0), 50, 512
    ),
    "a coin that is handed a small one": lambda: claim(
        SGDNonconvex(), Isotropic(0.1 * np.ones(2)), Coin(0.01, 1.0, 2.0), 50, 512
    ),
    "mean of signs as two points": lambda: claim(
        stall.Stalls(r=4, tau=5), PURE, BatchMean(SIGN, 2), 200, 8
    ),
    "mean of signs on the plateau": lambda: claim(
        stall.Plateau(r=4, tau=5), PURE, BatchMean(SIGN, 3), 200, 8
    ),
    "mean of normals as one": lambda: claim(
        stall.GaussianLaw(r=4, tau=5, eta=0.1),
        Counterexample.pure(8, 4, 0.5),
        BatchMean(CornerGaussian(1.0, 4), 9),
        50,
        512,
    ),
    "even batch of normals": lambda: claim(
        stall.EvenBatchConverges(r=4, tau=5),
        Counterexample.pure(8, 4, 0.5),
        BatchMean(CornerGaussian(1.0, 4), 2),
        2000,
    ),
}


@pytest.mark.parametrize("make", MENDED.values(), ids=MENDED)
def test_a_mended_certificate_refutes_no_true_theorem(make: Callable[[], Any]) -> None:
    report = verify(make())
    assert report.verdict in (Verdict.INAPPLICABLE, Verdict.CONSISTENT), report.reason


CROOKED = np.array([[1.0, 1.0], [0.0, 1.0]])


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: Quadratic([1.0, 1.0], [1.0, 2.0], CROOKED), "an orthogonal matrix"),
        (lambda: RotatedSeparable([1.0, 1.0], [1.0, 2.0], CROOKED), "an orthogonal matrix"),
        (
            lambda: GradientForm(np.ones((1, 2, 2)), -np.eye(2)[None], np.eye(2)[None], np.eye(2)),
            "eigenvalues ≥ 0",
        ),
        (
            lambda: GradientForm(np.ones((1, 2, 2)), CROOKED[None], np.eye(2)[None], np.eye(2)),
            "symmetric B",
        ),
        (
            lambda: GradientForm(
                np.ones((1, 2, 2)), np.eye(2)[None], np.eye(2)[None], np.eye(2), CROOKED
            ),
            "orthonormal columns",
        ),
        (
            lambda: AgentQuadratics(graphs.complete(3), np.tile(CROOKED, (3, 1, 1)), np.eye(3, 2)),
            "symmetric H",
        ),
        (lambda: Huber(-1.0), "w > 0"),
        (lambda: Coin(0.1, -1.0), "size ≥ 0"),
        (lambda: BatchMean(Gaussian(1.0), 0), "B ≥ 1"),
    ],
)
def test_what_would_falsify_a_certificate_is_refused(build: Any, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        build()


def test_a_linear_form_without_a_minimum_certifies_none() -> None:
    """f = ½w₁² − w₂ on 2 × 1 matrices has no infimum."""
    B = np.diag([1.0, 0.0])[None]
    for A, bounded in (([[1.0], [0.0]], True), ([[0.0], [1.0]], False)):
        problem = GradientForm(np.array(A)[None], B, np.ones((1, 1, 1)), np.ones((2, 1)))
        assert ("Delta" in problem.constants()) is bounded
        assert not certificates(problem, Noiseless())


def test_a_batch_mean_passes_on_what_a_mean_keeps() -> None:
    shape = (4, 2)
    kinds = (
        (Gaussian(1.0), {"sigma", "symmetric", "additive", "light_tailed", "isotropic_noise"}),
        (PerEntry(1.0), {
            "sigma", "s", "symmetric", "additive", "light_tailed", "isotropic_noise", "equal_noise",
            "independent",
        }),
        (PerAgent(np.tile(np.eye(2), (4, 1, 1))), {
            "sigma", "covariances", "symmetric", "additive", "light_tailed", "equal_noise",
            "independent",
        }),
        (Atoms([1.0, -1.0], [0.5, 0.5], np.full(shape, 8**-0.5), 1.5), {
            "sigma", "p", "sigma_p", "symmetric", "additive", "light_tailed",
        }),
    )  # fmt: skip
    for noise, names in kinds:
        assert set(BatchMean(noise, 4).constants(shape)) == names, noise
        assert set(BatchMean(noise, 1).constants(shape)) == set(noise.constants(shape))
        assert not certificates(Isotropic(np.ones(shape)), BatchMean(noise, 4))
    corner = BatchMean(BatchMean(SIGN, 2), 3).constants((10, 10))
    assert (corner.batch, corner.corner) == (6, 1.0)
    assert "two_point" not in corner
    assert not certificates(PURE, BatchMean(SIGN, 2))
    skew = three_point(1.5, 1.0, 0.3), two_point(1.5, 1.0, 0.3)
    for noise in skew:
        assert not certificates(Isotropic([1.0, 2.0]), BatchMean(noise, 5))


def test_a_start_of_another_shape_than_a_valley_is_refused() -> None:
    square = Linear(np.ones((2, 2)), np.ones((2, 2)))
    report = verify(Claim("valley", SignInAValley(), square, horizons=(2,), seeds=1))
    assert report.verdict is Verdict.INAPPLICABLE
