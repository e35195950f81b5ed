"""Every planted fault is caught by a claim; pytest's summary ends with the mutation score."""

from __future__ import annotations

import json

import pytest

from convergence.report.page import MUTANTS
from tests.mutants import ALL, FAMILIES
from tests.mutants.base import Mutant


@pytest.mark.merge
@pytest.mark.unchecked
@pytest.mark.parametrize("mutant", ALL, ids=lambda m: m.name)
def test_mutant_is_caught(mutant: Mutant) -> None:
    assert mutant.caught(), f"the fault {mutant.name!r} leaves the verdict as it was"


def test_the_record_in_the_report_is_of_these_faults() -> None:
    recorded = json.loads(MUTANTS.read_text(encoding="utf-8"))["mutants"]
    planted = [(family, m.name) for family, found in FAMILIES.items() for m in found]
    named = [(entry["family"], entry["name"]) for entry in recorded]
    assert named == planted, "run `python -m docs.make.mutants` to judge and record them anew"
    assert all(entry["caught"] is True for entry in recorded)


def test_there_are_enough_mutants() -> None:
    least = {"subspace": 15, "heavy-tailed": 12, "decentralized": 12}
    for family, count in least.items():
        assert len(FAMILIES[family]) >= count
    others = {name: found for name, found in FAMILIES.items() if name not in least}
    assert sum(len(found) for found in others.values()) >= 25
    assert len(others["estimators"]) + len(others["compression"]) >= 12
