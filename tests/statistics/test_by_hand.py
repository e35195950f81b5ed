"""Numbers and words of the judges, each worked by hand: single-token mutants of them survived."""

from __future__ import annotations

import math

import numpy as np
import pytest

from convergence.algorithms import coins
from convergence.algorithms.zeroth_order.zo_sgd import ZOSGD
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.statistics import (
    Grade,
    Sample,
    Verdict,
    betting_lower,
    betting_upper,
    judge_exact,
    judge_exponents,
    judge_rate,
    judge_separation,
)  # fmt: skip
from convergence.statistics.asymptotic import student_upper
from convergence.statistics.eprocess import (
    LAMBDAS,
    LARGEST,
    MANY,
    PIECE,
    log_mean_exp,
    log_wealth,
)
from convergence.statistics.intervals import loosened
from convergence.statistics.judges import apart
from convergence.statistics.planning import beyond, extrapolated, typical
from convergence.statistics.rates import Curve, trend
from convergence.statistics.robust import tail_note
from convergence.statistics.samples import missing
from convergence.statistics.scoring import score_intervals
from convergence.statistics.verdict import Row
from tests.statistics import SEED


@pytest.mark.parametrize("count", [MANY, MANY + 5, 2 * PIECE + 3])
@pytest.mark.parametrize("far", [1e-12, 0.3, 1e200])
def test_the_wealth_of_many_gains_is_that_of_each_in_turn(far: float, count: int) -> None:
    gains = np.random.default_rng(SEED).pareto(0.9, count) - 1
    gains[:: count // 8] = np.array([far, -1.0] * 5)[: len(gains[:: count // 8])]
    apart = np.log1p(np.multiply.outer(LAMBDAS, gains)).sum(axis=1)
    wanted = float(log_mean_exp(apart))
    assert float(log_wealth(gains)) == pytest.approx(wanted, rel=1e-12, abs=1e-12)


def test_gains_as_large_as_those_of_a_block_may_be_stay_in_the_floats() -> None:
    wanted = MANY * math.log(0.99 * LARGEST) - math.log(len(LAMBDAS))
    assert float(log_wealth(np.full(MANY, LARGEST))) == pytest.approx(wanted, rel=1e-12)


def test_two_runs_have_a_students_limit_and_one_has_none() -> None:
    # t with P(Cauchy > t) = ¼ is 1, and s/√n = ½.
    assert student_upper(np.array([0.0, 1.0]), 0.25) == pytest.approx(1.0, rel=1e-12)
    assert student_upper(np.array([1.0]), 0.25) == math.inf


def test_slopes_of_a_band() -> None:
    """Ends against the slope on the left, with it on the right; unequal so that none cancels."""
    curve = Curve(*(np.array(v, float) for v in ((0, 1, 2), (0, 0, 0), (-1, -2, -3), (1, 2, 4))))
    chord = curve.chord(1, 2)
    assert (chord.slope, chord.low, chord.high) == (0.0, -3.0 - 2.0, 4.0 - -2.0)
    whole = trend(curve)  # weights −½, 0, ½
    assert (whole.slope, whole.low, whole.high) == (0.0, -0.5 - 1.5, 0.5 + 2.0)


def test_a_rate_that_holds_is_said_in_full() -> None:
    samples = [
        Sample(T=T, values=np.array([3.0 / T]), bound=1 / T, trivial=None, sure=True)
        for T in (4, 16, 64, 256)
    ]  # the last half is 64, 256
    found = judge_rate(samples, 1e-3)
    assert (found.verdict, found.grade) == (Verdict.CONSISTENT, Grade.CERTIFIED)
    assert found.slack == pytest.approx(1.0)
    assert found.power == pytest.approx(64**0.05)
    assert found.reason.endswith(
        "certified limits exclude exponents below 1.00 on 4…256 and 1.00 on 64…256, and say "
        "nothing beyond or between the horizons, nor of a slope that begins after T=64"
    )


def test_an_exact_law_says_its_band_and_the_half_of_it() -> None:
    found = judge_exact(
        [Sample(T=8, values=np.array([2.0]), bound=2.0, sure=True)], 1e-3, margin=0.05
    )
    assert found.verdict is Verdict.CONSISTENT
    assert "a band of 5.0% (±2.50%) around the stated mean" in found.reason


def test_the_last_digit_of_a_violation_is_shown() -> None:
    assert apart(1.0 + 2.0**-52, 1.0, 2.2e-16, 0.0) == (
        "1.0000000000000002 against ≤ 1: 2.2e-16 beyond it, 0 granted"
    )
    assert apart(1.25, 1.0, 0.25, 0.0) == "1.25 against ≤ 1"


def test_a_broken_ceiling_is_named_first() -> None:
    sample = Sample(T=7, values=np.array([1.0, 3.0]), bound=1.0, ceiling=2.0)
    assert missing([sample], [], "upper") == "a run at T=7 exceeds its certified ceiling 2"


def test_a_tail_is_told_below_an_index_of_two() -> None:
    """16 values, the four largest over the fifth: index 4/log(X₁/X₅), one run with its share."""

    def values(index: float) -> np.ndarray:
        return np.array([math.exp(4 / index), *4 * [1.0], *11 * [0.0]])

    assert "Hill index 1.95" in tail_note(values(1.95))
    assert tail_note(values(2.05)) == ""


def test_runs_are_extrapolated_by_the_power_that_is_seen() -> None:
    # Above the limit 1: 1, 2^−½ with four times the runs, a rate ¼; half of that takes 2⁴ as many.
    assert extrapolated(1 + 2**-1.5, 1.0, (2.0, 1 + 2**-0.5), 100) == pytest.approx(1600)
    # No faster than the square root: 1, ⅛ count as a rate ½.
    assert extrapolated(1 + 1 / 16, 1.0, (2.0, 1 + 1 / 8), 100) == pytest.approx(400)
    assert extrapolated(1.0, 1.0, (2.0, 1.5), 100) == math.inf


def test_what_no_float_holds_is_infinite_and_raises_nothing() -> None:
    never = Row(8, 100, 0.0, (0.0, 0.2), 1e-170, None, False, "")
    assert beyond([never], None) == math.inf
    # 1e-300 after 1e300 over a factor 2 in T: the exponent is −600/log₁₀ 2.
    steep = [Row(T, 1, v, (v, v), 1.0, None, False, "")
             for T, v in ((1, 1e300), (2, 1.0), (4, 1e-300))]  # fmt: skip
    found = judge_exponents(steep)
    assert (found.verdict, found.power) == (Verdict.CONSISTENT, math.inf)
    large = np.array([1e171, 2e171] * 8)
    with np.errstate(over="ignore"):
        assert len(typical(large, 4, shift=1.0)) == 4


def test_intervals_of_scores_share_their_error_over_solvers_and_workloads() -> None:
    """2 · 2⁻ⁿ ≤ .05/8 takes 9 draws, and .05/2 or .05/4 no more than 8."""
    times = np.random.default_rng(SEED).uniform(1, 2, (2, 4, 9))
    assert len(score_intervals(times, 0.05)) == 2
    with pytest.raises(InvalidInput, match=r"8 draws of a time at an error of 0\.00625"):
        score_intervals(times[..., :8], 0.05)


def test_how_far_a_random_direction_spreads_a_step() -> None:
    # 8η²(1 + η(d + 6)/2)²/(1 − 2η)² = .08 · 1.4²/.8² at η = .1, d = 2
    assert coins.directional(0.1, 2) == pytest.approx(math.log1p(0.245), rel=1e-12)
    assert coins.haar(4, 1) == pytest.approx(2 * 0.25 * 0.75 / 6)
    v, k = coins.projected(0.5, 0.25, 0.04)
    assert (v, k) == (pytest.approx(math.log1p(0.01 / 0.765625)), 0.125)
    eta, mu = 0.1, 0.3
    constants = Constants(L=1.0, d=2, mu=mu)
    assert ZOSGD(eta).coins(constants, 5) == (coins.directional(eta, 2), pytest.approx(0.06))


def test_a_band_of_gaps_by_hand() -> None:
    """A − ½B + ½C lies in [0, 3C/2] for A and B in [0, C]: its limits, shifted back."""
    rng = np.random.default_rng(SEED + 1)
    a, b = rng.uniform(0.0, 4.0, (2, 300))
    found = judge_separation([(7, a, b)], 1e-3, factor=0.5, ceiling=4.0)
    gap, cap = a - 0.5 * b, loosened(4.0)
    low = betting_lower(gap + cap / 2, 1e-3) - cap / 2
    high = betting_upper(gap + cap / 2, 1e-3, 1.5 * cap) - cap / 2
    assert found.rows[0].interval == pytest.approx((low, high), rel=1e-9)
