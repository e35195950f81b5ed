"""AlgoPerf's score: digits, edge cases, intervals and their level, bad input."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, norm

from convergence.errors import InvalidInput
from convergence.statistics import Verdict
from convergence.statistics import scoring as sc

INF = np.inf
MEDIANS = np.array([[1.0, 2, 3], [1.4, 1.5, 4]])


def test_digits() -> None:
    times = [[1, 4, INF], [2, 1, INF], [INF, 2, 5]]
    np.testing.assert_allclose(sc.scores(times), [1 / 3, 5 / 9, 5 / 9], rtol=1e-15)
    rule = [0.3350168, 0.5572391, 0.5572391]
    np.testing.assert_allclose(sc.trapezoid_scores(times), rule, atol=5e-8)
    fourth = [[*row, INF] for row in times]
    np.testing.assert_allclose(sc.scores(fourth), [1 / 4, 5 / 12, 5 / 12], rtol=1e-15)
    assert sc.scores([[1.0, INF, 2.0, INF]]).tolist() == [0.5]  # alone: the share of hits
    assert sc.scores([[1.0], [4.0]]).tolist() == [1.0, 0.0]  # exactly r_max is nothing
    assert sc.trapezoid_scores([[1.0], [4.0]])[1] == pytest.approx(1 / 198)


def test_studies_and_records() -> None:
    trials = np.array([[[[3, 2, 9], [INF, INF, INF], [5, 4, 4]]]])
    assert sc.study_times(trials).tolist() == [[4.0]]
    hits = sc.first_hits([0, 10, 20], [[3.0, 1.0, 2.0], [3.0, 2.0, 2.0]], 1.0)
    assert hits.tolist() == [10.0, INF]


def test_median_intervals_take_the_inner_most_order_statistics() -> None:
    """15 draws at 0.05/6: the third from either end, which err with 2 · 0.0036926."""
    found = sc.median_interval(np.arange(1, 16), 0.05 / 6)
    assert found == (3.0, 13.0)
    for n in range(1, 30):
        for error in (0.5, 0.1, 0.01):
            if 2.0**-n > error / 2:
                with pytest.raises(InvalidInput, match="of them or more"):
                    sc.median_interval(np.arange(n), error)
                continue
            k = int(sc.median_interval(np.arange(1, n + 1), error).low)
            assert binom.cdf(k - 1, n, 0.5) <= error / 2 < binom.cdf(k, n, 0.5)
    assert sc.median_interval([1.0, *[INF] * 14], 0.1) == (INF, INF)


@pytest.mark.parametrize("misses", [0.0, 0.3])
def test_intervals_hold_the_scores_of_the_medians(test_seed: int, misses: float) -> None:
    """400 fields at error 0.05: at most 20 + 5√19 = 42 may miss (α < 1e-6); also where times are
    rounded, so that they tie, and 30 % are ∞."""
    rng = np.random.default_rng(test_seed)
    # With mass m at ∞ the median is the quantile of the finite part at 1/(2(1 − m)).
    at = norm.ppf(0.5 / (1 - misses))
    true = sc.scores((MEDIANS * np.exp(0.3 * at)).round(1) if misses else MEDIANS)
    missed = 0
    for _ in range(400):
        t = MEDIANS[:, :, None] * np.exp(0.3 * rng.standard_normal((2, 3, 15)))
        if misses:
            t = np.where(rng.random(t.shape) < misses, INF, t.round(1))
        found = sc.score_intervals(t, 0.05)
        missed += any(not i.low - 1e-12 <= b <= i.high + 1e-12 for i, b in zip(found, true))
    assert missed <= 42


def test_repeats_and_verdicts() -> None:
    """U1: K = 738 gives ±0.05 for one solver at 0.05; a difference has twice that."""
    one = sc.mean_score_intervals(np.full((738, 1), 0.5), 0.05)[0]
    assert one.high - one.low == pytest.approx(0.1, rel=2e-3)
    clear = sc.beats(np.tile([[0.9, 0.2]], (100, 1)), 0.05)
    assert clear == {(0, 1): Verdict.CONSISTENT, (1, 0): Verdict.REFUTED}
    few = sc.beats(np.tile([[0.9, 0.2]], (5, 1)), 0.05)
    assert set(few.values()) == {Verdict.INCONCLUSIVE}
    apart = sc.beats_by_intervals([sc.Interval(0.5, 0.6), sc.Interval(0.1, 0.4)])
    assert apart[0, 1] is Verdict.CONSISTENT
    touching = sc.beats_by_intervals([sc.Interval(0.4, 0.6), sc.Interval(0.1, 0.4)])
    assert touching[0, 1] is Verdict.INCONCLUSIVE


def test_verdicts_on_equal_solvers_err_rarely(test_seed: int) -> None:
    """300 pairs of equal solvers at 0.05, uniform scores: a "beats" is false; ≤ 15 + 5√14.25."""
    rng = np.random.default_rng(test_seed)
    wrong = 0
    for _ in range(300):
        found = sc.beats(rng.random((40, 2)), 0.05)
        wrong += any(v is not Verdict.INCONCLUSIVE for v in found.values())
    assert wrong <= 33


CASES: dict[str, tuple[Callable[[], Any], str]] = {
    "zero": (lambda: sc.scores([[0.0]]), "a time of 0"),
    "negative": (lambda: sc.scores([[-1.0, 2.0]]), "a time of -1"),
    "nan": (lambda: sc.scores([[np.nan]]), "a time of nan"),
    "flat": (lambda: sc.scores([1.0, 2.0]), "one row a solver"),
    "empty": (lambda: sc.scores(np.zeros((0, 3))), "one row a solver"),
    "r_max": (lambda: sc.scores([[1.0]], 1.0), "r_max = 1"),
    "points": (lambda: sc.trapezoid_scores([[1.0]], points=1), "1 points"),
    "even": (lambda: sc.study_times(np.ones((1, 1, 2, 5))), "2 studies"),
    "axes": (lambda: sc.study_times(np.ones((1, 1, 3))), "add the axes"),
    "few": (lambda: sc.score_intervals(np.ones((2, 3, 5)), 0.05), "5 draws"),
    "repeats": (lambda: sc.beats([[1.2, 0.1]], 0.05), "beyond"),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_one_sentence(case: str) -> None:
    act, words = CASES[case]
    with pytest.raises(InvalidInput, match=re.escape(words)) as error:
        act()
    assert "\n" not in str(error.value)
