"""Rates whose constant is reached after the ladder: not refuted where the ladder can tell, and said
where it cannot."""

from __future__ import annotations

import math

import numpy as np
import pytest

from convergence.statistics import Curve, Row, Sample, Verdict, judge_exponents, judge_rate
from convergence.statistics.rates import fall, settles

ALPHA = 1e-3
C, R = Verdict.CONSISTENT, Verdict.REFUTED
LADDERS = [(64, 256, 1024, 4096), tuple(2**k for k in range(6, 13))]


@pytest.mark.parametrize("ladder", LADDERS)
def test_slopes_that_lead_below_the_margin_do_not_refute(ladder: tuple[int, ...]) -> None:
    """M/shape = 1 - T^-a or 1/(1 + c T^-a), on its way up to a constant, however far that is."""
    for a in (0.05, 0.1, 0.2, 0.3, 0.5):
        for c in (-1, 1, 10, 1e3, 1e6):
            kept = [1 - T**-a if c < 0 else 1 / (1 + c * T**-a) for T in ladder]
            samples = [
                Sample(T, np.array([T**-0.5 * share]), T**-0.5, sure=True)
                for T, share in zip(ladder, kept, strict=True)
            ]
            assert judge_rate(samples, ALPHA).verdict is not R
            rows = [Row(s.T, 1, s.values[0], (0, 1), s.number, None, False, "") for s in samples]
            assert judge_exponents(rows).verdict is not R


@pytest.mark.parametrize("ladder", LADDERS)
def test_powers_that_are_too_slow_refute_with_terms_of_lower_order(ladder: tuple[int, ...]) -> None:
    for slow in (
        lambda T: T**-0.4,
        lambda T: T**-0.4 * (1 - 0.5 * T**-0.3),
        lambda T: T**-0.4 * (1 + 0.5 * T**-0.3),
        lambda T: T**-0.4 - 0.3 * T**-0.5,
        lambda T: (T - 5) ** -0.4,
    ):
        samples = [Sample(T, np.array([slow(T)]), T**-0.5, sure=True) for T in ladder]
        found = judge_rate(samples, ALPHA)
        assert found.verdict is R
        assert f"a transient longer than {ladder[0]}…{ladder[-1]} is not excluded" in found.reason
        rows = [Row(s.T, 1, s.values[0], (0, 1), s.number, None, False, "") for s in samples]
        assert judge_exponents(rows).verdict is R


def test_falls_that_shrink_lead_to_a_limit() -> None:
    assert settles(0.1, 0.0, 0.3) == 0.3
    assert settles(0.1, -0.2, 0.3) == 0.3
    assert settles(0.3, 0.1, 0.3) == pytest.approx(0.3 - 0.1)  # .1²/.2 is less than one more
    assert settles(0.12, 0.1, 0.3) == pytest.approx(0.3 - 0.5)
    assert settles(0.1, 0.1, 0.3) == -math.inf
    x = np.array([0.0, 1.0, 2.0, 3.0])
    y = np.array([0.0, 0.5, 0.8, 1.0])  # slopes .5, .3, .2
    assert fall(Curve(x, y, y, y)) == pytest.approx(0.1)
    wide = Curve(x, y, y - np.array([0, 0.01, 0, 0]), y + np.array([0, 0, 0.02, 0]))
    # .49 … and at most .33 before, at most .3 + .03 and at least .18 after: falls .16, .15
    assert fall(wide) == pytest.approx(0.2 - 0.15**2 / 0.01)


def test_a_turn_after_the_last_horizon_but_one_may_pass_and_is_said() -> None:
    """T^-1 that turns into T^-0.4 at the last tenth of 64…4096, claimed O(T^-1/2)."""
    turn = 64 * 64**0.9
    samples = [
        Sample(T, np.array([max(1 / T, turn**-0.6 * T**-0.4)]), T**-0.5, sure=True)
        for T in (64, 256, 1024, 4096)
    ]
    found = judge_rate(samples, ALPHA)
    assert found.verdict is C
    assert "nor of a slope that begins after T=1024" in found.reason
