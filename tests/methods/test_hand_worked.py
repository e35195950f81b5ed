"""Textbook and adaptive methods against numbers worked by hand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms.adaptive.matrices import SOAP, Shampoo, SpectralDescent, root
from convergence.algorithms.adaptive.sign_feedback import SampledSign, SignFeedback
from convergence.algorithms.classical.accelerated import NesterovMomentum
from convergence.algorithms.classical.constrained import (
    FISTA,
    ConditionalGradient,
    EntropicDescent,
    ProjectedGradient,
)
from convergence.algorithms.classical.coordinates import (
    CyclicCoordinate,
    GreedyCoordinate,
    RandomCoordinate,
)
from convergence.algorithms.classical.line_search import ArmijoSGD
from convergence.algorithms.classical.optimized import (
    OGM,
    OGMG,
    LinearlyDecayed,
    SilverGD,
    thetas,
)
from convergence.algorithms.classical.polyak import AveragedSGD, StochasticPolyak
from convergence.algorithms.classical.reshuffling import RandomReshuffling, SGDWithReplacement
from convergence.algorithms.classical.sgd import ShrunkDescent
from convergence.algorithms.classical.variance_reduced import SAGA, SVRG, SeenSAGA
from convergence.algorithms.parameter_free.coin import CoinBetting
from convergence.algorithms.parameter_free.dadaptation import DAdaptation
from convergence.constants import Constants
from convergence.noise.base import Noiseless
from convergence.oracles.base import Oracle
from convergence.oracles.finite_workers import Workers
from convergence.parts.indices import GivenIndices
from convergence.problems.boxed import Boxed
from convergence.problems.clients import plain_clients
from convergence.problems.linear import Linear
from convergence.problems.matrix_quadratic import EntryQuadratic
from convergence.problems.quadratic import Isotropic, Quadratic
from convergence.problems.workers import consistent_rows, unit_workers
from convergence.theorems.classical.kim2024 import GradientDescentValue
from tests.walks import iterates as walk
from tests.walks import walk as hand

SQUARE, DOWN = Isotropic([1.0]), Linear([1.0])
ROUND = 1e-14  # a few operations on numbers of order 1


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def path(method: Any, problem: Any, steps: int) -> list[float]:
    """The first entries of the iterates."""
    return [float(p.ravel()[0]) for p in walk(method, problem, steps)]


def test_nesterov_momentum() -> None:
    """η = β = ½ on x²/2: v = 1, y = 1 − ½(1 + ½) = ¼; v = ¾, y = ¼ − ½(¼ + ⅜) = −1/16."""
    assert path(NesterovMomentum(0.5, 0.5), SQUARE, 2) == [1.0, 0.25, -0.0625]


def test_thetas() -> None:
    """θ = 1, (1 + √5)/2 and last (1 + √(1 + 8θ²))/2; with one step (1 + 3)/2."""
    assert thetas(1).tolist() == [1.0, 2.0]
    golden = (1 + 5**0.5) / 2
    assert thetas(2).tolist() == [1.0, golden, (1 + (1 + 8 * golden**2) ** 0.5) / 2]


def test_ogm() -> None:
    """One step with θ = (1, 2), η = ½ on x²/2: y = ½, x = ½ + ½(½ − 1) = ¼. On a slope, θ = (1, 2,
    4): y = −1, x = −1 − ½; y = −5/2, x = −5/2 + ¼(−3/2) + ½(−1) = −27/8."""
    assert path(OGM(0.5, [1.0, 2.0]), SQUARE, 1) == [1.0, 0.25]
    assert path(OGM(1.0, [1.0, 2.0, 4.0]), DOWN, 2) == [0.0, -1.5, -3.375]


def test_ogm_g() -> None:
    """On a slope, θ = (4, 2, 1): y = −1, x = −1 + 3/7 (−¾ − 1) = −7/4; y = −11/4, x = −11/4 +
    ⅓(½(−7/4) − 1) = −27/8."""
    found = path(OGMG(1.0, [4.0, 2.0, 1.0]), DOWN, 2)
    np.testing.assert_allclose(found, [0.0, -1.75, -3.375], rtol=ROUND)


def test_silver_steps() -> None:
    """√2, 2, √2, 2 + √2, √2, 2, √2."""
    r = 2**0.5
    steps = -np.diff(path(SilverGD(1.0), DOWN, 7))
    np.testing.assert_allclose(steps, [r, 2, r, 2 + r, r, 2, r], rtol=ROUND)


def test_linear_decay() -> None:
    """1, ¾, ½, ¼."""
    assert path(LinearlyDecayed(1.0, 4), DOWN, 4) == [0.0, -1.0, -1.75, -2.25, -2.5]


def test_methods_on_a_box() -> None:
    """f = ½(x + ½)² on [0, 1] from 1. Projected, η = ½: ¼, then clipped. FISTA: ¼, 0, then y = −¼·¼
    on the way to a clipped 0. Conditional gradients: to 0, and there they stay."""
    box = Boxed(np.ones(1), np.ones(1), np.zeros(1), a=-0.5)
    assert path(ProjectedGradient(0.5, 0.0, 1.0), box, 2) == [1.0, 0.25, 0.0]
    assert path(FISTA(0.25, -1.0, 1.0), SQUARE, 3) == [1.0, 0.75, 0.5625, 0.38671875]
    assert path(ConditionalGradient(0.0, 1.0), box, 2) == [1.0, 0.0, 0.0]
    inner = Boxed(np.ones(1), np.ones(1), np.zeros(1), a=0.25)
    assert path(ConditionalGradient(0.0, 1.0), inner, 2) == [1.0, 0.0, pytest.approx(2 / 3)]


def test_polyaks_devices() -> None:
    """η = ½ on x²/2: 1, ½, ¼, of which 1 + ½ is remembered. Along ½⟨a, x⟩², a = (1, 0): with
    c = ½ the projection, with c = 1 half of the way."""
    oracle = Oracle(SQUARE, Noiseless())
    state, key = AveragedSGD(0.5).init(SQUARE.start(), oracle, jax.random.key(0)), jax.random.key(1)
    for t in range(2):
        state = AveragedSGD(0.5).step(jnp.asarray(t), state, oracle, key)
    assert (float(state.x[0]), float(state.total[0])) == (0.25, 1.5)
    rows = consistent_rows([[1.0, 0.0], [0.0, 1.0]], [2.0, 2.0])
    for c, x in ((0.5, 0.0), (1.0, 1.0)):
        after = walk(StochasticPolyak(c, 2), rows, 1, oracle=Workers)[1]
        assert sorted(after.tolist()) == [x, 2.0]


def test_entropic_descent() -> None:
    """η = ln 2: weights ½ : ½ become ½ : 1, then ½ : 2."""
    method = EntropicDescent(np.log(2.0))
    found = path(method, Linear([1.0, 0.0], np.full(2, 0.5)), 2)
    np.testing.assert_allclose(found, [1 / 2, 1 / 3, 1 / 5], rtol=ROUND)


def test_coordinates() -> None:
    """h = (1, 3) from (2, 1), η = ¼: gradients (2, 3), so the second: 1 − ¾; then (2, ¾), the
    first: 2 − ½."""
    found = walk(GreedyCoordinate(0.25), Quadratic([2.0, 1.0], [1.0, 3.0]), 2)
    assert [p.tolist() for p in found] == [[2, 1], [2, 0.25], [1.5, 0.25]]
    assert path(RandomCoordinate(1.0), SQUARE, 1) == [1.0, 0.0]
    many = walk(RandomCoordinate(0.5), Isotropic(np.ones(3)), 6)
    for before, after in itertools.pairwise(many):
        assert sorted((after / before).tolist()) == [0.5, 1.0, 1.0]


def test_matrices() -> None:
    """G = diag(2, −½) for ever: Shampoo moves by diag(1, −1)/√t, descent in the operator norm by
    diag(1, −1)."""
    slope = Linear(np.diag([2.0, -0.5]))
    found = [np.diag(x) for x in walk(Shampoo(1.0), slope, 2)]
    np.testing.assert_allclose(found[1], [-1, 1], rtol=ROUND)
    np.testing.assert_allclose(found[2] - found[1], np.array([-1, 1]) / 2**0.5, rtol=ROUND)
    spectral = walk(SpectralDescent(0.5), slope, 2)[2]
    np.testing.assert_allclose(spectral, np.diag([-1.0, 1.0]), atol=ROUND)


def test_soap() -> None:
    """Of one entry it is Adam: β = ½, ε = 0 on x²/2 from 1, η = ½: ½; then m = ½ and v = 3/8,
    corrected ⅔ and ½, and ½ − √2/3."""
    one = Isotropic([[1.0]])
    found = path(SOAP(0.5, 0.5, 0.5, 0.0), one, 2)
    assert found == pytest.approx([1.0, 0.5, 0.5 - 2**0.5 / 3], abs=ROUND)


def test_soap_turns_with_its_problem() -> None:
    """½‖X‖² from X_0 and from PX_0Qᵀ, P and Q orthogonal: PX_tQᵀ. Where the turned gradient is 0
    rounding is divided by ε at every step."""
    rng = np.random.default_rng(0)
    x0 = rng.standard_normal((2, 3))
    P, Q = (np.linalg.qr(rng.standard_normal((k, k)))[0] for k in (2, 3))
    plain, turned = (walk(SOAP(0.1, eps=0.1), Isotropic(x), 6) for x in (x0, P @ x0 @ Q.T))
    for x, y in zip(plain, turned):
        np.testing.assert_allclose(P @ x @ Q.T, y, atol=1e-9)
    assert np.abs(plain[-1] - x0).max() > 0.1


def test_sign_feedback() -> None:
    """η = 1 on f = 3x_1 + x_2 from 0: p = (3, 1), both move by −2, e = (1, −1); p = (4, 0) moves
    x_1 alone by −2, e = (2, 0)."""
    line = Linear([3.0, 1.0])
    found = walk(SignFeedback(1.0), line, 2)
    assert [x.tolist() for x in found] == [[0, 0], [-2, -2], [-4, -2]]
    rows = consistent_rows([[1.5, -0.5], [-0.5, 1.5]], [1.0, 1.0])
    after = walk(SampledSign(0.25, 2), rows, 1, oracle=Workers)[1]
    assert sorted(after.tolist()) == [0.75, 1.25]


def test_variance_reduction() -> None:
    """∇f_1 = x, ∇f_2 = 3(x − 2), η = ¼ from 4. SVRG, f_2 then f_1: 4 − 5/4, and 2.75 − (2.75 − 4 +
    5)/4. SAGA, f_2 three times: 2.75, then 2.75 − (2.25 − 6 + 5)/4 and 2.4375 − (1.3125 − 2.25 +
    3.125)/4."""
    two = plain_clients([[1.0], [3.0]], [[0.0], [2.0]], [[4.0]])
    svrg = walk(SVRG(0.25, GivenIndices([1.0, 0.0])), two, 1, oracle=Workers)
    assert [float(x[0]) for x in svrg] == [4, 1.8125]
    saga = walk(SAGA(0.25, GivenIndices([1.0])), two, 3, oracle=Workers)
    assert [float(x[0]) for x in saga] == [4, 2.75, 2.4375, 1.890625]
    sgd = walk(SGDWithReplacement(0.25, GivenIndices([1.0])), two, 1, oracle=Workers)
    assert float(sgd[1][0]) == 2.5


def test_dadaptation() -> None:
    """g = 3, b = 4, d_0 = 1 from 0: γ = 1/5, s = 3, spent 9/4, d stays for (9/5 − 9/4)/6 < 1."""
    after = hand(DAdaptation(1.0, 4.0), Linear([3.0]), 1)[-1]
    assert float(after.x[0]) == pytest.approx(-0.6, rel=ROUND)
    assert (float(after.d), float(after.spent), float(after.square)) == (1.0, 2.25, 25.0)


def test_armijo() -> None:
    """f = x² from 1, c = 0.7, η from 1 by halves: g = 2, (1 − 2η)² ≤ 1 − 2.8η first at η = ¼: ½."""
    steep = consistent_rows([[2**0.5]], [1.0])
    found = walk(ArmijoSGD(1.0, 0.7, 0.5, 1), steep, 1, oracle=Workers)
    assert float(found[1][0]) == pytest.approx(0.5, rel=ROUND)


def test_coin_betting() -> None:
    """On a slope the wealth is 1, 3/2, 3/2 · 5/3 and x = −t/(t+1) of it: ½, 1, 15/8."""
    assert path(CoinBetting(1.0), DOWN, 3) == [0.0, -0.5, -1.0, -1.875]


def test_samples_in_order() -> None:
    """f_i = ½x² − b_i x, b = ±1, η = ½ from 0: an epoch takes both, in one order or the other."""
    two = unit_workers([[1.0], [-1.0]], np.zeros(1))
    found = [float(p[0]) for p in walk(RandomReshuffling(0.5, 2), two, 2, oracle=Workers)]
    assert found in ([0.0, 0.5, -0.25], [0.0, -0.5, 0.25])
    many = [float(p[0]) for p in walk(SGDWithReplacement(0.5), two, 8, oracle=Workers)]
    drawn = [2 * after - before for before, after in itertools.pairwise(many)]
    assert {abs(d) for d in drawn} == {1.0}
    assert len(set(drawn)) == 2


@pytest.mark.parametrize(("h", "T", "share"), [(1.0, 1, 1 / 3), (0.5, 3, 1 / 4), (1.9, 1, 0.81)])
def test_the_bound_of_gradient_descent_on_values(h: float, T: int, share: float) -> None:
    """(LR²/2) max{1/(2Th + 1), (1 − h)^{2T}}."""
    bound = GradientDescentValue(scale=h).bound(Constants(L=3.0, R=2.0), T)
    assert bound == pytest.approx(6 * share, rel=1e-12)


def test_a_root_leaves_out_what_rounding_makes_of_zero() -> None:
    """Of diag(10⁶, 1, 10⁻⁹) the last is below 1e-12 of the first."""
    with jax.enable_x64(True):
        found = root(jnp.diag(jnp.array([1e6, 1.0, 1e-9])), -0.5)
    assert np.allclose(found, np.diag([1e-3, 1.0, 0.0]), rtol=1e-12, atol=1e-15)


def test_soap_beside_a_plain_loop() -> None:
    """Where gradients change their bases, the averages of them weigh old and new by β₂."""
    rng = np.random.default_rng(2)
    curved, x = rng.uniform(0.5, 2.0, (2, 3)), rng.standard_normal((2, 3))
    found = walk(SOAP(0.1, 0.7, 0.6, 0.01), EntryQuadratic(x, curved), 4)
    m, v, left, right = np.zeros((2, 3)), np.zeros((2, 3)), np.zeros((2, 2)), np.zeros((3, 3))
    for t in range(1, 5):
        G = curved * x
        m, left = 0.7 * m + 0.3 * G, 0.6 * left + 0.4 * G @ G.T
        right = 0.6 * right + 0.4 * G.T @ G
        P, Q = np.linalg.eigh(left)[1], np.linalg.eigh(right)[1]
        # The sign of an eigenvector is free, and counts in no square.
        v = 0.6 * v + 0.4 * (P.T @ G @ Q) ** 2
        turned = (P.T @ m @ Q / (1 - 0.7**t)) / (np.sqrt(v / (1 - 0.6**t)) + 0.01)
        x = x - 0.1 * P @ turned @ Q.T
        np.testing.assert_allclose(found[t], x, rtol=1e-8)


def test_cyclic_coordinates() -> None:
    """η = ½ on ½‖x‖² from (4, 2): the first entry halves, then the second, then the first."""
    path = [p.tolist() for p in walk(CyclicCoordinate(0.5), Isotropic([4.0, 2.0]), 3)]
    assert path == [[4, 2], [2, 2], [2, 1], [1, 1]]


def test_descent_along_gradients_that_err() -> None:
    """η = ½, ε = ½ on x²/2: a step of a quarter."""
    assert path(ShrunkDescent(0.5, 0.5), SQUARE, 2) == [1.0, 0.75, 0.5625]


def test_scikit_learn_s_saga() -> None:
    """η = ½ on ½(x − 2)² and ½(x + 2)² from 4, in the order 0, 0, 1, 0. Alone, the first is
    descended: 4 → 3 → 5/2, and 1 is kept; then 9/2 − 0 + 1/2 = 5 leads to 0; then −2 − 1 + 11/4 =
    −¼ to ⅛."""
    two = plain_clients(1.0, [[2.0], [-2.0]], 4.0)
    oracle, key = Workers(two, Noiseless()), jax.random.key(0)
    state, found = SeenSAGA(0.5).init(two.start(), oracle, key), [4.0]
    for i in (0, 0, 1, 0):
        state = SeenSAGA(0.5, GivenIndices([i])).step(jnp.asarray(0), state, oracle, key)
        found.append(float(state.x[0]))
    assert found == [4.0, 3.0, 2.5, 0.0, 0.125]
