"""What shipped codes keep their numbers above, what they divide by, and how large a certified bound
may be: a statement that a code does not keep there is not judged, or is kept."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convergence.claims.base import Claim, verify
from convergence.claims.exact import Exact
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.noise.agents import PerEntry
from convergence.noise.base import Noiseless
from convergence.oracles.scaled import Scaled
from convergence.problems.attention import Attention
from convergence.problems.huber import Huber
from convergence.problems.linear import Linear
from convergence.problems.max_abs import MaxAbs
from convergence.problems.quadratic import Isotropic, Quadratic
from convergence.problems.saddle import SaddleQuadratic, bilinear
from convergence.problems.shifted import Shifted
from convergence.statistics import Verdict
from convergence.theorems.adaptive import decay, linear, shazeer2018, steps
from convergence.theorems.attention.tarzanagh2023 import ExactDirection
from convergence.theorems.classical.subgradient import PolyakStep
from convergence.theorems.games.daskalakis2018 import OptimisticStability
from convergence.theorems.parameter_free import pathwise
from tests.conditions import Case, named


class LooseSlope(Linear):
    """‖g‖ ≤ G, and less."""

    def constants(self) -> Constants:
        own = super().constants()
        return own.but(G=1.5 * own.G)


G = np.array([[1.0, 0.2, 0.1], [-0.3, 2.0, 0.5]])
FLAT = Quadratic([1.0, 0.0], [0.0, 1.0])  # ∇f(x_0) = 0 away from the minimizer that is certified
CORNER = MaxAbs.corner(8)
BACK = Attention([[[1.0], [0.0]]], [[1.0]], [[1.0, 0.0]], [[-0.5]])
CASES = [
    Case("least rms of a row or column", shazeer2018.AdafactorLinear(), Linear(1e-14 * G), T=5),
    Case("2²⁶G/√(T+1)", PolyakStep(), MaxAbs(CORNER.x0, 1e-9), T=7),
    Case("2²⁶G/√(T+1)", PolyakStep(), Huber(1e-9), T=7),
    Case("grad0 > 0", pathwise.DoGRegret(), FLAT),
    Case("grad0 > 0", pathwise.DoWGRegret(), FLAT),
    Case("grad0 > 0", pathwise.ProdigyDistance(), FLAT),
    # From −½ five steps of .1 lead to W = 0.
    Case("a defined bound", ExactDirection(0.1), BACK, T=5, oracle=Scaled),
    Case("G/‖g‖", pathwise.CoinLinear(), LooseSlope([0.6, 0.8]), T=4),
]
REFUSED: list[Callable[[], Any]] = [
    lambda: linear.RpropLinear(1e-8, code="torch"),
    lambda: linear.AdaBeliefLinear(b1=0.0),
]


@pytest.mark.parametrize("case", CASES, ids=named(CASES))
def test_an_instance_below_a_codes_floor_is_not_judged(case: Case) -> None:
    assert case.failing() == [case.failed]


@pytest.mark.parametrize("make", REFUSED)
def test_a_field_below_a_codes_floor_is_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(InvalidInput, match="proved for nothing else"):
        make()


def test_slopes_that_are_seen_are_judged() -> None:
    """The least that the condition allows, of which a step may fall short."""
    corner = MaxAbs(CORNER.x0, 2.0**-26 * 8**0.5 * (1 + 1e-12))
    assert verify(Claim("c", PolyakStep(), corner, horizons=(7,), seeds=1)).expected


@pytest.mark.parametrize("code", ["optax", "torch"])
@pytest.mark.parametrize("law", [steps.AdamStep, decay.AdamWBox])
def test_entries_without_a_slope_stay(law: Any, code: str) -> None:
    """0/0 without any ε, and what these bounds say holds with any."""
    if code == "torch":
        pytest.importorskip("torch")
    still = Shifted([1.0, 0.0], [0.0, 0.0])
    for noise in (Noiseless(), PerEntry([1.0, 0.0])):
        claim = Claim("c", law(code=code), still, noise, horizons=(5,), seeds=4)
        assert verify(claim).expected


@pytest.mark.parametrize(
    "law",
    [linear.RMSpropLinear(alpha=0.0), *(linear.RAdamLinear(b2=b) for b in (0.3, 0.5, 0.6))],
)
def test_ends_of_domains_raise_no_warning(law: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert verify(Claim("c", law, Linear([1.0, -2.0]), horizons=(1, 9), seeds=1)).expected


class LooseGame(SaddleQuadratic):
    """‖A‖ ≤ L, and less."""

    def constants(self) -> Constants:
        own = super().constants()
        return own.but(L=1.5 * own.L)


def test_a_law_takes_no_bound_for_its_least_value() -> None:
    game = bilinear(np.eye(1), [1.0, 1.0])
    loose = LooseGame(game.P, game.A, game.Q, game.z0)
    threshold = Exact("c", OptimisticStability(), loose, horizons=(98, 102))
    report = verify(threshold)
    assert report.verdict is Verdict.CONSISTENT, report.reason


def test_a_flat_entry_is_no_flat_start() -> None:
    assert verify(
        Claim("c", pathwise.DoGRegret(), Isotropic([1.0, 0.0]), horizons=(4,), seeds=1)
    ).expected
