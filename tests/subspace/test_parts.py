"""Wavelets, quantizers and inner solvers by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convergence.errors import InvalidInput
from convergence.parts.quantizers import dequantize, quantize, round_nearest, round_stochastic
from convergence.parts.solvers import AGD, GD, ZO, Adam, ExactMinimum, MomentumGD, Subproblem
from convergence.parts.wavelets import merge, split

ROUND = 1e-12  # a few hundred float64 operations on numbers of order 1


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def test_haar_by_hand() -> None:
    """(4, 2, 6, 0): A₁ = (6, 6)/√2, D₁ = (2, 6)/√2; A₂ = 6, D₂ = 0."""
    A, (D2, D1) = split(jnp.array([4.0, 2.0, 6.0, 0.0]), 2)
    np.testing.assert_allclose(A, [6.0], atol=ROUND)
    np.testing.assert_allclose(D2, [0.0], atol=ROUND)
    np.testing.assert_allclose(D1, np.array([2.0, 6.0]) / 2**0.5, atol=ROUND)


def test_antisymmetric_pairs_have_an_exactly_zero_approximation() -> None:
    x = np.random.default_rng(0).standard_normal((3, 4))
    pairs = jnp.stack([jnp.asarray(x), -jnp.asarray(x)], axis=-1).reshape(3, 8)
    assert np.all(np.asarray(jax.jit(lambda g: split(g, 1)[0])(pairs)) == 0.0)


@given(
    rows=st.sampled_from([1, 3]),
    blocks=st.sampled_from([1, 3]),
    level=st.integers(0, 3),
    seed=st.integers(0, 2**16),
)
def test_haar_is_orthonormal(rows: int, blocks: int, level: int, seed: int) -> None:
    G = np.random.default_rng(seed).standard_normal((rows, blocks * 2**level))
    with jax.enable_x64(True):
        A, details = split(jnp.asarray(G), level)
        square = float(jnp.sum(A**2)) + sum(float(jnp.sum(D**2)) for D in details)
        np.testing.assert_allclose(np.asarray(merge(A, details)), G, atol=ROUND)
    assert square == pytest.approx(np.sum(G**2), rel=ROUND)


@pytest.mark.parametrize(("n", "level"), [(6, 2), (3, 1), (8, 4), (8, -1)])
def test_haar_refuses_blocks_that_do_not_fit(n: int, level: int) -> None:
    with pytest.raises(InvalidInput):
        split(jnp.ones((2, n)), level)


def test_stochastic_rounding_is_unbiased(test_seed: int) -> None:
    """E Q(y) = y and Var Q(y) = h² f(1 − f): 2^16 tosses at h = 0.5, y = 0.2, f = 0.4."""
    y = jnp.full((2**16,), 0.2)
    found = np.asarray(round_stochastic(y, 0.5, jax.random.key(test_seed)))
    assert set(np.unique(found)) == {0.0, 0.5}
    # Six standard errors of a mean of two-point draws: alpha = 2e-9.
    assert abs(found.mean() - 0.2) < 6 * 0.5 * (0.4 * 0.6) ** 0.5 / 2**8
    assert found.var() == pytest.approx(0.25 * 0.24, rel=0.05)  # 12 standard errors


def test_grid_points_stay() -> None:
    grid = 0.25 * jnp.arange(-8, 9)
    assert np.array_equal(round_stochastic(grid, 0.25, jax.random.key(0)), grid)
    assert np.array_equal(round_nearest(grid + 0.1, 0.25), grid)


def test_integers_by_hand() -> None:
    """(−1, 0, 2) at 2 bits: scale 1, zero 1, q = (0, 1, 3)."""
    held = quantize(jnp.array([-1.0, 0.0, 2.0]), 2, 3)
    assert np.asarray(held.q).tolist() == [[0, 1, 3]]
    assert (float(held.scale[0, 0]), float(held.zero[0, 0])) == (1.0, 1.0)
    assert np.asarray(dequantize(held, (3,))).tolist() == [-1.0, 0.0, 2.0]


@given(seed=st.integers(0, 2**16), bits=st.sampled_from([2, 4, 8]))
def test_half_a_step_for_groups_that_straddle_zero(seed: int, bits: int) -> None:
    w = np.random.default_rng(seed).standard_normal(12)
    w[:2] = -abs(w[0]), abs(w[1])
    with jax.enable_x64(True):
        held = quantize(jnp.asarray(w), bits, 12)
        error = np.abs(np.asarray(dequantize(held, (12,))) - w)
        assert error.max() <= float(held.scale[0, 0]) * (0.5 + 1e-9)  # ties at half a step


def test_a_group_on_one_side_of_zero_collapses() -> None:
    """p ∝ 1 + 0.02 sin i, ‖p‖ = 1: the clamped zero point leaves ‖p_q‖ = 0.0397."""
    p = 1 + 0.02 * np.sin(np.arange(16.0))
    p /= np.linalg.norm(p)
    held = dequantize(quantize(jnp.asarray(p), 4, 16), (16,))
    assert float(jnp.linalg.norm(held)) == pytest.approx(0.0397, abs=5e-5)


@pytest.mark.parametrize(("bits", "group"), [(0, 4), (17, 4), (4, 5), (4, 0)])
def test_quantizer_refuses(bits: int, group: int) -> None:
    with pytest.raises(InvalidInput):
        quantize(jnp.ones((8,)), bits, group)


def quadratic(n: int = 3) -> tuple[Subproblem, np.ndarray, np.ndarray]:
    """g(B) = ½⟨B, HB⟩ − ⟨C, B⟩ with spectrum (1, 2, 3): λ = 1, κ = 3."""
    H, C = jnp.diag(jnp.array([1.0, 2.0, 3.0])), jnp.asarray(np.arange(3.0 * n).reshape(3, n))

    def grad(B: jax.Array, key: jax.Array) -> jax.Array:
        return H @ B - C

    def slope(B: jax.Array, U: jax.Array, key: jax.Array) -> jax.Array:
        return jnp.sum((H @ B - C) * U)

    return Subproblem(grad, slope, 1.0), np.asarray(H), np.linalg.solve(H, C)


def gap(H: np.ndarray, B: np.ndarray, best: np.ndarray) -> float:
    return float(0.5 * np.sum((B - best) * (H @ (B - best))))


def test_conjugate_gradients_are_exact() -> None:
    g, _, best = quadratic()
    B, calls = ExactMinimum(3).solve(g, jnp.zeros((3, 3)), jax.random.key(0))
    np.testing.assert_allclose(B, best, atol=1e-10)  # conditioning 3, three exact iterations
    assert int(calls) == 4


@pytest.mark.parametrize(
    ("solver", "rho"),
    [
        (GD(8), (2 / 3) ** 8),
        (AGD(8), 2 * (1 - 3**-0.5) ** 8),
        (GD(8, scale=0.5), (5 / 6) ** 8),
        (GD(0), 1.0),
        (MomentumGD(8, beta1=0.5, scale=0.5), 1.5 * (5 / 6) ** 8),  # 1 + 2·½·¼/½
        (MomentumGD(40, beta1=0.2, scale=0.125), 1.8 * (23 / 24) ** 40),
    ],
)
def test_solvers_contract_as_promised(solver: GD | AGD, rho: float) -> None:
    g, H, best = quadratic()
    assert solver.short()
    assert solver.rho(9) == pytest.approx(rho, rel=ROUND)
    B, calls = solver.solve(g, jnp.zeros((3, 3)), jax.random.key(0))
    assert gap(H, np.asarray(B), best) <= rho * gap(H, 0 * best, best) * (1 + ROUND)
    assert int(calls) == int(solver.N)


@pytest.mark.parametrize(
    "solver", [GD(500, 1e-6), AGD(500, 1e-6), MomentumGD(500, 1e-6), Adam(500, 1e-3)]
)
def test_solvers_stop_at_the_accuracy_asked_for(solver: GD) -> None:
    """‖∇g‖²/(2λ) ≤ ε certifies g(B) − min g ≤ ε, with the step before it still above."""
    g, H, best = quadratic(1)
    B, calls = solver.solve(g, jnp.zeros((3, 1)), jax.random.key(0))
    assert gap(H, np.asarray(B), best) <= float(solver.eps)
    assert 0 < int(calls) < 500


def test_adams_steps_have_a_reach() -> None:
    """R to the digits known elsewhere; 1 for equal averages; none beyond b2."""
    cases = {(0.9, 0.999): 7.27029, (0.9, 0.99): 2.34521, (0.9, 0.95): 1.16496, (0.5, 0.5): 1.0}
    for (b1, b2), R in cases.items():
        assert Adam(1, b1=b1, b2=b2).reach() == pytest.approx(R, rel=1e-5)  # six digits given
    assert Adam(1, b1=0.9, b2=0.8).reach() == float("inf")


def test_zeroth_order_solver_contracts_on_average(test_seed: int) -> None:
    """ρ = (1 − 1/(3(p + 2)))^N with p = 3, N = 20: the mean of 4096 runs is at most that."""
    g, H, best = quadratic(1)

    def one(key: jax.Array) -> jax.Array:
        D = ZO(20).solve(g, jnp.zeros((3, 1)), key)[0] - jnp.asarray(best)
        return 0.5 * jnp.sum(D * (jnp.asarray(H) @ D))

    runs = np.asarray(jax.vmap(one)(jax.random.split(jax.random.key(test_seed), 4096)))
    rho = (1 - 1 / 15) ** 20
    # Six standard errors: alpha = 1e-9. The bound is loose (κ = 3 everywhere), so this is safe.
    assert runs.mean() - 6 * runs.std() / 64 <= rho * gap(H, 0 * best, best)


@pytest.mark.parametrize(
    "bad", [lambda: GD(-1), lambda: GD(1, -0.1), lambda: ExactMinimum(0), lambda: Adam(1).rho(1)]
)
def test_solvers_refuse(bad: Callable[[], object]) -> None:
    with pytest.raises(InvalidInput):
        bad()


def test_how_short_a_step_a_guarantee_needs() -> None:
    """GD: 0 < s ≤ 1. Momentum: 0 < s ≤ ½ and 2s(1 − β) ≤ β."""
    assert [GD(3, scale=s).short() for s in (1.0, 1.5)] == [True, False]
    for s, beta, short in (
        (0.5, 0.5, True), (0.6, 0.9, False), (0.5, 0.45, False), (0.4, 0.5, True),
        (0.3, 1.0, True), (0.2, 0.2, False),
    ):  # fmt: skip
        assert MomentumGD(3, scale=s, beta1=beta).short() is short
