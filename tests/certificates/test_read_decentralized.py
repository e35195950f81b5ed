"""Decentralized statements at what their proofs do not ask, by kind."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import numpy as np
import pytest

from convergence import Verdict, verify
from convergence.claims.base import Claim
from convergence.claims.exact import Exact
from convergence.claims.separation import Separation
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.noise.agents import Levels, PerEntry
from convergence.noise.base import AbstractNoise
from convergence.oracles.bilevel import BilevelOracle
from convergence.parts import graphs
from convergence.parts.matching import alone, permutations
from convergence.problems.agents import AgentQuadratics, common, slowest
from convergence.problems.bilevel import BilevelQuadratics, random_bilevel, reference
from convergence.problems.units import UnitQuadratics
from convergence.theorems.decentralized import alghunaim2022 as suda
from convergence.theorems.decentralized import alghunaim2022_sparse as transients
from convergence.theorems.decentralized import cao2024 as flat
from convergence.theorems.decentralized import koloskova2020 as dsgd
from convergence.theorems.decentralized import saadati2024 as dimat
from convergence.theorems.decentralized import zhu2024 as sparkle

UNSURE, OUTSIDE, KEPT = Verdict.INCONCLUSIVE, Verdict.INAPPLICABLE, Verdict.CONSISTENT
FALSE = Verdict.REFUTED
RING4, RING8 = graphs.lazy(graphs.ring(4)), graphs.lazy(graphs.ring(8))
_B = np.random.default_rng(3).standard_normal((8, 3))
NEAR = common(RING8, [0.5, 1.0, 2.0], _B - _B.mean(axis=0))
REFERENCE = reference(RING4)


def exact(theorem: Any, problem: Any, *horizons: int, noise: Any = None) -> Exact:
    return Exact("c", theorem, problem, noise or PerEntry(1.0), horizons=horizons or (1,))


def levels(theorem: Any, problem: Any, *horizons: int, noise: Any = None) -> Exact:
    noise = noise or PerEntry(1.0)
    return Exact("c", theorem, problem, noise, horizons=horizons or (1,), oracle=BilevelOracle)


def small(problem: Any, size: float) -> Any:
    """The agents of a bilevel problem with offsets that are so many times as large."""
    offsets = {name: size * np.asarray(getattr(problem, name)) for name in ("b", "d", "r", "x0")}
    return dataclasses.replace(problem, **offsets)


def sparse(n: int, d: int, gap: float) -> AgentQuadratics:
    """A lazy complete graph, one curvature, and offsets in d entries with ζ = 1."""
    beta = np.random.default_rng(0).standard_normal((n, d))
    beta -= beta.mean(axis=0)
    beta /= np.sqrt(np.mean(np.sum(beta**2, axis=1)))
    return common(graphs.lazy_complete(n, gap), np.full(d, 2.0), beta)


def crowd(n: int, T: int) -> Exact:
    """Many agents under the noise of the batch that `Crossover` names."""
    problem = slowest(graphs.lazy_complete(n, 0.5))
    c = problem.constants()
    pull = np.sum(c.h * (c.lam[1:, None] / (1 - c.lam[1:, None])) ** 2 * c.modes[1:] ** 2)
    return exact(flat.Crossover(), problem, T, noise=PerEntry((c.L * T / (2 * pull)) ** -0.5))


APART = AgentQuadratics(
    graphs.lazy_complete(8, 1e-4), np.tile([[[0.5]], [[1.5]]], (4, 1, 1)),
    np.tile([[1.0], [-1.0]], (4, 1)),
)  # fmt: skip


def steep(times: float) -> Any:
    """The reference agents with so many times their lower curvatures."""
    return dataclasses.replace(REFERENCE, A=REFERENCE.A * times)


def gap(T: int) -> Any:
    """The reference agents with 1 − λ = 1/T."""
    return reference(graphs.lazy_complete(4, 1 / T))


def nearly(T: int) -> Any:
    return small(gap(T), 1e-4)


def growing(T: int) -> Any:
    """More and more agents."""
    return random_bilevel(graphs.lazy_complete(T // 200, 1 / T), 1, 1)


def long(n: int) -> Any:
    """n agents of one steep lower curvature."""
    one, zero = np.ones((n, 1)), np.zeros((n, 1))
    block = one[:, :, None]
    W = graphs.lazy_complete(n, 1.0)
    return BilevelQuadratics(W, 60 * block, 60 * block, zero, 16 * block, one, zero)


class Own(AbstractNoise):
    """N(0, s² I) of a user, s = 1 but for iterates of three columns."""

    three: float = eqx.field(static=True, default=1.0)
    stated: float = eqx.field(static=True, default=1.0)  # of the root of E‖ξ‖²

    def draw(self, x: Any, key: Any) -> Any:
        return self.of_unit(jax.random.normal(key, x.shape, x.dtype))

    def of_unit(self, unit: Any) -> Any:
        return unit * (self.three if unit.shape[-1] == 3 else 1.0)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        sigma = self.stated * float(np.prod(shape)) ** 0.5
        return Constants(
            s=1.0, sigma=sigma, additive=True, symmetric=True, isotropic_noise=True,
        )  # fmt: skip


class Even(Levels):
    """Levels of a user, said to be of one size."""

    def constants(self, shape: tuple[int, ...]) -> Constants:
        return self.u.constants(shape)


UNEVEN = Even(PerEntry(5.0), PerEntry(1.0), PerEntry(1.0))


def run(theorem: Any, problem: Any) -> Claim:
    return Claim("c", theorem, problem, horizons=(1,), seeds=1)


def opposites() -> UnitQuadratics:
    """Two agents with units e_u and −e_u: both cycles of them match equally well."""
    units = np.stack([np.eye(3), -np.eye(3)])
    return UnitQuadratics(graphs.two_node(0.5), units, np.zeros((2, 3)), ((0, 1, 2),) * 2)


def repelled() -> UnitQuadratics:
    """Agents 1 and 3 mix with a negative weight, which a better match makes more of."""
    W = [[0.833, 0.278, -0.111], [0.278, 0.508, 0.214], [-0.111, 0.214, 0.897]]
    units = [-1.121, -0.574, -0.44, 1.664, 0.404, -0.331, -0.669, 1.304, -0.698, 0.864, 2.296, 0.0]
    return UnitQuadratics(W, np.reshape(units, (3, 2, 2)), np.zeros((3, 2)), ((0, 1),) * 3)


def units(n: int) -> UnitQuadratics:
    """Three agents of n units each."""
    y0 = np.random.default_rng(0).standard_normal((3, n, 2))
    return UnitQuadratics(graphs.ring(3), y0, np.zeros((3, 2)), np.tile(np.arange(n), (3, 1)))


CASES: dict[str, tuple[Callable[[], Any], Verdict]] = {
    "a law that names no number": (
        lambda: levels(sparkle.Simulated("ATC-GT", "ED"), REFERENCE), UNSURE,
    ),
    "a step beyond floats": (lambda: exact(suda.Radius("ED", 1e200), NEAR), OUTSIDE),
    "no noise, and pulls that cancel": (
        lambda: exact(flat.SmallStepGap("centralized"), NEAR, 5000, noise=PerEntry(0.0)), UNSURE,
    ),
    "a mean that is rounding": (
        lambda: exact(flat.DiffusionExcessRisk("centralized"), NEAR, noise=PerEntry(1e-16)), UNSURE,
    ),
    "a bias in small units": (
        lambda: exact(dsgd.ConstantStep(), slowest(RING8, zeta=1e-17)), FALSE,
    ),
    "minimizers apart in small units": (
        lambda: exact(dsgd.SharedMinimizer(), slowest(RING8, zeta=1e-20, x0=1e-18)), OUTSIDE,
    ),
    "levels apart in small units": (
        lambda: levels(sparkle.Alike("D-SOBA"), small(REFERENCE, 1e-14)), OUTSIDE,
    ),
    "two entries an agent": (
        lambda: exact(transients.TransientLaw("ATC"), sparse(8, 2, 5e-4), 2000), KEPT,
    ),
    "three agents that track": (
        lambda: exact(transients.TransientLaw("ATC-GT"), sparse(3, 1, 2.5e-3), 400), OUTSIDE,
    ),
    "two best matches": (lambda: run(dimat.TwoAgentsAgree(), opposites()), KEPT),
    "a descent from two best matches": (
        lambda: run(dimat.MatchedAveragingDescends(), opposites()), KEPT,
    ),
    "a negative weight": (lambda: run(dimat.MatchedAveragingDescends(), repelled()), OUTSIDE),
    "units that no list of orders holds": (
        lambda: run(dimat.MatchedAveragingDescends(), units(12)), KEPT,
    ),
    "a variance of a user's law": (
        lambda: exact(suda.Variance("ED"), NEAR, noise=Own(stated=2.0)), OUTSIDE,
    ),
    "a variance below": (
        lambda: levels(
            sparkle.SmallUpperStep(), random_bilevel(RING4, 2, 3, 0.3), 10**6, noise=Own(three=5.0)
        ),
        OUTSIDE,
    ),
    "a user's law at either level": (
        lambda: levels(
            sparkle.SmallUpperStep(), random_bilevel(RING4, 2, 3, 0.3), 10**6, noise=Own()
        ),
        KEPT,
    ),
    "levels of one size in name": (
        lambda: levels(sparkle.SmallUpperStep(), REFERENCE, 10**5, noise=UNEVEN), OUTSIDE,
    ),
    "the transient of unequal curvatures": (
        lambda: exact(dsgd.DSGDRate(), APART, 2000, 8000, 32_000, noise=PerEntry(1e-3)), OUTSIDE,
    ),
    "a slow graph below": (
        lambda: levels(
            sparkle.SmallUpperStep("ED", "ATC-GT", W_lower=graphs.lazy_complete(4, 1e-3)),
            REFERENCE, 10**5,
        ),
        OUTSIDE,
    ),
    "steps that are long for their curvature": (
        lambda: levels(sparkle.BiasOfUncorrected(), steep(900), 1000, 2000, 4000), OUTSIDE,
    ),
    "steps of a rate that are unstable": (
        lambda: levels(sparkle.BiasOfUncorrected(), steep(0.01), 1000, 2000, 4000), OUTSIDE,
    ),
    "agents that are nearly alike": (
        lambda: levels(sparkle.SparkleTransient("ATC", "ATC"), nearly, 800, 1600, 3200), OUTSIDE,
    ),
    "noise that hides the network": (
        lambda: levels(
            sparkle.SparkleTransient("ATC", "ATC"), gap, 800, 1600, 3200, noise=PerEntry(10.0)
        ),
        OUTSIDE,
    ),
    "other agents at every gap": (
        lambda: levels(sparkle.SparkleTransient(), growing, 800, 1600, 3200), OUTSIDE,
    ),
    "early gaps": (
        lambda: levels(sparkle.SparkleTransient("non-ATC-GT", "ED"), gap, 20, 40, 80), OUTSIDE,
    ),
    "speed-up of long steps": (lambda: levels(sparkle.SpeedUp(), long, 2, 4, 8), OUTSIDE),
    "a batch for many agents": (lambda: crowd(64, 556), OUTSIDE),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_a_proof_asks_is_asked(name: str) -> None:
    made, verdict = CASES[name]
    report = verify(made())
    assert report.verdict is verdict, report.reason


def test_a_match_that_is_best_alone() -> None:
    rng = np.random.default_rng(0)
    for H in (1, 2, 3, 4):
        for _ in range(8):
            S = rng.integers(-2, 3, (H, H)).astype(float)
            totals = [S[np.arange(H), p].sum() for p in permutations(H)]
            for p, total in zip(permutations(H), totals):
                others = [t for t, q in zip(totals, permutations(H)) if np.any(q != p)]
                assert alone(S, p) == (total > max(others, default=-np.inf))


LIMITS: dict[str, Callable[[], Any]] = {
    "a spectral radius": lambda: Claim("c", suda.Radius("ED", 0.8), NEAR, PerEntry(1.0)),
    "a steady state": lambda: Claim("c", flat.DiffusionExcessRisk(), NEAR, PerEntry(1.0)),
    "a rate of settled steps": lambda: Claim("c", dsgd.DSGDRate(), NEAR, PerEntry(1.0)),
    "two moments": lambda: Claim("c", flat.Overgeneralized(finite=True), NEAR, PerEntry(1.0)),
    "two limits": lambda: Separation("c", flat.Ordering(), NEAR, PerEntry(1.0)),
}


@pytest.mark.parametrize("name", LIMITS)
def test_what_no_run_shows_is_not_judged_by_runs(name: str) -> None:
    with pytest.raises(InvalidInput, match="Exact"):
        LIMITS[name]()
