"""Solvers of finite sums: a law catches each fault, passes the right one, and scikit-learn's."""

from __future__ import annotations

from typing import Any

import pytest

from convergence.audit import audit
from tests.audit import solvers as v
from tests.audit.caught import check

ROWS = (
    ("F1", v.MeanOfOneMore), ("F1", v.NeverTheLast), ("F1", v.Forgets), ("F1", v.PenaltyTwice),
    ("F2", v.Drifts), ("F3", v.ByColumns), ("F4", v.Centers), ("F4", v.ByMemoryOrder),
)  # fmt: skip


@pytest.mark.parametrize(("law", "faulty"), ROWS, ids=[f"{law}-{b.__name__}" for law, b in ROWS])
def test_a_fault_of_a_solver_is_caught(law: str, faulty: Any):
    check(law, faulty, v.Saga, {})


def test_a_right_solver_breaks_no_promise_and_is_not_asked_about_gradients():
    row = audit(v.Saga)
    assert not row.broken
    assert {str(row[law].outcome) for law in ("U1", "U5", "F1", "F3", "S7")} == {"keeps"}
    assert "no gradients from outside" in row["S4"].detail
    assert not [cell for cell in row.cells if str(cell.outcome) == "cannot be run"]


@pytest.mark.parametrize("name", ["SAG", "SAGA"])
def test_those_of_scikit_learn_end_at_the_minimizer(name: str):
    pytest.importorskip("sklearn", reason="scikit-learn is not installed: make audit has it")
    row = audit(f"sklearn:{name}", laws=["U1", "F1", "F2", "F3", "F4"])
    assert {str(cell.outcome) for cell in row.cells} == {"keeps"}
