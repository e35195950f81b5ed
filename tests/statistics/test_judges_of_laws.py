"""Every verdict of the judges of floors, equalities and comparisons."""

import math

import numpy as np
import pytest

from convergence.statistics import (
    Grade,
    Judgement,
    Row,
    Sample,
    Verdict,
    betting_lower,
    judge_exact,
    judge_expectation,
    judge_exponents,
    judge_floor,
    judge_pathwise,
    judge_rate,
    judge_separation,
)
from tests.statistics import SEED

ALPHA = 1e-3
C, R, I = Verdict.CONSISTENT, Verdict.REFUTED, Verdict.INCONCLUSIVE
RNG = np.random.default_rng(SEED)
UNIFORM = RNG.uniform(size=400)  # mean 1/2, ceiling 1
EXPONENTIAL = RNG.exponential(size=400)  # mean 1, no ceiling


def test_floor_has_all_three_verdicts() -> None:
    assert judge_floor([Sample(8, EXPONENTIAL, 0.6)], ALPHA).verdict is C  # no ticket needed
    blind = judge_floor([Sample(8, EXPONENTIAL, 1.5)], ALPHA)  # a rare huge value may be missing
    assert blind.verdict is I
    assert blind.power is None
    against = judge_floor([Sample(8, EXPONENTIAL, 1.5, light=True)], ALPHA)
    assert against.verdict is R
    assert against.grade is Grade.ASYMPTOTIC
    # A mean of ½ is known to .014: one sample in 300 lies at .54 and speaks for .6.
    assert judge_floor([Sample(8, UNIFORM, 0.65, ceiling=1.0)], ALPHA).verdict is R
    assert judge_floor([Sample(8, UNIFORM, 0.4, ceiling=1.0)], ALPHA).verdict is C
    assert judge_floor([Sample(8, UNIFORM, 0.49, ceiling=1.0)], ALPHA).verdict is I


def test_a_crash_confirms_no_floor() -> None:
    crashed = np.full(50, math.nan)
    assert judge_floor([Sample(8, crashed, 1.0)], ALPHA).verdict is I
    assert judge_floor([Sample(8, crashed, 1.0, ceiling=2.0)], ALPHA).verdict is I


def test_a_floor_at_zero_is_vacuous_and_one_below_the_start_is_not() -> None:
    assert judge_floor([Sample(8, EXPONENTIAL, 0.0)], ALPHA).rows[0].vacuous
    assert not judge_floor([Sample(8, EXPONENTIAL, 0.6, trivial=0.1)], ALPHA).rows[0].vacuous


def test_exact_is_an_equivalence_test() -> None:
    def verdict(mean: float, margin: float, **options: bool) -> Verdict:
        sample = Sample(8, UNIFORM, mean, ceiling=1.0)
        return judge_exact([sample], ALPHA, margin=margin, **options).verdict

    center = float(UNIFORM.mean())
    assert verdict(center, 0.6) is C
    assert verdict(center, 0.01) is I
    sample = Sample(8, UNIFORM, center, ceiling=1.0)
    low, high = judge_exact([sample], ALPHA, margin=0.6).rows[0].interval
    assert low == pytest.approx(betting_lower(UNIFORM, ALPHA / 2))  # alpha/2 on either side
    widest = max(high - center, center - low) / center
    assert verdict(center, 2.02 * widest) is C
    assert verdict(center, 1.98 * widest) is I
    assert verdict(0.8, 0.3) is R
    assert verdict(0.2, 0.3) is R
    bare = judge_exact([Sample(8, EXPONENTIAL, 1.0)], ALPHA, margin=0.3)
    assert bare.verdict is I
    assert "no certified two-sided" in bare.reason
    signed = Sample(8, EXPONENTIAL - 3.0, -2.0, light=True)
    low, high = judge_exact([signed], ALPHA, margin=0.4).rows[0].interval
    widest = max(high + 2.0, -2.0 - low) / 2.0
    assert judge_exact([signed], ALPHA, margin=2.02 * widest).verdict is C
    assert judge_exact([signed], ALPHA, margin=1.98 * widest).verdict is I
    lost = Sample(8, np.array([1.0, math.inf]), 1.0, light=True)
    assert judge_exact([lost], ALPHA, margin=0.2).verdict is R


def test_a_law_off_by_half_its_margin_passes_no_more() -> None:
    """Within the band of width 0.2, but for the half of it: whatever the number of seeds."""
    rng = np.random.default_rng(SEED + 3)
    for n in (400, 1600, 6400, 25600):
        passed = 0
        for _ in range(20):
            sample = Sample(8, rng.uniform(size=n), 0.5 / 1.1, light=True, ceiling=1.0)
            passed += judge_exact([sample], ALPHA, margin=0.2).verdict is C
        assert passed == 0


def test_exact_forgives_round_off_of_deterministic_data() -> None:
    sample = Sample(8, np.full(3, 1.0 + 1e-10), 1.0, sure=True)
    assert judge_exact([sample], ALPHA, margin=0.1).verdict is C
    assert judge_exact([sample], ALPHA, margin=0.1, rounding=1e-12).verdict is R


def test_separation_has_all_three_verdicts() -> None:
    a, b = 0.5 * UNIFORM, UNIFORM
    assert judge_separation([(8, a, b)], ALPHA).verdict is I
    assert judge_separation([(8, a, b)], ALPHA, ceiling=1.0).verdict is C
    assert judge_separation([(8, a, b)], ALPHA, light=True).verdict is C
    assert judge_separation([(8, b, a)], ALPHA, ceiling=1.0).verdict is R
    assert judge_separation([(8, b, a)], ALPHA, light=True).verdict is R
    assert judge_separation([(8, a, b)], ALPHA, factor=0.4, light=True).verdict is R
    with pytest.raises(ValueError, match="paired"):
        judge_separation([(8, a, b[:-1])], ALPHA)


def test_pairing_pays() -> None:
    """Common noise cancels: 0.9 M against M, where independent seeds could not tell."""
    shuffled = np.random.default_rng(SEED + 2).permutation(EXPONENTIAL)
    paired = judge_separation([(8, 0.9 * EXPONENTIAL, EXPONENTIAL)], ALPHA, light=True)
    apart = judge_separation([(8, 0.9 * EXPONENTIAL, shuffled)], ALPHA, light=True)
    assert paired.verdict is C
    assert apart.verdict is I


def test_divergence_in_a_separation() -> None:
    lost, fine = np.array([1.0, math.inf, 1.0]), np.array([2.0, 2.0, 2.0])
    assert judge_separation([(8, lost, fine)], ALPHA, light=True).verdict is R
    assert judge_separation([(8, lost, lost)], ALPHA, light=True).verdict is I
    # the rival's crash is no victory by itself
    assert judge_separation([(8, fine, lost)], ALPHA, light=True).verdict is I
    gone = np.full(3, math.inf)
    assert judge_separation([(8, fine, gone)], ALPHA, light=True).verdict is not C


def test_no_verdict_warns_or_raises_on_extreme_numbers() -> None:
    """Warnings are errors under pytest: overflow is an answer here, not an accident."""
    for values in (np.array([1e308, 1e307, 1e308]), np.full(3, 1e-320), np.array([np.nan, 1, 2])):
        for bound in (1e-300, 1.0, 1e305, math.inf):
            for ceiling in (None, 2.0, 1e300):
                one = [Sample(4, values, bound, ceiling=ceiling, light=True, second=2e300)]
                judge_expectation(one, ALPHA)
                judge_floor(one, ALPHA)
                judge_exact(one, ALPHA, margin=0.1)
                judge_pathwise(one, rounding=[1e-9])
                judge_separation([(4, values, np.ones(3))], ALPHA, ceiling=ceiling)
                if math.isfinite(bound):
                    judge_rate([Sample(4**k, values, bound) for k in range(1, 6)], ALPHA)


def climbing(slopes: tuple[float, ...], two_sided: bool = False) -> Judgement:
    """Exact values at T = 2, 4, 8, … whose local exponents against the shape 1/T are `slopes`."""
    Ts = 2 ** np.arange(1, len(slopes) + 2)
    values = np.exp(np.concatenate([[0.0], np.cumsum(slopes)]) * math.log(2)) / Ts
    rows = [
        Row(int(T), 1, float(v), (float(v), float(v)), 1 / float(T), None, False, "")
        for T, v in zip(Ts, values, strict=True)
    ]
    return judge_exponents(rows, two_sided)


@pytest.mark.parametrize(
    ("slopes", "verdict", "said"),
    [
        ((0.02, 0.04, 0.044), C, "+0.0440"),  # .048 after one more bend
        ((0.02, 0.03, 0.045), I, "still approaching"),  # .060 after one more bend
        ((0.1, 0.1 + 1e-12, 0.02), C, "+0.0200"),  # level but for rounding, and it settles
        ((0.1, 0.2, 0.02), I, "grows up to T=8"),
        ((0.3, 0.1, 0.2, 0.02), I, "grows up to T=16"),
        ((0.3, 0.25, 0.21), R, "+0.2100"),  # more than two thirds of the first
        ((0.3, 0.25, 0.19), I, "still approaching"),
        ((0.04, -0.3, -0.3), C, "-0.3000"),  # faster than the shape
        ((-0.3, -0.2, -0.05), I, "leaving it: the bends lead to 0.4"),  # they do not shrink
        ((-0.5, -0.3, -0.16), I, "the bends lead to 0.167"),  # −.16 + .14²/.06
        ((-0.5, -0.35, -0.25, -0.18), C, "-0.1800"),  # −.18 + .07²/.03 = −.02
    ],
)
def test_local_exponents_by_hand(slopes: tuple[float, ...], verdict: Verdict, said: str) -> None:
    found = climbing(slopes)
    assert found.verdict is verdict
    assert said in found.reason
    span = 2.0 ** len(slopes)
    assert found.slack == pytest.approx(span ** -slopes[-1])
    assert found.power == pytest.approx(span ** max(0.0, 0.05 - slopes[-1]))


def test_two_sided_exponents_may_not_change_sign() -> None:
    assert climbing((-0.2, -0.1, -0.045), two_sided=True).verdict is C  # they lead to .02
    assert climbing((-0.2, -0.2, -0.2), two_sided=True).verdict is R
    found = climbing((0.06, -0.06, -0.01), two_sided=True)
    assert found.verdict is I
    assert "rises and falls" in found.reason
