"""The corrected statements of GaLore's theory do not apply where their conditions fail."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from convergence.claims import subspace_errata as errata
from convergence.claims.settings import Settings
from convergence.errors import InvalidInput
from convergence.problems.gradient_form import ScalarFactors
from convergence.statistics import Verdict
from convergence.theorems import zhao2024

CASES = [
    ("galore-lemma-3-3-with-step-condition", {"problem": errata.NO_PRODUCT}, "product"),
    (
        "galore-lemma-3-3-with-step-condition",
        {"theorem": zhao2024.LowRankWithConditions(1.9)},
        "step condition",
    ),
    (
        "galore-theorem-3-8-unbounded-corrected",
        {"theorem": zhao2024.FixedProjectionCorrected(0.4)},
        "step of the path",
    ),
]


@pytest.mark.parametrize(("slug", "change", "failed"), CASES, ids=[c[2] for c in CASES])
def test_corrected_statements_do_not_apply_beyond_their_conditions(
    slug: str, change: dict[str, Any], failed: str
) -> None:
    claim = next(c for c in errata.CLAIMS if c.slug == slug)
    assert claim.verify(Settings()).verdict is Verdict.CONSISTENT
    report = dataclasses.replace(claim, **change).verify(Settings())
    assert report.verdict is Verdict.INAPPLICABLE
    assert [a.name for a in report.assumptions if not a.holds] == [failed]


def test_factors_between_knots_need_increasing_knots() -> None:
    with pytest.raises(InvalidInput, match="increasing numbers"):
        ScalarFactors(0.8, [0.0, 2.7, 1.1], [0.5, 1.0, 1.0], [1.0, 1.0, 0.9], 1.0, 0.5)
