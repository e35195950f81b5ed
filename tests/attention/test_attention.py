"""Attention and its support vector machines: digits of the reference instance, and bad input."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms.attention.normalized_gd import NormalizedGD
from convergence.algorithms.classical.sgd import SGD
from convergence.compiling import at_hand
from convergence.errors import InvalidInput
from convergence.laws.problems import problem_faults
from convergence.metrics.pointwise import AbstractPointwise
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.oracles.scaled import Scaled
from convergence.parts.svm import hard_margin
from convergence.problems.attention import Attention, KeyQuery, three_tokens, two_inputs
from convergence.problems.quadratic import Isotropic
from convergence.registry.attention.svm import ONE_SIDED, PAIR
from convergence.runner.experiment import Experiment
from convergence.runner.run import run
from convergence.theorems.attention import directions
from convergence.theorems.attention import tarzanagh2023 as svm
from tests.walks import iterates


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


class Iterate(AbstractPointwise):
    """The iterate, as a vector."""

    def at(self, problem: Any, state: Any) -> Any:
        return state.x.reshape(-1)


def last(method: Any, problem: Any, T: int) -> np.ndarray:
    """x_T."""
    what = Experiment(problem, Scaled(problem, Noiseless()), method, Iterate())
    record = run(what, T, jax.random.key(0), seeds=range(1), chunk=1)
    return np.asarray(record.final())[0].reshape(problem.start().shape)


def missed(method: Any, start: Any, T: int) -> float:
    """1 − corr(W_T, W_mm) on the instance of two inputs."""
    problem = two_inputs(start)
    return svm.missed(last(method, problem, T), np.asarray(problem.constants().separator))


def test_normalized_descent_by_hand() -> None:
    """Tokens 1, 0, scores 1, 0, z = 1, η = ½ from 0: ½, 1. With z = (3, 4)/5 two rows move by
    η(3, 4)/5."""
    line = Attention([[[1], [0]]], [[1]], [[1, 0]], [[0]])
    assert [float(w.item()) for w in iterates(NormalizedGD(0.5), line, 2, oracle=Scaled)] == [
        0,
        0.5,
        1,
    ]
    plane = Attention([[[1], [0]]], [[0.6, 0.8]], [[1, 0]], [[0, 0]])
    last = iterates(NormalizedGD(0.5), plane, 1, oracle=Scaled)[-1]
    np.testing.assert_allclose(last, [[0.3, 0.4]], rtol=1e-15)


def test_plain_descent_by_hand() -> None:
    """f = −s(1 − s)-slope: at w = 0 the gradient is −¼; η = 1: 0, ¼."""
    line = Attention([[[1], [0]]], [[1]], [[1, 0]], [[0]])
    assert float(iterates(SGD(1.0), line, 1)[1].item()) == 0.25


def test_gradient_is_that_of_the_value() -> None:
    """At moderate weights autodiff agrees: 1e-14 is rounding of nine products."""
    rng = np.random.default_rng(3)
    problem = Attention(
        rng.standard_normal((3, 4, 2)), rng.standard_normal((3, 5)), rng.standard_normal((3, 4)),
        rng.standard_normal((2, 5)),
    )  # fmt: skip
    auto = jax.jit(jax.grad(lambda W: problem.value(W)))(problem.start())
    np.testing.assert_allclose(problem.grad(problem.start()), auto, atol=1e-14)
    gap = problem.value(problem.start()) + problem.scores.max(axis=1).mean()
    assert float(jnp.exp(problem.log_gap(problem.start()))) == pytest.approx(float(gap), rel=1e-13)
    both = KeyQuery(two_inputs(), rng.standard_normal((2, 3, 4)))
    auto = jax.jit(jax.grad(lambda x: both.value(x)))(both.start())
    np.testing.assert_allclose(both.grad(both.start()), auto, atol=1e-14)


def test_gradients_that_float64_cannot_hold() -> None:
    """w = 5000: e^{−5000} is 0, and so is 1 − s; the direction is known all the same."""
    V, M = three_tokens(5000.0).scaled_grad(jnp.asarray([[5000.0]]))
    assert (float(V.item()), float(M)) == (-0.5, -5000.0)


def test_reference_digits_of_normalized_descent() -> None:
    """(1 − corr)‖W‖², ‖W‖ = 0.1 k to four digits."""
    for start, T, product in ((None, 1000, 0.64356), (None, 4000, 0.64354)):
        size = 0.1 * T * (0.99783 if T == 1000 else 0.99945)
        assert missed(NormalizedGD(0.1), start, T) * size**2 == pytest.approx(product, rel=3e-5)
    gaussian = two_inputs(np.random.default_rng(1).standard_normal((3, 3)))
    W, M = last(NormalizedGD(0.1), gaussian, 4000), np.asarray(gaussian.constants().separator)
    assert svm.missed(W, M) * np.sum(W**2) == pytest.approx(1.6815, abs=6e-5)


@pytest.mark.parametrize(
    ("T", "found"),
    [(100, 0.021982), (1000, 0.0094191), (10000, 0.0052327),
     pytest.param(100000, 0.0033222, marks=pytest.mark.full)],
)  # fmt: skip
def test_reference_digits_of_plain_descent(T: int, found: float) -> None:
    assert missed(SGD(1.0), None, T) == pytest.approx(found, rel=3e-5)


def test_reference_digits_of_the_path() -> None:
    problem = two_inputs()
    M = np.asarray(problem.constants().separator)
    known = {2: 0.0447334, 5: 0.0097692, 10: 0.0029454, 20: 0.00084807, 40: 0.00023000}
    for R, value in known.items():
        start = two_inputs(R * M / np.linalg.norm(M))
        W = np.asarray(directions.path(start, float(R)))
        assert np.linalg.norm(W) == pytest.approx(R)
        assert svm.missed(W, M) == pytest.approx(value, rel=3e-5)


def test_growth_digits() -> None:
    """c = ½ from x_0 = 0; the law's interval holds them and narrows."""
    known = {10: 1.137871701, 100: 3.763624672, 1000: 6.192002370, 10000: 8.514140036}
    line = Attention([[[1], [0]]], [[1]], [[1, 0]], [[0]])
    law, c = svm.GrowthLaw(0.5), line.constants()
    for k, x in known.items():
        low, high = law.bound(c, k)
        assert low <= x <= high
        assert high - low < 20 / k


def test_key_query_takes_the_nuclear_direction() -> None:
    """An observation: (K, Q) from small weights, 60°; and W itself takes the Frobenius one."""
    p = np.pi / 3
    d = np.array([[1.0, 0.0], [np.cos(p), np.sin(p)]])
    tokens = np.stack([d, np.zeros((2, 2))], axis=1)
    inner = Attention(tokens, np.eye(2), [[1, 0], [1, 0]], np.zeros((2, 2)))
    rng = np.random.default_rng(7)
    start = 0.1 * np.stack([rng.standard_normal((2, 2)), rng.standard_normal((2, 2))])
    factored = KeyQuery(inner, start)
    nuclear = np.outer([np.cos(p / 2), np.sin(p / 2)], [1, 1])

    K, Q = last(NormalizedGD(0.01), factored, 4000)
    assert svm.missed(K @ Q.T, nuclear) < 1e-3
    assert svm.missed(last(NormalizedGD(0.01), inner, 4000), d.T) < 1e-4


def test_where_the_covariance_turns() -> None:
    """Tokens 0, 3, 2 with scores 1, ½, 0: Cov = −1/3, −0.0902423, 0.0488781 at w = 0, ½, 2, and 0
    at 0.7865570766. In 3000 steps of 0.1 w reaches 300.8 and −299.2 from 0.01 beside it."""
    assert pytest.approx(0.7865570766, abs=5e-11) == svm.THRESHOLD
    x, g = np.array([0.0, 3, 2]), np.array([1.0, 0.5, 0])
    for w, value in ((0.0, -1 / 3), (0.5, -0.0902423), (2.0, 0.0488781), (svm.THRESHOLD, 0.0)):
        s = np.exp(w * x) / np.exp(w * x).sum()
        assert float(s @ (g * x) - (s @ g) * (s @ x)) == pytest.approx(value, abs=5e-8)
    for beside, end in ((0.01, 300.8), (-0.01, -299.2)):
        found = last(NormalizedGD(0.1), three_tokens(svm.THRESHOLD + beside), 3000)
        assert float(found.item()) == pytest.approx(end, abs=0.05)


def test_the_wrong_separator_points_elsewhere() -> None:
    """Columns (−1, −2/3, 0) and (4, −2, 5)/9: corr = −2/(3√7) = −0.2519763."""
    right = np.array([[1, 4 / 9], [0, -2 / 9], [0, 5 / 9]])
    wrong = np.array([[-1, 4 / 9], [-2 / 3, -2 / 9], [0, 5 / 9]])
    found = np.asarray(two_inputs().constants().separator)
    np.testing.assert_allclose(found[:, :2], right, atol=1e-9)
    corr = float(np.sum(right * wrong) / np.linalg.norm(right) / np.linalg.norm(wrong))
    assert corr == pytest.approx(-0.2519763, abs=5e-8)


def test_separator_by_hand() -> None:
    """x ≥ 1 and x + y ≥ 1: (1, 0) with the multipliers (1, 0)."""
    found = hard_margin([[1.0, 0.0], [1.0, 1.0]])
    np.testing.assert_allclose(found.w, [1.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(found.duals, [1.0, 0.0], atol=1e-12)
    found = hard_margin(np.array([[1e-6, 0.0], [0.0, 1e-6]]))  # scale does not matter
    np.testing.assert_allclose(found.w, [1e6, 1e6], rtol=1e-12)


@pytest.mark.parametrize(
    "a",
    [
        [[1.0], [-1.0]],
        [[0.0, 0.0]],
        [[1.0, 0.0], [-1.0, 1.0], [0.0, -1.0]],
        [[float("nan"), 1.0]],
    ],
)
def test_no_separator_is_one_sentence(a: Any) -> None:
    with pytest.raises(InvalidInput, match="no direction meets"):
        hard_margin(a)
    with pytest.raises(InvalidInput, match="one row a constraint"):
        hard_margin(np.zeros((0, 2)))


def test_bad_input_is_one_sentence() -> None:
    with pytest.raises(InvalidInput, match="one best token"):
        Attention([[[1.0], [0.0]]], [[1.0]], [[1.0, 1.0]], [[0.0]])
    with pytest.raises(InvalidInput, match="matching shapes"):
        Attention([[[1.0], [0.0]]], [[1.0, 0.0]], [[1.0, 0.0]], [[0.0]])
    with pytest.raises(InvalidInput, match="no direction meets"):  # one token twice
        Attention([[[1.0], [1.0]]], [[1.0]], [[1.0, 0.0]], [[0.0]]).constants()
    with pytest.raises(InvalidInput, match="K and Q"):
        KeyQuery(two_inputs(), np.zeros((2, 3, 2)))
    with pytest.raises(InvalidInput, match="gradients in log space"):
        Scaled(Isotropic([1.0]), Noiseless())
    with pytest.raises(InvalidInput, match="exact gradients"):
        Scaled(two_inputs(), Gaussian(1.0))


def test_certificates_of_attention_are_checked() -> None:
    """Each false constant is found; the true ones are not."""
    problem = PAIR
    c = problem.constants()
    assert not problem_faults(problem, c)
    for name, false in {
        "separator": 1.01 * c.separator, "gaps": 2 * c.gaps, "pairs": -c.pairs, "inputs": 2,
        "tokens": 3,
    }.items():  # fmt: skip
        assert name in {fault.name for fault in problem_faults(problem, c.but(**{name: false}))}
    tilted = c.separator + 0.1 * np.eye(2)
    assert "separator" in {f.name for f in problem_faults(problem, c.but(separator=tilted))}
    d = ONE_SIDED.constants()
    assert not problem_faults(ONE_SIDED, d)
    false = d.but(balance=-d.balance)
    assert "balance" in {fault.name for fault in problem_faults(ONE_SIDED, false)}


@pytest.mark.parametrize(("R", "value"), [(5.0, 0.3103), (20.0, 0.3329)])
def test_the_sublevel_set_of_the_path_has_the_rate_of_its_bound(R: float, value: float) -> None:
    """A shorter minimizer with the free third column added: R(1 − corr) → 0.334, norm R, and f as
    large as at RW_mm/‖W_mm‖."""
    problem = two_inputs()
    M = np.asarray(problem.constants().separator)
    unit = M / np.linalg.norm(M)

    def short(r: float) -> np.ndarray:
        start = Attention(problem.tokens, problem.queries, problem.scores, r * unit)
        return np.array(directions.path(start, r))

    level = float(problem.log_gap(jnp.asarray(R * unit)))
    low, high = R / 2, R
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (
            (low, middle)
            if float(problem.log_gap(jnp.asarray(short(middle)))) <= level
            else (middle, high)
        )
    W = short(high)
    W[0, 2] = np.sqrt(R**2 - np.sum(W**2))
    assert float(problem.log_gap(jnp.asarray(W))) <= level
    found = R * directions.missed(W, M)
    assert found == pytest.approx(value, abs=1e-4)  # four digits


def test_no_way_of_compiling_makes_the_hessian_infinite():
    """XLA's level 0 rounds what it computes twice in two ways: the derivative of a maximum found no
    entry that is equal to it, and divided by their number."""
    careless = {"xla_backend_optimization_level": 0, "xla_cpu_use_fusion_emitters": False}
    problem = three_tokens(0.4)
    x = jnp.tile(problem.start(), (3, 1, 1))
    hessian = jax.vmap(jax.jacfwd(problem.grad))
    found = jax.jit(hessian, compiler_options=at_hand(careless))(x)
    np.testing.assert_allclose(found, hessian(x), rtol=1e-12)
