"""Statements on zeroth-order methods say nothing beyond their proofs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.noise.agents import PerEntry
from convergence.noise.aligned import Aligned
from convergence.noise.gaussian import Gaussian
from convergence.noise.ripple import Ripple
from convergence.problems.counterexample import Counterexample
from convergence.problems.huber import Huber
from convergence.problems.matrix_quadratic import Cosines, EntryQuadratic
from convergence.problems.quadratic import Isotropic, Quadratic
from convergence.problems.shifted import Shifted
from convergence.theorems.subspace import chen2025rso_costs as rso
from convergence.theorems.zeroth_order import chen2025lozo as lozo
from convergence.theorems.zeroth_order import chen2025lozo_laws as laws
from convergence.theorems.zeroth_order import ghadimi2013zo as zo
from convergence.theorems.zeroth_order import nesterov2017 as ns
from tests.conditions import Case, named

UNIT, CENTER = Isotropic(np.ones((3, 6))), Isotropic(np.zeros((3, 6)))
SPREAD = EntryQuadratic(np.ones((3, 6)), 1 + np.eye(3, 6))
WAVES, NOISY, MOVING = Cosines(np.ones((3, 6))), Gaussian(1.0), Ripple(Gaussian(1.0))
UNEVEN = PerEntry(1 + np.eye(3, 6))
SHIFTED = Shifted(np.ones((3, 6)), np.ones((3, 6)))  # X_0 = X*, but not 0

CASES = [
    Case("a start above the noise", lozo.LozoRate(), Isotropic(0.01 * np.ones((6, 5))), NOISY),
    Case("quadratic", lozo.LozoQuadratic(), WAVES, NOISY),
    Case("isotropic noise", lozo.LozoQuadratic(), UNIT, UNEVEN),
    Case("isotropic noise", lozo.LozoQuadratic(), UNIT, Aligned(1.0)),
    Case("rank", lozo.LozoQuadratic(7), UNIT, NOISY),
    Case("m", lozo.LozoQuadratic(1), Isotropic(np.ones(6)), NOISY),
    Case("a start above f*", lozo.LozoQuadratic(), CENTER, NOISY),
    Case("rank", lozo.LozoSmooth(7), WAVES, NOISY),
    Case("additive", zo.RSGF(), Isotropic(np.ones(4)), MOVING),
    Case("additive", zo.TwoSidedSharp(), Isotropic(np.ones(4)), MOVING),
    Case("quadratic", zo.TwoSidedSharp(), WAVES, NOISY),
    Case("horizon", zo.GaussianMoment(), UNIT, NOISY, 2),
    Case("additive", zo.GaussianMoment(), UNIT, MOVING, 1),
    Case("horizon", laws.LozoMoment(), UNIT, NOISY, 2),
    Case("quadratic", laws.LozoMoment(), WAVES, NOISY, 1),
    Case("isotropic", laws.LozoLaw(), SPREAD, NOISY),
    Case("isotropic noise", laws.LozoLaw(), UNIT, UNEVEN),
    Case("horizon", laws.LozoFrozen(nu=5), UNIT, NOISY, 20),
    Case("horizon", laws.LozoAligned(nu=5), CENTER, Aligned(1.0), 20),
    Case("minimizer at 0", laws.LozoAligned(), SHIFTED, Aligned(1.0)),
    Case("R", laws.LozoAligned(), UNIT, Aligned(1.0)),
    Case("aligned noise", laws.LozoAligned(), CENTER, NOISY),
    Case("isotropic noise", laws.LozoAligned(aligned=False), CENTER, Aligned(1.0)),
    Case("exact gradients", laws.LozoMLaw(), UNIT, NOISY),
    Case("square", laws.LozoAsCoded(), UNIT, NOISY),
    Case("exact gradients", ns.GradientFreeConvex(), UNIT, NOISY),
    Case("convex", ns.GradientFreeConvex(), WAVES),
    Case("convex", ns.GradientFreeConvex(), Quadratic([1.0, 1.0], [1.0, -0.1])),
    Case("mu", ns.GradientFreeStrong(), Huber(0.1)),
    Case("mu", ns.GradientFreeStrong(), Counterexample.pure()),  # it has a PL constant alone
    Case("quadratic", ns.Accelerated(), Huber(0.1)),
]


@pytest.mark.parametrize("case", CASES, ids=named(CASES))
def test_an_instance_beyond_the_proof_is_not_judged(case: Case) -> None:
    assert case.failed in case.failing()


def test_noise_that_is_certified_uneven_is_not_taken_for_isotropic() -> None:
    """A flag that is False is a certificate too: ω² = nσ², not rσ²."""
    even, uneven = (lozo.LozoSmooth(2).omega_sq(WAVES.constants() | noise.constants((3, 6)))
                    for noise in (PerEntry(1.0), UNEVEN))  # fmt: skip
    assert even == pytest.approx(2 * 18)
    assert uneven == pytest.approx(6 * UNEVEN.constants((3, 6)).sigma ** 2)


REFUSED: list[Callable[[], Any]] = [
    lambda: lozo.LozoQuadratic(0),
    lambda: lozo.LozoQuadratic(nu=0),
    lambda: lozo.LozoQuadratic(scale=2.2),
    lambda: lozo.LozoSmooth(scale=0.0),
    lambda: laws.LozoLaw(scale=2.0),
    lambda: laws.LozoMoment(law="coordinates"),
    lambda: laws.LozoMLaw(beta=1.0),
    lambda: laws.LozoAsCoded(nu=2),
    lambda: zo.TwoSidedSharp(slope="forward"),
    lambda: zo.TwoSidedSharp(slope="unshared"),
    lambda: zo.TwoSidedSharp(scale=2.0),
    lambda: zo.GaussianMoment(slope="forward"),
    lambda: ns.GradientFreeConvex(width=0.0),
    lambda: ns.Accelerated(share=1.5),
    lambda: ns.AcceleratedAsStated(width=-1.0),
]


@pytest.mark.parametrize("build", REFUSED)
def test_a_field_outside_the_proof_is_not_built(build: Callable[[], Any]) -> None:
    with pytest.raises(InvalidInput, match="is needed"):
        build()


class Offset(Isotropic):
    """(L/2)‖x‖² + 10¹²: differences of its values are rounding."""

    def value(self, x: Any) -> Any:
        return super().value(x) + 1e12

    def f_star(self) -> float:
        return 1e12

    def constants(self) -> Constants:
        return super().constants().but(f_star=1e12)


RESOLVED = "differences that float64 resolves"
SEEN = [
    *(
        (RESOLVED, theorem, problem, 512)
        for theorem in (zo.TwoSidedSharp(), zo.RSGF(), ns.GradientFreeConvex(), ns.Accelerated())
        for problem in (Offset([0.01, -0.02]),)
    ),
    (RESOLVED, zo.TwoSidedSharp(), Isotropic([1e15, -2e15]), 128),
    (RESOLVED, zo.TwoSidedSharp(), Isotropic([1e-19, -2e-19]), 128),
    (RESOLVED, zo.GaussianMoment(), Offset([0.01, -0.02]), 1),
    (RESOLVED, lozo.LozoQuadratic(1), Isotropic(1e-19 * np.ones((2, 3))), 48),
    (RESOLVED, laws.LozoMoment(1), Isotropic(1e15 * np.ones((2, 3))), 1),
    (RESOLVED, rso.RSOBudgetZO(r=1), Isotropic(1e-40 * np.ones((4, 3))), 1),
    ("a bound above rounding", ns.Accelerated(), Isotropic([1.0]), 800),
]


@pytest.mark.parametrize(("said", "theorem", "problem", "T"), SEEN)
def test_slopes_that_rounding_of_values_makes_decide_nothing(
    said: str, theorem: Any, problem: Any, T: int
) -> None:
    """True statements were refuted where float64 leaves nothing of a difference of values."""
    report = verify(Claim("own", theorem, problem, horizons=(T,), seeds=64))
    assert report.verdict is Verdict.INAPPLICABLE, report.reason
    assert said in report.reason


@pytest.mark.parametrize(
    "theorem", [zo.TwoSidedSharp(), zo.TwoSidedSharp(slope="limit"), ns.Accelerated()]
)
def test_slopes_that_are_seen_are_judged(theorem: Any) -> None:
    claim = Claim("own", theorem, Isotropic([1.0, -2.0]), horizons=(8,))
    assert all(a.holds for a in claim.check(8))
