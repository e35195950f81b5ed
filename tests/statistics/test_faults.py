"""Planted faults: each wrong statistic is watched failing where the judge does not.

Counts are binomial over >= 1000 repetitions; a threshold between nominal and faulty frequency is
stated with each fault and lies more than five standard errors from the frequency it tests.
"""

import math

import numpy as np
import pytest
from scipy import special

from convergence import statistics as st
from convergence.statistics import Sample, Verdict
from convergence.statistics.eprocess import LAMBDAS
from tests.statistics.measure import ALPHA, RARE, RARE_MEAN, SEED, TRIALS

REPS = 2000


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng([SEED, 99])


def test_student_t_misses_rare_spikes_where_certified_limits_cover(
    rng: np.random.Generator,
) -> None:
    """Y in {.1, 1}, P(1) = 1e-3, n = 100: no spike in 0.999^100 = 90.5 % of the draws."""
    values = RARE(rng, (REPS, 100))
    covered = float(np.mean([st.student_upper(row, ALPHA) >= RARE_MEAN for row in values]))
    assert covered == pytest.approx(1 - 0.999**100, abs=0.04)  # six standard errors, 0.0066 each
    assert (st.bernstein_upper(values, ALPHA, 1.0) >= RARE_MEAN).all()
    assert (st.log_e_below(values, RARE_MEAN, 1.0) < math.log(1 / ALPHA)).mean() > 1 - ALPHA


def test_a_stake_above_one_is_no_e_value(rng: np.random.Generator) -> None:
    """Stake 1.5 with losses cut at zero on a fair coin 0 / 2: each round gains 25 % on average."""
    coin = 2.0 * rng.integers(0, 2, size=(REPS, 30)).astype(np.float64)
    wealth = np.cumprod(np.maximum(1 + 1.5 * (coin - 1), 0.0), axis=-1)
    # four heads in a row give 39 >= 20 with probability 1/16 = 6.25 %, above the nominal 5 %;
    # the expected wealth is what cannot be argued with: 1.25^4 = 2.44 after four rounds
    assert wealth[:, 3].mean() > 1.5
    assert np.exp(st.log_wealth_path(coin - 1)[:, 3]).mean() < 1.2
    with pytest.raises(ValueError, match="stakes"):
        st.log_wealth(coin - 1, np.array([1.5]))


def test_choosing_the_stake_in_hindsight_is_no_e_value(rng: np.random.Generator) -> None:
    """Measured 8 % with the best of 13 stakes, against 2 % with their mean; 6 % lies between."""
    gains = 2.0 * rng.integers(0, 2, size=(3 * REPS, 200)).astype(np.float64) - 1.0
    best = np.full(3 * REPS, -np.inf)
    for stake in LAMBDAS:
        best = np.maximum(best, np.cumsum(np.log1p(stake * gains), axis=-1).max(axis=-1))
    assert (best >= math.log(1 / ALPHA)).mean() > 1.2 * ALPHA
    path = st.log_wealth_path(gains[:REPS]).max(axis=-1)
    assert (path >= math.log(1 / ALPHA)).mean() < ALPHA


def test_peeking_at_a_t_test_refutes_the_truth(rng: np.random.Generator) -> None:
    values = rng.exponential(size=(REPS, 200))
    ns = np.arange(10, 201)
    sums, squares = np.cumsum(values, -1)[:, 9:], np.cumsum(values**2, -1)[:, 9:]
    spread = np.sqrt((squares - sums**2 / ns) / (ns - 1))
    lower = sums / ns - special.stdtrit(ns - 1, 1 - ALPHA) * spread / np.sqrt(ns)
    assert (lower > 1.0).any(axis=-1).mean() > 1.5 * ALPHA
    assert (st.log_wealth_path(values - 1).max(-1) >= math.log(1 / ALPHA)).mean() < ALPHA


def test_a_shrunk_bound_is_caught_by_the_same_trial() -> None:
    """The size trials would notice a judge that tests 0.6 B: false alarms far above nominal."""
    draw = np.random.default_rng([SEED, 7]).exponential(size=(REPS, 200))
    alarms = (st.log_wealth_path(draw / 0.6 - 1).max(-1) >= math.log(1 / ALPHA)).mean()
    assert alarms > 0.9


def test_a_tolerance_band_passes_a_third_as_a_half(rng: np.random.Generator) -> None:
    """|slope - 1/2| < 0.3 at 6 horizons and 256 seeds, against the judge on the same data."""
    ladder = np.array([64, 256, 1024, 4096, 16384, 65536])
    passed = refuted = 0
    for _ in range(200):
        data = ladder[:, None] ** (-1 / 3) * rng.exponential(size=(6, 256))
        slope = np.polyfit(np.log(ladder), np.log(data.mean(axis=1)), 1)[0]
        passed += abs(-slope - 0.5) < 0.3
        samples = [
            Sample(int(T), v, T**-0.5, light=True) for T, v in zip(ladder, data, strict=True)
        ]
        refuted += st.judge_rate(samples, 0.05).verdict is Verdict.REFUTED
    assert passed >= 195  # 99.9 % by theory
    assert refuted >= 160  # measured 96 %: ten standard errors of room


def test_the_telescoping_estimator_calls_nonsense_order_one() -> None:
    """mean of log2(e_k / e_{k+1}) = log2(e_0 / e_K) / K, whatever happened in between."""
    for trace in ((1, 1e6, 1e-9, 3, 1 / 16), (1, 2, 4, 8, 16)):
        steps = -np.diff(np.log2(np.array(trace)))
        assert abs(steps.mean()) == pytest.approx(1.0, abs=1e-9)  # round-off of five logarithms


def test_every_judge_is_on_trial_for_size_and_power() -> None:
    judges = {name for name in st.__all__ if name.startswith("judge_")}
    for judge in judges - {"judge_pathwise", "judge_identity", "judge_exponents"}:  # no chance
        assert {t.kind for t in TRIALS if t.test == judge} == {"size", "power"}


def test_alpha_is_shared_over_horizons() -> None:
    """Twenty horizons, each on the edge of its own level: a judge that gives alpha to each of them
    would refute a true law or floor at one of them in 1 - 0.95^20 = 64 % of the draws."""
    rng = np.random.default_rng([SEED, 13])
    wrong = {"exact": 0, "floor": 0, "rate": 0}
    for _ in range(50):
        data = rng.normal(1.0, 0.2, size=(20, 90)).clip(0.0)
        law = [Sample(T + 1, v, 1.0, light=True) for T, v in enumerate(data)]
        wrong["exact"] += st.judge_exact(law, ALPHA, margin=0.9).verdict is Verdict.REFUTED
        wrong["floor"] += st.judge_floor(law, ALPHA).verdict is Verdict.REFUTED
        rows = st.judge_rate(
            [Sample(4**k, v, 1.0, light=True) for k, v in enumerate(data)], ALPHA
        ).rows
        wrong["rate"] += not all(r.interval[0] <= 1.0 <= r.interval[1] for r in rows)
    for name, count in wrong.items():
        assert special.bdtrc(count - 1, 50, ALPHA) > 1e-6 or count == 0, name


def test_a_limit_with_two_tickets_pays_for_both() -> None:
    """Under a ceiling and light tails each limit is the one at delta/2, and so is Catoni's."""
    values = np.random.default_rng(SEED + 4).uniform(size=200)
    both = st.upper_limit(Sample(1, values, 1.0, ceiling=1.0, light=True), ALPHA)
    assert both.asymptotic == st.asymptotic_upper(values, ALPHA / 2)[0]
    assert both.certified == st.betting_upper(values, ALPHA / 2, 1.0 * (1 + 1e-5))
    three = Sample(1, values, 1.0, ceiling=1.0, light=True, second=1 / 3)
    assert st.upper_limit(three, ALPHA).asymptotic == st.asymptotic_upper(values, ALPHA / 3)[0]
    low = st.lower_limit(Sample(1, values, 1.0, light=True), ALPHA)
    assert low.asymptotic == st.asymptotic_lower(values, ALPHA / 2)[0]
    assert low.certified == st.betting_lower(values, ALPHA / 2)
    two = st.judge_exact([Sample(1, values, 0.5, light=True)], ALPHA, margin=0.5).rows[0].interval
    assert two[1] == st.asymptotic_upper(values, ALPHA / 2)[0]  # alpha/2 on either side
