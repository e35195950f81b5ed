"""Bounds against exact expectations, their limits, regimes and printed forms."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms.heavy_tailed.nigt import NIGT
from convergence.algorithms.heavy_tailed.nsgd import NSGDM
from convergence.algorithms.heavy_tailed.nsgd_clip import NSGDC
from convergence.claims.base import Claim, Settings
from convergence.constants import Constants
from convergence.noise.base import AbstractNoise
from convergence.noise.coin import Coin
from convergence.noise.heavy import Pareto
from convergence.noise.ripple import Ripple
from convergence.noise.two_point import two_point
from convergence.oracles.base import AbstractOracle
from convergence.problems.nonconvex import bowl, quad_cos
from convergence.statistics import Verdict
from convergence.theorems.classical.ghadimi2013 import SGDNonconvex
from convergence.theorems.heavy_tailed.cutkosky2020 import GradientTransport
from convergence.theorems.heavy_tailed.hubler2025 import BatchNSGD, BatchNSGDBudget
from convergence.theorems.heavy_tailed.liu2023 import StormA, StormB, StormMoment
from convergence.theorems.heavy_tailed.shared import b_p, remains, tail, v_p
from convergence.theorems.heavy_tailed.sun2025 import (
    NSGDClipped,
    NSGDClippedLevel,
    NSGDMomentum,
    NSGDMomentumExact,
    NSGDMomentumRate,
)
from convergence.theorems.heavy_tailed.zhang2020 import ClippedSGDNonconvex

T = 6


def constants(p=1.5, sigma=1.0, L=1.0, Delta=1.0, **more: Any) -> Constants:
    base = {"p": p, "sigma_p": sigma, "L": L, "Delta": Delta, "grad0": 1.0, "symmetric": False}
    return Constants(**{**base, **more})


def clock(t: int) -> Any:
    """A raw key that carries t."""
    return jnp.array([t, 0], jnp.uint32)


class Path(AbstractOracle):
    """∇f(x) + path[t] e, with the clock t in the key."""

    problem: Any
    path: Any

    def grad(self, x: Any, key: Any) -> Any:
        return self.problem.grad(x) + self.path[key[0]]


@jax.jit
def averages(problem: Any, algorithm: Any, paths: Any) -> Any:
    """Y_T of every path."""

    def one(path: Any) -> Any:
        oracle = Path(problem, path)
        state, total = algorithm.init(problem.start(), oracle, clock(0)), 0.0
        for t in range(T):
            total = total + jnp.sqrt(jnp.sum(problem.grad(state.x) ** 2))
            state = algorithm.step(jnp.asarray(t), state, oracle, clock(t))
        return total / T

    return jax.vmap(one)(paths)


PATHS = np.array(list(itertools.product((0, 1), repeat=T)))


@pytest.mark.parametrize(
    ("theorem", "method"),
    [
        (NSGDMomentum, NSGDM),
        (NSGDMomentumExact, NSGDM),
        (NSGDClipped, NSGDC),
        (GradientTransport, NIGT),
    ],
    ids=lambda m: m.__name__,
)
def test_bounds_cover_the_exact_expectation(theorem, method):
    """All 64 paths of two-point noise, summed with their chances: no sampling error."""
    rng = np.random.default_rng(0)
    worst = 0.0
    with jax.enable_x64(True):
        for _ in range(40):
            p, q = rng.uniform(1.05, 2.0), rng.uniform(0.02, 0.5)
            x0, sigma = rng.uniform(0.1, 4), 10 ** rng.uniform(-2, 0.5)
            problem = quad_cos([x0], c=rng.uniform(0.1, 1), a=rng.uniform(0.1, 1))
            noise = two_point(p, sigma, q, np.ones(1))
            c = problem.constants() | noise.constants((1,))
            stated = theorem(scale=10 ** rng.uniform(-1, 1), alpha=rng.uniform(0.05, 1.0))
            algorithm = stated.prescribe(c, T)
            assert isinstance(algorithm, method)
            v, w = np.asarray(noise.values), np.asarray(noise.chances)
            chance = np.prod(w[PATHS], axis=1)
            Y = np.asarray(averages(problem, algorithm, jnp.asarray(v[PATHS])[..., None]))
            worst = max(worst, float(chance @ Y) / stated.bound(c, T))
    # Below 1 for a theorem; above 1/2 for a test that could have failed.
    assert 0.5 < worst <= 1


def test_the_three_forms_are_ordered():
    rng = np.random.default_rng(1)
    for _ in range(2000):
        c = constants(
            p=rng.uniform(1.02, 2.0),
            sigma=10 ** rng.uniform(-3, 3),
            L=10 ** rng.uniform(-2, 2),
            Delta=10 ** rng.uniform(-2, 2),
            symmetric=rng.random() < 0.5,
        )
        steps = int(10 ** rng.uniform(0, 3.5))
        exact, plain, rate = (
            t().bound(c, steps) for t in (NSGDMomentumExact, NSGDMomentum, NSGDMomentumRate)
        )
        # Equal at α = 1; 1e-9 covers expm1/log1p sums over 10³ terms.
        assert exact <= plain * (1 + 1e-9)
        assert plain <= rate * (1 + 1e-9)


@pytest.mark.parametrize(
    "theorem", [NSGDMomentum(), NSGDClipped(), StormA(), StormB(), GradientTransport(), BatchNSGD()]
)
def test_without_noise_every_method_keeps_the_same_bound(theorem):
    c = constants(sigma=0.0, L=3.0, Delta=2.0, rho=1.0)
    assert theorem.bound(c, 50) == pytest.approx(math.sqrt(2 * 3 * 2 / 50), rel=1e-12)
    for steps in (1, 10, 1000):
        assert theorem.prescribe(c, steps) is not None


@pytest.mark.parametrize("theorem", [StormA(), StormB(), GradientTransport(), NSGDMomentum()])
def test_the_switch_to_little_noise_is_bounded(theorem):
    """Where σ²T ≤ LΔ (Q > 1 for NIGT) α = 1, and the bound is (2+√2)√(L̄Δ/T) at most."""
    for sigma in 10.0 ** np.arange(-8, 0.1, 0.5):
        c = constants(sigma=sigma, rho=1.0)
        if theorem.pair(c, 4)[0] == 1 and sigma**2 * 4 <= 1:
            assert theorem.bound(c, 4) <= (2 + math.sqrt(2)) / 2 * (1 + 1e-12)


def test_constants_by_hand():
    assert b_p(2.0) == 0.5
    assert b_p(1.5) == pytest.approx(0.5443, abs=5e-5)
    assert v_p(2.0) == 1.0
    assert v_p(1.5) == pytest.approx(1.2247, abs=5e-5)
    assert tail(constants(p=1.5)).c == pytest.approx(2 ** (1 / 3))
    assert tail(constants(p=1.5, symmetric=True)).c == 1.0
    assert remains(0.5, 2) == pytest.approx(0.75)  # (1 − ¼)/(½·2)
    # p = 2, σ = L = Δ = 1, T = 16: q = 1/16, α = 1/4, γ = √(1/128), and by hand
    # Δ/γT = .70711, Lγ/2 = .04419, 2Lγθ/α = .53033, 2σ(1−θ^16)/(αT) = .49499, noise
    # 2·¼/√(1−9/16) = .75593.
    assert NSGDMomentum().pair(constants(p=2.0), 16) == pytest.approx((0.25, 128**-0.5))
    assert NSGDMomentum().bound(constants(p=2.0), 16) == pytest.approx(2.53255, abs=1e-5)


def test_the_quoted_clip_level_satisfies_the_condition():
    rng = np.random.default_rng(2)
    for _ in range(500):
        c = constants(p=rng.uniform(1.02, 2.0), sigma=10 ** rng.uniform(-2, 2))
        steps = int(10 ** rng.uniform(0, 5))
        theorem = NSGDClippedLevel()
        needed = 2 * (c.grad0 + c.L * theorem.gamma(c, steps) * (steps - 1))
        assert theorem.level(c, steps) >= needed


def test_the_best_batch_by_hand():
    # p = 2, σ = L = Δ = 1, T = 8: √(2LΔ/T) = ½, r = ½, B = (4·½/½)² = 16, ½ + 2/4 = 1.
    c = constants(p=2.0)
    assert BatchNSGDBudget().batch(c, 8) == 16
    assert BatchNSGDBudget().bound(c, 8) == pytest.approx(1.0)
    assert BatchNSGDBudget().batch(constants(sigma=0.0), 8) == 1


def test_smoothness_in_p_th_mean_costs_a_factor_two_at_p_2():
    c = constants(p=2.0, noise_lipschitz=0.5, noise_lipschitz_p=0.5)
    for steps in (10, 1000):
        strong, weak = StormA(), StormMoment()
        assert weak.pair(c, steps) == strong.pair(c, steps)
        assert weak.moved(c, steps) == pytest.approx(2 * strong.moved(c, steps))
        gap = weak.bound(c, steps) - strong.bound(c, steps)
        assert gap == pytest.approx(2 * strong.moved(c, steps))
    assert StormMoment().moved(constants(sigma=0.0), 10) == 0.0


SWOLLEN = Ripple(two_point(1.5), 0.5, Pareto.of(1.5))


class Silent(AbstractNoise):
    """A noise that vouches for no moment."""

    def draw(self, x: Any, key: Any) -> Any:
        return jnp.zeros_like(x)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        return Constants(symmetric=True, additive=True, light_tailed=False)


@pytest.mark.parametrize(
    ("theorem", "problem", "noise", "words"),
    [
        (NSGDMomentum(), bowl([1.0, 1.0]), Silent(), "bounded p-th moment"),
        (SGDNonconvex(), bowl([1.0, 1.0]), Pareto.of(1.2, beta=1.3), "finite variance"),
        (ClippedSGDNonconvex(), bowl([1.0, 1.0]), two_point(1.5), "bounded gradient"),
        (GradientTransport(), None, two_point(1.5), "rho"),
        (StormA(), bowl([1.0, 1.0]), SWOLLEN, "smooth in mean square"),
        (StormMoment(), bowl([1.0, 1.0]), Coin(0.1), "certificates"),
    ],
)
def test_outside_its_assumptions_a_theorem_names_the_one_that_fails(theorem, problem, noise, words):
    from convergence.problems.ramp import ramp

    claim = Claim("own", theorem, ramp(3.0) if problem is None else problem, noise, horizons=(8,))
    report = claim.verify(Settings())
    assert report.verdict is Verdict.INAPPLICABLE
    assert words in report.reason


def test_an_infinite_mean_stays_inconclusive_whatever_the_seeds(test_seed):
    from convergence.registry.heavy_tailed.false import INFINITE

    for seed in range(3):
        claim = dataclasses.replace(INFINITE, seeds=256)
        report = claim.verify(Settings(seed=test_seed + seed))
        assert report.verdict is Verdict.INCONCLUSIVE
        assert "mean may not be finite" in report.reason
