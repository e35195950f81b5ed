"""RSO, FRUGAL, GWT, Q-GaLore and Natural GaLore against numbers worked by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms.classical.sgd import SGD
from convergence.algorithms.subspace.frugal import (
    BernoulliMask,
    Columns,
    FixedMask,
    Frugal,
    FrugalSGDM,
    TopMask,
    half,
)
from convergence.algorithms.subspace.gwt import GWT, GWTSGDM
from convergence.algorithms.subspace.natural_galore import NaturalGaLore, NaturalSGD, natural
from convergence.algorithms.subspace.projected import Subspace
from convergence.algorithms.subspace.qgalore import QGaLore, RoundedSGD
from convergence.algorithms.subspace.rso import RSO, GaussianFrame
from convergence.noise.diagonal import DiagonalGaussian
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.parts.projectors import Frozen, Haar, TopSVD
from convergence.parts.solvers import GD, ExactMinimum
from convergence.problems.matrix_quadratic import EntryQuadratic
from convergence.problems.quadratic import Isotropic, Quadratic
from convergence.problems.shifted import Shifted
from tests.walks import walk

ROUND = 1e-12  # a few dozen float64 operations on numbers of order 1


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def xs(path: list[Any]) -> list[Any]:
    return [np.asarray(s.x).tolist() for s in path]


def test_rso_solves_its_subproblem() -> None:
    """f = ½‖W‖², m = 2, r = 1, P = √2 e₁: L̂ = 2, g(B) = ½(1 + √2B)² + ½ + 2B², B* = −√2/6."""
    problem = Isotropic(np.ones((2, 1)))
    path = walk(RSO(0.25, 1, ExactMinimum(1), Frozen([[1.0], [0.0]])), problem, 1)
    np.testing.assert_allclose(path[1].B, [[-(2**0.5) / 6]], atol=ROUND)
    np.testing.assert_allclose(path[1].x, [[1 - 1 / 3], [1.0]], atol=ROUND)


def test_rso_solution_has_the_closed_form() -> None:
    """B* = −(PᵀHP + 2L̂I)⁻¹PᵀHW on ½tr(WᵀHW); CG needs as many iterations as eigenvalues."""
    rng = np.random.default_rng(1)
    h, W, Q = np.linspace(0.2, 1.0, 6), rng.standard_normal((6, 4)), rng.standard_normal((6, 3))
    Q = np.linalg.qr(Q)[0]
    P, lam = 2**0.5 * Q, 2.0
    best = -np.linalg.solve(P.T @ np.diag(h) @ P + 2 * lam * np.eye(3), P.T @ np.diag(h) @ W)
    path = walk(RSO(1 / (2 * lam), 3, ExactMinimum(3), Frozen(Q)), EntryQuadratic.rows(h, W), 1)
    np.testing.assert_allclose(path[1].B, best, atol=1e-10)  # conditioning below 3, three steps


def test_one_inner_step_is_golore() -> None:
    problem, Q = Isotropic(np.ones((4, 3))), np.eye(4)[:, :2]
    one = walk(RSO(0.25, 2, GD(1), Frozen(Q)), problem, 3)
    other = walk(Subspace(Frozen(Q), 1 / 6 * 2, 2), problem, 3)
    np.testing.assert_allclose(one[-1].x, other[-1].x, atol=ROUND)


def test_gaussian_frames_break_the_norm_bound(test_seed: int) -> None:
    """P(‖P‖² > 2m/r) is 0.195 at (6, 2) and 0.745 at (6, 5), 0 for Haar frames."""
    keys = jax.random.split(jax.random.key(test_seed), 8192)
    G, zero = jnp.zeros((6, 5)), jnp.zeros((), jnp.int32)

    def size(k: Any, r: int, frame: Any = GaussianFrame()) -> Any:
        P = (6 / r) ** 0.5 * frame.frame(zero, G, k, r)
        return jnp.linalg.norm(P, 2) ** 2 > 2 * 6 / r

    for r, expected in ((2, 0.195), (5, 0.745)):
        share = float(jnp.mean(jax.vmap(lambda k, r=r: size(k, r))(keys)))
        # Six standard errors of 8192 coin tosses, and the third digit of the reference.
        assert abs(share - expected) < 6 * 0.5 / 8192**0.5 + 1e-3
        assert not bool(jnp.any(jax.vmap(lambda k, r=r: size(k, r, Haar()))(keys[:64])))


def test_without_the_proximal_term_an_indefinite_subproblem_runs_away() -> None:
    """f = −½‖W‖², one frame: GD on g at η = 1/(2L̂) stays put, with η = ∞ it grows."""

    class Saddle(Isotropic):
        def value(self, x: Any) -> Any:
            return -super().value(x)

        def grad(self, x: Any) -> Any:
            return -super().grad(x)

    problem, Q = Saddle(np.ones((4, 1))), np.eye(4)[:, :2]
    bounded = walk(RSO(0.25, 2, GD(200), Frozen(Q)), problem, 1)[-1]
    # g = −½‖1 + √2B‖² + 2B² has its minimum at B = √2/2 = P†·1.
    np.testing.assert_allclose(bounded.B, [[2**-0.5], [2**-0.5]], atol=1e-9)  # (2/3)^200
    free = walk(RSO(1e12, 2, GD(200), Frozen(Q)), problem, 1)[-1]
    assert not np.all(np.abs(np.asarray(free.B)) < 1e6)


def test_frugal_by_hand() -> None:
    """J = {0}, β = ½, α = ½ from (1, 1): m = (½, ½), x = (¾, ½); m = (⅝, ·), x = (7/16, ¼)."""
    path = walk(FrugalSGDM(0.5, 0.5, FixedMask([1.0, 0.0])), Isotropic([1.0, 1.0]), 2)
    assert xs(path) == [[1, 1], [0.75, 0.5], [0.4375, 0.25]]


def test_frugal_memory_survives_only_inside_the_split() -> None:
    """A coordinate outside J keeps (1 − β)g, to use if it is inside next: J = ∅, then all."""

    class Turns(FixedMask):
        def draw(self, t: Any, G: Any, key: Any) -> Any:
            return jnp.where(t == 0, jnp.zeros_like(G), jnp.ones_like(G))

    path = walk(FrugalSGDM(0.5, 0.5, Turns(0.0)), Isotropic([1.0]), 2)
    # x₁ = 1 − ½; m₀ = ½; m₁ = ¼ + ¼ = ½; x₂ = ½ − ¼.
    assert xs(path) == [[1.0], [0.5], [0.25]]


@pytest.mark.parametrize("beta", [0.0, 0.7])
def test_frugal_is_sgd_without_memory(beta: float) -> None:
    """An empty J, or β = 0, is SGD on the same samples."""
    problem, noise = Quadratic(np.ones(4), np.arange(1.0, 5.0)), Gaussian(1.0)
    mask = 0.0 if beta else half((4,))
    path = walk(FrugalSGDM(0.1, beta, FixedMask(mask)), problem, 4, noise)
    x = np.ones(4)
    for t in range(4):
        sample = jax.random.split(jax.random.fold_in(jax.random.key(0), t))[1]
        x = x - 0.1 * np.asarray(Oracle(problem, noise).grad(jnp.asarray(x), sample))
    np.testing.assert_allclose(path[-1].x, x, atol=ROUND)


def test_practical_frugal_resets_at_the_gap() -> None:
    """β = ½, gap 1: a reset at every step halves the gradient; without it momentum builds up."""
    split, problem = FixedMask([1.0]), Isotropic([1.0])
    fresh = walk(Frugal(0.5, split, 1, 0.5), problem, 2)
    kept = walk(Frugal(0.5, split, 1, 0.5, reset=False), problem, 2)
    assert xs(fresh) == [[1.0], [0.75], [0.5625]]
    assert xs(kept) == [[1.0], [0.75], [0.4375]]


def test_frugal_with_the_buffer_of_the_public_code() -> None:
    """β = ½, α = ¼: seeded with the gradient, m = ½·1 + 1 = 3/2, x = 5/8; kept, m = ¾ + ⅝ = 11/8;
    reset, m = (3/2)·⅝."""
    split, problem = FixedMask([1.0]), Isotropic([1.0])
    kept = walk(Frugal(0.25, split, 2, 0.5, buffer="code"), problem, 2)
    reset = walk(Frugal(0.25, split, 1, 0.5, buffer="code"), problem, 2)
    assert xs(kept) == [[1.0], [0.625], [0.28125]]
    assert xs(reset) == [[1.0], [0.625], [0.390625]]


def test_frugal_adam_and_sign_steps() -> None:
    """Adam's first step is α sign(g) up to 1e-8, the sign residual's is α_res sign(g)."""
    algorithm = Frugal(
        0.1, FixedMask([1.0, 0.0]), 10, 0.9, alpha_res=0.3, stateful="adam", residual="sign"
    )
    path = walk(algorithm, Isotropic([2.0, -5.0]), 1)
    np.testing.assert_allclose(path[1].x, [1.9, -4.7], atol=1e-8)  # Adam's epsilon


def test_frugal_with_rule_none_is_galore() -> None:
    """SVD frames, no residual, no memory: the subspace loop with τ = gap."""
    rng = np.random.default_rng(0)
    problem = EntryQuadratic.rows(np.linspace(0.2, 1, 5), rng.standard_normal((5, 4)))
    frugal = walk(Frugal(0.1, Columns(TopSVD(), 2), 3, residual="none"), problem, 6)
    galore = walk(Subspace(TopSVD(), 0.1, 2, 3), problem, 6)
    np.testing.assert_allclose(frugal[-1].x, galore[-1].x, atol=ROUND)


def test_splits() -> None:
    G, zero, key = jnp.array([3.0, -1.0, 2.0, 0.5]), jnp.zeros((), jnp.int32), jax.random.key(1)
    assert np.asarray(TopMask(2).draw(zero, G, key)).tolist() == [1, 0, 1, 0]
    assert half((2, 3)).tolist() == [[1, 1, 1], [0, 0, 0]]
    assert set(np.asarray(BernoulliMask(0.5).draw(zero, G, key)).tolist()) <= {0.0, 1.0}
    assert float(jnp.sum(BernoulliMask(1.0).draw(zero, G, key))) == 4


def test_gwt_first_step_by_hand() -> None:
    """From (3, 1) at lr 0.1: A = 4/√2, D = 2/√2, m = .1A, √v = √.001 A, ε ≈ 0, s₁ = .1√.001/.1:
    s₁αÃ = .025, s₁αD̃ = .25·.1·(√.001/.1)·D/(√.001A) = .125; x = (3 − .15/√2, 1 + .1/√2)."""
    path = walk(GWT(0.1, eps=1e-300), Isotropic([3.0, 1.0]), 1)
    np.testing.assert_allclose(path[1].x, [3 - 0.15 / 2**0.5, 1 + 0.1 / 2**0.5], atol=1e-9)


def test_gwt_limiter_holds_the_growth_of_the_approximation() -> None:
    """The norm of Ã grows by at most 1.01 a step (and 1e-8 absolutely) from the second step on."""
    path = walk(GWT(1.0), Isotropic(np.array([1.0, 0.99])), 6)
    norms = np.array([float(s.norm) for s in path[1:]])
    assert np.all(norms[1:] <= 1.01 * (norms[:-1] + 1e-8) * (1 + ROUND))


def test_gwt_adam_blows_up_from_antisymmetric_pairs() -> None:
    """f₁ … f₃ = 6.23e5, 2.15e11, 5.46e16 and v = 0 throughout."""
    path = walk(GWT(1e-2), Isotropic([1.0, -1.0]), 3)
    values = [0.5 * float(jnp.sum(s.x**2)) for s in path[1:]]
    np.testing.assert_allclose(values, [6.23e5, 2.15e11, 5.46e16], rtol=5e-3)  # three digits
    assert all(float(jnp.sum(s.v)) == 0 for s in path)


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_gwt_sgd_is_sgd(level: int) -> None:
    problem, noise = Isotropic(np.arange(16.0).reshape(2, 8)), Gaussian(1.0)
    one = walk(GWTSGDM(0.1, 0.0, level), problem, 5, noise)
    two = walk(SGD(0.1), problem, 5, noise)
    np.testing.assert_allclose(one[-1].x, two[-1].x, atol=1e-13 * 16)  # entries up to 15


def test_rounded_sgd() -> None:
    """Nearest: .9 − .05·.9 = .855 goes back to .9; stochastic: to .8 or .9."""
    problem = Shifted([0.9])
    near = walk(RoundedSGD(0.05, 0.1, "nearest"), problem, 20)
    np.testing.assert_allclose(near[-1].x, [0.9], atol=ROUND)
    free = walk(RoundedSGD(0.05, 0.1), problem, 200)
    assert abs(float(free[-1].x[0])) < 0.5
    np.testing.assert_allclose(np.asarray(free[-1].x) / 0.1, np.round(free[-1].x / 0.1), atol=ROUND)


def test_qgalore_refreshes_lazily() -> None:
    """A still subspace: cosines 1 from the second refresh on; the queue of 5 is full at the sixth,
    and from then on the gap doubles at each: refreshes at 0, 2, 4, 6, 8, 10, 14, 22; by the clock
    of the public code, at multiples of the gap, 10, 12, 16."""
    problem = EntryQuadratic(np.diag([4.0, 1.0]), np.ones((2, 2)))
    for schedule, last in (("elapsed", [14, 22]), ("clock", [12, 16])):
        method = QGaLore(1e-3, 1, gap=2, weight_group=4, frame_group=2, schedule=schedule)
        count = [int(s.refreshes) for s in walk(method, problem, 23)]
        when = [t for t in range(23) if count[t + 1] > count[t]]
        assert when == [0, 2, 4, 6, 8, 10, *last]


def test_qgalore_moves_on_its_weight_grid() -> None:
    problem = EntryQuadratic(np.array([[1.0, -1.0], [0.5, 0.25]]), np.ones((2, 2)))
    path = walk(QGaLore(0.1, 1, gap=5, weight_group=4, frame_group=2), problem, 30)
    assert float(jnp.sum(path[-1].x[0] ** 2)) < 1.9


def test_woodbury_by_hand() -> None:
    """λ = 1, one gradient g = (1, 0): (I + ggᵀ)⁻¹g = g/2."""
    g = jnp.array([1.0, 0.0])
    np.testing.assert_allclose(natural(g[None], g, 1.0), [0.5, 0.0], atol=ROUND)


def test_natural_galore_step() -> None:
    """Frame e₁, λ = 1, s = 1: R = (1), R̃ = ½, x = 1 − ½η."""
    algorithm = NaturalGaLore(Frozen([[1.0], [0.0]]), 0.5, 1, 1, 1.0, 1)
    path = walk(algorithm, Isotropic(np.ones((2, 1))), 1)
    np.testing.assert_allclose(path[1].x, [[0.75], [1.0]], atol=ROUND)


def test_natural_gradient_averages() -> None:
    """Steps F⁻¹/k turn the samples into their mean, whatever the start."""
    fisher = np.array([0.5, 2.0])
    problem, noise = Quadratic(np.array([7.0, -3.0]), fisher), DiagonalGaussian(fisher)
    path = walk(NaturalSGD(fisher), problem, 3, noise)
    keys = [jax.random.fold_in(jax.random.key(0), t) for t in range(3)]
    z = [-np.asarray(noise.draw(jnp.zeros(2), k)) / fisher for k in keys]
    np.testing.assert_allclose(path[-1].x, np.mean(z, axis=0), atol=ROUND)
