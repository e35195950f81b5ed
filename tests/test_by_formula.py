"""What noises certify, word for word; slopes from values and inner solvers, by their formulas."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.constants import Constants
from convergence.draws import normal
from convergence.noise.agents import Levels, OneDraw, PerAgent, PerEntry
from convergence.noise.aligned import Aligned
from convergence.noise.base import AbstractNoise, Noiseless
from convergence.noise.coin import Coin
from convergence.noise.diagonal import DiagonalGaussian
from convergence.noise.gaussian import Gaussian
from convergence.noise.matrix import BatchMean, CornerGaussian, CornerSign
from convergence.noise.pair import ATOMS, Pair, Points
from convergence.oracles.base import Oracle
from convergence.oracles.zeroth import SLOPES
from convergence.parts.solvers import (
    AGD,
    GD,
    KAPPA,
    ZO,
    AbstractDescent,
    Adam,
    MomentumGD,
    Subproblem,
)
from convergence.precision import precision
from convergence.problems.base import AbstractProblem

S = np.arange(1.0, 13).reshape(3, 2, 2)
COV = np.array([row @ row.T for row in S])
LIGHT = {"symmetric": True, "additive": True, "light_tailed": True}
GAUSS = {"sigma": 3.0, **LIGHT, "isotropic_noise": True}
U = np.array([3.0, 4.0])
CERTIFIED: dict[str, tuple[AbstractNoise, tuple[int, ...], dict[str, Any]]] = {
    "Gaussian": (Gaussian(3.0), (2, 2), GAUSS),
    "PerEntry": (PerEntry(np.array([[1.0, 2.0], [3.0, 1.0]])), (2, 2), {
        "sigma": 15**0.5, "s": 3.0, **LIGHT, "independent": True, "isotropic_noise": False,
        "equal_noise": False}),
    "PerEntryEqual": (PerEntry(np.array([1.0, 2.0])), (3, 2), {
        "sigma": 15**0.5, "s": 2.0, **LIGHT, "independent": True, "isotropic_noise": False,
        "equal_noise": True}),
    "PerEntryOne": (PerEntry(2.0), (3, 2), {
        "sigma": 24**0.5, "s": 2.0, **LIGHT, "independent": True, "isotropic_noise": True,
        "equal_noise": True}),
    "PerEntryAlone": (PerEntry(2.0), (1, 1), {
        "sigma": 2.0, "s": 2.0, **LIGHT, "independent": True, "isotropic_noise": True,
        "equal_noise": True}),
    "PerAgent": (PerAgent(S), (3, 2), {
        "sigma": 650**0.5, "covariances": COV, **LIGHT, "independent": True,
        "equal_noise": False}),
    "PerAgentEqual": (PerAgent(S[[0, 0]]), (2, 2), {
        "sigma": 60**0.5, "covariances": COV[[0, 0]], **LIGHT, "independent": True,
        "equal_noise": True}),
    "OneDraw": (OneDraw(-2.0), (3, 2), {"sigma": 24**0.5, **LIGHT, "independent": False}),
    "OneDrawAlone": (OneDraw(2.0), (1, 2), {"sigma": 8**0.5, **LIGHT, "independent": True}),
    "Levels": (Levels(PerEntry(1.0), PerEntry(2.0), PerEntry(3.0)), (3, 2), {
        "s_y": 1.0, "s_z": 2.0, "s_u": 3.0, **LIGHT, "isotropic_noise": True,
        "equal_noise": True, "independent": True}),
    "LevelsEqual": (Levels(PerEntry(2.0), PerEntry(2.0), PerEntry(2.0)), (3, 2), {
        "s_y": 2.0, "s_z": 2.0, "s_u": 2.0, "s": 2.0, **LIGHT, "isotropic_noise": True,
        "equal_noise": True, "independent": True}),
    "LevelsBelow": (
        Levels(PerEntry(np.full((3, 4), 2.0)), PerEntry(2.0), PerEntry(np.full((3, 2), 2.0)),
               lower=(3, 4)), (3, 2), {
            "s_y": 2.0, "s_z": 2.0, "s_u": 2.0, "s": 2.0, **LIGHT, "isotropic_noise": True,
            "equal_noise": True, "independent": True}),
    "LevelsMixed": (Levels(PerEntry(2.0), OneDraw(2.0), PerEntry(2.0)), (3, 2), {
        "s_y": 2.0, "s_u": 2.0, **LIGHT, "isotropic_noise": False, "equal_noise": False,
        "independent": False}),
    "Diagonal": (DiagonalGaussian(np.array([1.0, 8.0])), (2,), {
        "sigma": 3.0, "covariance": np.array([1.0, 8.0]), **LIGHT}),
    "DiagonalBroadcast": (DiagonalGaussian(np.array([1.0, 8.0])), (2, 2), {
        "sigma": 18**0.5, "covariance": np.array([[1.0, 8.0], [1.0, 8.0]]), **LIGHT}),
    "Coin": (Coin(0.4, 3.0, 1.5), (2,), {
        "p": 1.5, "sigma_p": 3 * (0.6**1.5 * 0.4**-0.5 + 0.6) ** (1 / 1.5), "symmetric": False,
        "additive": False, "light_tailed": False, "shown": 0.4}),
    "Aligned": (Aligned(3.0), (3, 2), {"sigma": 3.0, "symmetric": True, "light_tailed": True}),
    "CornerSign": (CornerSign(3.0, 2), (3, 4), {
        "sigma": 3 * 2**0.5, "corner": 3.0, "corner_rank": 2, **LIGHT, "two_point": True,
        "batch": 1}),
    "CornerGaussian": (CornerGaussian(3.0, 2), (3, 4), {
        "sigma": 3 * 2**0.5, "corner": 3.0, "corner_rank": 2, **LIGHT, "gaussian": True}),
    "BatchGaussian": (BatchMean(Gaussian(3.0), 9), (2, 2), GAUSS | {"sigma": 1.0}),
    "BatchOne": (BatchMean(CornerGaussian(3.0, 2), 1), (3, 4), {
        "sigma": 3 * 2**0.5, "corner": 3.0, "corner_rank": 2, **LIGHT, "gaussian": True}),
    "BatchSign": (BatchMean(CornerSign(3.0, 2), 9), (3, 4), {
        "sigma": 2**0.5, **LIGHT, "corner": 3.0, "corner_rank": 2, "batch": 9}),
    "BatchEntries": (BatchMean(PerEntry(3.0), 9), (3, 2), {
        "sigma": 6**0.5, "s": 1.0, **LIGHT, "isotropic_noise": True, "equal_noise": True,
        "independent": True}),
    "BatchAgents": (BatchMean(PerAgent(S), 9), (3, 2), {
        "sigma": 650**0.5 / 3, "covariances": COV / 9, **LIGHT, "equal_noise": False,
        "independent": True}),
    "BatchDiagonal": (BatchMean(DiagonalGaussian(np.array([1.0, 8.0])), 9), (2,), {
        "sigma": 1.0, "covariance": np.array([1.0, 8.0]) / 9, **LIGHT}),
    "BatchCoin": (BatchMean(Coin(0.4, 3.0, 1.5), 9), (2,), {
        "p": 1.5, "symmetric": False, "additive": False, "light_tailed": False,
        "sigma_p": 3 * ((0.6**1.5 * 0.4**-0.5 + 0.6) * 2**0.5 / 3) ** (1 / 1.5)}),
    "Pair": (Pair(U, 0.4), (2,), {
        "sigma": 5 * (2 / 3) ** 0.5, "u_chance": 0.4, "u": U, "symmetric": False,
        "additive": True, "light_tailed": True}),
    "PairEven": (Pair(U, 0.5), (2,), {
        "sigma": 5.0, "u_chance": 0.5, "u": U, "symmetric": True, "additive": True,
        "light_tailed": True}),
    "PairRare": (Pair(U, 0.97), (2,), {
        "sigma": 5 * (97 / 3) ** 0.5, "u_chance": 0.97, "u": U, "symmetric": False,
        "additive": True, "light_tailed": False}),
    "PairRareOnce": (Pair(U, 0.03), (2,), {
        "sigma": 5 * (3 / 97) ** 0.5, "u_chance": 0.03, "u": U, "symmetric": False,
        "additive": True, "light_tailed": False}),
    "Points": (Points(3 * ATOMS), (2,), {
        "sigma": 3 * (10 / 3) ** 0.5, "symmetric": False, "additive": True,
        "three_atoms": True, "light_tailed": True}),
    "PairAlmostRare": (Pair(1e6 * U, 0.96), (2,), {
        "sigma": 5e6 * 24**0.5, "u_chance": 0.96, "u": 1e6 * U, "symmetric": False,
        "additive": True, "light_tailed": True}),
    "PointsOther": (Points(np.array([[2.0, 0.0], [0.0, 1.5], [-2.0, -1.5]])), (2,), {
        "sigma": (12.5 / 3) ** 0.5, "symmetric": False, "additive": True,
        "three_atoms": False, "light_tailed": True}),
    "PointsAlmostRare": (Points(np.array([[-1e6]] * 24 + [[24e6]])), (1,), {
        "sigma": 24**0.5 * 1e6, "symmetric": False, "additive": True, "three_atoms": False,
        "light_tailed": True}),
    "PointsRare": (Points(np.array([[-1.0]] * 30 + [[30.0]])), (1,), {
        "sigma": 30**0.5, "symmetric": False, "additive": True, "three_atoms": False,
        "light_tailed": False}),
}  # fmt: skip


@pytest.mark.parametrize("name", CERTIFIED)
def test_a_noise_certifies_this_and_nothing_else(name: str) -> None:
    noise, shape, wanted = CERTIFIED[name]
    found = dict(noise.constants(shape))
    assert set(found) == set(wanted)
    for key, value in wanted.items():
        if isinstance(value, bool):
            assert found[key] is value, key
        else:
            np.testing.assert_allclose(found[key], value, rtol=1e-12, err_msg=key)


def test_an_absent_noise_certifies_what_any_noise_does() -> None:
    found = Noiseless().constants((2,))
    assert found.sigma == 0
    levels = Levels(Noiseless(), Noiseless(), Noiseless()).constants((3, 2))
    assert levels.sigma == 0


class Cubes(AbstractProblem):
    """Σ x³."""

    def value(self, x: Any) -> Any:
        return jnp.sum(x**3)

    def start(self) -> Any:
        return jnp.ones(3)

    def constants(self) -> Constants:
        return Constants()


@pytest.mark.parametrize("mu", [0.3, 2.0])
def test_slopes_from_values_by_their_formulas(mu: float) -> None:
    x, z, key = np.array([0.5, -1.0, 2.0]), np.array([1.0, 0.4, -0.7]), jax.random.key(3)
    slopes: Any = SLOPES
    with precision("float64"):
        noise = Gaussian(2.0)
        xi, other = (
            np.asarray(noise.draw(jnp.asarray(x), k)) for k in (key, jax.random.fold_in(key, 1))
        )

        def F(at: np.ndarray, xi: np.ndarray) -> float:
            return float((at**3).sum() + xi @ at)

        up, down = x + mu * z, x - mu * z
        wanted = {
            "central": (F(up, xi) - F(down, xi)) / (2 * mu),
            "forward": (F(up, xi) - F(x, xi)) / mu,
            "limit": float((3 * x**2 + xi) @ z),
            "unshared": (F(up, xi) - F(down, other)) / (2 * mu),
        }
        assert set(slopes) == set(wanted)
        for name, slope in slopes.items():
            found = slope(Oracle(Cubes(), noise), jnp.asarray(x), jnp.asarray(z), key, mu)
            assert float(found) == pytest.approx(wanted[name], rel=1e-12), name


def solved(solver: AbstractDescent) -> tuple[np.ndarray, list[np.ndarray], int]:
    """B after four steps on ½ Σ a(B − m)², the draws of each step, and the steps that were made."""
    a, m, key = jnp.array([[1.0, 2.0, 3.0]]), jnp.array([[1.0, -2.0, 0.5]]), jax.random.key(5)
    draws: list[np.ndarray] = []
    for j in range(4):
        step = jax.random.fold_in(key, j)
        draws.append(np.asarray(normal(jax.random.fold_in(step, 0), (1, 3), jnp.float64)))

    def slope(B: Any, U: Any, key: Any) -> Any:
        return jnp.sum(a * (B - m) * U)

    g = Subproblem(lambda B, key: a * (B - m), slope, 1.3)
    B, steps = solver.solve(g, jnp.zeros((1, 3)), key)
    return np.asarray(B), draws, int(steps)


def test_inner_solvers_by_their_formulas() -> None:
    a, m = np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, -2.0, 0.5]])
    unit = KAPPA * 1.3
    with precision("float64"):

        def grad(B: np.ndarray) -> np.ndarray:
            return a * (B - m)

        B = np.zeros((1, 3))
        for _ in range(4):
            B = B - 0.7 / unit * grad(B)
        np.testing.assert_allclose(solved(GD(4, scale=0.7))[0], B, rtol=1e-12)
        theta, B, old = (KAPPA**0.5 - 1) / (KAPPA**0.5 + 1), np.zeros((1, 3)), np.zeros((1, 3))
        for _ in range(4):
            Y = B + theta * (B - old)
            B, old = Y - grad(Y) / unit, B
        np.testing.assert_allclose(solved(AGD(4))[0], B, rtol=1e-12)
        B, M = np.zeros((1, 3)), np.zeros((1, 3))
        for _ in range(4):
            M = 0.7 * M + 0.3 * grad(B)
            B = B - 0.4 / unit * M
        np.testing.assert_allclose(solved(MomentumGD(4, beta1=0.3, scale=0.4))[0], B, rtol=1e-12)
        B, M, V = np.zeros((1, 3)), np.zeros((1, 3)), np.zeros((1, 3))
        for j in range(4):
            M, V = 0.8 * M + 0.2 * grad(B), 0.95 * V + 0.05 * grad(B) ** 2
            hat = np.sqrt(V / (1 - 0.95 ** (j + 1))) + 1e-8
            B = B - 0.2 / math.sqrt(j + 1) * M / (1 - 0.8 ** (j + 1)) / hat
        np.testing.assert_allclose(solved(Adam(4, lr=0.2, b1=0.8, b2=0.95))[0], B, rtol=1e-12)
        found, draws, steps = solved(ZO(4))
        B = np.zeros((1, 3))
        for along in draws:
            B = B - (grad(B) * along).sum() / (unit * 5) * along
        np.testing.assert_allclose(found, B, rtol=1e-12)
        assert steps == 4
        # ‖∇g(0)‖²/(2λ) = 19.25/2.6 = 7.4
        assert solved(GD(4, eps=7.5))[2] == 0
        assert solved(GD(4, eps=7.3))[2] > 0


def test_what_inner_solvers_promise_by_their_formulas() -> None:
    assert GD(4, scale=0.6).rho(7) == pytest.approx(0.8**4)
    assert GD(4, scale=0.6).loudness(7) == 0.3
    assert AGD(4).rho(7) == pytest.approx(2 * (1 - 3**-0.5) ** 4)
    assert ZO(4).rho(7) == pytest.approx((26 / 27) ** 4)
    momentum = MomentumGD(4, beta1=0.4, scale=0.3)
    rho = (1 + 2 * 0.3 * 0.36 / 0.4) * 0.9**4
    assert momentum.rho(7) == pytest.approx(rho)
    assert momentum.loudness(7) == pytest.approx(0.4 * (1 - 0.9**4) / (1 - rho))
    assert Adam(4, b1=0.6, b2=0.9).reach() == pytest.approx(0.4 / (0.1 * 0.6) ** 0.5)
    assert Adam(4, b1=0.9, b2=0.81).reach() == math.inf
    assert [GD(1, scale=s).short() for s in (1e-9, 1.0, 1.01)] == [True, True, False]
    edge = 0.4 / 1.2
    short = (0.4, 0.999 * edge), (1.0, 0.5), (0.9, 0.5)
    assert all(MomentumGD(1, beta1=b, scale=s).short() for b, s in short)
    long = (0.4, 1.001 * edge), (1.0, 0.51), (1.1, 0.2)
    assert not any(MomentumGD(1, beta1=b, scale=s).short() for b, s in long)
