"""Limits and e-values against formulas written a second time: each constant, bound and sign."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize, stats

from convergence import statistics as st
from convergence.statistics.asymptotic import refusal, tilted_upper
from convergence.statistics.catoni import log_e_mean, psi
from convergence.statistics.eprocess import LAMBDAS, gains_above, gains_below
from convergence.statistics.intervals import loosened
from tests.statistics import SEED

INF = math.inf


# --- asymptotic ------------------------------------------------------------------------------


def test_how_many_runs_a_limit_takes() -> None:
    """18 runs for each nat, no fewer: 18 ln 10⁴ = 165.8, 18 ln 2 = 12.5."""
    for delta, need in ((1e-4, 166), (0.5, 13)):
        assert refusal(np.linspace(0, 1, need), delta).why == ""
        few = refusal(np.linspace(0, 1, need - 1), delta)
        assert few.need == need
        assert few.why == (
            f"{need - 1} runs are too few for an asymptotic limit at level {delta:.1e}: need {need}"
        )
    assert refusal(np.array([-1.0, 1.0, 1.0, -1.0]), 0.9).why == ""  # half is not more than half
    assert "one run carries" in refusal(np.array([0.0, 0.0, 1.0, 0.9]), 0.9).why


@pytest.mark.parametrize("delta", [1e-6, 1e-4])
def test_a_skewness_is_refused_where_the_formula_says(delta: float) -> None:
    """k ones of n: g = (1 − 2p)/√(p(1 − p)), refused for g t > √n, with (g t)² runs asked for."""
    n = math.ceil(18 * math.log(1 / delta)) + 1
    refused = 0
    for k in range(2, 60):
        p = k / n
        reach = (1 - 2 * p) / math.sqrt(p * (1 - p)) * stats.t.isf(delta, n - 1)
        found = refusal(np.repeat([0.0, 1.0], [n - k, k]), delta)
        assert bool(found.why) == (reach > math.sqrt(n))
        assert found.need == (math.ceil(reach**2) if found.why else None)
        assert not found.why or f"skewness of {reach / stats.t.isf(delta, n - 1):.3g}" in found.why
        refused += bool(found.why)
    assert 5 < refused < 55


@pytest.mark.parametrize("scale", [1e-150, 1e-3, 1.0, 1e3, 1e120])
def test_equal_is_equal_to_twelve_digits(scale: float) -> None:
    spread = np.linspace(-1, 1, 201)
    assert refusal(scale * (1 + 1.02e-12 * spread), 1e-4).why == ""
    assert "equal" in refusal(scale * (1 + 0.98e-12 * spread), 1e-4).why
    skewed = scale * np.random.default_rng(SEED).exponential(size=400)
    assert refusal(skewed, 1e-4).why == ""
    assert "skewness" in refusal(scale * np.repeat([0.0, 1.0], [395, 5]), 1e-4).why
    assert "equal" in refusal(np.zeros(201), 1e-4).why


def second_opinion(values: np.ndarray, nats: float) -> float:
    """The largest mean of weights that cost `nats`, through the weights themselves."""
    top = float(values.max())

    def weights(nu: float) -> np.ndarray:
        w = 1 / (nu - values)
        return w / w.sum()

    def left(log: float) -> float:
        return nats + float(np.log(len(values) * weights(top + math.exp(log))).sum())

    root: float = optimize.bisect(left, -30.0, 20.0, xtol=1e-12)  # pyright: ignore
    return float(weights(top + math.exp(root)) @ values)


@pytest.mark.parametrize("n", [30, 400])
def test_the_asymptotic_limit_by_its_formula(n: int) -> None:
    """The larger of Student's and the tilted mean with one run as far again beyond the farthest."""
    delta = 0.2 if n == 30 else 1e-6
    rng = np.random.default_rng(SEED + 1)
    for values in (rng.exponential(size=n), -rng.exponential(size=n), rng.uniform(3, 4, n)):
        t = float(stats.t.isf(delta, n - 1))
        mean = values.mean()
        student = mean + t * values.std(ddof=1) / math.sqrt(n)
        tilted = second_opinion(np.append(values, 2 * values.max() - mean), t * t / 2)
        wanted = pytest.approx(max(student, tilted), rel=1e-9)
        assert st.asymptotic_upper(values, delta)[0] == wanted
        assert st.student_upper(values, delta) == pytest.approx(student, rel=1e-9)
        assert tilted_upper(values - 10, 3.0) == pytest.approx(tilted_upper(values, 3.0) - 10)
        assert tilted_upper(values, 3.0) == pytest.approx(second_opinion(values, 3.0), rel=1e-9)
    assert st.asymptotic_upper(values * 1e200, delta)[0] == pytest.approx(
        st.asymptotic_upper(values, delta)[0] * 1e200
    )


def test_the_far_end_of_a_tilted_mean() -> None:
    """So many nats that all weight lies on the largest; so few that none moves."""
    values = np.array([0.0, 1.0, 2.0])
    assert tilted_upper(values, 300.0) == pytest.approx(2.0, rel=1e-12)
    assert tilted_upper(values, 1e-13) == pytest.approx(1.0, rel=1e-6)


# --- Catoni ----------------------------------------------------------------------------------


def test_catonis_evidence_by_its_formula() -> None:
    x = np.array([-2.0, 0.0, 0.5])
    assert psi(x) == pytest.approx([-math.log(5), 0.0, math.log(1.625)])
    values = np.array([0.2, 1.0, 3.0])
    for m, sign in ((1.2, 1.0), (0.3, -1.0), (-0.5, -1.0)):
        stake = math.sqrt(2 * math.log(20) / (3 * (4 - m * m)))
        bets = [sign * stake * (m - v) for v in values]
        wanted = sum(math.copysign(math.log(1 + abs(b) + b * b / 2), b) for b in bets)
        found = log_e_mean(values, m, 4.0, 0.05, sign)
        assert found == pytest.approx(wanted - math.log(20), rel=1e-12)
    assert log_e_mean(values, 2.0, 4.0, 0.05, 1.0) == INF  # no variance is left


SKEWED = {
    "an outlier": np.append(np.linspace(0, 1, 200), 400.0),
    "two atoms": np.repeat([1.0, -5.0], [150, 100]),
    "a law": np.random.default_rng(SEED + 2).exponential(size=300),
}


@pytest.mark.parametrize("name", SKEWED)
def test_catonis_limits_mirror_and_scale(name: str) -> None:
    values = SKEWED[name]
    second = 1.5 * float((values**2).mean())
    high = st.catoni_upper(values, 0.01, second)
    low = st.catoni_lower(values, 0.01, second)
    assert -INF < low < values.mean()
    assert low < high <= math.sqrt(second)
    assert st.catoni_lower(-values, 0.01, second) == -high
    assert st.catoni_upper(-values, 0.01, second) == -low
    for k in (1e-3, 7.0):
        assert st.catoni_upper(k * values, 0.01, k * k * second) == pytest.approx(k * high)
        assert st.catoni_lower(k * values, 0.01, k * k * second) == pytest.approx(k * low)


def test_catonis_limits_begin_where_the_runs_lie_most() -> None:
    """One run in 200 moves the mean to -1, which the others refute from below; not the median 1."""
    values = np.append(np.ones(199), -400.0)
    assert log_e_mean(values, -1.005, 4.0, 0.01, -1.0) > math.log(100)
    low = st.catoni_lower(values, 0.01, 4.0)
    assert -1.0 < low < 1.0
    assert st.catoni_upper(-values, 0.01, 4.0) == -low


def test_catonis_limit_is_the_end_where_half_of_the_runs_lie_beyond_it() -> None:
    """Means of 5.2830 and more were left out: the end is 5.2833, and two of three runs above it."""
    values, second = np.array([5.80164627, 5.69389841, 0.02564918]), 27.913387762258143
    assert log_e_mean(values, 5.2831, second, 0.3, 1.0) < math.log(1 / 0.3)
    assert st.catoni_upper(values, 0.3, second) == math.sqrt(second)
    assert st.catoni_lower(-values, 0.3, second) == -math.sqrt(second)
    fewer = np.append(values, [0.03, 0.02])
    assert st.catoni_upper(fewer, 0.3, second) < 0.99 * math.sqrt(second)
    even = np.append(values, 0.03)
    assert st.catoni_upper(even, 0.3, second) == math.sqrt(second)
    at_the_end = np.array([2.0, 2.0, 0.0])  # is not beyond it
    assert st.catoni_upper(at_the_end, 0.3, 4.0) < 1.96


def test_catonis_limit_lies_beyond_every_gap_of_the_evidence() -> None:
    """Evidence that falls again outwards: what is not refuted there is not left beyond the limit.

    All means of a fine grid beyond the limit are refuted."""
    rng = np.random.default_rng(SEED)
    for _ in range(40):
        n = int(rng.integers(2, 12))
        values = rng.exponential(size=n) * 10 ** rng.uniform(-2, 2, n)
        second = float((values**2).mean()) * 10 ** rng.uniform(-0.5, 1)
        for limit, sign in ((st.catoni_upper, 1.0), (st.catoni_lower, -1.0)):
            found, end = limit(values, 0.3, second), sign * math.sqrt(second)
            if abs(found - end) > 1e-9 * abs(end) and math.isfinite(found):
                for m in np.linspace(found, end, 65)[1:-1]:
                    assert log_e_mean(values, float(m), second, 0.3, sign) >= math.log(1 / 0.3)


# --- bets ------------------------------------------------------------------------------------


def test_stakes_of_ones_own() -> None:
    assert float(st.log_wealth(np.array([0.5]), np.array([0.5]))) == pytest.approx(math.log(1.25))
    for wrong in (0.0, 1.0, -0.5, 1.5):
        with pytest.raises(ValueError, match=r"leave \(0, 1\)"):
            st.log_wealth_path(np.array([0.5]), np.array([wrong]))
    assert LAMBDAS.tolist() == [2.0**-k for k in range(10, 0, -1)] + [0.75, 0.9, 0.99]


@pytest.mark.parametrize("at", [0.3, 1.7, 5.3, -0.3, -1.7, -5.3])
def test_an_edge_is_searched_in_powers_of_two(at: float) -> None:
    """Steps of 1, 2, 4, … up or down in log s, then halves down to 2^-20, just below 1e-6."""
    found = math.log(st.edge(lambda s: s <= math.exp(at)))
    assert found == pytest.approx(math.floor(at * 2**20) / 2**20, abs=1e-12)


def test_wealth_of_many_samples_is_that_of_each() -> None:
    gains = np.random.default_rng(SEED).uniform(-1, 2, (2, 3, 4))
    for i, j in np.ndindex(2, 3):
        path = st.log_wealth_path(gains[i, j])
        assert st.log_wealth(gains)[i, j] == pytest.approx(float(st.log_wealth(gains[i, j])))
        assert st.log_wealth_path(gains)[i, j] == pytest.approx(path)
        products = [[np.prod(1 + s * gains[i, j, :k]) for s in LAMBDAS] for k in (1, 2, 3, 4)]
        assert path == pytest.approx(np.log(np.mean(products, axis=1)))


def test_gains_at_their_ends() -> None:
    values = np.array([0.0, 0.5, 1.0])
    assert gains_above(values, 0.25).tolist() == [-1.0, 1.0, 3.0]
    assert gains_above(values, 0.0).tolist() == [0.0, INF, INF]
    assert gains_above(values, -1.0).tolist() == [INF, INF, INF]
    assert gains_above(values, INF).tolist() == [0.0, 0.0, 0.0]
    assert gains_above(np.array([math.nan]), 1.0).tolist() == [INF]
    assert gains_below(values, 0.5, 2.0) == pytest.approx([1 / 3, 0.0, -1 / 3])
    assert gains_below(values, 1.0, 1.0).tolist() == [INF, INF, 0.0]
    assert gains_below(values, 1.5, 1.0).tolist() == [INF, INF, INF]
    assert gains_below(values, -INF, 2.0).tolist() == [0.0, 0.0, 0.0]
    assert gains_below(np.array([math.nan]), 0.5, 2.0).tolist() == [-1.0]
    assert float(st.log_e_above(np.zeros(3), 0.0)) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("start", [1e-5, 1.0, 300.0])
def test_an_edge_is_found_from_anywhere_in_few_steps(start: float) -> None:
    for end in (1e-200, 1e-6, 1.0, 290.0, 1e200):
        asked: list[float] = []

        def refuted(s: float, end: float = end, asked: list[float] = asked) -> bool:
            asked.append(s)
            return s <= end

        assert st.edge(refuted, start) == pytest.approx(end, rel=2e-6, abs=0)
        assert len(asked) <= 45  # 10 doublings reach 2^10 > 690, 30 halvings a millionth
        assert st.edge(refuted, start) <= end


def test_an_edge_stays_within_float64() -> None:
    assert st.edge(lambda s: True, math.exp(200.0)) == INF  # 711 comes after 455: exp overflows
    assert st.edge(lambda s: False, math.exp(-200.0)) == 0.0
    for wrong in (0.0, -1.0, INF, math.nan):
        with pytest.raises(ValueError, match="starts at a positive number"):
            st.edge(lambda s: True, wrong)


# --- ranges ----------------------------------------------------------------------------------


def test_ranges_by_their_formulas() -> None:
    assert loosened(2.0) == pytest.approx(2.00002, rel=1e-12)
    assert loosened(1e4) == pytest.approx(10000.1, rel=1e-12)
    values = np.random.default_rng(SEED).uniform(0, 3, (2, 500))
    for delta in (0.05, 1e-4):
        log = math.log(2 / delta)
        spread = np.sqrt(2 * values.var(axis=1, ddof=1) * log / 500)
        raw = values.mean(axis=1) + spread + 7 * 3 * log / (3 * 499)
        assert st.bernstein_upper(values, delta, 3.0) == pytest.approx(raw, rel=1e-12)
        raw = values.mean(axis=1) + 3 * math.sqrt(math.log(1 / delta) / 1000)
        assert st.hoeffding_upper(values, delta, 3.0) == pytest.approx(raw, rel=1e-12)
    two = np.array([1.0, 1.2])
    log = math.log(2 / 1.9)  # a level above 1 leaves a limit below the ceiling
    raw = 1.1 + math.sqrt(0.02 * log) + 7 * 2 * log / 3
    assert st.bernstein_upper(two, 1.9, 2.0) == pytest.approx(raw, rel=1e-12)
    assert st.bernstein_upper(np.ones((2, 3, 1)), 0.05, 2.0).tolist() == [[2.0] * 3] * 2
    assert st.bernstein_upper(two, 1e-9, 9.0) == st.hoeffding_upper(two, 1e-9, 1.3) * 0 + 9.0
    assert st.hoeffding_upper(two, 1e-9, 1.3) == 1.3
    for wrong in ([-1e-9], [2.0 + 1e-9]):
        with pytest.raises(ValueError, match="leave"):
            st.hoeffding_upper(np.array(wrong), 0.1, 2.0)
    assert st.hoeffding_upper(np.array([0.0, 2.0]), 0.1, 2.0) == 2.0


def test_a_betting_limit_of_one_run_by_hand() -> None:
    """mean over the stakes of 1 + s (x/m − 1) = 1/δ at m = x/(1 + (1/δ − 1)/mean s)."""
    low = 3.0 / (1 + (1 / 0.8 - 1) / LAMBDAS.mean())
    assert st.betting_lower(np.array([3.0]), 0.8) == pytest.approx(low, rel=2e-6)
    assert st.betting_upper(np.array([2.0]), 0.8, 5.0) == pytest.approx(5 - low, rel=2e-6)
    with pytest.raises(ValueError, match="nonnegative metric"):
        st.betting_lower(np.array([-1e-9]), 0.05)
