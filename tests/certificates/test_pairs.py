"""Statements, instances and horizons that go together, on which a true statement was refuted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence.errors import InvalidInput
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.precision import precision
from convergence.problems.huber import Huber
from convergence.problems.matrix_quadratic import EntryQuadratic
from convergence.problems.quadratic import Isotropic, Quadratic
from convergence.registry import named
from convergence.theorems.classical.kingma2015 import AdamRegret
from convergence.theorems.heavy_tailed.shared import Certified, Decay, FasterDecay
from convergence.theorems.heavy_tailed.sun2025 import NSGDMomentum
from convergence.theorems.subspace.he2025 import GoLoreLazy
from convergence.theorems.subspace.he2025_stall import ConvergesAtRate
from convergence.theorems.subspace.zmushko2025 import RandomSplitRate
from convergence.theorems.zeroth_order.chen2025lozo import LozoQuadratic
from convergence.theorems.zeroth_order.chen2025lozo_laws import LozoFrozen

UNSURE, FALSE, KEPT = Verdict.INCONCLUSIVE, Verdict.REFUTED, Verdict.CONSISTENT


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with precision("float64"):
        yield


LADDER = (64, 256, 1024, 4096)


def claim(theorem: Any, problem: Any, noise: Any = None, horizons: Any = LADDER) -> Claim:
    noise = Noiseless() if noise is None else noise
    return Claim("c", theorem, problem, noise, horizons=horizons, seeds=256)


NEAR = Isotropic([0.1])  # of a start within the noise, whose bound is that of a start far away
CURVED = np.exp(-0.5 * np.arange(24.0))  # eigenvalues whose parts of ‖∇f‖² fall like T^{−1/2}
SPECTRUM = Quadratic(CURVED**-0.75, CURVED)
FLAT = EntryQuadratic.rows([1.0, 1e-2, 1e-4, 1e-5], np.diag([1.0, 1e2, 1e4, 1e5]))
MATRIX = Isotropic(np.ones((3, 4)))

TRENDS: dict[str, tuple[Callable[[], Claim], Verdict]] = {
    "means that come nearer to a bound far above": (
        lambda: claim(Decay(NSGDMomentum()), NEAR, Gaussian(1.0)), UNSURE),
    "an exponent of one's own": (
        lambda: claim(FasterDecay(NSGDMomentum(), exponent=0.5), NEAR, Gaussian(1.0)), FALSE),
    "GaLore on an ill-conditioned matrix": (
        lambda: claim(ConvergesAtRate(r=1, tau=4), FLAT, Gaussian(0.01)), UNSURE),
    "a spectrum that follows a power law": (
        lambda: claim(RandomSplitRate(beta=0.5, p=0.5, gap=5), SPECTRUM), UNSURE),
}  # fmt: skip


@pytest.mark.parametrize("name", TRENDS)
def test_a_trend_below_a_known_bound_is_a_transient(name: str) -> None:
    made, verdict = TRENDS[name]
    report = verify(made())
    assert report.verdict is verdict, report.reason


CLASSES: dict[str, tuple[Callable[[], Claim], str]] = {
    "noise that grows with the horizon": (lambda: claim(
        ConvergesAtRate(r=2, tau=4), Isotropic(3 * np.eye(4)), lambda T: Gaussian(0.05 * T**0.4)),
        "sigma is 0.263902 at T = 64 and 0.459479 at T = 256"),
    "a start that recedes with the horizon": (lambda: claim(
        ConvergesAtRate(r=2, tau=4), lambda T: Isotropic(3 * T**0.3 * np.eye(4)), Gaussian(0.1)),
        "Delta is 218.263 at T = 64 and 501.437 at T = 256"),
    "a subspace that is held for the whole ladder": (lambda: claim(
        ConvergesAtRate(r=1, tau=200), Isotropic(3 * np.eye(8)), Gaussian(0.1), (8, 32, 64, 200)),
        "periods for all directions"),
    "a method that is told nothing": (lambda: claim(
        AdamRegret(), lambda T: Huber(1.0, R=float(T))), "Delta is"),
}  # fmt: skip


@pytest.mark.parametrize("name", CLASSES)
def test_a_rate_is_of_one_class_of_instances(name: str) -> None:
    made, said = CLASSES[name]
    report = verify(made())
    assert report.verdict is Verdict.INAPPLICABLE, report.reason
    assert said in report.reason


RAMPS = "nsgdm-p15-rate-ramp", "nsgdm-rate-of-p2-at-p12", "nigt-p15-rate-ramp"


@pytest.mark.parametrize("slug", RAMPS)
def test_instances_whose_constants_are_in_the_rate(slug: str) -> None:
    found: Any = named(slug)
    for T in found.horizons:
        assert all(a.holds for a in found.check(T))


@pytest.mark.parametrize("of", [LozoFrozen(), Certified(NSGDMomentum()), 3], ids=str)
def test_a_rate_is_that_of_a_mean_bounded_from_above(of: Any) -> None:
    with pytest.raises(InvalidInput, match="of = "):
        Decay(of)


@pytest.mark.parametrize("T", [9, 33])
@pytest.mark.parametrize(
    "theorem", [LozoQuadratic(nu=8), GoLoreLazy(tau=8)], ids=lambda t: type(t).__name__
)
def test_a_period_that_the_horizon_cuts_short(theorem: Any, T: int) -> None:
    report = verify(claim(theorem, MATRIX, horizons=(T,)))
    assert report.verdict is KEPT, report.reason
