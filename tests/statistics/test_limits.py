"""e-values, confidence limits and robust estimates against numbers worked out by hand."""

import math

import numpy as np
import pytest

from convergence import statistics as st
from convergence.statistics.eprocess import LAMBDAS, gains_above
from convergence.statistics.intervals import student_quantile

EXACT = 1e-12  # float64 round-off over a handful of operations


def test_wealth_of_one_bet_by_hand() -> None:
    """M/B = 3: a stake s turns 1 into 1 + 2 s."""
    assert st.log_e_above(np.array([3.0]), 1.0) == pytest.approx(
        math.log(np.mean(1 + 2 * LAMBDAS)), abs=EXACT
    )


def test_wealth_is_the_same_in_any_order_and_along_its_path() -> None:
    gains = np.array([0.5, -1.0, 3.0, 0.1])
    path = st.log_wealth_path(gains)
    assert path[-1] == pytest.approx(float(st.log_wealth(gains)), abs=EXACT)
    assert path[0] == pytest.approx(float(st.log_wealth(gains[:1])), abs=EXACT)
    assert st.log_wealth(gains[::-1]) == pytest.approx(float(st.log_wealth(gains)), abs=EXACT)


def test_mirror_image() -> None:
    """E M >= eps for M <= C is E (C - M) <= C - eps."""
    values = np.array([0.1, 0.7, 0.2])
    mirrored = float(st.log_e_above(1.0 - values, 0.5))
    assert st.log_e_below(values, 0.5, 1.0) == pytest.approx(mirrored, abs=EXACT)


def test_wealth_survives_what_overflows() -> None:
    assert float(st.log_e_above(np.full(10_000, 1e9), 1e-9)) > 1e5
    assert float(st.log_e_above(np.zeros(10_000), 1.0)) > -math.inf
    assert float(st.log_e_above(np.array([0.0, np.nan]), 1.0)) == math.inf
    assert float(st.log_e_above(np.array([1e308]), 1e-308)) == math.inf
    nothing_at_stake = float(st.log_e_above(np.array([0.0, 1.0]), math.inf))
    assert nothing_at_stake == pytest.approx(0.0, abs=EXACT)
    assert float(st.log_e_above(np.array([0.0, 1e-300]), 0.0)) == math.inf


def test_contract_of_the_bets() -> None:
    with pytest.raises(ValueError, match="nonnegative"):
        gains_above(np.array([-1e-9]), 1.0)
    with pytest.raises(ValueError, match="stakes"):
        st.log_wealth(np.array([0.5]), np.array([0.5, 1.5]))
    with pytest.raises(ValueError, match="ceiling"):
        st.log_e_below(np.array([2.0]), 0.5, 1.0)


def test_edge_finds_where_a_predicate_ends() -> None:
    for end in (1e-200, 0.3, 1.0, 7.0, 1e200):
        found = st.edge(lambda s, end=end: s <= end)
        assert found == pytest.approx(end, rel=2e-6)  # bisection stops at 1e-6 of log s
        assert found <= end
    assert st.edge(lambda s: False) == 0.0
    assert st.edge(lambda s: True) == math.inf


def test_betting_limits_are_where_the_wealth_crosses() -> None:
    values = np.random.default_rng(0).exponential(size=50)
    low = st.betting_lower(values, 0.01)
    assert float(st.log_e_above(values, low)) >= math.log(100)
    assert float(st.log_e_above(values, low * 1.001)) < math.log(100)
    bounded = np.minimum(values, 2.0)
    high = st.betting_upper(bounded, 0.01, 2.0)
    assert float(st.log_e_below(bounded, high, 2.0)) >= math.log(100) * (1 - 1e-6)
    assert bounded.mean() < high < 2.0


def test_betting_lower_takes_any_nonnegative_number() -> None:
    assert st.betting_lower(np.zeros(5), 0.05) == 0.0
    assert st.betting_lower(np.array([1.0, math.inf]), 0.05) == math.inf
    assert 0 < st.betting_lower(np.full(5, 1e308), 0.05) < 1e308


def test_bernstein_and_hoeffding_by_hand() -> None:
    """n=4, mean 1/2, V=1/3, ln(2/d) = 1 and ln(1/d) = 1: formulas read off the page."""
    values = np.array([0.0, 1.0, 0.0, 1.0])
    raw = 0.5 + math.sqrt(2 / 3 * 0.1 / 4) + 7 * 0.1 / 9
    assert st.bernstein_upper(values, 2 * math.exp(-0.1), 1.0) == pytest.approx(raw, abs=EXACT)
    raw = 0.5 + math.sqrt(0.1 / 8)
    assert st.hoeffding_upper(values, math.exp(-0.1), 1.0) == pytest.approx(raw, abs=EXACT)
    assert st.bernstein_upper(values[:1], 0.05, 1.0) == 1.0
    with pytest.raises(ValueError, match="leave"):
        st.bernstein_upper(np.array([2.0, 0.0]), 0.05, 1.0)


def test_student_by_hand() -> None:
    """t_{3, 0.95} = 2.353363 (tables); s = 2/sqrt 3 and n = 4 for 0, 2, 0, 2."""
    values = np.array([0.0, 2.0, 0.0, 2.0])
    wanted = 1.0 + 2.353363434801823 / math.sqrt(3.0)
    assert st.student_upper(values, 0.05) == pytest.approx(wanted, rel=1e-9)  # digits of the table
    assert st.student_lower(values, 0.05) == pytest.approx(2.0 - wanted, rel=1e-9)
    assert student_quantile(math.inf, 0.025) == pytest.approx(1.959963984540054, rel=1e-12)
    assert st.student_upper(values[:1], 0.05) == math.inf
    assert st.student_upper(np.full(7, 0.1), 0.05) == 0.1  # the mean of equal numbers, exactly


def test_upper_limit_needs_a_ticket() -> None:
    values = np.array([0.4, 0.5, 0.6])
    assert st.upper_limit(values, 0.05, ceiling=None, finite_variance=False) == math.inf
    assert st.upper_limit(values, 0.05, ceiling=0.5, finite_variance=False) == math.inf
    assert st.upper_limit(np.array([np.nan]), 0.05, ceiling=1.0, finite_variance=True) == math.inf
    both = st.upper_limit(values, 0.05, ceiling=1.0, finite_variance=True)
    assert both == pytest.approx(
        min(st.betting_upper(values, 0.025, 1 + 1e-5), float(st.student_upper(values, 0.025)))
    )
    near = np.array([0.0] * 2 + [0.9] * 3)  # betting is the tighter one here, and pays half too
    half = st.betting_upper(near, 0.025, 0.9 * (1 + 1e-5))
    assert half < float(st.student_upper(near, 0.025))
    assert st.upper_limit(near, 0.05, ceiling=0.9, finite_variance=True) == pytest.approx(half)


def test_crashed_runs_never_raise_a_lower_limit() -> None:
    values = np.ones(20)
    crashed = np.append(values, [math.inf, math.nan])
    low = st.lower_limit(values, 0.05, finite_variance=False)
    assert st.lower_limit(crashed, 0.05, finite_variance=False) < low


def test_median_of_means_forgives_one_run() -> None:
    values = np.append(np.ones(29), 1e9)
    assert st.median_of_means(values, 10) == 1.0
    with pytest.raises(ValueError, match="blocks"):
        st.median_of_means(values, 31)


def test_tail_diagnostics_tell_pareto_from_exponential() -> None:
    rng = np.random.default_rng(0)
    heavy, light = 1 + rng.pareto(0.8, size=4000), rng.exponential(size=4000)
    # standard error index/sqrt(k) = 0.057 at k = 200, plus a second-order bias: 5 errors
    assert st.hill(heavy, 200) == pytest.approx(0.8, abs=0.3)
    assert st.max_to_sum(heavy) > 10 * st.max_to_sum(light)
    assert "infinite mean" in st.tail_note(heavy)
    assert st.tail_note(light) == ""
    assert st.max_to_sum(np.ones(4)) == 0.25
    assert st.hill(np.array([math.e, math.e, 1.0, 1.0]), 2) == pytest.approx(1.0, abs=EXACT)


def test_alpha_is_shared_and_e_values_are_merged() -> None:
    assert st.share(1e-3, 10) == pytest.approx(1e-4)
    assert st.merge_log_e([math.log(4.0), math.log(2.0)]) == pytest.approx(math.log(3.0))
    assert st.merge_log_e([math.inf, -5.0]) == math.inf
    for bad in (0.0, 1.0, -0.1, math.nan):
        with pytest.raises(ValueError, match="alpha"):
            st.share(bad, 3)
    with pytest.raises(ValueError, match="at least one"):
        st.share(0.1, 0)
    with pytest.raises(ValueError, match="at least one"):
        st.merge_log_e([])
