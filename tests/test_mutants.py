"""Every planted fault is caught by a claim; pytest's summary ends with the mutation score."""

from __future__ import annotations

import pytest

from tests.mutants import ALL, FAMILIES
from tests.mutants.base import Mutant


@pytest.mark.parametrize("mutant", ALL, ids=lambda m: m.name)
def test_mutant_is_caught(mutant: Mutant) -> None:
    assert mutant.caught(), f"the fault {mutant.name!r} leaves the verdict as it was"


def test_there_are_enough_mutants() -> None:
    least = {"subspace": 15, "heavy_tailed": 12, "decentralized": 12}
    for family, count in least.items():
        assert len(FAMILIES[family]) >= count
    others = {name: found for name, found in FAMILIES.items() if name not in least}
    assert sum(len(found) for found in others.values()) >= 25
    assert len(others["estimators"]) + len(others["compression"]) >= 12
