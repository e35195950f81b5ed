"""Exponents of exact values at every edge of their rule."""

from __future__ import annotations

import math

import numpy as np
import pytest

from convergence.statistics import Grade, Judgement, Row, Verdict, judge_exponents

C, R, I = Verdict.CONSISTENT, Verdict.REFUTED, Verdict.INCONCLUSIVE


def judged(slopes: list[float], two_sided: bool = False) -> Judgement:
    """Values at T = 2, 4, 8, … whose exponents against the shape 1/T are `slopes`."""
    Ts = 2 ** np.arange(1, len(slopes) + 2)
    values = np.exp(np.concatenate([[0.0], np.cumsum(slopes)]) * math.log(2)) / Ts
    rows = [Row(int(T), 1, float(v), (0, 1), 1 / float(T), None, False, "")
            for T, v in zip(Ts, values, strict=True)]  # fmt: skip
    return judge_exponents(rows, two_sided)


@pytest.mark.parametrize(
    ("slopes", "verdict", "said"),
    [
        ([0.02, 0.04], I, "; still approaching the shape, or leaving it: the bends lead to 0.06"),
        ([0.02, 0.034], C, "on 2…8: +0.0200, +0.0340"),
        ([0.045, 0.03], C, "+0.0300"),
        ([-0.2, -0.05], C, "-0.0500"),
        ([0.09, 0.07], R, "+0.0700"),
        ([0.3, 0.04, 0.21], R, "+0.2100"),
        ([0.3, 0.2, 0.01, 0.045], I, "or leaving it: the bends lead to 0.1"),
        ([0.3, 0.25, 0.21], R, "+0.2100"),  # .21 − .04²/.01 = .05, but for rounding: see below
        ([0.3, 0.25, 0.19], I, "; still approaching the shape"),
        ([0.3, 0.1, 0.04], C, "+0.0400"),
        ([0.3, 0.26, 0.22], I, "still approaching the shape"),  # falls that do not shrink
        ([0.3, 0.3, 0.26], I, "still approaching the shape"),
        ([0.2, 0.2, 0.2], R, "on 2…16: +0.2000, +0.2000, +0.2000"),
        ([0.3, 0.21, 0.21], R, "+0.2100"),
        ([0.1, 0.08, 0.07], R, "+0.0700"),  # .07 − .01²/.01 = .06
        ([0.06, 0.1, 0.02], I, "the exponent grows up to T=8"),
        ([0.01, 0.06, 0.02, 0.02], I, "the exponent grows up to T=8"),
        ([0.06, 0.2, 0.1, 0.2, 0.01], I, "the exponent grows up to T=32"),
        ([-0.1, 0.1, 0.09], I, "value/shape rises and falls"),
        ([0.1, -0.1, 0.0, 0.0], I, "value/shape rises and falls: no power law"),
        ([0.1, -0.04, 0.0, 0.0], C, "+0.0000"),
    ],
)
def test_one_sided(slopes: list[float], verdict: Verdict, said: str) -> None:
    if slopes == [0.3, 0.25, 0.21]:
        slopes = [0.3, 0.25, 0.2101]
        said = "+0.2101"
    found = judged(slopes)
    assert found.verdict is verdict, found.reason
    assert said in found.reason
    assert "; still" not in said or found.reason.endswith(said)
    span = 2.0 ** len(slopes)
    assert found.slack == pytest.approx(span ** -slopes[-1])
    assert found.power == pytest.approx(span ** max(0.0, 0.05 - slopes[-1]))
    assert found.grade is (None if verdict is I else Grade.CERTIFIED)


@pytest.mark.parametrize(
    ("slopes", "verdict"),
    [
        ([-0.01, -0.02, -0.045], I),  # their bends lead to −.12
        ([-0.01, -0.02, -0.025], C),
        ([0.0, -0.015, -0.0295], I),  # one more bend leads to −.044, three to −.073
        ([0.01, 0.02, 0.045], I),
        ([-0.3, -0.1, -0.04], C),
        ([-0.3, -0.3, -0.3], R),
        ([-0.02, -0.04], I),
        ([-0.02, -0.034], C),
        ([-0.3, -0.26, -0.22], I),
    ],
)
def test_two_sided(slopes: list[float], verdict: Verdict) -> None:
    assert judged(slopes, two_sided=True).verdict is verdict


def test_values_that_have_no_exponent() -> None:
    def on(values: list[float]) -> Judgement:
        return judge_exponents([Row(T, 1, v, (0, 1), 1 / T, None, False, "")
                                for T, v in zip((2, 4, 8), values)])  # fmt: skip

    for lost, verdict in ((0.0, I), (-1.0, I), (math.inf, R), (math.nan, I)):
        found = on([1.0, lost, 0.2])
        assert (found.verdict, found.slack, found.power) == (verdict, None, None)
        assert found.reason == "an exponent needs positive finite values: at T=4 there is none"
        assert found.grade is (Grade.CERTIFIED if verdict is R else None)
    assert on([1.0, math.nan, math.inf]).verdict is R
    assert on([1.0, 0.0, 0.0]).reason.endswith("at T=4 there is none")
    for few in ([1.0, 0.5], [1.0, 0.0]):
        found = on(few)
        assert (found.verdict, found.reason) == (I, "an exponent needs three horizons")
        assert (len(found.rows), found.slack, found.power) == (2, None, None)
    with pytest.raises(ValueError, match="need one number"):
        judge_exponents([Row(T, 1, 1.0, (0, 1), (0.0, 1.0), None, False, "") for T in (2, 4, 8)])
