"""Exact laws are those of the methods that they prescribe, on instances that no claim has."""

from __future__ import annotations

import pytest

from convergence.precision import precision
from tests.formulas.instances import FAMILIES, family
from tests.formulas.laws import differences, laws


def of_family(of: str, seed: int | None, most: int) -> list[str]:
    """How the laws of a family differ from their methods, up to so many claims each."""
    with precision("float64"):
        known = {name: claims for name, claims in laws().items() if family(name) == of}
        return [text for claims in known.values() for text in differences(claims[:most], seed)]


@pytest.mark.parametrize("of", FAMILIES)
def test_a_law_is_that_of_its_method(of: str) -> None:
    """By exact moments, where there are any."""
    assert not of_family(of, None, 1)


@pytest.mark.standard
@pytest.mark.parametrize("of", FAMILIES)
def test_runs_keep_to_a_law(of: str, test_seed: int) -> None:
    """All claims, by exact moments or else by runs: α = `laws.ALPHA` for each number."""
    assert not of_family(of, test_seed, 99)


LAW = test_runs_keep_to_a_law.__name__
