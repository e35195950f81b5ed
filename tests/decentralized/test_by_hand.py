"""Expansions beside what they expand, and metrics of agents on numbers worked out by hand."""

from __future__ import annotations

from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest

from convergence.claims.base import AbstractOnInstance
from convergence.metrics.agents import CenterGradLessSpread
from convergence.precision import precision
from convergence.registry import named
from convergence.theorems.decentralized.alghunaim2022 import Variance
from convergence.theorems.decentralized.koloskova2020 import DSGDSmallStep, FixedPoint


@pytest.mark.parametrize("name", ["ATC", "consensus", "CTA"])
def test_the_bias_of_a_small_step_is_the_limit_of_the_fixed_points(name: str) -> None:
    """With unequal Hessians, where the three methods differ in the leading order."""
    claim = named(f"agents-small-step-{name.lower()}")
    assert isinstance(claim, AbstractOnInstance)
    with precision("float64"):
        c, T = claim.instance(claim.horizons[0])[2], 10**6
        expanded = DSGDSmallStep(name).bound(c, T)
        limit = FixedPoint(name, ah=1 / T).bound(c, 1)
        assert expanded == pytest.approx(limit, rel=1e-4, abs=0.0)


@pytest.mark.parametrize("name", ["ATC", "ED", "ATC-GT"])
def test_a_variance_does_not_know_the_unit_of_the_function(name: str) -> None:
    """Twice f, with twice the noise at half the step, makes the same steps."""
    claim = named("agents-variance-ed")
    assert isinstance(claim, AbstractOnInstance)
    with precision("float64"):
        c = claim.instance(claim.horizons[0])[2]
        doubled = c.but(h=2 * np.asarray(c.h), L=2 * c.L, sigma=2 * c.sigma)
        theorem = Variance(name, ah=0.3)
        assert theorem.bound(doubled, 1) == pytest.approx(theorem.bound(c, 1), rel=1e-12)


def test_a_gradient_less_its_spread_by_hand() -> None:
    """Gradients (3, 1) and (1, −3): the mean (2, −1) has 5, the spread is (1 + 4 + 1 + 4)/2 = 5."""
    with precision("float64"):
        problem = SimpleNamespace(grad=lambda x: jnp.array([[3.0, 1.0], [1.0, -3.0]]))
        state = SimpleNamespace(x=jnp.zeros((2, 2)))
        found = CenterGradLessSpread(np.float64(0.3)).at(problem, state)
        assert float(found) == pytest.approx(5 - 0.3 * 5, rel=1e-12)  # roundings of float64
