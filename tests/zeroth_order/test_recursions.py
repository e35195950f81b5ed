"""LOZO, LOZO-M and zeroth-order SGD against numbers worked by hand, and their exact laws."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convergence.algorithms.zeroth_order.lozo import LOZO, LOZOM
from convergence.algorithms.zeroth_order.zo_accelerated import AcceleratedZO
from convergence.algorithms.zeroth_order.zo_sgd import ZOSGD
from convergence.constants import Constants
from convergence.draws import normal
from convergence.errors import InvalidInput
from convergence.noise.aligned import Aligned
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.oracles.zeroth import central, forward, limit, unshared
from convergence.problems.matrix_quadratic import Cosines
from convergence.problems.quadratic import Isotropic
from convergence.theorems.zeroth_order.chen2025lozo import LozoQuadratic, LozoSmooth, stiefel_factor
from convergence.theorems.zeroth_order.chen2025lozo_laws import LozoLaw, LozoMLaw, LozoMoment
from convergence.theorems.zeroth_order.ghadimi2013zo import RSGF, RSGFTuned
from convergence.theorems.zeroth_order.nesterov2017 import Accelerated
from tests.walks import walk

ROUND = 1e-12  # a few dozen float64 operations on numbers of order 1
KEY = jax.random.key(0)


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def direction(t: int, shape: tuple[int, ...]) -> np.ndarray:
    """The U that LOZO draws at step t."""
    estimate = jax.random.split(jax.random.fold_in(KEY, t))[1]
    return np.asarray(normal(jax.random.split(estimate)[1], shape))


def test_accelerated_by_hand() -> None:
    """f = x²/2 from 1, θ = ½, γ = 1, τ = 0: 2α² = 1 − α gives α = ½, γ⁺ = ½, y = 1, g = u²; then
    4α² = 1 − α gives α = (√17 − 1)/8 and y = x + α(v − x)."""
    method = AcceleratedZO(0.25, 0.5, 1.0, slope="limit")
    states = walk(method, Isotropic([1.0]), 2)
    keys = [jax.random.split(jax.random.fold_in(KEY, t))[1] for t in range(2)]
    u, w = (float(normal(k, (1,))[0]) for k in keys)
    x, v = 1 - 0.25 * u * u, 1 - u * u
    assert float(states[1].x[0]) == pytest.approx(x, abs=ROUND)
    assert float(states[1].v[0]) == pytest.approx(v, abs=ROUND)
    assert float(states[1].gamma) == pytest.approx(0.5, abs=ROUND)
    alpha = (17**0.5 - 1) / 8
    y = x + alpha * (v - x)
    assert float(states[2].x[0]) == pytest.approx(y - 0.25 * y * w * w, abs=ROUND)
    assert float(states[2].v[0]) == pytest.approx(v - 0.5 / alpha * y * w * w, abs=10 * ROUND)


def test_accelerated_strong_is_plain_on_the_isotropic_quadratic() -> None:
    """τ = L: v = x throughout, and x moves as zeroth-order SGD with step h."""
    theorem, c = Accelerated(), Isotropic([1.0, -2.0]).constants()
    states = walk(theorem.prescribe(c, 3), Isotropic([1.0, -2.0]), 3)
    plain = walk(ZOSGD(theorem.steps(c)[0], 1e-3), Isotropic([1.0, -2.0]), 3)
    assert np.allclose(states[-1].x, plain[-1].x, atol=ROUND)
    assert np.allclose(states[-1].v, plain[-1].x, atol=ROUND)


def test_slopes_by_hand() -> None:
    """f = x²/2 at 3 along 2: ⟨∇f, z⟩ = 6; central 6; forward 6 + (μ/2)·4."""
    oracle, x, z = Oracle(Isotropic([3.0]), Noiseless()), jnp.array([3.0]), jnp.array([2.0])
    mu = jnp.asarray(0.5)
    assert float(central(oracle, x, z, KEY, mu)) == pytest.approx(6.0, abs=ROUND)
    assert float(forward(oracle, x, z, KEY, mu)) == pytest.approx(7.0, abs=ROUND)
    assert float(limit(oracle, x, z, KEY, mu)) == pytest.approx(6.0, abs=ROUND)


def test_one_sample_serves_both_values() -> None:
    """With one sample the slope is that of ∇F(x; ξ); with two it is off by ⟨ξ − ξ′, x⟩/(2μ)."""
    oracle = Oracle(Isotropic(np.ones(3)), Gaussian(1.0))
    x, z, mu = jnp.ones(3), jnp.arange(3.0), jnp.asarray(1e-3)
    stated = float(jnp.sum(oracle.grad(x, KEY) * z))
    # Values of order 1 lose 1e-16/1e-3 in the difference.
    assert float(central(oracle, x, z, KEY, mu)) == pytest.approx(stated, abs=1e-11)
    assert abs(float(unshared(oracle, x, z, KEY, mu)) - stated) > 1.0


def test_difference_errors_stay_below_their_bounds() -> None:
    """|c − ⟨∇f, z⟩| ≤ (Lμ/2)‖z‖² for both differences of an L-smooth function."""
    problem = Cosines(np.linspace(0, 3, 6).reshape(2, 3), 2.0)
    oracle, x = Oracle(problem, Noiseless()), problem.start()
    for seed in range(20):
        z = normal(jax.random.key(seed), (2, 3))
        exact = float(limit(oracle, x, z, KEY, jnp.asarray(1.0)))
        for mu in (0.01, 0.1, 1.0):
            room = 2.0 * mu / 2 * float(jnp.sum(z**2)) + 1e-12  # float64 values of order 10
            assert abs(float(central(oracle, x, z, KEY, jnp.asarray(mu))) - exact) <= room
            assert abs(float(forward(oracle, x, z, KEY, jnp.asarray(mu))) - exact) <= room


def test_lozo_holds_its_factor_for_a_period() -> None:
    path = walk(LOZO(0.01, 3, 2), Isotropic(np.ones((3, 5))), 7)
    factors = [np.asarray(s.V) for s in path]
    same = [np.array_equal(a, b) for a, b in itertools.pairwise(factors)]
    assert same == [True, True, True, False, True, True, False]  # step t leads to state t + 1
    for V in factors:
        np.testing.assert_allclose(V.T @ V, 5 * np.eye(2), atol=ROUND * 10)


def test_lozo_step_by_hand() -> None:
    """X₁ = X₀ − (α/r)⟨∇f, UVᵀ⟩UVᵀ with the very U and V; without `divide`, r times as far."""
    problem = Isotropic(np.arange(6.0).reshape(2, 3))
    one, far = (walk(LOZO(0.1, 5, 2, divide=d), problem, 1) for d in (True, False))
    x0, Z = np.asarray(one[0].x), direction(0, (2, 2)) @ np.asarray(one[0].V).T
    move = -0.05 * np.sum(x0 * Z) * Z
    np.testing.assert_allclose(one[1].x - x0, move, atol=1e-9)  # differences of values of order 50
    np.testing.assert_allclose(far[1].x - x0, 2 * move, atol=1e-9)


@pytest.mark.parametrize("shape", [(2, 3), (3, 2)])
def test_lozo_as_coded_moves_along_what_it_did_not_measure(shape: tuple[int, int]) -> None:
    """At a redraw the step's U is the head of V, continued by U; between redraws it is U."""
    m = shape[0]
    problem = Isotropic(np.arange(6.0).reshape(shape))
    path = walk(LOZO(0.1, 2, 1, semantics="code"), problem, 3)
    for t in range(3):
        x, V, U = np.asarray(path[t].x), np.asarray(path[t + 1].V), direction(t, (m, 1))
        applied = np.concatenate([V, U])[:m] if t != 1 else U
        move = -0.1 * np.sum(x * (U @ V.T)) * applied @ V.T
        np.testing.assert_allclose(path[t + 1].x - x, move, atol=1e-9)  # values of order 50


def test_lozo_m_without_memory_is_lozo() -> None:
    problem = Isotropic(np.ones((3, 4)))
    plain = walk(LOZO(0.02, 2, 2), problem, 5)
    coded = walk(LOZO(0.02, 2, 2, semantics="code"), problem, 5)
    for semantics, expected in (("paper", plain), ("code", coded)):
        found = walk(LOZOM(0.02, 2, 2, beta=0.0, semantics=semantics), problem, 5)
        np.testing.assert_allclose(found[-1].x, expected[-1].x, atol=ROUND)


def test_lozo_m_as_coded_is_lozo_at_period_one() -> None:
    problem = Isotropic(np.ones((3, 4)))
    plain = walk(LOZO(0.02, 1, 2, semantics="code"), problem, 5)
    coded = walk(LOZOM(0.02, 1, 2, semantics="code"), problem, 5)
    paper = walk(LOZOM(0.02, 1, 2), problem, 5)
    np.testing.assert_allclose(coded[-1].x, plain[-1].x, atol=ROUND)
    assert np.max(np.abs(np.asarray(paper[-1].x - plain[-1].x))) > 1e-3


def test_lozo_m_carries_its_momentum_over() -> None:
    """At a redraw N becomes N V_oldᵀV_new/n before the new estimate is added: with α = 0 the
    gradient stays, so both paths share their estimates and N_t can be recomputed."""
    problem = Isotropic(np.ones((2, 3)))
    path = walk(LOZOM(1e-12, 2, 1, slope="limit"), problem, 3)
    N2, N3 = np.asarray(path[2].N), np.asarray(path[3].N)
    V2, V3 = np.asarray(path[2].V), np.asarray(path[3].V)
    U = direction(2, (2, 1))
    c = np.sum(np.ones((2, 3)) * (U @ V3.T))
    np.testing.assert_allclose(N3, 0.9 * N2 @ (V2.T @ V3) / 3 + 0.1 * c * U, atol=1e-9)  # α = 1e-12


def test_zo_sgd_one_and_two_sided_differ_by_the_curvature() -> None:
    """On ½‖x‖² the forward slope exceeds the central one by (μ/2)‖u‖²."""
    problem = Isotropic(np.array([1.0, -2.0]))
    two = walk(ZOSGD(0.1, 0.5), problem, 1)[1].x
    one = walk(ZOSGD(0.1, 0.5, "forward"), problem, 1)[1].x
    u = normal(jax.random.split(jax.random.fold_in(KEY, 0))[1], (2,))
    np.testing.assert_allclose(one, two - 0.1 * 0.25 * jnp.sum(u**2) * u, atol=ROUND * 10)


@given(
    m=st.integers(1, 4),
    n=st.integers(1, 5),
    r=st.integers(1, 3),
    nu=st.sampled_from([1, 2, 5]),
    scale=st.floats(0.1, 1.9),
)
def test_the_floor_of_lozo_does_not_depend_on_the_period(
    m: int, n: int, r: int, nu: int, scale: float
) -> None:
    """Started on αLD_Sσ²/(2 − αLD_S), the exact recursion stays there for every ν and T."""
    r = min(r, n)
    theorem = LozoLaw(r, nu, scale)
    c = Constants(m=m, n=n, L=2.0, sigma=1.5)
    floor = theorem.floor(c)
    c = c | {"R": floor**0.5 / 2.0}
    for T in (1, 3, 11):
        assert theorem.bound(c, T) == pytest.approx(floor, rel=1e-9)  # eleven roundings


def test_reference_values_of_the_laws() -> None:
    """m = 3, n = 6, r = 2, α = 1/(L D_S): Φ_20 = .6897; q = 1 − 1/(mr + 2); no floor at σ = 0."""
    c = Constants(m=3, n=6, L=1.0, sigma=0.0, R=1.0, d=18, grad0=1.0)
    assert stiefel_factor(3, 6, 2) == 24
    assert LozoLaw(2, 20).bound(c, 20) == pytest.approx(0.6897, abs=5e-5)
    assert LozoLaw(6, 1).bound(c, 1) == pytest.approx(1 - 1 / 20, rel=1e-12)
    assert LozoMLaw(2, 5, 1.0, 0.0).bound(c, 20) == pytest.approx(LozoLaw(2, 5).bound(c, 20))
    # Gaussian factors, m = 3, n = 5, r = 2: D_G = 26, D_S = 20.
    c = Constants(m=3, n=5, sigma=0.0, grad0=1.0)
    assert LozoMoment(2, "gaussian").bound(c, 1) == 26
    assert LozoMoment(2).bound(c, 1) == 20


def test_sharp_bound_of_lozo_is_below_its_round_constants() -> None:
    """6Δ/(αT) + (3 + √2)aω²/r is what θ = ½ and a ≤ 1 make of the sharp bound."""
    c = Constants(m=3, n=6, L=1.0, sigma=1.0, Delta=4.0, d=18, grad0=1.0)
    for nu in (2, 5, 20):
        theorem = LozoSmooth(2, nu)
        for T in (100, 10000):
            alpha = theorem.alpha(c, T)
            rough = 6 * 4.0 / (alpha * T) + (3 + 2**0.5) * alpha * 24 * 6 / 2
            assert theorem.bound(c, T) < rough


def test_lazy_factor_of_the_quadratic_bound() -> None:
    """ν/S_ν ≤ 4/3 for the prescribed α ≤ r/(4nLν), and exactly 1 at ν = 1."""
    c = Constants(m=3, n=6, L=1.0, sigma=0.0, Delta=4.0, d=18, grad0=1.0)
    for nu in (1, 2, 8, 64):
        theorem = LozoQuadratic(2, nu)
        alpha = theorem.alpha(c, 1000)
        plain = 4.0 / (alpha * (1 - alpha * 12) * 1000)
        ratio = theorem.bound(c, 1000) / plain
        assert ratio == pytest.approx(1.0) if nu == 1 else 1 < ratio < 4 / 3


def test_corollary_follows_from_the_theorem() -> None:
    """Ghadimi and Lan's corollary is implied by their theorem at the same γ and μ."""
    for sigma in (0.0, 0.1, 1.0, 10.0):
        for T in (10, 1000, 10**6):
            c = Constants(L=2.0, d=24, sigma=sigma, Delta=3.0)
            assert RSGF().bound(c, T) <= RSGFTuned().bound(c, T)


def test_aligned_noise_is_aligned() -> None:
    """Every draw is u wᵀ with w along the first row of X."""
    x = jnp.asarray(np.arange(6.0).reshape(2, 3))
    z = np.asarray(Aligned(2.0).draw(x, KEY))
    w = np.array([0.0, 1.0, 2.0]) / 5**0.5
    np.testing.assert_allclose(z, (z @ w)[:, None] * w[None, :], atol=ROUND)


BAD = {
    "rank 0": lambda: LOZO(0.1, 1, 0),
    "period 0": lambda: LOZO(0.1, 0, 1),
    "eps 0": lambda: LOZO(0.1, 1, 1, 0.0),
    "law": lambda: LOZO(0.1, 1, 1, law="sphere"),
    "slope": lambda: LOZO(0.1, 1, 1, slope="backward"),
    "rank above n": lambda: walk(LOZO(0.1, 1, 4), Isotropic(np.ones((5, 3))), 1),
    "beta": lambda: LOZOM(0.1, 1, 1, beta=1.0),
    "semantics": lambda: LOZO(0.1, 1, 1, semantics="blog"),
    "momentum rank 0": lambda: LOZOM(0.1, 1, 0),
    "momentum period 0": lambda: LOZOM(0.1, 0, 1),
    "width 0": lambda: ZOSGD(0.1, 0.0),
    "theta 0": lambda: AcceleratedZO(0.1, 0.0, 1.0),
    "tau above gamma": lambda: AcceleratedZO(0.1, 0.1, 1.0, 2.0),
    "accelerated slope": lambda: AcceleratedZO(0.1, 0.1, 1.0, slope="backward"),
    "zo slope": lambda: ZOSGD(0.1, 0.1, "backward"),
    "theorem rank": lambda: LozoLaw(0),
    "theorem period": lambda: LozoLaw(1, 0),
    "aligned sigma": lambda: Aligned(-1.0),
    "cosines L": lambda: Cosines(np.ones((2, 2)), 0.0),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"^Got .+, but .+; .+\.$"):
        BAD[name]()
