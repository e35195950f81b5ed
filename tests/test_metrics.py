"""Metrics read from accumulators that were worked out by hand."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from convergence.metrics.travel_weighted import TravelWeighted
from convergence.precision import precision
from convergence.problems import Isotropic


def test_a_weighed_regret() -> None:
    """r = 2, d = 3, Σ r (f − f*) = 10, Σ ‖g‖² = 16: 10/(2 · 8 · 4)."""
    with precision("float64"):
        metric = TravelWeighted(np.zeros(1), np.float64(1.0))
        kept = jnp.array([2.0, 3.0, 10.0, 16.0])
        found = metric.read(jnp.asarray(5), kept, Isotropic([1.0]), None)
        assert float(found) == pytest.approx(10 / 64)
