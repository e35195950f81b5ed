"""Samples, diagnostics and the words of reports, each worked by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from convergence.errors import InvalidInput
from convergence.statistics import (
    Grade,
    Limit,
    Sample,
    Verdict,
    hill,
    max_to_sum,
    median_of_means,
    tail_note,
    weakest,
)
from convergence.statistics.asymptotic import Refusal
from convergence.statistics.samples import (
    average,
    check_samples,
    counted,
    inverse,
    measured,
    missing,
    needed,
    notes,
    one_each,
    overstatement,
    ratio,
    row,
    said,
    undecided,
    unmeasured,
)  # fmt: skip
from convergence.statistics.verdict import combine
from convergence.statistics.verdict import said as told

INF, NAN = math.inf, math.nan


# --- diagnostics -----------------------------------------------------------------------------


def test_medians_of_means() -> None:
    values = np.array([1.0, 3.0, 10.0, 20.0, 5.0, 6.0, 7.0])
    assert median_of_means(values, 1) == pytest.approx(52 / 7)
    assert median_of_means(values, 3) == 6.5  # 14/3, 12.5, 6.5
    assert median_of_means(values, 7) == 6.0
    for blocks in (0, 8):
        with pytest.raises(ValueError, match="1 <= blocks <= n"):
            median_of_means(values, blocks)


def test_hills_index() -> None:
    e = math.e
    values = np.array([1.0, -(e**2), e, e**4, -1.0])
    assert hill(values, 1) == pytest.approx(1 / 2)
    assert hill(values, 2) == pytest.approx(2 / (3 + 1))
    assert hill(values, 3) == pytest.approx(3 / 7)
    assert hill(values, 4) == pytest.approx(4 / 7)
    assert hill(np.array([2.0, 2.0, 2.0, 1.0]), 2) == INF
    assert hill(np.array([2.0, 1.0, 0.0]), 2) == 0.0
    assert hill(np.array([INF, 1.0, 1.0]), 1) == 0.0
    assert hill(np.array([NAN, 1.0, 1.0]), 1) == 0.0
    for k in (0, 5):
        with pytest.raises(ValueError, match="1 <= k < n"):
            hill(values, k)


def test_the_share_of_the_largest() -> None:
    assert max_to_sum(np.array([1.0, -3.0, 2.0])) == pytest.approx(1 / 2)
    assert max_to_sum(np.array([1.0, -3.0, 2.0]), 2.0) == pytest.approx(9 / 14)
    assert max_to_sum(np.zeros(4)) == 0.25
    assert max_to_sum(np.array([1.0, INF])) == 1.0


def test_a_tail_is_noted_where_all_three_signs_stand() -> None:
    """k = 5 of 25: index (1 − 2/√5) < 1, that is below 9.5 and below 2; one carries 10/25."""

    def values(n: int, top: float, k: int) -> np.ndarray:
        return np.array([top, *k * [1.0], *(n - k - 1) * [0.0]])

    assert tail_note(values(16, 90.0, 4)) != ""
    assert tail_note(values(15, 90.0, 4)) == ""
    # 25 values, 5 others of 1: index 5/log top, below 2 from 12.2 on; share top/(top + 5).
    assert tail_note(values(25, 12.0, 5)) == ""
    assert tail_note(values(25, 12.4, 5)) == (
        "an infinite mean is plausible (Hill index 1.99, one run carries 71% of the sum)"
    )
    # 17 values take k = 5, 16 take 4; four runs at most share the sum: 10/17 = .59
    shared = np.array([12.0, 9.0, *5 * [0.01], *10 * [0.0]])
    assert tail_note(shared) == ""  # 12/21 is less than 10/17
    assert tail_note(np.array([13.5, 9.0, *5 * [0.01], *10 * [0.0]])).endswith(
        "carries 60% of the sum)"
    )
    # one run with 10/20 of the sum, exactly, carries no more than that
    for top, told_ in ((64.0, False), (65.0, True)):
        twenty = np.array([top, 16.0, 16.0, 16.0, 8.0, 8.0, *14 * [0.0]])
        assert bool(tail_note(twenty)) is told_
    # of 400 values k = 20: an index below 1/(1 − 2/√20) = 1.81
    k = math.ceil(math.sqrt(400))
    for index, told_ in ((1.79, True), (1.83, False)):
        top = np.array([math.exp(k / index), *k * [1.0], *(399 - k) * [0.0]])
        assert bool(tail_note(top)) is told_


# --- samples ---------------------------------------------------------------------------------


def test_what_a_sample_takes() -> None:
    for kwargs, words in (
        ({"T": 0}, "at least 1"), ({"bound": NAN}, "low <="), ({"bound": (2, 1)}, "low <="),
        ({"bound": (NAN, 1)}, "low <="), ({"bound": (1, NAN)}, "low <="),
        ({"ceiling": -1e-9}, "ceiling"), ({"ceiling": NAN}, "ceiling"),
        ({"second": -1e-9}, "E M"),
        ({"second": NAN}, "E M"), ({"values": np.ones((2, 2, 2))}, "shape"),
        ({"values": np.ones((0, 2))}, "shape"), ({"values": np.array(1.0)}, "shape"),
        ({"values": np.array([1.0, 2.0]), "sure": True}, "differ"),
    ):  # fmt: skip
        whole: dict[str, Any] = {"T": 1, "values": np.ones(2), "bound": 1.0} | kwargs
        with pytest.raises(InvalidInput, match=words):
            Sample(**whole)
    Sample(1, np.ones((2, 3)), (1.0, 1.0), ceiling=0.0, second=0.0, sure=True)
    Sample(1, np.array([NAN, NAN]), 1.0, sure=True)
    one = Sample(3, np.ones((2, 5)), (0.5, 2.0), trivial=2.0)
    assert (one.seeds, one.range, one.vacuous) == (2, (0.5, 2.0), True)
    assert not Sample(3, np.ones(2), (0.5, 1.9), trivial=2.0).vacuous
    assert not Sample(3, np.ones(2), 9.0).vacuous
    assert Sample(3, np.ones(2), 9.0).range == (-INF, 9.0)
    assert Sample(3, np.ones(2), 9).number == 9.0
    with pytest.raises(InvalidInput, match="only pathwise"):
        _ = one.number


def test_bounds_in_words() -> None:
    assert told(1 / 3) == "≤ 0.333333"
    assert told(1 / 3, 3) == "≤ 0.333"
    assert told((1 / 3, INF), 4) == "≥ 0.3333"
    assert told((1 / 3, 2 / 3), 2) == "[0.33, 0.67]"
    assert told((1 / 3, 1 / 3), 2) == "= 0.33"
    assert told((-INF, 2.0)) == "≤ 2"
    assert told(-INF) == "= -inf"
    assert Sample(3, np.ones(2), (0.5, INF)).said == "≥ 0.5"


def test_parts_of_a_conjunction() -> None:
    C, R, I, N = Verdict.CONSISTENT, Verdict.REFUTED, Verdict.INCONCLUSIVE, Verdict.INAPPLICABLE
    order = [R, N, I, C]
    for k, verdict in enumerate(order):
        assert combine(order[k:]) is verdict
    A, S = Grade.ASYMPTOTIC, Grade.CERTIFIED
    assert [weakest(g) for g in ([A], [S], [A, S], [S, A])] == [A, S, A, A]
    assert str(A) == "asymptotic"


def test_values_by_their_kind() -> None:
    with pytest.raises(ValueError, match="no samples"):
        check_samples([])
    same = Sample(4, np.ones(2), 1.0)
    with pytest.raises(ValueError, match="repeat"):
        check_samples([same, Sample(5, np.ones(2), 1.0), same])
    with pytest.raises(ValueError, match=r"is -0.5 at T=4"):
        measured(Sample(4, np.array([1.0, -0.5, NAN]), 1.0))
    assert measured(Sample(4, np.array([0.0, 1.0]), 1.0)).tolist() == [0.0, 1.0]
    with pytest.raises(ValueError, match=r"have shape \(2, 2\)"):
        one_each(Sample(4, np.ones((2, 2)), 1.0))
    assert counted(np.array([NAN, 1.0, INF]), 7.0).tolist() == [7.0, 1.0, INF]
    assert average(np.array([1.0, 2.0, NAN])) == 1.5
    assert average(np.array([1.0, INF, NAN])) == INF
    assert math.isnan(average(np.array([NAN])))
    assert (ratio(1.0, 2.0), ratio(1.0, 0.0), ratio(3.0, -2.0)) == (0.5, INF, -1.5)
    assert (inverse(0.0), inverse(4.0), inverse(0.25)) == (INF, 0.25, 4.0)
    samples = [Sample(4, np.ones(3), 1.0), Sample(5, np.array([NAN, 1.0, NAN]), 1.0)]
    assert unmeasured(samples) == "the metric of 2 of 3 runs is NaN at T=5"
    assert unmeasured(samples[:1]) == ""


def test_notes_of_a_row() -> None:
    heavy = np.array([90.0, *4 * [1.0], *11 * [0.0]])
    tail = "an infinite mean is plausible (Hill index 0.89, one run carries 96% of the sum)"
    assert notes(Sample(4, heavy, 1.0), heavy, False) == tail
    vacuous = "vacuous: the bound says no more than what holds without running"
    assert notes(Sample(4, heavy, 1.0), heavy, True) == f"{vacuous}; {tail}"
    assert notes(Sample(4, heavy, 1.0, ceiling=90.0), heavy, False) == ""
    over = "a run exceeds the certified ceiling 80"
    assert notes(Sample(4, heavy, 1.0, ceiling=80.0), heavy, False) == over
    lost = np.append(heavy, [INF, NAN, NAN])
    assert notes(Sample(4, lost, 1.0), lost, False) == (
        "1 of 19 runs are not finite; the metric of 2 of 19 runs is NaN"
    )
    assert notes(Sample(4, lost[:-2], 1.0), lost[:-2], False) == "1 of 17 runs are not finite"
    holes = np.append(heavy, NAN)
    assert notes(Sample(4, holes, 1.0), holes, False) == "the metric of 1 of 17 runs is NaN"


def test_why_a_limit_is_missing_and_how_many_runs_it_takes() -> None:
    plain, light = Sample(4, np.ones(3), 1.0), Sample(5, np.ones(3), 1.0, light=True)
    false = Sample(6, np.full(99, 5.0), 1.0, second=0.5)
    open_ = [Limit(INF, INF, Refusal("few", 9)), Limit(1.0, 2.0, Refusal("none", 4))]
    assert missing([plain, light], open_, "upper") == "no upper confidence limit: few"
    assert missing([light, false], open_, "upper") == (
        "the runs at T=6 contradict the certified second moment 0.5"
    )
    assert missing([plain], open_, "lower") == (
        "no certified lower confidence limit: the mean may not be finite, for all that is "
        "certified (no ceiling, no second moment, no tail)"
    )
    assert needed(open_) == 9
    assert needed([*open_, Limit(INF, INF, Refusal("more", 30))]) == 30
    assert needed([*open_, Limit(INF, INF, Refusal("equal"))]) is None
    assert needed(open_[1:]) is None
    none = "no overstatement could have been detected"
    assert (overstatement(None), overstatement(INF), overstatement(NAN)) == (none,) * 3
    assert overstatement(2.5) == "an overstatement by a factor 2.5 would have been refuted"
    assert (said(None), said(Grade.CERTIFIED)) == ("", "certified ")


def test_a_row_between_its_limits() -> None:
    sample = Sample(7, np.array([1.0, 3.0]), 5.0)
    A, S = Grade.ASYMPTOTIC, Grade.CERTIFIED
    certified, asymptotic = Limit(1.0, -INF, upper=False), Limit(INF, 4.0)
    found = row(sample, sample.values, certified, asymptotic, math.log(8.0), True)
    assert (found.T, found.seeds, found.estimate, found.interval) == (7, 2, 2.0, (1.0, 4.0))
    assert (found.bound, found.vacuous, found.grade) == (5.0, True, A)
    assert found.e_value == pytest.approx(8.0)
    none = Limit(INF, INF)
    assert row(sample, sample.values, certified, none, None, False).grade is S
    assert row(sample, sample.values, none, none, None, False).grade is None
    assert row(sample, sample.values, none, none, None, False).e_value is None
    open_ = undecided("why", [found], 1.5, 2.5, 3)
    assert (open_.verdict, open_.reason, open_.rows) == (Verdict.INCONCLUSIVE, "why", (found,))
    assert (open_.slack, open_.power, open_.grade, open_.needs) == (1.5, 2.5, None, 3)
