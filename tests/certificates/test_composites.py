"""What the package's own composites certify, at the corners of their fields."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from convergence import verify
from convergence.claims import Claim
from convergence.errors import InvalidInput
from convergence.laws.problems import problem_faults
from convergence.noise import Noiseless
from convergence.noise.heavy import Stable, StudentT
from convergence.noise.lomax import OneSidedLomax
from convergence.oracles import Oracle, Probed
from convergence.parts.compressors import AbstractKeep
from convergence.parts.matching import alone
from convergence.precision import precision
from convergence.problems.boxed import Boxed
from convergence.problems.gradient_form import GradientForm, ScalarFactors
from convergence.problems.linear import Linear
from convergence.problems.polygon import Polygon
from convergence.problems.regression import Regression, three_rows
from convergence.problems.shifted import Shifted
from convergence.problems.units import PermutedNet, five_copies
from convergence.statistics import Verdict
from convergence.theorems.decentralized.saadati2024 import MergeKeepsFunction
from convergence.theorems.subspace.zhao2024 import (
    FixedProjectionCorrected,
    FixedProjectionRate,
    LowRank,
    LowRankCorrected,
)

ONE = np.array([1.0, 0.0])


def judged(theorem: Any, problem: Any, T: int, oracle: Any = Oracle) -> tuple[Verdict, str]:
    claim = Claim("c", theorem, problem, Noiseless(), horizons=(T,), seeds=1, oracle=oracle)
    report = verify(claim)
    return report.verdict, report.reason


OF_ANOTHER_SIZE: list[tuple[Callable[[], Any], str]] = [
    # Of 65536 draws the p-th moment is so far below the law's that none shows a factor of 2.
    (lambda: OneSidedLomax.of(1.5, [1.0, 1.0]), "a direction of norm 1.41421"),
    (lambda: OneSidedLomax.of(1.5, np.ones(4)), "a direction of norm 2"),
    (lambda: OneSidedLomax(3.0, 2.0), "a direction of norm 2"),
    (lambda: Stable(1.6, np.ones(2)), "a direction of norm 1.41421"),
    # A tail that counts radii with a sign is of no law.
    (lambda: OneSidedLomax(3.0, ONE, -1.0, 2.0), "scale -1"),
    (lambda: Stable(1.8, ONE, -1.0), "scale -1"),
    (lambda: StudentT(3.0, -1.0, 1.5), "scale -1"),
]


@pytest.mark.parametrize(("noise", "said"), OF_ANOTHER_SIZE)
def test_a_direction_and_a_scale_that_moments_do_not_count(
    noise: Callable[[], Any], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        noise()


def form(W0: Any) -> GradientForm:
    return GradientForm(np.ones((1, 2, 3)), np.eye(2)[None], np.eye(3)[None], W0)


MORE_ENTRIES: list[tuple[Callable[[], Any], str]] = [
    (lambda: Shifted(np.ones(2), np.zeros((3, 2))), r"x_star of shape \(3, 2\)"),
    (lambda: Shifted(1.0, np.zeros(2)), r"x_star of shape \(2,\)"),
    (lambda: Shifted(np.ones(1), np.zeros(2)), r"x_star of shape \(2,\)"),
    (lambda: Linear(np.ones(2), np.zeros((3, 2))), r"x0 of shape \(3, 2\)"),
    (lambda: Linear(1.0, np.zeros(2)), r"x0 of shape \(2,\)"),
    (lambda: Boxed([0.5], [1.0, 1.0], 0.0), r"h of shape \(2,\)"),
    (lambda: Boxed([0.5, 0.5], 1.0, np.ones((3, 2))), r"g of shape \(3, 2\)"),
    (lambda: Boxed([0.5, 0.5], 1.0, 0.0, np.zeros((1, 2))), r"a of shape \(1, 2\)"),
    (lambda: Polygon(ONE, [0.5], 3), r"two points of the plane"),
    (lambda: form(np.zeros((3, 2))), r"W0 of shape \(3, 2\)"),
    (lambda: form(np.zeros((1, 2, 3))), r"W0 of shape \(1, 2, 3\)"),
    (lambda: ScalarFactors(1.0, [0.0], [1.0], [1.0], 0.2, 0.1), "two or more"),
    (lambda: ScalarFactors(1.0, [0.0, 1.0], [1.0], [1.0, 1.0], 0.2, 0.1), "one length"),
]


@pytest.mark.parametrize(("problem", "said"), MORE_ENTRIES)
def test_a_field_that_would_give_f_more_entries_than_its_iterate(
    problem: Callable[[], Any], said: str
) -> None:
    """A sentence where it is built, not NumPy's in a look."""
    with pytest.raises(InvalidInput, match=said):
        problem()


def test_fields_that_broadcast_to_the_iterate() -> None:
    ones = np.ones((3, 2))
    for problem in (Shifted(ones, np.zeros(2)), Linear(ones, 1.0), Boxed(ones, 1.0, np.ones(2))):
        with precision("float64"):
            assert not problem_faults(problem)


def scalar(knots: Any, B: Any, C: Any) -> ScalarFactors:
    return ScalarFactors(1.0, knots, B, C, 0.2, 0.1)


@pytest.mark.parametrize(
    "problem",
    [
        scalar([0.0, 1.0, 3.0], [-1.0, -1.2, -1.3], [-1.0, -1.1, -1.2]),  # whose product is ≥ 0
        scalar([0.5, 2.0], [1.0, 1.5], [1.0, 1.2]),  # from beside the first knot
        scalar([-1.0, 2.0], [1.0, 1.5], [1.0, 1.2]),
    ],
)
def test_factors_of_either_sign_and_from_any_knot(problem: ScalarFactors) -> None:
    c = problem.constants()
    w, seen = 0.2, []
    for _ in range(200):
        b, p = (float(np.interp(w, problem.knots, v)) for v in (problem.B, problem.C))
        seen.append((abs(b), abs(p)))
        w += 0.1 * (1 - b * w * p)
    assert (c.B_sup, c.C_sup) == pytest.approx(tuple(np.max(seen, axis=0)))
    assert judged(FixedProjectionCorrected(0.1), problem, 8)[0] is Verdict.CONSISTENT


def test_factors_of_one_sample_have_no_least_eigenvalue_below_0() -> None:
    v = np.random.default_rng(1).normal(size=(2, 3))
    B = np.einsum("ki,kj->kij", v, v)
    problem = GradientForm(np.zeros((2, 3, 2)), B, np.stack([np.eye(2)] * 2), np.ones((3, 2)))
    assert 0 <= problem.constants().kappa <= 1e-12
    assert judged(FixedProjectionRate(), problem, 8)[0] is Verdict.CONSISTENT


FLAT = GradientForm(np.ones((1, 2, 1)), np.eye(2)[None], np.ones((1, 1, 1)), np.zeros((2, 1)))
DONE = GradientForm(
    np.ones((1, 2, 1)), np.diag([1.0, 2.0])[None], np.ones((1, 1, 1)), [[1.0], [0.5]]
)


@pytest.mark.parametrize(
    ("problem", "said"), [(FLAT, "'a second eigenvalue' fails"), (DONE, "'par2 > 0' fails")]
)
def test_a_lemma_on_two_eigenvalues_where_there_is_one_and_on_no_gradient(
    problem: GradientForm, said: str
) -> None:
    verdict, reason = judged(LowRank(0.4), problem, 3)
    assert verdict is Verdict.INAPPLICABLE
    assert said in reason
    corrected = judged(LowRankCorrected(0.4), problem, 3)[0]
    assert corrected is (Verdict.CONSISTENT if problem is FLAT else Verdict.INAPPLICABLE)


@pytest.mark.parametrize("size", [1.0, 1e-10, 1e-20])
def test_a_linear_term_beside_the_range_whatever_its_unit(size: float) -> None:
    """f falls for ever along it: there is neither f* nor Delta."""
    B, C = np.diag([1.0, 0.0])[None], np.eye(1)[None]
    out, within = (GradientForm(size * np.array([[[1.0], [a]]]), B, C, np.zeros((2, 1)))
                   for a in (1.0, 0.0))  # fmt: skip
    assert not out.constants().only("Delta", "f_star", "x_star")
    assert within.constants().Delta == pytest.approx(0.5 * size**2)
    with precision("float64"):
        assert not [*problem_faults(out), *problem_faults(within)]


@pytest.mark.parametrize("al", [0.5, 1.5, 1.999])
@pytest.mark.parametrize("sides", [False, True])
def test_the_norm_along_the_run_for_steps_up_to_2_by_L(sides: bool, al: float) -> None:
    """Past 1/L a run goes beyond its minimizer, along P and Q beyond one that is farther."""
    over = 0.0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        B, C = (v @ v.transpose(0, 2, 1) for v in rng.normal(size=(2, 2, 3, 2)))
        W = rng.normal(size=(3, 3)) * 10.0 ** rng.uniform(-3, 0)
        P, Q = np.linalg.qr(rng.normal(size=(2, 3, 2)))[0] if sides else (np.eye(3),) * 2
        A = B @ rng.normal(size=(3, 3)) @ C
        c = GradientForm(A, B, C, W, P, Q).constants()
        eta = al / c.L
        for _ in range(200):
            over = max(over, float(np.linalg.norm(W)) / c.W_norm)
            W = W - eta * P @ P.T @ np.mean(B @ W @ C - A, axis=0) @ Q @ Q.T
    assert over <= 1


def constant_units(biases: Any, phi: str = "relu") -> PermutedNet:
    """The net of `five_copies` whose first units answer one value each, whatever the input."""
    model = five_copies(phi)
    net = np.array(model.net)
    net[: len(biases), :-1] = [[0.0, 0.0, b] for b in biases]
    return PermutedNet(model.W, net, model.grid, model.orders, phi)


@pytest.mark.parametrize("biases", [(1.6, 1.8), (0.2, 1.8), (0.3,), (0.4, 1.8), (0.7, 0.1)])
@pytest.mark.parametrize("phi", ["relu", "tanh"])
def test_units_that_are_constant_but_for_the_rounding_of_their_mean(biases: Any, phi: str) -> None:
    """Two of them are matched by the roundings: 'no unit is constant' has to fail."""
    problem = constant_units(biases, phi)
    assert problem.constants().unit_spread == 0
    verdict, reason = judged(MergeKeepsFunction(), problem, 3, Probed)
    assert verdict is Verdict.INAPPLICABLE
    assert "'unit_spread > 0' fails" in reason


def test_a_matching_that_rounding_alone_prefers() -> None:
    S = np.array([[1.0, 0.3], [0.1 + 0.2, -0.4]])  # 0.3 and 0.30000000000000004
    tied = np.array([[S[1, 0], 0.0], [0.0, 0.0]]) + np.array([[0.0, 0.3], [0.0, 0.0]])
    assert alone(tied, np.array([0, 1]))
    assert not alone(tied, np.array([0, 1]), 1e-15)
    assert not alone(S, np.array([0, 1]), 1e-15)
    assert alone(np.eye(2), np.array([0, 1]), 1e-15)


@pytest.mark.parametrize("k", [0, 1.5, 2.0, True])
def test_a_part_of_an_entry_is_not_sent(k: Any) -> None:
    """Of 1.5 entries two are, and the error is not (1 − k/d)‖v‖²; types are checked here alone."""
    check: Any = AbstractKeep.__check_init__
    with pytest.raises(InvalidInput, match="a whole k ≥ 1 of entries"):
        check(SimpleNamespace(k=k))
    check(SimpleNamespace(k=np.int64(2)))


def near(problem: Regression, way: float) -> Regression:
    return Regression(problem.W, problem.Y, problem.constants().x_star + way)


@pytest.mark.parametrize("way", [0.0, 1e-12, -1e-11, 1e-10, -3e-9, 1e-8, 1e-7, 1e-4])
@pytest.mark.parametrize(
    "problem", [three_rows(), Regression(np.ones((4, 1)), [[-4.0, 5.0, 3.0, 0.0]], [[0.0]])]
)
def test_a_start_beside_the_minimizer_of_a_sum_that_does_not_vanish_there(
    problem: Regression, way: float
) -> None:
    """Gradients are differences of numbers of size 1, whose roundings are no curvature."""
    with precision("float64"):
        assert not problem_faults(near(problem, way))
        assert not problem_faults(near(problem, float(np.float32(way + 1 / 3)) - 1 / 3))
