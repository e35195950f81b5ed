"""e-values, confidence limits and robust estimates against numbers worked out by hand."""

import math
from typing import Any

import numpy as np
import pytest

from convergence import statistics as st
from convergence.statistics import Grade, Sample, Verdict
from convergence.statistics.asymptotic import Refusal, student_quantile, tilted_upper
from convergence.statistics.catoni import log_e_mean
from convergence.statistics.eprocess import LAMBDAS, gains_above
from convergence.statistics.judges_mean import judge_expectation
from convergence.statistics.limits import belied, lower_limit, second_moment, upper_limit
from tests.statistics import SEED

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
        assert found == pytest.approx(end, rel=2e-6, abs=0)  # bisection stops at 1e-6 of log s
        assert found <= end
    assert st.edge(lambda s: False) == 0.0
    assert st.edge(lambda s: True) == math.inf


def test_betting_limits_are_where_the_wealth_crosses() -> None:
    values = np.random.default_rng(SEED).exponential(size=50)
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
    twice = st.hoeffding_upper(values, math.exp(-0.1), 2.0)
    assert twice == pytest.approx(0.5 + 2 * math.sqrt(0.1 / 8), abs=EXACT)
    assert st.bernstein_upper(values[:1], 0.05, 1.0) == 1.0
    with pytest.raises(ValueError, match="leave"):
        st.bernstein_upper(np.array([2.0, 0.0]), 0.05, 1.0)


def test_student_by_hand() -> None:
    """t_{3, 0.95} = 2.353363 (tables); s = 2/sqrt 3 and n = 4 for 0, 2, 0, 2."""
    values = np.array([0.0, 2.0, 0.0, 2.0])
    wanted = 1.0 + 2.353363434801823 / math.sqrt(3.0)
    assert st.student_upper(values, 0.05) == pytest.approx(wanted, rel=1e-9)  # digits of the table
    assert student_quantile(math.inf, 0.025) == pytest.approx(1.959963984540054, rel=1e-12)
    assert st.student_upper(values[:1], 0.05) == math.inf


def test_tilted_mean_by_hand() -> None:
    """Two atoms: all weight w on 1 costs -k log(n w/k) - (n - k) log(n (1 - w)/(n - k)) nats."""
    values = np.repeat([0.0, 1.0], [6, 4])
    w = tilted_upper(values, 2.0)
    spent = -4 * math.log(10 * w / 4) - 6 * math.log(10 * (1 - w) / 6)
    assert spent == pytest.approx(2.0, rel=1e-6)  # the root is found to 1e-10 of log gap
    assert 0.4 < w < 1.0
    assert tilted_upper(10 + 3 * values, 2.0) == pytest.approx(10 + 3 * w, rel=1e-9)
    assert tilted_upper(values, 1e-9) == pytest.approx(0.4, abs=1e-4)


def test_the_asymptotic_limit_is_at_least_students_and_mirrors() -> None:
    rng = np.random.default_rng(SEED)
    for values in (rng.normal(size=300), rng.exponential(size=3000), -rng.exponential(size=3000)):
        high, refused = st.asymptotic_upper(values, 1e-4)
        assert refused == Refusal()
        assert high >= st.student_upper(values, 1e-4) - EXACT
        assert st.asymptotic_lower(-values, 1e-4)[0] == -high
        assert st.asymptotic_upper(5 * values - 2, 1e-4)[0] == pytest.approx(5 * high - 2)
    skewed = rng.exponential(size=3000)
    assert st.asymptotic_upper(skewed, 1e-4)[0] > 1.001 * st.student_upper(skewed, 1e-4)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.linspace(0, 1, 60), "too few for an asymptotic limit"),
        (np.full(200, 0.3), "equal"),
        (np.append(np.linspace(0.99, 1.0, 199), 100.0), "one run carries"),
        (np.repeat([0.0, 1.0], [190, 10]), "skewness"),
        (np.append(np.ones(199), math.inf), "not finite"),
        (np.full(200, 0.1) + np.arange(200) * 1e-17, "equal"),
    ],
)
def test_samples_that_do_not_determine_their_limit_are_refused(
    values: np.ndarray, why: str
) -> None:
    limit, refused = st.asymptotic_upper(values, 1e-4)
    assert limit == math.inf
    assert why in refused.why
    judged = st.judge_expectation([Sample(8, values, 1e6, light=True)], 1e-4)
    assert judged.verdict is not Verdict.CONSISTENT
    # More runs are asked for where a number of them would do, and nowhere else.
    assert judged.needs == refused.need
    few = {"too few for an asymptotic limit": 166, "skewness": 245}
    assert (refused.need is not None) == (why in few)
    assert refused.need is None or abs(refused.need - few[why]) <= 1  # 18 ln 10⁴; (4.13 · 3.79)²


def test_catoni_by_hand_and_at_its_ends() -> None:
    """n equal values x and v = s^2 - m^2: n psi(stake (m - x)) - L = L where U is."""
    values = np.full(100, 0.5)
    high = st.catoni_upper(values, 0.01, 0.5)
    stake = math.sqrt(2 * math.log(100) / (100 * (0.5 - high**2)))
    u = stake * (high - 0.5)
    assert 100 * math.log1p(u + u * u / 2) == pytest.approx(2 * math.log(100), rel=1e-6)
    assert 0.5 < high < math.sqrt(0.5)
    assert st.catoni_lower(values, 0.01, 0.5) < 0.5
    assert st.catoni_upper(values[:1], 0.01, 0.5) <= math.sqrt(0.5)
    assert st.catoni_upper(values, 0.01, 0.01) == math.inf  # the runs contradict the certificate
    assert st.catoni_lower(values, 0.01, 0.01) == -math.inf
    assert st.catoni_upper(np.zeros(5), 0.01, 0.0) == 0.0
    lost = np.append(values, math.inf)
    assert (st.catoni_lower(lost, 0.01, 0.5), st.catoni_upper(lost, 0.01, 0.5)) == (
        -math.inf,
        math.inf,
    )
    rng = np.random.default_rng(SEED)
    wide, slim = rng.exponential(size=4000), 0.0
    slim = st.student_upper(wide, 1e-6) - wide.mean()
    assert (
        st.catoni_upper(wide, 1e-6, 2.0) - wide.mean() < 1.35 * slim
    )  # sqrt(2 log 1e6)/4.75 = 1.1


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_catonis_limit_is_where_the_evidence_ends(sign: float) -> None:
    """Every mean beyond it is refuted and the next one inside is not."""
    values = np.random.default_rng(SEED + 3).exponential(size=300)
    limit = (st.catoni_upper if sign > 0 else st.catoni_lower)(values, 0.01, 2.0)

    def evidence(m: float) -> float:
        return log_e_mean(values, m, 2.0, 0.01, sign)

    threshold = math.log(100.0)
    assert evidence(limit - sign * 1e-9) < threshold <= evidence(limit + sign * 1e-9)
    for far in np.linspace(limit + sign * 1e-9, sign * 2**0.5, 200)[:-1]:
        assert evidence(float(far)) >= threshold


def test_an_exact_law_of_0_holds_where_nothing_is_tossed() -> None:
    zero = st.judge_exact([Sample(1, np.zeros(1), 0.0, sure=True)], 0.01, margin=0.05)
    assert zero.verdict is Verdict.CONSISTENT


def test_upper_limit_needs_a_ticket() -> None:
    values = np.random.default_rng(SEED + 5).uniform(size=100)

    def limit(**tickets: Any) -> st.Limit:
        return st.upper_limit(Sample(1, values, 1.0, **tickets), 0.05)

    assert limit().value == math.inf
    assert limit().grade is None
    assert limit(ceiling=0.5).value == math.inf
    assert limit(ceiling=1.0).grade is Grade.CERTIFIED
    # Not 1/3, which is as true: the mean of one sample in 250 is beyond its root.
    assert limit(second=0.5).grade is Grade.CERTIFIED
    assert limit(light=True).grade is Grade.ASYMPTOTIC
    hole = Sample(1, np.append(values, np.nan), 1.0, ceiling=1.0, light=True)
    assert st.upper_limit(hole, 0.05).value == math.inf
    both = limit(ceiling=1.0, light=True)
    assert both.value == min(both.certified, both.asymptotic)
    assert both.side(both.certified + 1e-9) is Grade.CERTIFIED
    assert both.side(min(both.asymptotic, both.certified) - 1e-9) is None


def test_a_second_moment_that_the_runs_contradict_gives_no_limit() -> None:
    """A false certificate decided claims; one at the edge of what is true still serves."""
    values = np.random.default_rng(SEED).exponential(size=400)  # E M² = 2
    for second, kept in ((2.0, True), (1.6, True), (0.5, False)):
        sample = Sample(8, values, 1.4, second=second)
        assert belied(sample) is not kept
        assert second_moment(sample) == (second if kept else None)
        assert math.isfinite(upper_limit(sample, 1e-3).certified) is kept
        assert not kept or lower_limit(sample, 0.2).certified > 0
    lie = judge_expectation([Sample(8, values, 1.4, second=0.5)], 1e-3)
    assert lie.verdict is Verdict.INCONCLUSIVE
    assert "contradict the certified second moment 0.5" in lie.reason
    sure = Sample(8, np.ones(1), 1.4, second=0.5, sure=True)
    assert not belied(sure)
    assert not belied(Sample(8, np.array([1.0, np.inf]), 1.4, second=2.0))


def test_crashed_runs_never_raise_a_lower_limit() -> None:
    values = np.ones(20)
    low = st.lower_limit(Sample(1, values, 1.0), 0.05).value
    crashed = Sample(1, np.append(values, [math.inf, math.nan]), 1.0)
    assert st.lower_limit(crashed, 0.05).value == -math.inf
    zeroed = np.append(values, [0.0, 0.0])
    assert st.lower_limit(crashed, 0.05, zeroed).value < low
    judged = st.judge_floor([crashed], 0.05)
    assert judged.rows[0].interval[0] < low


def test_looks_spend_alpha_once() -> None:
    assert st.look(0.06, 1) == pytest.approx(0.03)
    assert st.look(0.06, 2) == pytest.approx(0.01)
    assert sum(st.look(0.06, k) for k in range(1, 10_000)) == pytest.approx(0.06, rel=1e-3)
    with pytest.raises(ValueError, match="counted from 1"):
        st.look(0.06, 0)


def test_median_of_means_forgives_one_run() -> None:
    values = np.append(np.ones(29), 1e9)
    assert st.median_of_means(values, 10) == 1.0
    with pytest.raises(ValueError, match="blocks"):
        st.median_of_means(values, 31)


def test_tail_diagnostics_tell_pareto_from_exponential() -> None:
    rng = np.random.default_rng(SEED)
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
