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
    covered = float((st.student_upper(values, ALPHA) >= RARE_MEAN).mean())
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
    """|slope - 1/2| < 0.3 at 6 horizons and 64 seeds, against the judge on the same data."""
    ladder = np.array([64, 256, 1024, 4096, 16384, 65536])
    passed = refuted = 0
    for _ in range(200):
        data = ladder[:, None] ** (-1 / 3) * rng.exponential(size=(6, 64))
        slope = np.polyfit(np.log(ladder), np.log(data.mean(axis=1)), 1)[0]
        passed += abs(-slope - 0.5) < 0.3
        samples = [Sample(int(T), v, T**-0.5) for T, v in zip(ladder, data, strict=True)]
        refuted += st.judge_rate(samples, 0.05, resamples=200).verdict is Verdict.REFUTED
    assert passed >= 195  # 99.9 % by theory
    assert refuted >= 160  # measured 96 %: ten standard errors of room


def test_the_telescoping_estimator_calls_nonsense_order_one() -> None:
    """mean of log2(e_k / e_{k+1}) = log2(e_0 / e_K) / K, whatever happened in between."""
    for trace in ((1, 1e6, 1e-9, 3, 1 / 16), (1, 2, 4, 8, 16)):
        steps = -np.diff(np.log2(np.array(trace)))
        assert abs(steps.mean()) == pytest.approx(1.0, abs=1e-9)  # round-off of five logarithms


def test_every_judge_is_on_trial_for_size_and_power() -> None:
    judges = {name for name in st.__all__ if name.startswith("judge_")}
    for judge in judges - {"judge_pathwise", "judge_identity"}:  # these two are not random
        assert {t.kind for t in TRIALS if t.test == judge} == {"size", "power"}
