"""Each algorithm against numbers worked by hand from its printed recursion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from convergence.algorithms.adaptive.norms import AdaGradNorm
from convergence.algorithms.classical.accelerated import HeavyBall, Nesterov, PolyakMomentum
from convergence.algorithms.classical.reshuffling import InTurn
from convergence.algorithms.classical.sgd import MSGD, SGD, BatchSGD
from convergence.algorithms.optax_adapter import FromOptax
from convergence.algorithms.subspace.projected import Subspace
from convergence.algorithms.subspace.two_sided import TwoSidedSGD
from convergence.errors import InvalidInput
from convergence.linalg import haar, lift, orthonormal, top_left
from convergence.noise.matrix import BatchMean, CornerSign
from convergence.oracles.base import Oracle, mean_grad
from convergence.oracles.finite_workers import Workers
from convergence.parts.momenta import EMA, Optax
from convergence.parts.projectors import Coordinates, Frozen, Haar, Switch, TopSVD
from convergence.problems.counterexample import Counterexample
from convergence.problems.in_turn import LossesInTurn
from convergence.problems.quadratic import Isotropic, Quadratic
from tests.walks import iterates as walk


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def test_sgd() -> None:
    """h = (1, 4), η = ¼ from (1, 1): (¾, 0), (9/16, 0)."""
    path = walk(SGD(0.25), Quadratic([1.0, 1.0], [1.0, 4.0]), 2)
    assert [p.tolist() for p in path] == [[1, 1], [0.75, 0], [0.5625, 0]]


def test_momentum_weighs_the_new_gradient() -> None:
    """β₁ = ½, η = 1, f = x²/2 from 1: m = ½, x = ½; m = ¼ + ¼ = ½, x = 0; m = ¼, x = −¼."""
    path = walk(MSGD(1.0, 0.5), Isotropic([1.0]), 3)
    assert [float(p[0]) for p in path] == [1.0, 0.5, 0.0, -0.25]


def test_batch_of_exact_gradients_is_sgd() -> None:
    path = walk(BatchSGD(0.5, 3), Isotropic([1.0]), 2)
    assert [float(p[0]) for p in path] == [1.0, 0.5, 0.25]


def test_galore_on_a_diagonal_matrix() -> None:
    """f = ½‖X‖², X_0 = diag(3, 2), r = 1, τ = 1, η = ½: the larger row is halved each time, 3 → 3/2
    at first, then 2 → 1."""
    path = walk(Subspace(TopSVD(), 0.5, r=1, tau=1), Isotropic(np.diag([3.0, 2.0])), 2)
    # The SVD of a diagonal matrix is exact up to signs, which cancel in PPᵀ.
    assert np.diag(path[1]).tolist() == [1.5, 2.0]
    assert np.diag(path[2]).tolist() == [1.5, 1.0]


def test_galore_period_side_and_momentum() -> None:
    """τ = 2 keeps row 1 for two steps: 3 → 3/2 → 3/4. EMA(½) on a frozen row: 3, 3 − ½·½·3 = 9/4,
    then m = ¾ + ½·9/4 = 15/8 and x = 9/4 − 15/16 = 21/16."""
    matrix = Isotropic(np.diag([3.0, 2.0]))
    path = walk(Subspace(TopSVD(), 0.5, r=1, tau=2), matrix, 2)
    assert np.diag(path[2]).tolist() == [0.75, 2.0]
    frame = Frozen(np.array([[1.0], [0.0]]))
    ema = walk(Subspace(frame, 0.5, r=1, tau=5, inner=EMA(0.5)), matrix, 2)
    assert np.diag(ema[1]).tolist() == [2.25, 2.0]
    assert np.diag(ema[2]).tolist() == [21 / 16, 2.0]
    wide = Isotropic(np.array([[1.0, 2.0, 4.0]]))
    right = walk(Subspace(Frozen(np.array([[0.0], [0.0], [1.0]])), 0.5, r=1, side="right"), wide, 1)
    assert right[1].tolist() == [[1.0, 2.0, 2.0]]
    short = walk(Subspace(TopSVD(), 0.5, r=1, side="short"), wide, 1)
    assert np.allclose(short[1], [[0.5, 1.0, 2.0]], rtol=1e-15)  # one row: left, PPᵀ = 1


def test_momentum_projection_turns_the_memory() -> None:
    """Frames e₁ then e₂ are orthogonal: projected momentum is forgotten, kept momentum is not."""
    frames = Switch(Frozen(np.array([[1.0], [0.0]])), Frozen(np.array([[0.0], [1.0]])), 1)
    matrix = Isotropic(np.diag([2.0, 4.0]))

    def second(momentum: Any) -> Any:
        method = Subspace(frames, 1.0, r=1, inner=EMA(0.5), momentum=momentum)
        return walk(method, matrix, 2)[2]

    # Step 1 in e₁: M = ½(2, 0). Step 2 in e₂: R = (0, 4), M = ½R = (0, 2), plus ½(1, 0) if kept.
    assert second("project").tolist() == [[1.0, 0.0], [0.0, 2.0]]
    assert second("keep").tolist() == [[1.0, 0.0], [-0.5, 2.0]]


def test_refresh_batch_is_used_at_refresh_steps_only() -> None:
    """Corner noise, B = 2: the mean of two signs is 0 or ±1, a single sign never 0."""
    problem = Counterexample.pure(3, 1, 0.5)
    oracle = Oracle(problem, CornerSign(1.0, 1))
    x, batch = problem.start(), BatchMean(CornerSign(1.0, 1), 2)

    def corners(draw: Any) -> set[float]:
        """The last entries of 64 matrices."""
        return set(np.asarray(jax.vmap(draw)(jax.random.split(jax.random.key(0), 64)))[:, 2, 2])

    assert corners(lambda key: mean_grad(oracle, x, key, 2)) == {-1.0, 0.0, 1.0}
    assert corners(lambda key: oracle.grad(x, key)) == {-1.0, 1.0}
    assert corners(lambda key: batch.draw(x, key)) == {-1.0, 0.0, 1.0}


def test_two_sided_projection() -> None:
    path = walk(TwoSidedSGD(0.5, [[1.0], [0.0]], [[0.0], [1.0]]), Isotropic(np.ones((2, 2))), 1)
    assert path[1].tolist() == [[1.0, 0.5], [1.0, 1.0]]


def test_adapter_is_optax_itself() -> None:
    problem = Quadratic([1.0, -2.0], [1.0, 3.0])
    tx = optax.adam(0.1)
    x: Any
    for method in (FromOptax(tx), FromOptax(optax.adam, learning_rate=0.1)):
        x, memory = problem.start(), tx.init(problem.start())
        path = walk(method, problem, 3)
        for mine in path[1:]:
            updates, memory = tx.update(problem.grad(x), memory, x)
            x = optax.apply_updates(x, updates)
            np.testing.assert_array_equal(mine, np.asarray(x))


def test_inner_adam_first_step_is_a_sign() -> None:
    """Adam's first direction is g/(|g| + ε): every entry moves by η."""
    frame = Frozen(np.eye(2))
    path = walk(
        Subspace(frame, 0.1, r=2, inner=Optax(optax.scale_by_adam)),
        Isotropic(np.diag([3.0, -2.0])),
        1,
    )
    assert np.allclose(np.diag(path[1]), [2.9, -1.9], rtol=1e-8)  # ε = 1e-8 inside Adam


def test_lift_is_a_matrix_product() -> None:
    """Also under vmap and beyond the unrolled ranks; 1e-13 is rounding of 40 products."""
    rng = np.random.default_rng(0)
    for m, r, n in ((6, 2, 5), (3, 40, 4)):
        P, N = (jnp.asarray(rng.standard_normal((7, *s))) for s in ((m, r), (r, n)))
        np.testing.assert_allclose(jax.vmap(lift)(P, N), P @ N, rtol=0, atol=1e-13)


def test_frames_are_orthonormal() -> None:
    """‖PᵀP − I‖ at rounding; a long frame goes through QR."""
    for m, r in ((6, 2), (10, 10), (50, 40)):
        P = haar(jax.random.key(0), m, r)
        np.testing.assert_allclose(P.T @ P, np.eye(r), atol=1e-13)
    Z = jnp.asarray([[2.0, 1.0], [0.0, 3.0]])
    assert np.asarray(orthonormal(Z)).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    G = jnp.diag(jnp.asarray([1.0, 5.0, 3.0]))
    assert np.abs(np.asarray(top_left(G, 2))).tolist() == [[0, 0], [1, 0], [0, 1]]


def test_projector_law(test_seed: int) -> None:
    """E[PPᵀ] = (r/m) I for Haar and coordinate frames: entrywise z-tests at a total of 1e-6."""
    from scipy import stats

    keys = jax.random.split(jax.random.key(test_seed), 4096)
    G = jnp.zeros((5, 3))
    for projector in (Haar(), Coordinates()):
        Pi = jax.vmap(lambda k, p=projector: (lambda P: P @ P.T)(p.frame(jnp.asarray(0), G, k, 2)))(
            keys
        )
        error = jnp.std(Pi, axis=0) / 64 + 1e-12
        z = jnp.max(jnp.abs(jnp.mean(Pi, axis=0) - 0.4 * jnp.eye(5)) / error)
        assert float(z) < stats.norm.isf(1e-6 / 2 / 25 / 2)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Subspace(TopSVD(), 0.1, r=0), "r ≥ 1"),
        (lambda: Subspace(TopSVD(), 0.1, r=1, tau=0), "tau ≥ 1"),
        (lambda: Subspace(TopSVD(), 0.1, r=1, side="up"), "choose one"),
        (lambda: walk(Subspace(TopSVD(), 0.1, r=7), Isotropic(np.ones((4, 5))), 1), "lower"),
        (lambda: CornerSign(-1.0, 2), "sigma ≥ 0"),
        (lambda: CornerSign(1.0, 0), "block a size"),
        (lambda: Counterexample.pure(4, 4), "lower r"),
        (lambda: Counterexample(np.full((2, 2), np.nan), np.zeros((4, 4))), "D with NaN"),
        (lambda: Counterexample(np.zeros((2, 2)), np.full((4, 4), np.inf)), "X0 with NaN"),
        (lambda: Counterexample(np.zeros((2, 3)), np.zeros((4, 4))), "a square matrix"),
        (lambda: Counterexample(np.zeros((4, 4)), np.zeros((4, 4))), "n × n"),
        (lambda: Optax(optax.scale_by_adam).carry((), jnp.eye(1)), "can be projected"),
    ],
)
def test_bad_input_is_one_sentence(make: Any, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        make()


def test_a_csv_that_is_no_matrix(tmp_path: Any) -> None:
    bad = tmp_path / "D.csv"
    bad.write_text("1,2\n3\n")
    with pytest.raises(InvalidInput, match="no comma-separated matrix"):
        Counterexample.from_csv(bad, r=2)
    good = tmp_path / "E.csv"
    good.write_text("1,2\n3,4\n")
    assert Counterexample.from_csv(good, r=2).constants().n == 4


def test_the_published_instance() -> None:
    """f* = −23.2174, f(X_0) = 0.8107 and the first singular value 5.0450, to the printed digits."""
    problem = Counterexample.published()
    c = problem.constants()
    assert round(c.f_star, 4) == -23.2174
    assert round(float(problem.value(problem.start())), 4) == 0.8107
    assert round(float(c.spectrum[0]), 4) == 5.045


def test_nesterov() -> None:
    """f = x²/2 from 1, η = ½: x = ½; y = ½, x = ¼; y = ¼ + ¼(¼ − ½) = 3/16, x = 3/32."""
    path = walk(Nesterov(0.5), Isotropic([1.0]), 3)
    assert [float(p[0]) for p in path] == [1.0, 0.5, 0.25, 3 / 32]


def test_polyak_momentum() -> None:
    """On x²/2 with η = β = ½: 1, ½, ½ − ¼ − ¼ = 0, 0 − 0 − ¼ = −¼."""
    path = walk(PolyakMomentum(0.5, 0.5), Isotropic([1.0]), 3)
    assert [float(x[0]) for x in path] == [1.0, 0.5, 0.0, -0.25]


def test_heavy_ball() -> None:
    """f = x²/2 from 1, η = 1: x = 1 − ½; ½ + ⅓(−½ − ½) = ⅙; ⅙ + ¼(2(⅙ − ½) − ⅙) = −1/24."""
    path = walk(HeavyBall(1.0), Isotropic([1.0]), 3)
    np.testing.assert_allclose([float(p[0]) for p in path], [1, 1 / 2, 1 / 6, -1 / 24], rtol=1e-14)


def test_losses_in_turn() -> None:
    """Slopes 2, −1, ¼ in turn, η = ½: 0, −1, −½, −⅝, −1⅝."""
    path = walk(InTurn(SGD(0.5), 3), LossesInTurn([2.0, -1.0, 0.25]), 4, oracle=Workers)
    assert [float(x[0]) for x in path] == [0.0, -1.0, -0.5, -0.625, -1.625]


def test_adagrad_with_one_norm_divides_by_all_that_it_has_seen() -> None:
    """½‖x‖² from (3, 4): with b = 12 the first step is η/13 of it; with b = 0 η/5, and nothing is
    divided where every gradient was 0."""
    bowl = Isotropic([3.0, 4.0])
    first = walk(AdaGradNorm(13.0, 12.0), bowl, 1)[1]
    assert np.allclose(first, 0.0, atol=1e-14)
    second = walk(AdaGradNorm(1.0), bowl, 2)
    assert np.allclose(second[1], [2.4, 3.2], atol=1e-14)
    assert np.allclose(second[2], np.array([2.4, 3.2]) * (1 - 41**-0.5), atol=1e-14)
    assert walk(AdaGradNorm(1.0), Isotropic([0.0]), 2)[2].tolist() == [0.0]
