"""Judges of means against their definitions: levels, slack, power, reasons, what more runs do."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import bisect

from convergence import statistics as st
from convergence.statistics import (
    Grade,
    Sample,
    Verdict,
    judge_exact,
    judge_expectation,
    judge_floor,
)
from convergence.statistics.intervals import loosened
from convergence.statistics.multiple import share
from tests.statistics import SEED

ALPHA = 1e-3
LOG = math.log(1e3)
C, R, I = Verdict.CONSISTENT, Verdict.REFUTED, Verdict.INCONCLUSIVE
RNG = np.random.default_rng(SEED)
A, B = RNG.uniform(0, 8, 500), RNG.uniform(0, 20, 500)
INF = math.inf


def where(function: Callable[[float], float], low: float, high: float) -> float:
    return float(bisect(function, low, high, xtol=1e-12))  # pyright: ignore


def pair(a: float, b: float, **tickets: bool) -> list[Sample]:
    return [Sample(8, A, a, ceiling=8.0, **tickets), Sample(16, B, b, ceiling=20.0, **tickets)]


# --- at most ---------------------------------------------------------------------------------


def test_power_of_an_expectation_by_its_definition() -> None:
    found = judge_expectation(pair(6.0, 13.0), ALPHA)

    def left(c: float) -> float:
        evidence = [st.log_e_above(A, 6.0 / c), st.log_e_above(B, 13.0 / c)]
        return float(np.logaddexp(*evidence)) - math.log(2) - LOG

    assert found.power == pytest.approx(where(left, 1.0, 3.0), rel=1e-5)
    assert found.slack == pytest.approx(min(6.0 / A.mean(), 13.0 / B.mean()))
    highs = [st.betting_upper(v, ALPHA, loosened(c)) for v, c in ((A, 8.0), (B, 20.0))]
    lows = [st.betting_lower(v, ALPHA / 2) for v in (A, B)]
    assert [row.interval for row in found.rows] == list(zip(lows, highs, strict=True))
    wealth = [math.exp(float(st.log_e_above(A, 6.0))), math.exp(float(st.log_e_above(B, 13.0)))]
    assert [row.e_value for row in found.rows] == pytest.approx(wealth, rel=1e-6)
    assert found.verdict is C
    assert f"with slack {found.slack:.3g} and an overstatement by a factor" in found.reason


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_rounding_is_granted_to_bounds_relative_to_themselves(scale: float) -> None:
    high = st.betting_upper(scale * A, ALPHA, loosened(8.0 * scale))
    low = st.betting_lower(scale * A, ALPHA)
    for off, upper, floor in ((0.999, I, C), (1.001, C, I)):
        above = Sample(8, scale * A, off * high / 1.5, ceiling=8 * scale)
        assert judge_expectation([above], ALPHA, rounding=0.5).verdict is upper
        below = Sample(8, scale * A, off * low / 0.5, ceiling=8 * scale)
        assert judge_floor([below], ALPHA, rounding=0.5).verdict is floor


def test_the_horizon_that_lacks_most_is_named() -> None:
    highs = [st.betting_upper(v, ALPHA, loosened(c)) for v, c in ((A, 8.0), (B, 20.0))]
    for lacks in (0, 1):
        bounds = [h - (0.1 if k == lacks else 0.05) for k, h in enumerate(highs)]
        found = judge_expectation(pair(*bounds), ALPHA)
        assert (found.verdict, found.needs) == (I, 0)
        T, mean = ((8, A.mean()), (16, B.mean()))[lacks]
        assert found.reason.startswith(f"at T={T} the mean {mean:.6g} has upper limit")
    lows = [st.betting_lower(v, ALPHA) for v in (A, B)]
    for lacks in (0, 1):
        floors = [low + (0.1 if k == lacks else 0.05) for k, low in enumerate(lows)]
        found = judge_floor(pair(*floors), ALPHA)
        assert (found.verdict, found.needs) == (I, 0)
        assert f"at T={(8, 16)[lacks]} the mean" in found.reason
        assert "no certified" not in found.reason
    bare = judge_floor([Sample(8, A, 3.9), Sample(16, B, 9.9)], ALPHA)
    assert "no certified upper confidence limit" in bare.reason
    assert judge_floor([Sample(8, np.ones(5), 1.0)], ALPHA, rounding=0.0).needs is None
    assert judge_floor([Sample(8, np.ones(5), 0.99)], ALPHA).needs == 0
    assert judge_floor([Sample(8, np.ones(5), 0.99), Sample(9, A, 5.0)], ALPHA).needs is None


# --- at least --------------------------------------------------------------------------------


def floored(light: bool) -> tuple[list[Sample], float]:
    """Two floors, and the factor at which the bets of level α/2 or α refute."""
    samples = pair(3.5, 9.0, light=light)

    def left(c: float) -> float:
        evidence = [
            st.log_e_below(A, 3.5 * c, loosened(8.0)), st.log_e_below(B, 9.0 * c, loosened(20.0))
        ]  # fmt: skip
        return float(np.logaddexp(*evidence)) - math.log(2) - LOG - math.log(2) * light

    return samples, where(left, 1.0, 2.0)


@pytest.mark.parametrize("light", [False, True])
def test_power_of_a_floor_by_its_definition(light: bool) -> None:
    samples, by_bets = floored(light)
    found = judge_floor(samples, ALPHA)
    by_limits = [st.upper_limit(s, share(ALPHA / 2, 2)).value / s.number for s in samples]
    wanted = min([by_bets, *by_limits]) if light else by_bets
    assert found.power == pytest.approx(wanted, rel=1e-5)
    assert found.slack == pytest.approx(min(A.mean() / 3.5, B.mean() / 9.0))
    evidence = [float(st.log_e_below(A, 3.5, loosened(8.0))),
                float(st.log_e_below(B, 9.0, loosened(20.0)))]  # fmt: skip
    assert [row.e_value for row in found.rows] == pytest.approx(np.exp(evidence), rel=1e-6)
    for factor, refuted in ((0.995 * wanted, False), (1.005 * wanted, True)):
        moved = [Sample(s.T, s.values, factor * s.number, ceiling=s.ceiling, light=light)
                 for s in samples]  # fmt: skip
        assert (judge_floor(moved, ALPHA).verdict is R) == refuted


@pytest.mark.parametrize("tickets", [{"light": True}, {"second": 200.0}])
def test_power_of_a_floor_without_a_ceiling(tickets: dict) -> None:
    samples = [Sample(8, A, 3.5, **tickets), Sample(16, B, 9.0, **tickets)]
    found = judge_floor(samples, ALPHA)
    limits = [st.upper_limit(s, ALPHA / 2).value / s.number for s in samples]
    assert found.power == pytest.approx(min(limits), rel=1e-5)
    assert [row.e_value for row in found.rows] == [None, None]
    small = judge_floor([Sample(8, 0.1 * A, 0.3, **tickets)], ALPHA)
    assert small.power is not None
    assert judge_floor([Sample(8, A, 0.0, **tickets)], ALPHA).power is None


def test_the_horizon_farthest_below_its_floor_is_named() -> None:
    found = judge_floor(pair(2 * A.mean(), 1.5 * B.mean()), ALPHA)
    assert found.verdict is R
    assert found.reason.startswith(
        f"at T=8 the mean of 500 runs is {A.mean():.6g}, below the floor"
    )
    assert "at T=16" in judge_floor(pair(1.5 * A.mean(), 2 * B.mean()), ALPHA).reason
    attained = Sample(8, np.ones(1), 1.0, sure=True)
    assert judge_floor([attained], ALPHA, rounding=0.0).verdict is C
    endless = judge_floor([Sample(8, A, -INF, ceiling=8.0)], ALPHA)
    assert (endless.verdict, endless.reason) == (
        I,
        "the floor is -inf: vacuous, and kept by anything",
    )


# --- equal -----------------------------------------------------------------------------------


def test_an_exact_law_by_its_definition() -> None:
    samples = pair(4.0, 10.0)
    found = judge_exact(samples, ALPHA, margin=0.9)
    limits = [(st.lower_limit(s, ALPHA / 4).value, st.upper_limit(s, ALPHA / 4).value)
              for s in samples]  # fmt: skip
    assert [row.interval for row in found.rows] == limits
    assert found.slack == pytest.approx(min(4.0 / A.mean(), 10.0 / B.mean()))
    assert found.power == pytest.approx(min(4.0 / limits[0][0], 10.0 / limits[1][0]))
    for wrong in (0.0, 1.0, 1.5, math.nan):
        with pytest.raises(ValueError, match="margin"):
            judge_exact(samples, ALPHA, margin=wrong)
    none = judge_exact(samples, ALPHA, margin=0.01)
    assert (none.verdict, none.needs) == (I, 0)
    at = none.rows[0].interval
    assert f"at T=8 the interval [{at[0]:.6g}, {at[1]:.6g}] leaves a band of 1.0%" in none.reason
    far = judge_exact(pair(8.0, 10.0), ALPHA, margin=0.9)
    assert far.verdict is R
    at = far.rows[0].interval
    assert f"has the interval [{at[0]:.6g}, {at[1]:.6g}] without the stated 8" in far.reason


def test_power_of_an_exact_law_at_its_ends() -> None:
    def power(values: np.ndarray, number: float) -> float | None:
        return judge_exact([Sample(8, values, number, light=True)], ALPHA, margin=0.5).power

    assert power(A - 4, 0.05) == INF  # the lower limit is negative
    assert power(A - 8, -4.0) is None
    assert power(A, 0.0) is None
    low = st.lower_limit(Sample(8, A / 9, 0.4, light=True), ALPHA / 2, nonnegative=False).value
    assert power(A / 9, 0.4) == pytest.approx(0.4 / low)
    assert 0 < low < 1
    assert judge_exact([Sample(8, A - 8, 1.0)], ALPHA, margin=0.5).power is None  # no limit


def test_rounding_and_infinity_of_an_exact_law() -> None:
    for value, verdict in ((100.9, C), (101.1, R), (99.1, C), (98.9, R)):
        sample = Sample(8, np.array([value]), 100.0, sure=True)
        assert judge_exact([sample], ALPHA, margin=0.5, rounding=0.01).verdict is verdict
    finite = judge_exact([Sample(8, A, INF, ceiling=8.0)], ALPHA, margin=0.5)
    assert finite.verdict is R
    endless = judge_exact([Sample(8, A, INF)], ALPHA, margin=0.5)
    assert endless.verdict is I
    assert endless.reason.startswith("the stated mean is infinite: vacuous")
    lost = judge_exact([Sample(8, np.append(A, [INF, INF]), 4.0, ceiling=8.0)], ALPHA, margin=0.5)
    assert lost.reason == ("at T=8 2 of 502 values are infinite, and the mean is stated as 4")
    few = judge_exact([Sample(8, A[:50], 4.0, light=True)], ALPHA, margin=0.9)
    assert few.verdict is I
    assert few.needs == math.ceil(18 * math.log(2e3))
    mixed = judge_exact([Sample(8, A, 4.0, ceiling=1e6, light=True)], ALPHA, margin=0.9)
    assert (mixed.verdict, mixed.grade) == (C, Grade.ASYMPTOTIC)  # certified from below alone
    near = Sample(8, 8 - A / 40, 7.9, ceiling=8.0, light=True)
    mixed = judge_exact([near], ALPHA, margin=0.01)
    assert (mixed.verdict, mixed.grade) == (C, Grade.ASYMPTOTIC)  # certified from above alone
    above = [s.side(7.9 * 1.005) for s in (st.upper_limit(near, ALPHA / 2),)]
    assert above == [Grade.CERTIFIED]
