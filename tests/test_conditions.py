"""Beyond what their proofs cover, statements do not apply."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from convergence.claims.settings import Settings
from convergence.cli.gather import everything
from convergence.errors import InvalidInput
from convergence.problems.gradient_form import ScalarFactors
from convergence.registry.subspace import errata
from convergence.statistics import Verdict
from convergence.theorems.heavy_tailed.lemmas import Clipping, plain
from convergence.theorems.subspace import zhao2024

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
