"""Judges of pairs and of every run against their definitions."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import bisect

from convergence import statistics as st
from convergence.statistics import Sample, Verdict, judge_identity, judge_pathwise, judge_separation
from convergence.statistics.intervals import loosened
from convergence.statistics.judges import apart, closeness
from tests.statistics import SEED

ALPHA = 1e-3
LOG = math.log(1e3)
C, R, I = Verdict.CONSISTENT, Verdict.REFUTED, Verdict.INCONCLUSIVE
RNG = np.random.default_rng(SEED)
A, B = RNG.uniform(0, 8, 500), RNG.uniform(0, 20, 500)
INF = math.inf


def where(function: Callable[[float], float]) -> float:
    return float(bisect(function, 0.05, 1.0, xtol=1e-12))  # pyright: ignore


# --- one against another ---------------------------------------------------------------------


@pytest.mark.parametrize("light", [False, True])
@pytest.mark.parametrize("ceiling", [None, 20.0])
def test_a_separation_by_its_definition(light: bool, ceiling: float | None) -> None:
    if not light and ceiling is None:
        return
    factor, other = 0.7, np.clip(B + 6, 0, 20)
    found = judge_separation(
        [(8, A, B), (16, A, other)], ALPHA, factor=factor, light=light, ceiling=ceiling
    )
    level = ALPHA / (light + (ceiling is not None))
    cap = loosened(20.0)
    for row, b, T in zip(found.rows, (B, other), (8, 16), strict=True):
        gap, shift = A - factor * b, factor * cap
        low, high = [-INF], [INF]
        if ceiling:
            low.append(st.betting_lower(gap + shift, level) - shift)
            high.append(st.betting_upper(gap + shift, level, cap + shift) - shift)
        if light:
            low.append(st.asymptotic_lower(gap, level)[0])
            high.append(st.asymptotic_upper(gap, level)[0])
        assert row.T == T
        assert row.interval == pytest.approx((max(low), min(high)), rel=1e-6)
        assert row.estimate == pytest.approx(gap.mean())
        assert row.note == f"mean of A {A.mean():.6g}, of B {b.mean():.6g}"
        assert not row.vacuous
        wealth = math.exp(float(st.log_wealth(np.maximum((A / factor - b) / cap, -1.0))))
        assert row.e_value == (pytest.approx(wealth, rel=1e-6) if ceiling else None)
    assert found.slack == pytest.approx(factor * B.mean() / A.mean())
    kind = st.Grade.CERTIFIED if ceiling else st.Grade.ASYMPTOTIC
    assert (
        judge_separation(
            [(8, A, 3 * B)], ALPHA, light=light, ceiling=3 * ceiling if ceiling else None
        ).grade
        is kind
    )

    def left(c: float) -> float:
        each = [st.log_wealth(np.maximum((A / c - b) / cap, -1.0)) for b in (B, other)]
        return float(np.logaddexp(*each)) - math.log(2) - math.log(1 / level)

    refuted = [where(left)] if ceiling else []
    if light:

        def below(c: float) -> float:
            return max(st.asymptotic_lower(A - c * b, level / 2)[0] for b in (B, other))

        refuted.append(where(below))
    assert found.power == pytest.approx(factor / max(refuted), rel=1e-5)


def test_what_a_separation_says_where_it_decides_nothing() -> None:
    for wrong in (0.0, -1.0, INF, math.nan):
        with pytest.raises(ValueError, match="factor"):
            judge_separation([(8, A, B)], ALPHA, factor=wrong, light=True)
    close = judge_separation([(8, A, A * 1.001), (16, A, B)], ALPHA, ceiling=25.0)
    assert (close.verdict, close.needs) == (I, 0)
    assert close.reason.startswith("at T=8 the mean of A - 1 B is ")
    few = judge_separation([(8, A[:20], B[:20])], ALPHA, light=True)
    assert (few.verdict, few.needs) == (I, math.ceil(18 * LOG))
    assert few.reason.startswith("no upper confidence limit: 20 runs are too few")
    holes = judge_separation([(8, np.append(A, math.nan), np.append(B, 1.0))], ALPHA, light=True)
    assert holes.verdict is I
    assert holes.reason.startswith("the metric of 1 of 501 runs is NaN at T=8; ")
    assert (holes.rows[0].interval, holes.needs) == ((-INF, INF), None)
    broken = judge_separation([(8, A, B), (16, A, 1.5 * B)], ALPHA, ceiling=20.0)
    assert broken.reason.startswith("a run at T=16 exceeds its certified ceiling 20")
    both = (np.append(A, INF), np.append(B, INF))
    crashed = judge_separation([(8, *both), (9, A, B)], ALPHA, light=True)
    assert crashed.verdict is I
    assert crashed.reason.startswith("1 runs of A are not finite; ")
    assert crashed.slack == 0.0
    bare = judge_separation([(8, A, B), (16, A, B)], ALPHA)
    assert (bare.verdict, bare.power) == (I, None)
    worse = judge_separation([(8, B, A), (16, 2 * B, A)], ALPHA, factor=1.5, light=True)
    assert worse.reason.startswith(
        f"at T=16 A exceeds 1.5 times B by {(2 * B - 1.5 * A).mean():.6g}"
    )


# --- every run -------------------------------------------------------------------------------


def test_bad_roundings_and_tolerances() -> None:
    sample = Sample(4, np.ones(2), 2.0)
    for wrong in ([], [0.0, 0.0], [-1e-9], [math.nan], [INF]):
        with pytest.raises(ValueError, match="relative error"):
            judge_pathwise([sample], rounding=wrong)
    for worse in (-1.0, math.nan, INF):
        with pytest.raises(ValueError, match="tolerance"):
            judge_identity({"a": 0.0}, worse)
    exact = judge_identity({"a": 0.0}, 0.0)
    assert (exact.verdict, exact.slack) == (C, INF)
    assert judge_identity({"a": 3.0, "b": -4.0}, 1.0).slack == 0.25
    assert judge_identity({"a": 0.25}, 0.25).verdict is C
    assert judge_identity({"a": 0.5}, 2.0).slack == 4.0


def test_rounding_is_that_of_the_larger_of_value_and_bound() -> None:
    for value, bound, verdict in (
        (0.3, 0.25, C), (0.32, 0.25, R), (-0.2, -0.24, C), (-0.18, -0.24, R),
        (0.2, (0.24, 1.0), C), (-0.18, (-0.15, INF), C), (-0.2, (-0.1, INF), R), (0.05, 0.0, R),
        (0.0, 0.0, C), (0.15, (-1.0, 0.0), C), (0.21, (-1.0, 0.0), R),
    ):  # fmt: skip
        found = judge_pathwise([Sample(4, np.array([value]), bound)], rounding=[0.2])
        assert found.verdict is verdict, (value, bound)


def test_what_is_infinite_or_lost_in_runs() -> None:
    lost = judge_pathwise([Sample(4, np.array([1.0, 0.5, -INF]), (0.0, 2.0))], rounding=[1e-9])
    assert lost.verdict is R
    assert lost.reason == "1 of 3 values violate the bound: 1 values are not finite at T=4"
    assert lost.rows[0].interval == (-INF, INF)
    assert (lost.slack, lost.power) == (0.0, 0.0)
    free = judge_pathwise([Sample(4, np.array([1.0, -INF]), 2.0)], rounding=[1e-9])
    assert free.verdict is I
    assert free.reason.startswith("1 of 2 values are NaN or as infinite as their bound")
    up = judge_pathwise([Sample(4, np.array([3.0, INF]), (2.0, INF))], rounding=[1e-9])
    assert up.verdict is I
    kept = judge_pathwise([Sample(4, np.ones((3, 2)), 2.0)], rounding=[1e-9])
    assert kept.reason == "all 6 values keep the bound up to a relative round-off of 1.0e-09"
    assert (kept.rows[0].T, kept.rows[0].seeds) == (4, 3)


def test_the_value_farthest_beyond_its_bound_is_shown() -> None:
    """Relative to the larger of value and bound: 3 beyond 2 by a third, −2 beyond −1 by a half."""
    for unit in (1.0, 0.1):
        sample = Sample(4, unit * np.array([3.0, -2.0]), (-unit, 2 * unit))
        assert judge_pathwise([sample], rounding=[1e-9]).rows[0].estimate == -2.0 * unit
    found = judge_pathwise([Sample(4, np.array([3.0, -2.0]), (-1.0, 2.0))], rounding=[1e-9])
    assert "2 of 2 values violate the bound: at T=4 a run has -2 against [-1, 2]" in found.reason
    two = [Sample(4, np.array([3.0]), 2.0), Sample(8, np.array([9.0]), 2.0)]
    assert "at T=8 a run has 9" in judge_pathwise(two, rounding=[1e-9, 1e-9]).reason
    mixed = judge_pathwise([Sample(4, np.array([math.nan, 3.0]), 2.0)], rounding=[1e-9])
    assert mixed.rows[0].estimate == 3.0
    assert mixed.rows[0].note == "worst value 3"
    assert apart(1.0000001, 1.0, 1e-7, 0.0) == ("1.0000001 against ≤ 1: 1e-07 beyond it, 0 granted")
    assert apart(1.000001, 1.0, 1e-6, 0.0) == "1.000001 against ≤ 1: 1e-06 beyond it, 0 granted"


@pytest.mark.parametrize(
    ("value", "bound", "factor"),
    [(0.5, 0.25, 0.5), (0.5, 2.0, 4.0), (-0.5, -0.25, 2.0), (-0.25, -0.5, 0.5), (0.0, 0.0, 1.0),
     (0.5, 0.0, 0.0), (0.5, -0.5, 0.0), (0.0, -0.5, 0.0), (0.0, 0.5, INF), (-0.5, 0.0, INF),
     (-0.5, 0.5, INF)],
)  # fmt: skip
def test_how_far_a_bound_could_be_drawn(value: float, bound: float, factor: float) -> None:
    assert closeness(value, bound) == factor
