"""Every verdict of the judges of runs, identities and expectations, and what each refuses."""

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from convergence.statistics import (
    Grade,
    Sample,
    Verdict,
    combine,
    judge_exact,
    judge_expectation,
    judge_floor,
    judge_identity,
    judge_pathwise,
    judge_separation,
)
from tests.statistics import SEED

ALPHA = 1e-3
C, R, I, N = Verdict.CONSISTENT, Verdict.REFUTED, Verdict.INCONCLUSIVE, Verdict.INAPPLICABLE
RNG = np.random.default_rng(SEED)
UNIFORM = RNG.uniform(size=400)  # mean 1/2, ceiling 1
EXPONENTIAL = RNG.exponential(size=400)  # mean 1, no ceiling


def test_the_judge_does_not_import_jax_nor_scipy_stats() -> None:
    code = (
        "import importlib.util, sys; import convergence.statistics; "
        "print([m for m in ('jax', 'scipy.stats', 'equinox') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_verdicts_print_their_name_and_combine() -> None:
    assert [str(v) for v in Verdict] == ["CONSISTENT", "REFUTED", "INCONCLUSIVE", "INAPPLICABLE"]
    assert combine([C, C]) is C
    assert combine([C, I]) is I
    assert combine([I, N]) is N
    assert combine([N, R, C]) is R
    with pytest.raises(ValueError, match="no verdicts"):
        combine([])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, np.ones(2), 1.0), "horizon"),
        ((1, np.ones((2, 2, 2)), 1.0), "shape"),
        ((1, np.ones(0), 1.0), "shape"),
        ((1, np.ones(2), math.nan), "bound"),
        ((1, np.ones(2), (2.0, 1.0)), "low <= high"),
        ((1, np.ones(2), 1.0, None, -1.0), "ceiling"),
    ],
)
def test_bad_samples_are_named(arguments: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sample(*arguments)


# --- every run -------------------------------------------------------------------------------


def test_pathwise_keeps_and_breaks() -> None:
    kept = judge_pathwise([Sample(4, np.array([[1.0, 2.0], [0.5, 1.0]]), 4.0)], rounding=[1e-12])
    assert kept.verdict is C
    assert kept.slack == kept.power == 2.0
    broken = judge_pathwise([Sample(4, np.array([1.0, 4.1]), 4.0)], rounding=[1e-12])
    assert broken.verdict is R
    assert "4.1" in broken.reason
    assert broken.power == pytest.approx(4 / 4.1)


def test_pathwise_rounding_is_relative_to_the_run() -> None:
    over = Sample(1, np.array([1e12 * (1 + 1e-10)]), 1e12)
    assert judge_pathwise([over], rounding=[1e-9]).verdict is C
    assert judge_pathwise([over], rounding=[1e-11]).verdict is R
    # a huge run does not buy tolerance for its neighbours
    range_ = Sample(1, np.array([1e9, -1e-3]), (0.0, math.inf))
    assert judge_pathwise([range_], rounding=[1e-9]).verdict is R


def test_pathwise_ranges_equalities_and_divergence() -> None:
    assert judge_pathwise([Sample(1, np.array([0.5]), (0.0, 1.0))], rounding=[0.0]).verdict is C
    assert judge_pathwise([Sample(1, np.array([-0.1]), (0.0, 1.0))], rounding=[1e-9]).verdict is R
    equal = judge_pathwise([Sample(1, np.array([2.0]), (2.0, 2.0))], rounding=[1e-9])
    assert equal.power == 1 + 1e-9
    lost = judge_pathwise([Sample(1, np.array([0.5, math.inf]), 1.0)], rounding=[1e-9])
    assert lost.verdict is R
    assert "not finite" in lost.reason


@pytest.mark.parametrize(
    ("values", "bound", "slack", "shown", "said"),
    [
        ([2.0, 3.0], 6.0, 2.0, 3.0, "≤ 6"),
        ([2.0, 3.0], (1.0, 6.0), 2.0, 3.0, "[1, 6]"),
        ([2.0, 3.0], (1.8, 6.0), 2 / 1.8, 2.0, "[1.8, 6]"),
        ([2.0, 3.0], (1.0, math.inf), 2.0, 2.0, "≥ 1"),
        ([-6.0, -3.0], -2.0, 1.5, -3.0, "≤ -2"),
        ([-1.0], -2.0, 0.5, -1.0, "≤ -2"),
        ([1.0], -2.0, 0.0, 1.0, "≤ -2"),
        ([-1.0], 2.0, math.inf, -1.0, "≤ 2"),
        ([-1.0], (-2.0, math.inf), 2.0, -1.0, "≥ -2"),
        ([2.0], (2.0, 2.0), 1.0, 2.0, "= 2"),
        ([10.0], (2.0, 2.0), 0.2, 10.0, "= 2"),
        ([0.4], (2.0, 2.0), 0.2, 0.4, "= 2"),
        ([0.0], 0.0, 1.0, 0.0, "≤ 0"),
    ],
)
def test_slack_of_sides_and_signs(values: list, bound: Any, slack: float, shown: float, said: str):
    sample = Sample(4, np.array(values), bound)
    found = judge_pathwise([sample], rounding=[1e-12])
    assert found.slack == pytest.approx(slack)
    assert found.rows[0].estimate == shown
    assert found.rows[0].interval == (min(values), max(values))
    assert sample.said == said
    assert (found.verdict is C) == (slack >= 1)
    assert found.verdict is C or f"against {said}" in found.reason


def test_identity() -> None:
    assert judge_identity({"a": 1e-17, "b": -1e-16}, 1e-12).verdict is C
    wrong = judge_identity({"a": 1e-17, "b": -1e-3}, 1e-12)
    assert wrong.verdict is R
    assert "(b)" in wrong.reason
    assert judge_identity({"a": math.nan}, 1e-12).verdict is R
    with pytest.raises(ValueError, match="at least one"):
        judge_identity({}, 1e-12)


# --- means -----------------------------------------------------------------------------------


def test_expectation_has_all_three_verdicts() -> None:
    assert judge_expectation([Sample(8, UNIFORM, 0.7, ceiling=1.0)], ALPHA).verdict is C
    assert judge_expectation([Sample(8, UNIFORM, 0.4, ceiling=1.0)], ALPHA).verdict is R
    assert judge_expectation([Sample(8, UNIFORM, 0.51, ceiling=1.0)], ALPHA).verdict is I
    # without a ticket the mean may hide in what was not seen
    bare = judge_expectation([Sample(8, UNIFORM, 0.7)], ALPHA)
    assert bare.verdict is I
    assert "no certified upper confidence limit" in bare.reason
    assert f"factor {bare.power:.3g}" in bare.reason
    trusted = judge_expectation([Sample(8, EXPONENTIAL, 1.5, light=True)], ALPHA)
    assert trusted.verdict is C
    assert trusted.grade is Grade.ASYMPTOTIC
    more = judge_expectation([Sample(8, EXPONENTIAL, 1.5, light=True, unseen=1.0)], ALPHA)
    assert more.verdict is I  # what no run shows may be above the bound
    second = judge_expectation([Sample(8, EXPONENTIAL, 1.5, second=2.0)], ALPHA)
    assert second.verdict is C
    assert second.grade is Grade.CERTIFIED


def test_expectation_needs_every_horizon_to_confirm_and_one_to_refute() -> None:
    good, tight = Sample(8, UNIFORM, 0.7, ceiling=1.0), Sample(16, UNIFORM, 0.5, ceiling=1.0)
    false = Sample(32, UNIFORM, 0.35, ceiling=1.0)
    assert judge_expectation([good, tight], ALPHA).verdict is I
    refuted = judge_expectation([good, tight, false], ALPHA)
    assert refuted.verdict is R
    assert "T=32" in refuted.reason


def test_power_of_an_expectation_is_what_it_says() -> None:
    judged = judge_expectation([Sample(8, UNIFORM, 0.7, ceiling=1.0)], ALPHA)
    assert judged.power is not None
    assert judged.slack == pytest.approx(0.7 / UNIFORM.mean())
    for factor, verdict in ((1.001, R), (0.999, I)):  # the power is found to 1e-6
        bound = 0.7 / (judged.power * factor)
        assert judge_expectation([Sample(8, UNIFORM, bound)], ALPHA).verdict is verdict


def test_divergence_refutes_an_expectation() -> None:
    judged = judge_expectation([Sample(8, np.array([0.1, math.inf]), 1.0, ceiling=2.0)], ALPHA)
    assert judged.verdict is R
    assert judged.grade is Grade.CERTIFIED
    assert judged.rows[0].e_value == 1e300


def test_a_metric_that_is_nan_is_evidence_for_nothing() -> None:
    """The bound is kept by what was measured, and 399 of 400 values would confirm it."""
    holes = np.where(np.arange(400) == 7, math.nan, UNIFORM)
    for sample in (Sample(8, holes, 0.7, ceiling=1.0), Sample(8, holes, 0.7, light=True)):
        judged = judge_expectation([sample], ALPHA)
        assert judged.verdict is I
        assert judged.grade is None
        assert "NaN" in judged.reason
    assert judge_expectation([Sample(8, holes, 0.3, ceiling=1.0)], ALPHA).verdict is R
    only = np.full(400, math.nan)
    assert judge_expectation([Sample(8, only, 1e-9)], ALPHA).verdict is I
    assert judge_exact([Sample(8, holes, 0.5, ceiling=1.0)], ALPHA, margin=0.3).verdict is I
    assert judge_separation([(8, holes, holes)], ALPHA, ceiling=1.0).verdict is I
    assert judge_pathwise([Sample(8, holes, 2.0)], rounding=[1e-9]).verdict is I


def test_an_infinite_bound_says_so() -> None:
    for values in (UNIFORM, np.append(UNIFORM, math.inf)):
        judged = judge_expectation([Sample(8, values, math.inf, ceiling=1.0)], ALPHA)
        assert judged.verdict is I
        assert "vacuous" in judged.reason
        assert judged.rows[0].vacuous
        assert judge_pathwise([Sample(8, values, math.inf)], rounding=[1e-9]).verdict is I
    other = Sample(16, UNIFORM, 0.3, ceiling=1.0)
    assert judge_expectation([Sample(8, UNIFORM, math.inf), other], ALPHA).verdict is R


def test_one_run_is_the_metric_where_no_coin_is_tossed_and_equal_runs_are_nothing_elsewhere() -> (
    None
):
    one = Sample(8, np.array([0.1]), 0.1, sure=True)
    judged = judge_expectation([one], ALPHA)
    assert judged.verdict is C
    assert judged.grade is Grade.CERTIFIED
    same = Sample(8, np.full(400, 0.1), 0.101, light=True)
    equal = judge_expectation([same], ALPHA)
    assert equal.verdict is I
    assert "equal" in equal.reason
    with pytest.raises(ValueError, match="differ"):
        Sample(8, np.array([0.1, 0.2]), 0.3, sure=True)


def test_expectation_flags_vacuous_bounds_heavy_tails_and_false_ceilings() -> None:
    vacuous = judge_expectation([Sample(8, UNIFORM, 2.0, trivial=1.5, ceiling=1.0)], ALPHA)
    assert vacuous.rows[0].vacuous
    heavy = 1 + np.random.default_rng(SEED + 1).pareto(0.7, size=400)
    judged = judge_expectation([Sample(8, heavy, 1e4)], ALPHA)
    assert judged.verdict is I
    assert "infinite mean" in judged.reason
    broken = judge_expectation([Sample(8, UNIFORM, 0.7, ceiling=0.8)], ALPHA)
    assert broken.verdict is I
    assert "exceeds its certified ceiling" in broken.reason


def test_contracts_of_the_judges_of_means() -> None:
    with pytest.raises(ValueError, match="nonnegative"):
        judge_expectation([Sample(8, np.array([-1.0, 1.0]), 1.0)], ALPHA)
    with pytest.raises(ValueError, match="a mean needs"):
        judge_floor([Sample(8, np.ones((2, 2)), 1.0)], ALPHA)
    with pytest.raises(ValueError, match="only pathwise"):
        judge_expectation([Sample(8, np.ones(2), (0.0, 1.0))], ALPHA)
    with pytest.raises(ValueError, match="repeat"):
        judge_expectation([Sample(8, np.ones(2), 1.0)] * 2, ALPHA)
    with pytest.raises(ValueError, match="at least one horizon"):
        judge_expectation([], ALPHA)
    with pytest.raises(ValueError, match="alpha"):
        judge_floor([Sample(8, np.ones(2), 1.0)], 1.5)
