"""Laws are those of the methods that they prescribe, on instances that no claim has."""

from __future__ import annotations

import pytest

from convergence.precision import precision
from tests.formulas.instances import FAMILIES, family
from tests.formulas.laws import differences, laws


@pytest.mark.standard
@pytest.mark.parametrize("of", FAMILIES)
def test_a_law_is_that_of_its_method(of: str, test_seed: int) -> None:
    """By exact moments, one run that tosses no coin, or many runs: α = `laws.ALPHA` a number."""
    with precision("float64"):
        known = [claims for name, claims in laws().items() if family(name) == of]
        assert not [text for claims in known for text in differences(claims, test_seed)]


LAW = test_a_law_is_that_of_its_method.__name__
