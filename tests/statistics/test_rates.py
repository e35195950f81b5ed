"""Traces with known exponents, and the regimes in which an exponent may not be read."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from convergence.statistics import Judgement, Sample, Verdict, judge_rate
from convergence.statistics.rates import curve, trend

ALPHA = 1e-3
C, R, I = Verdict.CONSISTENT, Verdict.REFUTED, Verdict.INCONCLUSIVE
LADDER = [2**k for k in range(6, 15)]


def judged(
    trace: Callable[[int], float], shape: Callable[[int], float], seeds: int = 2, **options
) -> Judgement:
    """A deterministic trace on the ladder, one or more equal seeds."""
    samples = [Sample(T, np.full(seeds, trace(T)), shape(T)) for T in LADDER]
    return judge_rate(samples, ALPHA, **options)


@pytest.mark.parametrize("seeds", [1, 2, 5])
@pytest.mark.parametrize("first", [1, 64])
@pytest.mark.parametrize("trace", [(1, 2, 4, 8, 16), (1, 1e6, 1e-9, 3, 1 / 16)])
def test_traces_that_pass_elsewhere_as_order_one(
    trace: tuple[float, ...], first: int, seeds: int
) -> None:
    """The quotient of the end points gives +-4/4 for both; `abs` makes the first one order 1."""
    samples = [
        Sample(first * 2**k, np.full(seeds, value), 1.0 / (first * 2**k))
        for k, value in enumerate(trace)
    ]
    assert judge_rate(samples, ALPHA).verdict is not C
    assert judge_rate(samples, 0.3).verdict is not C


@pytest.mark.parametrize("seeds", [1, 2])
def test_pure_powers(seeds: int) -> None:
    def half(T: float) -> float:
        return T**-0.5

    assert judged(half, half, seeds).verdict is C
    assert judged(lambda T: 1 / T, half, seeds).verdict is C  # faster is consistent
    third = judged(lambda T: T ** (-1 / 3), half, seeds)
    assert third.verdict is R
    assert third.slack == pytest.approx(256 ** (-1 / 6))  # span 2^8
    assert judged(lambda T: 1.0, half, seeds).verdict is R  # a plateau
    assert judged(lambda T: float(T), half, seeds).verdict is R


def test_lower_order_terms_are_forgiven() -> None:
    """T^-a + T^-2a at a = 1/5, the slowest decay of a lower-order term in use."""
    assert judged(lambda T: T**-0.2 + T**-0.4, lambda T: T**-0.2).verdict is C
    assert judged(lambda T: T**-0.5 - 0.5 / T, lambda T: T**-0.5).verdict is C
    assert judged(lambda T: T**-0.5 + 4 / T, lambda T: T**-0.5).verdict is C  # bends by 0.07


def test_a_fading_trend_is_not_refuted() -> None:
    """M/shape on its way up to a constant, in slopes 0.11, 0.09 and 0.07 a factor 4 in T: every one
    exceeds the margin, and the bend is smaller than the margin."""
    ladder = {64: 0.1656, 256: 0.1928, 1024: 0.2180, 4096: 0.2396}
    samples = [Sample(T, np.full(2, ratio / T), 1 / T) for T, ratio in ladder.items()]
    judgement = judge_rate(samples, ALPHA)
    assert judgement.verdict is I
    assert "fading" in judgement.reason


def test_exponential_decay_is_consistent_with_any_power() -> None:
    ladder = [8, 16, 32, 64, 128]
    samples = [Sample(T, np.full(2, math.exp(-T / 16)), 1.0 / T) for T in ladder]
    assert judge_rate(samples, ALPHA).verdict is C


def test_a_transient_is_no_rate() -> None:
    """Flat up to T about 1000, then T^-1: the whole slope is wrong in the first half."""
    judgement = judged(lambda T: 1 / (1 + (T / 1000) ** 2) ** 0.5, lambda T: 1 / T)
    assert judgement.verdict is I
    assert "transient" in judgement.reason


def test_a_floor_refutes_what_began_as_a_rate() -> None:
    """T^-1 that flattens at 1e-3: the end points alone would still show slope -0.85."""
    judgement = judged(lambda T: 1 / T + 1e-3, lambda T: 1 / T)
    assert judgement.verdict is R
    assert "flattening" in judgement.reason


def test_flattening_that_has_not_arrived_is_inconclusive() -> None:
    judgement = judged(lambda T: 1 / T + 3e-2 * T**-0.5, lambda T: T**-0.6)
    assert judgement.verdict is I
    assert "flattening" in judgement.reason


def test_round_off_is_set_aside() -> None:
    """Geometric decay into 1e-16: the flat end is arithmetic, not the algorithm."""
    judgement = judged(lambda T: max(T**-4.0, 1e-16), lambda T: T**-4.0, roundoff=1e-15)
    assert judgement.verdict is not R
    assert "round-off" in judgement.reason
    floor = judged(lambda T: 1e-17, lambda T: 1 / T, roundoff=1e-15)
    assert floor.verdict is I


def test_too_few_or_too_close_horizons() -> None:
    for ladder in ([1, 100, 10_000], [10, 20, 30, 40, 50]):
        samples = [Sample(T, np.ones(3) / T, 1.0 / T) for T in ladder]
        judgement = judge_rate(samples, ALPHA)
        assert judgement.verdict is I
        assert "need 4" in judgement.reason


def test_divergence_refutes_and_negative_values_are_refused() -> None:
    samples = [Sample(T, np.array([1.0, math.nan if T > 1000 else 1.0]), 1.0) for T in LADDER]
    assert judge_rate(samples, ALPHA).verdict is R
    with pytest.raises(ValueError, match="nonnegative"):
        judge_rate([Sample(T, np.array([-1.0, 1.0]), 1.0) for T in LADDER], ALPHA)
    with pytest.raises(ValueError, match="positive finite"):
        judge_rate([Sample(T, np.ones(2), 0.0) for T in LADDER], ALPHA)


def test_one_run_that_carries_the_sum_stops_the_trend() -> None:
    values = np.append(np.ones(31), 1e4)
    samples = [Sample(T, values / T, 1.0 / T) for T in LADDER]
    judgement = judge_rate(samples, ALPHA)
    assert judgement.verdict is I
    assert "one run carries" in judgement.reason


def test_a_single_seed_is_as_noisy_as_its_scatter() -> None:
    """One noisy run a horizon: by themselves the numbers have no spread to resample."""
    noise = np.random.default_rng(0).normal(0.0, 0.5, size=len(LADDER))
    one = [
        Sample(T, np.array([math.exp(e) / T]), 1 / T) for T, e in zip(LADDER, noise, strict=True)
    ]
    assert judge_rate(one, ALPHA).verdict is I
    line = curve(LADDER, [s.values for s in one], [1 / T for T in LADDER], 100)
    assert np.sqrt(line.variance) == pytest.approx(0.5, abs=0.4)  # 7 degrees of freedom: 3 errors


def test_order_of_the_samples_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    samples = [Sample(T, rng.exponential(size=40) / T, 1.0 / T) for T in LADDER]
    assert judge_rate(samples, ALPHA) == judge_rate(samples[::-1], ALPHA)


def test_power_of_a_rate_is_the_exponent_it_could_refute() -> None:
    rng = np.random.default_rng(0)
    noise = [rng.exponential(size=400) for _ in LADDER]

    def verdict(gain: float) -> Judgement:
        rows = zip(LADDER, noise, strict=True)
        return judge_rate([Sample(T, v / T, T ** (-1.0 - gain)) for T, v in rows], ALPHA)

    honest = verdict(0.0)
    assert honest.power is not None
    exponent = math.log(honest.power) / math.log(LADDER[-1] / LADDER[0])
    assert 0.05 < exponent < 0.2
    assert verdict(exponent + 1e-3).verdict is R
    assert verdict(exponent - 1e-3).verdict is not R


def test_bootstrap_error_agrees_with_the_delta_method() -> None:
    """var log mean = s^2 / (n mean^2) up to 1/n; 4000 resamples err by 2 %: 10 % allowed."""
    rng = np.random.default_rng(0)
    for n in (300, 5000):  # below and above the size at which seeds are grouped
        values = [rng.exponential(size=n) for _ in range(4)]
        line = curve([1, 4, 16, 64], values, [1.0] * 4, 4000)
        delta = [v.var(ddof=1) / (n * v.mean() ** 2) for v in values]
        assert line.variance == pytest.approx(delta, rel=0.2 if n > 512 else 0.1)
        assert trend(line).error > 0
