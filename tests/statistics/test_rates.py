"""Traces with known exponents, and the regimes in which an exponent may not be read."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convergence.statistics import (
    Grade,
    Judgement,
    Sample,
    Verdict,
    judge_rate,
)
from tests.statistics import SEED

ALPHA = 1e-3
C, R, I = Verdict.CONSISTENT, Verdict.REFUTED, Verdict.INCONCLUSIVE
LADDER = [2**k for k in range(6, 15)]


def judged(
    trace: Callable[[int], float], shape: Callable[[int], float], seeds: int = 2, **options
) -> Judgement:
    """A trace on the ladder by a method that tosses no coin, one or more equal seeds."""
    samples = [Sample(T, np.full(seeds, trace(T)), shape(T), sure=True) for T in LADDER]
    return judge_rate(samples, ALPHA, **options)


@pytest.mark.parametrize("seeds", [1, 2, 5])
@pytest.mark.parametrize("first", [1, 64])
@pytest.mark.parametrize("trace", [(1, 2, 4, 8, 16), (1, 1e6, 1e-9, 3, 1 / 16)])
def test_traces_that_pass_elsewhere_as_order_one(
    trace: tuple[float, ...], first: int, seeds: int
) -> None:
    """The quotient of the end points gives +-4/4 for both; `abs` makes the first one order 1."""
    samples = [
        Sample(first * 2**k, np.full(seeds, value), 1.0 / (first * 2**k), sure=True)
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
    samples = [Sample(T, np.full(2, ratio / T), 1 / T, sure=True) for T, ratio in ladder.items()]
    judgement = judge_rate(samples, ALPHA)
    assert judgement.verdict is I
    assert "fading" in judgement.reason


def test_exponential_decay_is_consistent_with_any_power() -> None:
    ladder = [8, 16, 32, 64, 128]
    samples = [Sample(T, np.full(2, math.exp(-T / 16)), 1.0 / T, sure=True) for T in ladder]
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
        samples = [Sample(T, np.ones(3) / T, 1.0 / T, sure=True) for T in ladder]
        judgement = judge_rate(samples, ALPHA)
        assert judgement.verdict is I
        assert "need 4" in judgement.reason


def test_divergence_refutes_and_negative_values_are_refused() -> None:
    samples = [Sample(T, np.array([1.0, math.inf if T > 1000 else 1.0]), 1.0) for T in LADDER]
    assert judge_rate(samples, ALPHA).verdict is R
    holes = [Sample(T, np.array([1.0, math.nan]), 1.0) for T in LADDER]
    assert judge_rate(holes, ALPHA).verdict is I
    with pytest.raises(ValueError, match="nonnegative"):
        judge_rate([Sample(T, np.array([-1.0, 1.0]), 1.0) for T in LADDER], ALPHA)
    with pytest.raises(ValueError, match="positive finite"):
        judge_rate([Sample(T, np.ones(2), 0.0) for T in LADDER], ALPHA)


def test_one_run_that_carries_the_sum_stops_the_trend() -> None:
    values = np.append(np.linspace(0.9, 1.1, 255), 1e4)
    samples = [Sample(T, values / T, 1.0 / T, light=True) for T in LADDER]
    judgement = judge_rate(samples, ALPHA)
    assert judgement.verdict is I
    assert "one run carries" in judgement.reason


def test_a_rate_asks_for_a_certificate() -> None:
    """Seeds without a ticket confirm no rate, and one seed of a random method says nothing."""
    rng = np.random.default_rng(SEED)
    data = [rng.normal(1.0, 0.02, size=512) for _ in LADDER]
    tickets: Any = (({}, I), ({"light": True}, C), ({"ceiling": 2.0}, I))
    for ticket, verdict in tickets:
        samples = [Sample(T, v / T, 1 / T, **ticket) for T, v in zip(LADDER, data, strict=True)]
        judged_ = judge_rate(samples, ALPHA)
        assert judged_.verdict is verdict
    assert (
        judge_rate([Sample(T, v[:1] / T, 1 / T) for T, v in zip(LADDER, data)], ALPHA).verdict is I
    )
    close = [Sample(T, v / T, 1 / T, ceiling=1.1 / T) for T, v in zip(LADDER, data, strict=True)]
    certified = judge_rate(close, ALPHA)
    assert certified.verdict is C
    assert certified.grade is Grade.CERTIFIED


def test_a_rare_run_cannot_pass() -> None:
    """.2 T^-.2 carried by one run in 500, 1/T by the others, claimed O(1/T)."""
    for seed in range(5):
        rng = np.random.default_rng([SEED + seed, 1])
        for n in (64, 512):
            samples = []
            for T in (64, 256, 1024, 4096):
                rare = rng.random(n) < 1 / 500
                values = rng.uniform(0.9, 1.1, size=n) / T + rare * 100 * T**-0.2
                samples.append(Sample(T, values, 1 / T))
            assert judge_rate(samples, ALPHA).verdict is not C
            # Even a wrong certificate does not save it once a rare run has been seen.
            seen = [
                Sample(s.T, np.append(s.values, 100 * s.T**-0.2), s.bound, light=True)
                for s in samples
            ]
            assert judge_rate(seen, ALPHA).verdict is not C


PLANTED: dict[str, tuple[Callable[[int], float], Callable[[int], float]]] = {
    "a plateau at a tenth": (lambda T: 1 / T + 0.1 / 4096, lambda T: 1 / T),
    "a plateau at half": (lambda T: 1 / T + 0.5 / 4096, lambda T: 1 / T),
    "a late change of slope": (
        lambda T: 1 / T if T <= 1024 else 1024**-0.6 / T**0.4,
        lambda T: 1 / T,
    ),
    "an early change of slope": (
        lambda T: 1 / T if T <= 256 else 256**-0.6 / T**0.4,
        lambda T: 1 / T,
    ),
    "a slow tail": (lambda T: 0.2 * T**-0.2 + 1 / T, lambda T: 1 / T),
    "too slow by a tenth": (lambda T: T**-0.9, lambda T: 1 / T),
}


@pytest.mark.parametrize("ladder", [(64, 256, 1024, 4096), tuple(2**k for k in range(6, 13))])
@pytest.mark.parametrize("noise", [0.0, 0.02, 0.2])
@pytest.mark.parametrize("name", PLANTED)
def test_planted_departures_cannot_pass(name: str, noise: float, ladder: tuple[int, ...]) -> None:
    trace, shape = PLANTED[name]
    for seed in range(3):
        rng = np.random.default_rng([SEED + seed, 2])
        samples = [
            Sample(T, trace(T) * rng.normal(1, noise, size=300).clip(0), shape(T), light=True)
            if noise
            else Sample(T, np.array([trace(T)]), shape(T), sure=True)
            for T in ladder
        ]
        assert judge_rate(samples, ALPHA).verdict is not C
        if not noise:
            break


def test_a_period_that_the_ladder_sees_cannot_pass() -> None:
    """M/shape = 1 ± 90 % over a period of log T, in any phase: seen wherever it rises."""
    passed = 0
    for period in (2.7, 3.0, 5.0, 10.0, 30.0):  # one of 2 is stepped over: the reason says so
        for phase in np.linspace(0, 1, 16, endpoint=False):

            def ratio(T: int, period: float = period, phase: float = phase) -> float:
                return 1 + 0.9 * math.sin(2 * math.pi * (math.log(T) / math.log(period) + phase))

            ladder = [2**k for k in range(6, 13)]
            samples = [Sample(T, np.array([ratio(T) / T]), 1 / T, sure=True) for T in ladder]
            found = judge_rate(samples, ALPHA)
            rises = np.diff([math.log(ratio(T)) for T in ladder])
            if found.verdict is C:
                passed += 1
                assert max(rises) <= 0.05 * math.log(2) + math.log(1.25)  # nothing to be seen
    assert passed < 4  # the phases that fall from the first to the last horizon


LADDERS = [(64, 256, 1024, 4096), tuple(2**k for k in range(6, 13))]


@pytest.mark.parametrize("ladder", LADDERS)
@pytest.mark.parametrize("place", [0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
def test_a_turn_that_the_ladder_begins_to_see_cannot_pass(
    place: float, ladder: tuple[int, ...]
) -> None:
    """T^-1 that turns into T^-0.4 at a place of the ladder, at once or slowly, is no O(T^-1/2): its
    bends lead beyond, though the slope over all horizons does not. A floor likewise."""
    turn = ladder[0] * (ladder[-1] / ladder[0]) ** place
    for slow in (
        lambda T: 1 / T + turn**-0.6 * T**-0.4,
        lambda T: max(1 / T, turn**-0.6 * T**-0.4),
        lambda T: 1 / T + 1 / turn,
        lambda T: T**-0.5 + turn**-0.5,
    ):
        samples = [Sample(T, np.array([slow(T)]), T**-0.5, sure=True) for T in ladder]
        assert judge_rate(samples, ALPHA).verdict is not C


@pytest.mark.parametrize("ladder", LADDERS)
def test_bends_that_die_out_may_pass(ladder: tuple[int, ...]) -> None:
    """Terms of lower order: their bends shrink by one factor a horizon, and lead to the shape."""
    for true in (
        lambda T: T**-0.5 * (1 + 2 * T**-0.5),
        lambda T: T**-0.5 * (1 + T**-0.25),
        lambda T: T**-0.5 * (1 + 2 / T),
        lambda T: T**-0.5 * (1 - T**-0.5),
    ):
        samples = [Sample(T, np.array([true(T)]), T**-0.5, sure=True) for T in ladder]
        assert judge_rate(samples, ALPHA).verdict is C


def test_what_a_ladder_excludes_is_said() -> None:
    judgement = judged(lambda T: T**-0.5, lambda T: T**-0.5)
    assert "exclude exponents below 0.50 on 64…16384 and 0.50 on 1024…16384" in judgement.reason
    assert judgement.reason.endswith(
        "say nothing beyond or between the horizons, nor of a slope that begins after T=8192"
    )


def test_order_of_the_samples_does_not_matter() -> None:
    rng = np.random.default_rng(SEED)
    samples = [Sample(T, rng.exponential(size=200) / T, 1.0 / T, light=True) for T in LADDER]
    assert judge_rate(samples, ALPHA) == judge_rate(samples[::-1], ALPHA)


def test_power_of_a_rate_is_the_exponent_it_could_refute() -> None:
    rng = np.random.default_rng(SEED)
    noise = [rng.exponential(size=400) for _ in LADDER]

    def verdict(gain: float) -> Judgement:
        rows = zip(LADDER, noise, strict=True)
        samples = [Sample(T, v / T, T ** (-1.0 - gain), light=True) for T, v in rows]
        return judge_rate(samples, ALPHA)

    honest = verdict(0.0)
    assert honest.power is not None
    exponent = math.log(honest.power) / math.log(LADDER[-1] / LADDER[0])
    assert 0.05 < exponent < 0.4
    assert verdict(exponent + 1e-3).verdict is R
    assert verdict(exponent - 1e-3).verdict is not R
