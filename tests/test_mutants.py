"""Every planted fault is caught by a claim; the mutation score is printed."""

from __future__ import annotations

import pytest

from tests.mutants.base import Mutant
from tests.mutants.subspace import MUTANTS as SUBSPACE

ALL = SUBSPACE


@pytest.mark.parametrize("mutant", ALL, ids=lambda m: m.name)
def test_mutant_is_caught(mutant: Mutant, mutation_score: list[bool]) -> None:
    caught = mutant.caught()
    mutation_score.append(caught)
    assert caught, f"the fault {mutant.name!r} leaves the verdict as it was"


def test_there_are_enough_mutants() -> None:
    assert len(SUBSPACE) >= 15
