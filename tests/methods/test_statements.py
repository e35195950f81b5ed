"""Statements about methods that ship, one by one: each has what docs/methods.md says."""

from __future__ import annotations

import json

import pytest

from convergence.statistics import Verdict
from docs.make import methods

ROWS = [row for family in methods.SCOPE for row in methods.rows(family)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: type(row.theorem).__name__)
def test_a_statement_has_proof_tight_instance_control_and_mutant(row: methods.Row) -> None:
    assert not row.lacks, f"{row.claims[0].slug} lacks {', '.join(row.lacks)}"


def test_there_are_enough_statements() -> None:
    assert len(ROWS) >= 100
    shipped = [row for row in ROWS if {"optax", "torch"} & set(row.codes)]
    assert len(shipped) >= 40
    assert len([row for row in ROWS if "torch" in row.codes]) >= 20


def test_the_page_is_written_from_the_registry() -> None:
    assert methods.PAGE.read_text() == methods.page(), "run `python -m docs.make.gallery`"


def test_slacks_are_of_the_claims_that_stand() -> None:
    """Every claim in scope has been measured."""
    every = [c for family in methods.SCOPE for c in methods.claims(family)]
    true = {c.slug for c in every if c.expect is Verdict.CONSISTENT}
    found = set(json.loads(methods.RECORD.read_text()))
    assert true <= found, "run `python -m docs.make.methods --missing`"


def test_what_is_lacking_is_told() -> None:
    row = ROWS[0]
    bare = row._replace(slack=2.0, controls=(), mutants=())
    assert {"a control", "a mutant"} <= set(bare.lacks)
    assert ("a slack" in bare.lacks) != row.reason


@pytest.mark.parametrize("row", ROWS, ids=lambda row: type(row.theorem).__name__)
def test_code_that_is_named_is_what_runs(row: methods.Row) -> None:
    """The claims of a statement that is told of a package's code alone run that code."""
    if row.codes not in (("optax",), ("optax", "torch")):
        return
    claim = row.claims[0]
    T = claim.horizons[0]
    _, _, c = claim.instance(T)
    method = claim.theorem.prescribe(c, T)
    assert "Optax" in type(getattr(method, "method", method)).__name__
