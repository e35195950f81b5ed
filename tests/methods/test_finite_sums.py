"""Polyak's step along one function of a sum, and averages: what their statements do not cover."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from convergence.errors import InvalidInput
from convergence.noise.gaussian import Gaussian
from convergence.noise.ripple import Ripple
from convergence.problems.quadratic import Isotropic, Quadratic
from convergence.problems.workers import WorkerQuadratics, consistent_rows, unit_workers
from convergence.registry.classical.stochastic import FRAME, UNEVEN
from convergence.theorems.classical import finite_sums as sums
from tests.conditions import Case, named

AWAY = WorkerQuadratics(FRAME.x0, FRAME.H, np.einsum("kij,j->ki", np.asarray(FRAME.H), [1.0, 1.0]))
# Its mean is that of a tight frame, but one function has rank two.
MIXED = WorkerQuadratics(
    np.ones(2), [np.diag([1.0, 0.0]), np.diag([0.0, 1.0]), np.eye(2) / 2], np.zeros((3, 2))
)
CASES = [
    Case("a tight frame", sums.StochasticPolyakLaw(), UNEVEN),
    Case("a tight frame", sums.StochasticPolyakLaw(), MIXED),
    Case("zeta", sums.StochasticPolyakRate(), unit_workers(np.eye(2), np.ones(2))),
    Case("x*", sums.StochasticPolyakRate(), AWAY),
    Case("exact gradients", sums.StochasticPolyakRate(), FRAME, Gaussian(1.0)),
    Case("isotropic", sums.AveragedLaw(), Quadratic([1.0, 1.0], [1.0, 2.0]), Gaussian(1.0)),
    Case("exact variance", sums.AveragedLaw(), Isotropic(np.ones(2)), Ripple(Gaussian(1.0))),
]


@pytest.mark.parametrize("case", CASES, ids=named(CASES))
def test_an_instance_beyond_the_proof_is_not_judged(case: Case) -> None:
    assert case.failed in case.failing()


@pytest.mark.parametrize(
    "build",
    [
        lambda: sums.StochasticPolyakRate(0.25),
        lambda: sums.StochasticPolyakAnyScale(0.2),
        lambda: sums.AveragedLaw(2.0),
    ],
)
def test_a_field_outside_the_proof_is_not_built(build: Any) -> None:
    with pytest.raises(InvalidInput, match="is needed"):
        build()


def test_leads_are_differences_of_values() -> None:
    """f_i(x) − f_i(x*) for functions that do not share their minimizer: (½ − 1) and (½ + 1) less 0
    at x* = 0."""
    two = unit_workers([[1.0], [-1.0]], [0.0])
    np.testing.assert_allclose(two.leads(jnp.ones(1)), [-0.5, 1.5], rtol=1e-6)  # float32
    rows = consistent_rows([[2.0, 0.0], [0.0, 1.0]], [1.0, 3.0])
    np.testing.assert_allclose(rows.leads(rows.start()), [2.0, 4.5], rtol=1e-6)
