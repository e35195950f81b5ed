"""Where Adam with small steps settles under skewed noise, as its statement says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.signal import lfilter

N, BURNT = 500_000, 20_000


@pytest.mark.parametrize(
    ("b1", "b2", "place"),
    [(0.0, 0.9, -0.411), (0.9, 0.9, -0.265), (0.9, 0.99, -0.038), (0.9, 0.999, -0.0035)],
)
def test_adam_settles_where_its_mean_step_vanishes(
    b1: float, b2: float, place: float, test_seed: int
) -> None:
    X = np.where(np.random.default_rng(test_seed).random(N) < 0.1, 9.0, -1.0)

    def drift(x: float) -> float:
        g = x - X
        m = lfilter([1 - b1], [1, -b1], g)
        v = lfilter([1 - b2], [1, -b2], g * g)
        return float(np.mean((m / np.sqrt(v))[BURNT:]))

    # The mean of X is known to 3/√N = .004, and of E[m/√v] no less well.
    found = brentq(drift, -0.999, 0.5, xtol=1e-4)
    assert isinstance(found, float)
    assert found == pytest.approx(place, abs=0.02)
