"""Beyond what their proofs cover, statements do not apply."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from convergence.claims.base import Claim
from convergence.claims.settings import Settings
from convergence.cli.gather import everything
from convergence.errors import InvalidInput
from convergence.noise.base import Noiseless
from convergence.noise.matrix import CornerSign
from convergence.problems.counterexample import Counterexample
from convergence.problems.gradient_form import ScalarFactors
from convergence.registry.subspace import errata
from convergence.statistics import Verdict
from convergence.theorems.classical.drori2014 import GradientDescentConvex
from convergence.theorems.domains import a, count, number, one_of
from convergence.theorems.heavy_tailed.lemmas import Clipping, plain
from convergence.theorems.subspace import he2025_stall, zhao2024

CLAIM: dict[str, Any] = {claim.slug: claim for claim in everything()}
LEMMA, STEP = "galore-lemma-3-3-with-step-condition", "galore-theorem-3-8-unbounded-corrected"
NEWTON, TOP1 = "sophia-quadratic-law", "top1-walks-uphill"


def moved(slug: str, **fields: Any) -> Any:
    """The problem of a claim with other numbers."""
    return dataclasses.replace(CLAIM[slug].problem, **fields)


CASES = [
    (LEMMA, {"problem": errata.NO_PRODUCT}, "product"),
    (LEMMA, {"theorem": zhao2024.LowRankWithConditions(1.9)}, "step condition"),
    (STEP, {"theorem": zhao2024.FixedProjectionCorrected(0.4)}, "step of the path"),
    # κ = 10⁶ off the axes: rounding alone moves the iterates.
    (NEWTON, {"problem": moved(NEWTON, lam=np.geomspace(1e-6, 1, 4))}, "resolved eigenbasis"),
    (TOP1, {"problem": moved(TOP1, x0=[1e-3, 1e-3, 2e-3])}, "start on the diagonal"),
]


@pytest.mark.parametrize(("slug", "change", "failed"), CASES, ids=[c[2] for c in CASES])
def test_an_instance_beyond_the_proof_is_not_judged(slug: str, change: Any, failed: str) -> None:
    assert CLAIM[slug].verify(Settings()).verdict is Verdict.CONSISTENT
    report = dataclasses.replace(CLAIM[slug], **change).verify(Settings())
    assert report.verdict is Verdict.INAPPLICABLE
    assert [a.name for a in report.assumptions if not a.holds] == [failed]


@pytest.mark.parametrize(("size", "covered"), [(1.0, True), (0.1, True), (1e-4, False), (0, False)])
def test_clipping_covers_noise_that_rounding_leaves(size: float, covered: bool) -> None:
    law = plain(1.5, 1, (size, -size), (0.5, 0.5), at=0.4)
    assert Clipping().covers(law) is covered
    assert not covered or Clipping().ratio(law) <= 1 + 1e-11


def test_factors_between_knots_need_increasing_knots() -> None:
    with pytest.raises(InvalidInput, match="increasing numbers"):
        ScalarFactors(0.8, [0.0, 2.7, 1.1], [0.5, 1.0, 1.0], [1.0, 1.0, 0.9], 1.0, 0.5)


@pytest.mark.parametrize("horizons", [(50, 200), (200, 400, 50)])
def test_assumptions_are_checked_at_every_horizon(horizons: tuple[int, ...]) -> None:
    claim = Claim(
        "loud-at-first",
        he2025_stall.Stalls(),
        lambda T: Counterexample.pure(10, 4, 2.0 if T < 100 else 0.5),
        CornerSign(1.0, 4),
        horizons=horizons,
    )
    report = claim.verify(Settings())
    assert report.verdict is Verdict.INAPPLICABLE
    assert "below the noise" in report.reason


def test_what_nothing_certifies_is_an_assumption_that_fails() -> None:
    """The corner instance certifies no distance to its minimizer: f does not see some rows."""
    problem = Counterexample.pure()
    assert "R" not in problem.constants()
    found = GradientDescentConvex().check(problem, Noiseless(), problem.constants(), 4)
    assert not all(c.holds for c in found)


@pytest.mark.parametrize(
    ("domain", "inside", "outside"),
    [
        (number("(0, 2)"), (0.1, np.asarray(1.9)), (0, 2, -1, np.nan, "1", [1.0, 0.5])),
        (number("(0, 2)", array=True), (0.1, [1.0, 0.5]), (0, "1", [0.5, 2.0])),
        (number("[0, 1]"), (0, 1), (1.0000001, -1e-9, np.inf)),
        (number("(0, inf)"), (1e300,), (np.inf, 0)),
        (count(), (1, np.int32(7)), (0, 1.5, -1)),
        (count(0), (0,), (-1,)),
        (one_of("pairs"), ("pairs",), ("weights",)),
        (one_of(None, 1), (None, 1), (True, 2)),
        (a(Noiseless), (Noiseless(),), (CornerSign(1.0, 4), Noiseless)),
        (a(CornerSign, such=lambda n: n.r > 2, that="of rank 3"), (CornerSign(1.0, 4),),
         (CornerSign(1.0, 2),)),
    ],
)  # fmt: skip
def test_a_domain_admits_what_it_names(domain: Any, inside: Any, outside: Any) -> None:
    assert all(domain.admits(value) for value in inside)
    assert not any(domain.admits(value) for value in outside)
