"""The corrected statements of GaLore's theory say nothing where their conditions fail."""

from __future__ import annotations

import numpy as np
import pytest

from convergence.claims import subspace_errata as errata
from convergence.errors import InvalidInput
from convergence.problems.gradient_form import GradientForm, ScalarFactors
from convergence.theorems import zhao2024


def test_corrected_statements_say_nothing_beyond_their_conditions() -> None:
    def lemma(problem: GradientForm, eta: float) -> float:
        return zhao2024.LowRankWithConditions(eta).bound(problem.constants(), 3)

    assert np.isfinite(lemma(errata.LARGE_STEP, 0.5))
    assert lemma(errata.LARGE_STEP, 1.9) == np.inf  # η(λ_max + λ₂) > 2
    assert lemma(errata.NO_PRODUCT, 0.5) == np.inf
    path = errata.BOUNDED.constants()
    assert np.isfinite(zhao2024.FixedProjectionCorrected(0.5).bound(path, 3))
    assert zhao2024.FixedProjectionCorrected(0.4).bound(path, 3) == np.inf
    with pytest.raises(InvalidInput, match="increasing numbers"):
        ScalarFactors(0.8, [0.0, 2.7, 1.1], [0.5, 1.0, 1.0], [1.0, 1.0, 0.9], 1.0, 0.5)
