"""Plans of runs and scores of benchmarks at their edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from convergence.errors import InvalidInput
from convergence.statistics import Row, Verdict
from convergence.statistics import scoring as sc
from convergence.statistics.planning import (
    MOST,
    beyond,
    decided,
    error,
    extrapolated,
    least,
    places,
    quantile,
    typical,
)  # fmt: skip
from tests.statistics import SEED

INF = math.inf


# --- plans -----------------------------------------------------------------------------------


def test_places_are_quantiles_of_tilted_weights() -> None:
    values = np.array([3.0, 1.0, 2.0, 2.0])
    assert places(values, 4).tolist() == [1, 2, 3, 0]
    assert places(values, 8).tolist() == [1, 1, 2, 2, 3, 3, 0, 0]
    assert places(values, 2).tolist() == [1, 3]
    assert typical(values, 4).tolist() == [1.0, 2.0, 2.0, 3.0]
    # weights 1 + s (v − 2)/.5: at s = .25 they are .5, 1, 1, 1.5
    assert places(values, 16, 0.25).tolist() == [1] * 2 + [2] * 4 + [3] * 4 + [0] * 6
    assert places(values, 16, -0.25).tolist() == [1] * 6 + [2] * 4 + [3] * 4 + [0] * 2
    # at s = 5 −9, which counts as 0, 1, 1 and 11
    assert places(values, 16, 5.0).tolist() == [2] + [3] + [0] * 14
    assert 1 not in places(values, 1000, 5.0)
    assert places(np.ones(4), 4, 0.5).tolist() == [0, 1, 2, 3]  # equal values cannot move
    assert places(np.array([1.0, INF]), 4, 0.5).tolist() == [0, 0, 1, 1]
    assert places(values, 4, 0.0).tolist() == [1, 2, 3, 0]


def test_standard_errors() -> None:
    assert error(np.array([0.0, 2.0]), 4) == 0.5
    assert error(np.array([0.0, 6.0]), 9) == 1.0
    assert error(np.array([0.0, INF]), 4) == 0.0
    assert norm.sf(quantile()) == pytest.approx(0.1, rel=1e-12)
    assert norm.sf(quantile(4)) == pytest.approx(0.1 / 4, rel=1e-12)
    assert quantile(0) == quantile(1)


def test_the_least_number_to_a_part_in_32() -> None:
    for target in (1, 2, 3, 5, 33, 64, 65, 1000, 1023, 40_000, MOST):
        asked: list[int] = []

        def reached(n: int, target: int = target, asked: list[int] = asked) -> bool:
            asked.append(n)
            return n >= target

        found = least(reached, 2)
        assert found is not None
        assert found >= target
        assert found - max(target, 2) <= max(0, found // 32)
        assert min(asked) >= 2
        assert max(asked) <= MOST
        assert len(asked) <= 2 + 16 + 6
    assert least(lambda n: n >= 40, 30, 50) == 40
    assert least(lambda n: n >= 50, 30, 50) == 50
    assert least(lambda n: n >= 51, 30, 50) is None
    assert least(lambda n: n >= 5, 50, 50) == 5
    for start, most in ((1, 50), (51, 50)):
        with pytest.raises(InvalidInput, match="runs to begin with"):
            least(lambda n: True, start, most)
    assert least(lambda n: True, 2, 2) == 2
    assert least(lambda n: True, 3) == 2  # below a start that is enough
    assert least(lambda n: n >= 1000, 2) == 1024  # of 512 to 1024 the half, and so on to 32
    assert least(lambda n: n >= 63, 2) == 64


def test_samples_decide_together() -> None:
    C, R, I = Verdict.CONSISTENT, Verdict.REFUTED, Verdict.INCONCLUSIVE
    assert [decided(v) for v in ([C, C], [R], [C, R], [I, I], [Verdict.INAPPLICABLE], [C, I])] == [
        True, True, False, False, False, False
    ]  # fmt: skip


def test_extrapolated_powers_at_their_ends() -> None:
    # Above 1: 1, ½ for four times the runs (the square root): a quarter takes four times as many.
    assert extrapolated(1.25, 1.0, (2.0, 1.5), 80) == pytest.approx(320)
    assert extrapolated(1.5, 1.0, (2.0, 1.5), 80) == pytest.approx(80)
    for near in (2.0, 2.1, 1.0, 0.9):
        assert extrapolated(1.25, 1.0, (2.0, near), 80) == INF
    assert extrapolated(0.9, 1.0, (2.0, 1.5), 80) == INF


def test_runs_beyond_what_is_judged_by_hand() -> None:
    def one(estimate: float, interval: tuple[float, float], bound: float, n: int = 100) -> Row:
        return Row(8, n, estimate, interval, bound, None, False, "")

    wide = (1 + quantile() / 4) ** 2
    both = (1 + quantile(2) / 4) ** 2  # where two horizons have to decide
    below = one(1.0, (0.7, 1.5), 1.25)  # .5 to the limit above, .25 to the bound
    assert beyond([below], None) == pytest.approx(100 * 4 * wide)
    above = one(1.0, (0.7, 1.5), 0.9)  # .3 below, .1 to the bound
    assert beyond([above], None) == pytest.approx(100 * 9 * wide)
    assert beyond([below, above], None) == pytest.approx(900 * both)
    assert beyond([above, below], None) == pytest.approx(900 * both)
    # a band of 80 % of 1.25 leaves .5 on either side, of which the estimate takes .25
    assert beyond([below], 0.8) == pytest.approx(100 * 4 * wide)
    assert beyond([below], 0.3) == INF
    assert beyond([one(-1.0, (-1.5, -0.7), -1.25)], 0.8) == pytest.approx(100 * 4 * wide)
    assert beyond([one(1.0, (0.7, 1.5), 1.0)], None) == INF
    assert beyond([one(1.0, (0.7, 1.5), 1.0)], 0.8) == pytest.approx(100 * (0.3 / 0.4) ** 2 * wide)
    assert beyond([one(1.0, (0.7, INF), 1.25)], None) == INF
    assert beyond([Row(8, 9, 1.0, (0, 2), (0.0, 1.0), None, False, "")], None) == INF
    assert beyond([], None) == 0.0


# --- scores ----------------------------------------------------------------------------------


def test_ratios_profiles_and_scores_by_hand() -> None:
    times = np.array([[2.0, 4.0, INF], [6.0, 1.0, INF], [3.0, INF, INF]])
    ratios = np.array([[1, 4, INF], [3, 1, INF], [1.5, INF, INF]])
    assert sc.time_ratios(times).tolist() == ratios.tolist()
    for r_max in (2.0, 4.0, 10.0):
        kept = np.where(ratios < r_max, r_max - ratios, 0).mean(axis=1) / (r_max - 1)
        assert sc.scores(times, r_max) == pytest.approx(kept)
        assert sc.trapezoid_scores(times, r_max, 5001) == pytest.approx(kept, abs=1.1e-4)
    assert sc.profiles(times, [1.0, 1.5, 4.0]).tolist() == [
        [1 / 3, 1 / 3, 2 / 3], [1 / 3, 1 / 3, 2 / 3], [0, 1 / 3, 1 / 3]
    ]  # fmt: skip
    two = (sc.profiles(times, [1.0, 4.0]).sum(axis=1) / 2).tolist()
    assert sc.trapezoid_scores(times, points=2) == pytest.approx(two)
    steps = sc.profiles(times, np.linspace(1, 4, 100))
    rule = (steps.sum(axis=1) - steps[:, [0, -1]].sum(axis=1) / 2) / 99
    assert sc.trapezoid_scores(times) == pytest.approx(rule)
    for wrong in (1.0, 0.5, INF):
        with pytest.raises(InvalidInput, match="r_max"):
            sc.scores(times, wrong)
        with pytest.raises(InvalidInput, match="r_max"):
            sc.trapezoid_scores(times, wrong)
    with pytest.raises(InvalidInput, match="1 points"):
        sc.trapezoid_scores(times, points=1)
    for wrong in (np.ones(3), np.ones((2, 0)), 0.0 * times[:1, :2], np.array([[-1.0, np.nan]])):
        with pytest.raises(InvalidInput):
            sc.check_times(wrong)
    assert sc.check_times(np.ones((1, 1))).shape == (1, 1)


def test_times_of_studies_by_hand() -> None:
    trials = np.random.default_rng(SEED).uniform(1, 9, (2, 3, 5, 4))
    found = sc.study_times(trials)
    for s, w in np.ndindex(2, 3):
        assert found[s, w] == sorted(min(study) for study in trials[s, w])[2]
    for shape in ((2, 3, 4, 5), (2, 3, 5)):
        with pytest.raises(InvalidInput):
            sc.study_times(np.ones(shape))
    marks = np.array([[3.0, 2.0, 1.0], [9.0, 9.0, 2.0], [9.0, 9.0, 9.0]])
    assert sc.first_hits([5, 10, 20], marks, 2.0).tolist() == [10.0, 20.0, INF]


def test_intervals_of_scores_by_hand() -> None:
    draws = np.random.default_rng(SEED + 1).uniform(1, 3, (3, 2, 25))
    found = sc.score_intervals(draws, 0.1, 3.0)
    cells = [[sc.median_interval(draws[s, w], 0.1 / 6) for w in range(2)] for s in range(3)]
    for s in range(3):
        ends = []
        for own, others in ((1, 0), (0, 1)):
            field = [[cells[r][w][own if r == s else others] for w in range(2)] for r in range(3)]
            ends.append(sc.scores(field, 3.0)[s])
        assert found[s] == pytest.approx(tuple(ends))
        assert found[s].low < found[s].high


@pytest.mark.parametrize(("K", "S", "error_"), [(40, 3, 0.05), (200, 2, 0.3), (60, 1, 0.1)])
def test_repeated_scores_by_hand(K: int, S: int, error_: float) -> None:
    scores = np.random.default_rng(SEED + 2).uniform(0, 1, (K, S)) ** np.array([0.1, 1, 9])[:S]
    half = math.sqrt(math.log(2 * S / error_) / (2 * K))
    for mean, found in zip(
        scores.mean(axis=0), sc.mean_score_intervals(scores, error_), strict=True
    ):
        assert found == pytest.approx((max(0, mean - half), min(1, mean + half)))
    wide = 2 * math.sqrt(math.log(2 * max(S * (S - 1) // 2, 1) / error_) / (2 * K))
    verdicts = sc.beats(scores, error_)
    assert set(verdicts) == {(a, b) for a in range(S) for b in range(S) if a != b}
    for (a, b), verdict in verdicts.items():
        gap = scores[:, a].mean() - scores[:, b].mean()
        yes, no = gap > wide, gap <= -wide
        assert verdict is (
            Verdict.CONSISTENT if yes else Verdict.REFUTED if no else Verdict.INCONCLUSIVE
        )


def test_verdicts_turn_at_their_limits() -> None:
    """Means .5 ± g: a difference of 2g against the width, a thousandth on either side."""
    for pairs, S in ((1, 2), (3, 3)):
        wide = 2 * math.sqrt(math.log(2 * pairs / 0.05) / 200)
        for off, verdict in ((0.999, Verdict.INCONCLUSIVE), (1.001, Verdict.CONSISTENT)):
            means = np.full(S, 0.5)
            means[:2] += np.array([0.5, -0.5]) * wide * off
            found = sc.beats(np.tile(means, (100, 1)), 0.05)
            assert found[0, 1] is verdict
            assert (found[1, 0] is Verdict.REFUTED) == (verdict is Verdict.CONSISTENT)
    for wrong in (0.0, 1.0):
        for act in (sc.beats, sc.mean_score_intervals):
            with pytest.raises(InvalidInput, match="an error of"):
                act(np.full((9, 2), 0.5), wrong)
        with pytest.raises(InvalidInput, match="an error of"):
            sc.median_interval(np.arange(99), wrong)
    for wrong in (np.full(3, 0.5), np.zeros((0, 2)), [[1.1]], [[-0.1]]):
        with pytest.raises(InvalidInput, match="scores of shape"):
            sc.beats(wrong, 0.05)
    assert sc.beats([[0.0, 1.0]] * 99, 0.05)[1, 0] is Verdict.CONSISTENT
    meet = [sc.Interval(0.4, 0.6), sc.Interval(0.6, 0.8)]
    found = sc.beats_by_intervals(meet)
    assert found[1, 0] is Verdict.INCONCLUSIVE
    assert found[0, 1] is Verdict.REFUTED  # at most equal is not above
    assert set(found) == {(0, 1), (1, 0)}


def test_a_median_needs_draws_that_are_apart() -> None:
    for n, error_, need in ((3, 0.1, 5), (4, 0.05, 6), (1, 0.9, 2), (4, 0.07, 5)):
        with pytest.raises(InvalidInput, match=f"{need} of them or more"):
            sc.median_interval(np.arange(n), error_)
        assert sc.median_interval(np.arange(need), error_) == (0.0, need - 1.0)
    k = int(sc.median_interval(np.arange(1, 401), 0.1).low)
    below = sum(math.comb(400, j) for j in range(k)) / 2**400
    assert below <= 0.05 < below + math.comb(400, k) / 2**400
    # P(Bin(3, ½) < 1) = ⅛ is error/2 exactly; the draws are sorted first
    assert sc.median_interval([9.0, 1.0, 5.0], 0.25) == (1.0, 9.0)
    assert sc.median_interval([9.0, 1.0, 5.0, 4.0, 2.0], 0.375) == (
        2.0,
        5.0,
    )  # P(Bin(5) < 2) = 6/32
