"""Optimizers audited under pytest: the fixture `audited`, for each that a marker names.

@pytest.mark.optimizers("optax:adam", "mine.py:MyOptimizer", like="adam")
def test_promises(audited):
    assert not audited.broken

Each runs in a process of its own; `--junitxml` gets what was found as properties.
"""

from __future__ import annotations

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
def audited(request: pytest.FixtureRequest) -> Audit:
    """The row of one optimizer of the marker; its keywords are those of `audit`."""
    target, told = request.param
    row = audit(target, **told)
    found = {
        "family": row.family,
        "broken": ", ".join(cell.law for cell in row.broken),
        "differs": ", ".join(cell.law for cell in row.differs()),
    }
    # As `record_property` does, which warns under the family of reports that is pytest's own.
    request.node.user_properties += [(f"convergence.audit.{k}", v) for k, v in found.items()]
    return row
