"""Where what is read off a band turns, at numbers that floats hold exactly."""

from __future__ import annotations

import math

import numpy as np
import pytest

from convergence.statistics import objection, regime
from convergence.statistics.rates import ALIKE, JUMP, RISE, Curve, bent, leads, limit, settles


def at(y: list[float], wide: float | list[float] = 0.0) -> Curve:
    """Horizons a factor e apart, limits ± `wide`."""
    values = np.array(y)
    return Curve(np.arange(float(len(y))), values, values - wide, values + wide)


def test_what_equals_the_margin_is_no_objection() -> None:
    assert objection(at([0.0] * 4), 0.0) == ""
    assert objection(at([0.0, RISE, -1.0]), 0.0) == ""
    assert objection(at([0.0, np.nextafter(RISE, 1), -1.0]), 0.0).startswith("a rise by a factor")
    assert objection(at([0.0, -1.0, -2.0, -3.0], 0.2), 0.05) == ""  # .4 in itself is no rise
    led = objection(at([0.0, -0.3, -0.5, -0.48, -0.44]), 0.05)
    assert led == "flattening: the last slopes -0.200, +0.020, +0.040 lead to +0.060"


def test_both_bends_must_be_sure_to_lead_to_their_limit() -> None:
    y = [0.0, 0.0, 0.125, 0.375]
    assert leads(at(y)) == 0.25 + 3 * 0.125  # bends that do not shrink, three times more
    assert leads(at(y, [0.0, 0.0, 0.0, 0.1])) == 0.25 + 0.125
    assert leads(at(y, [0.1, 0.0, 0.0, 0.0])) == 0.25 + 0.125
    assert limit([0.5, 0.25, 0.125]) == 0.125
    assert limit([0.0, 0.25, 0.25]) == 0.25
    assert settles(1.0, ALIKE, 0.5) == 0.5
    assert not bent(at([0.0, 0.0, ALIKE]), -1)
    assert bent(at([0.0, 0.0, np.nextafter(ALIKE, 1)]), -1)


@pytest.mark.parametrize("y", [[0.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0]])
def test_a_regime_is_sure_beyond_its_limits(y: list[float]) -> None:
    """Slopes 0 and 1, each known to ± 2 wide, which meet at 1/2 for wide = 1/4."""
    assert (regime(at(y, 0.25), 0.05).bend, regime(at(y, 0.25), 0.05).fade) == (0.0, 0.0)
    assert abs(regime(at(y, 0.249), 0.05).bend) == 1.0
    assert (regime(at(y), 1.0).bend, abs(regime(at(y), 0.999).bend)) == (0.0, 1.0)
    assert not regime(at([0.0, JUMP, 0.0, 0.0]), 9.0).irregular
    assert regime(at([0.0, math.nextafter(JUMP, 1), 0.0, 0.0]), 9.0).irregular
