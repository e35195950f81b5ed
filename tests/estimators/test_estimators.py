"""Sampled products, CE-LoRA, sparse tuning and clipped Newton against numbers worked by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convergence.algorithms.estimators.celora import CELoRA
from convergence.algorithms.estimators.ist import IST
from convergence.algorithms.estimators.sophia import SignGD, Sophia, SophiaG
from convergence.algorithms.estimators.wta_crs import SampledBackward
from convergence.errors import InvalidInput
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.oracles.curvature import Curvature
from convergence.oracles.layer import Layer
from convergence.parts.matrix_products import CRS, WTA, TopPairs
from convergence.problems.quadratic import Isotropic, Quadratic, rotation
from convergence.problems.regression import Regression, power_law, three_rows
from convergence.problems.separable import RotatedSeparable
from convergence.theorems.estimators.chen2025celora import BiasedSGD
from convergence.theorems.estimators.liu2023wta import crs_variance, score, wta_variance
from convergence.theorems.estimators.liu2024sophia import SophiaRuntime
from convergence.theorems.estimators.liu2024sophia_rivals import SignFloor
from convergence.theorems.estimators.yao2024ist import BlockSGD

EXACT = 1e-12  # a few dozen float64 operations on numbers of order 1
KEY = jax.random.key(0)


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def walk(algorithm: Any, oracle: Any, steps: int) -> list[Any]:
    """The states of one run."""
    state = algorithm.init(oracle.problem.start(), oracle, KEY)
    states = [state]
    for t in range(steps):
        state = algorithm.step(jnp.asarray(t), state, oracle, jax.random.fold_in(KEY, t))
        states.append(state)
    return states


def test_sampled_products_by_hand() -> None:
    """X = (4, 2, 1, 1), Y = 1: S = 8, p = (½, ¼, ⅛, ⅛). CRS draws (0, 1): each term is S = 8.
    WTA, k = 2, |C| = 1: 4 + ½/1 · X_1/p_1 = 4 + ½ · 8 = 8."""
    X, Y = jnp.array([[4.0, 2.0, 1.0, 1.0]]), jnp.ones((4, 1))
    draws = jnp.array([0, 1])
    assert float(CRS(2).estimate(X, Y, draws)[0, 0]) == 8
    assert float(CRS(2, rescale=False).estimate(X, Y, draws)[0, 0]) == 3
    assert float(WTA(2, 1).estimate(X, Y, jnp.array([1, 2]))[0, 0]) == 8
    assert float(WTA(2, 1, weigh=False).estimate(X, Y, jnp.array([1, 2]))[0, 0]) == 12
    assert float(TopPairs(2)(X, Y, KEY)[0, 0]) == 6


def test_the_score_chooses_what_it_minimizes() -> None:
    """p = (.7, .1, .1, .1), k = 2: (1 − .7)/1 < 1/2: |C| = 1; flat p: 1/2 < .75: |C| = 0."""
    X = jnp.array([[7.0, 1.0, 1.0, 1.0]])
    assert int(WTA(2).split(X, jnp.ones((4, 1)))[2]) == 1
    assert int(WTA(2).split(jnp.ones((1, 4)), jnp.ones((4, 1)))[2]) == 0
    assert score(np.ones((1, 4)), np.ones((4, 1)), 2) == 0


@given(seed=st.integers(0, 2**16), k=st.integers(2, 5))
def test_adaptive_wta_never_varies_more(seed: int, k: int) -> None:
    """The score's |C| has (1 − P_C)/(k − |C|) ≤ 1/k: no more variance than CRS."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((3, 6)) * np.exp(rng.normal(0, 2, 6))
    Y = rng.standard_normal((6, 2))
    with jax.enable_x64(True):
        c = score(X, Y, k)
    crs = crs_variance(X, Y, k)
    assert wta_variance(X, Y, k, c) <= crs + 1e-9 * (1 + crs)  # relative rounding of large squares


def test_draws_follow_p(test_seed: int) -> None:
    """The mean of 2^14 estimates: six standard errors (α = 2e-9) around XY."""
    rng = np.random.default_rng(0)
    X, Y = jnp.asarray(rng.standard_normal((2, 5))), jnp.asarray(rng.standard_normal((5, 3)))
    keys = jax.random.split(jax.random.key(test_seed), 2**14)
    for estimator in (CRS(3), WTA(3, 1), WTA(3)):
        found = np.asarray(jax.vmap(lambda k, e=estimator: e(X, Y, k))(keys))
        error = np.abs(found.mean(axis=0) - X @ Y)
        assert np.all(error <= 6 * found.std(axis=0) / 128 + EXACT)


def test_top_one_row_by_hand() -> None:
    """θ_0 = 0, residuals (1, 1, −1): the tie goes to row 0, ĝ = 1, θ = −η; then |−η − 1| of the
    last row is the largest: ĝ = −η − 1."""
    states = walk(CELoRA(0.1, 1), Layer(three_rows(), Noiseless()), 2)
    assert [float(s.x[0, 0]) for s in states[1:]] == pytest.approx([-0.1, 0.01], abs=EXACT)


def test_double_lora_is_exact_at_full_rank() -> None:
    problem = power_law()
    oracle = Layer(problem, Noiseless())
    x = walk(CELoRA(0.1, 1, r0=6), oracle, 1)[-1].x
    assert np.allclose(x, problem.start() - 0.1 * problem.grad(problem.start()), atol=EXACT)
    assert np.allclose(walk(CELoRA(0.1, 12), oracle, 1)[-1].x, x, atol=EXACT)  # and so are all rows


def test_rows_are_kept_between_refreshes() -> None:
    """W = I, Y = (1, −2): row 1 first, used twice with a period of 2, then chosen anew."""
    oracle = Layer(Regression(np.eye(2), [[1.0, -2.0]], np.zeros((1, 2))), Noiseless())
    rows = [s.rows.tolist() for s in walk(CELoRA(1.0, 1, refresh=2), oracle, 3)]
    assert rows[1:] == [[0.0, 1.0], [0.0, 1.0], [1.0, 0.0]]
    rows = [s.rows.tolist() for s in walk(CELoRA(1.0, 1, rule="weights"), oracle, 3)]
    assert rows[1:] == [[1.0, 0.0]] * 3


def test_all_pairs_sampled_once_is_gradient_descent() -> None:
    """One row: every draw is that row, the estimate is exact."""
    problem = Regression([[2.0]], [[1.0]], [[3.0]])
    x = walk(SampledBackward(0.1, CRS(2)), Layer(problem, Noiseless()), 1)[-1].x
    assert float(x[0, 0]) == pytest.approx(3 - 0.1 * 5 * 2, abs=EXACT)


def test_regression_constants() -> None:
    """Three rows: θ* = −1/3, f* = 4/3, L = μ = 3; excess and value agree."""
    problem = three_rows(1.0)
    c = problem.constants()
    assert [c.L, c.mu, c.f_star, c.Delta] == pytest.approx([3, 3, 4 / 3, 8 / 3], abs=EXACT)
    x = problem.start()
    assert float(problem.excess(x)) == pytest.approx(c.Delta, abs=EXACT)
    assert float(problem.value(x) - problem.f_star()) == pytest.approx(c.Delta, abs=EXACT)


def test_blocks_by_hand() -> None:
    """All chances on block 1: only it moves; N_u = all: gradient descent."""
    problem = Isotropic(np.ones((3, 2)))
    oracle = Oracle(problem, Noiseless())
    x = walk(IST(0.5, (-50.0, 0.0, -50.0)), oracle, 2)[-1].x
    assert x.tolist() == [[1, 1], [0.25, 0.25], [1, 1]]
    assert walk(IST(0.5, np.zeros(3), N_u=3), oracle, 1)[-1].x.tolist() == [[0.5, 0.5]] * 3


def test_importance_is_learned_from_rewards() -> None:
    """Keeping the block whose displacement lowered the loss earns more; the sum of updates of one
    round is N_v Σ(r_c − r̄) = 0."""

    class Goal(Isotropic):
        """½‖x − (3, 0, 0)ᵀ‖²."""

        def value(self, x: Any) -> Any:
            return 0.5 * jnp.sum((x - jnp.array([[3.0], [0.0], [0.0]])) ** 2)

        def grad(self, x: Any) -> Any:
            return x - jnp.array([[3.0], [0.0], [0.0]])

    oracle = Oracle(Goal(np.zeros((3, 1))), Noiseless())
    method = IST(0.5, np.zeros(3), 1.0, N_u=3, rule="learned", every=1, N_c=16, N_v=1, mu=1.0)
    importance = walk(method, oracle, 4)[-1].importance
    assert int(jnp.argmax(importance)) == 0
    assert float(jnp.sum(importance)) == pytest.approx(0, abs=1e-10)


def test_chances_are_bounded_below() -> None:
    p = BlockSGD((0.0, -100.0), mix=0.5).chances()
    assert p.tolist() == pytest.approx([0.75, 0.25], abs=EXACT)
    assert BlockSGD((0.0, -100.0), mix=0.5, rule="learned").range() == (0.25, 0.75)


def test_sophia_by_hand() -> None:
    """f = ½(x² + 100y²) from (3, 0.1): Newton step (3, 0.1), clipped to (1, 0.1), half of it."""
    oracle = Curvature(RotatedSeparable([3.0, 0.1], [1.0, 100.0], None, 1.0, "square"), Noiseless())
    x = walk(Sophia(0.5, 1.0), oracle, 1)[-1].x
    assert np.allclose(x, [2.5, 0.05], atol=EXACT)


def test_the_diagonal_is_another_method() -> None:
    """In a rotated basis the diagonal of the Hessian gives another step, in the eigenbasis none."""
    Q = rotation(3, 1)
    lam = np.array([1.0, 10.0, 100.0])
    turned = Curvature(RotatedSeparable(np.ones(3), lam, Q, 1.0, "square"), Noiseless())
    plain = Curvature(RotatedSeparable(np.ones(3), lam, None, 1.0, "square"), Noiseless())
    for oracle, same in ((turned, False), (plain, True)):
        a, b = (walk(Sophia(0.5, 9.0, basis), oracle, 1)[-1].x for basis in ("eigen", "diagonal"))
        assert np.allclose(a, b, atol=1e-9) == same  # 1e-9: eigenvectors of a 3 × 3 matrix


def test_sophia_g_by_hand() -> None:
    """f = x²/2 from 1, β₁ = ¾, β₂ = ¼, ρ = 4, η = 0.1, B = 2. As in the code, k = 2: h = 0, a full
    step to .9; m = .75·.25 + .25·.9 = .4125, h = 0 still, full step to .8, then h = .75·2·.64 =
    .96; m = .75·.4125 + .25·.8 = .509375, step .1·m/3.84. As in the paper, h = .75·2·1 = 1.5 before
    the first step: .1·.25/6."""
    oracle = Oracle(Isotropic([1.0]), Noiseless())
    x = walk(SophiaG(0.1, 4.0, 0.75, 0.25, k=2, B=2.0), oracle, 3)
    third = 0.8 - 0.1 * 0.509375 / 3.84
    assert [float(s.x[0]) for s in x[1:]] == pytest.approx([0.9, 0.8, third], abs=EXACT)
    assert [float(s.h[0]) for s in x[1:]] == pytest.approx([0, 0.96, 0.96], abs=EXACT)
    paper = walk(SophiaG(0.1, 4.0, 0.75, 0.25, k=2, B=2.0, semantics="paper"), oracle, 1)
    assert float(paper[-1].x[0]) == pytest.approx(1 - 0.025 / 6, abs=EXACT)
    decayed = walk(SophiaG(0.1, 4.0, 0.75, 0.25, decay=2.0), oracle, 1)
    assert float(decayed[-1].x[0]) == pytest.approx(0.8 - 0.1, abs=EXACT)


def test_sophia_g_takes_its_curvature_from_a_second_sample() -> None:
    """A step that sees the noise of its own gradient in h would favor the small ones."""
    noise, problem = Gaussian(1.0), Isotropic([0.0])
    state = walk(SophiaG(0.0, k=1), Oracle(problem, noise), 1)[-1]
    g, curve = float(state.m[0]) / (1 - 0.965), float(state.h[0]) / (1 - 0.99)
    assert abs(curve - g**2) > 1e-3  # equal with probability 0


def test_sign_descent_alternates() -> None:
    x = walk(SignGD(0.5), Oracle(Quadratic([1.0, 0.25], [1.0, 9.0]), Noiseless()), 2)
    assert [s.x.tolist() for s in x[1:]] == [[0.5, -0.25], [0.0, 0.25]]


@pytest.mark.parametrize("shape", ["cosh", "logcosh", "square"])
def test_separable_is_its_own_derivative(shape: str) -> None:
    problem = RotatedSeparable([0.7, -2.0, 0.1], [1.0, 5.0, 20.0], rotation(3, 2), 0.5, shape)
    x = problem.start()
    assert np.allclose(problem.grad(x), jax.grad(problem.value)(x), rtol=1e-9)
    H = jax.jacfwd(problem.grad)(x)
    assert np.allclose(
        np.sort(problem.slopes(x)[1]), np.linalg.eigvalsh(H), rtol=1e-9
    )  # 1e-9: a symmetric eigenproblem with condition number 1e3
    # The certified R: one coordinate moved by R changes its curvature by at most 2.
    R = problem.constants().radius
    moved = problem.back(problem.turned(x) - R * jnp.eye(3)[0])
    ratio = problem.slopes(x)[1] / problem.slopes(moved)[1]
    assert float(jnp.max(jnp.maximum(ratio, 1 / ratio))) <= 2 * (1 + EXACT)


def test_sign_floor_is_least_at_its_step() -> None:
    """Δ/(1 + 4T²μ/β) is min over η of μ(x_0 − Tη)²/2 + βη²/8."""
    mu, beta, T = 0.01, 1.0, 20
    best = SignFloor().eta(mu, beta, 1.0, T)
    etas = np.append(np.linspace(0.5, 1.5, 101) * best, best)
    values = mu * (1 - T * etas) ** 2 / 2 + beta * etas**2 / 8
    assert values.min() == pytest.approx(0.5 * mu / (1 + 4 * T**2 * mu / beta), abs=EXACT)
    assert int(values.argmin()) in (50, 101)


def test_runtime_bound_starts_at_delta() -> None:
    c = RotatedSeparable([0.3], [1.0], None, 1.0, "square").constants()
    bounds = [SophiaRuntime().bound(c, T) for T in (1, 3, 4, 8)]  # A = 64 · 0.045 = 2.88
    assert np.allclose(bounds, [c.Delta, 0.75 * c.Delta, 0.75**2 * c.Delta, 0.75**6 * c.Delta])


def test_biased_bound_at_one_over_L() -> None:
    """η = 1/L: 2LΔ/(δT) + σ²/δ with δ = 1 − (1 − share)²."""
    problem = Regression(np.sqrt([[0.5], [0.5]]), np.zeros((1, 2)), [[1.0]])
    c = problem.constants() | {"sigma": 0.0}
    assert BiasedSGD(1).bound(c, 10) == pytest.approx(2 * c.Delta / (0.75 * 10), abs=EXACT)


@pytest.mark.parametrize(
    "bad",
    [
        lambda: TopPairs(0),
        lambda: TopPairs(4)(jnp.ones((1, 3)), jnp.ones((3, 1)), KEY),
        lambda: WTA(2, 2),
        lambda: CELoRA(0.1, 0),
        lambda: CELoRA(0.1, 1, r0=-1),
        lambda: CELoRA(0.1, 1, refresh=0),
        lambda: CELoRA(0.1, 1, rule="luck"),
        lambda: walk(CELoRA(0.1, 4), Layer(three_rows(), Noiseless()), 1),
        lambda: walk(CELoRA(0.1, 1, r0=2), Layer(three_rows(), Noiseless()), 1),
        lambda: Layer(Isotropic([1.0]), Noiseless()),
        lambda: IST(0.1, np.zeros(3), N_u=4),
        lambda: IST(0.1, np.zeros(3), mix=1.5),
        lambda: IST(0.1, np.zeros(3), rule="luck"),
        lambda: Sophia(0.5, 0.0),
        lambda: Sophia(0.5, 1.0, "kronecker"),
        lambda: SophiaG(0.1, k=0),
        lambda: SophiaG(0.1, semantics="blog"),
        lambda: RotatedSeparable([1.0], [0.0]),
        lambda: RotatedSeparable([1.0], [1.0], shape="quartic"),
        lambda: Regression(np.ones((3, 2)), np.zeros((1, 3)), np.zeros((1, 2))),
        lambda: Regression(np.ones((3, 1)), np.zeros((1, 2)), np.zeros((1, 1))),
    ],
)
def test_bad_input(bad: Any) -> None:
    with pytest.raises(InvalidInput):
        bad()
