"""Optimizers audited under pytest: the fixture `audited`, for each that a marker names.

@pytest.mark.optimizers("optax:adam", "mine.py:MyOptimizer", like="adam")
def test_promises(audited):
    assert not audited.broken

Each runs in a process of its own; `--junitxml` gets what was found as properties.
"""

from __future__ import annotations

from typing import Any

import pytest

from convergence.audit.cells import Audit
from convergence.audit.face import audit


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each optimizer of the markers."""
    if "audited" not in metafunc.fixturenames:
        return
    marks = list(metafunc.definition.iter_markers("optimizers"))
    asked = [(target, mark.kwargs) for mark in marks for target in mark.args]
    if not asked:
        raise pytest.UsageError(
            f"{metafunc.definition.nodeid} uses `audited` without a marker; "
            'put @pytest.mark.optimizers("optax:adam") before it'
        )
    metafunc.parametrize("audited", asked, indirect=True, ids=[target for target, _ in asked])


@pytest.fixture
def audited(request: pytest.FixtureRequest, record_property: Any) -> Audit:
    """The row of one optimizer of the marker; its keywords are those of `audit`."""
    target, told = request.param
    row = audit(target, **told)
    record_property("convergence.audit.family", row.family)
    record_property("convergence.audit.broken", ", ".join(cell.law for cell in row.broken))
    record_property("convergence.audit.differs", ", ".join(cell.law for cell in row.differs()))
    return row
