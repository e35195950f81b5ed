"""What an instance certifies is checked before anything is judged, and what is false named."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence.claims.exact import Exact
from convergence.constants import Constants
from convergence.laws import certificates
from convergence.noise.agents import PerEntry
from convergence.noise.atoms import diagonal
from convergence.noise.base import Noiseless
from convergence.noise.diagonal import DiagonalGaussian
from convergence.noise.gaussian import Gaussian
from convergence.noise.heavy import Pareto
from convergence.noise.matrix import BatchMean
from convergence.noise.ripple import Ripple
from convergence.noise.two_point import two_point
from convergence.parts import graphs
from convergence.precision import precision
from convergence.problems.agent_basins import AgentBasins
from convergence.problems.agents import common, heterogeneous
from convergence.problems.bilevel import random_bilevel
from convergence.problems.clients import GatedClients
from convergence.problems.counterexample import Counterexample
from convergence.problems.matrix_quadratic import Cosines
from convergence.problems.nonconvex import Welsch, log_cosh, quad_cos
from convergence.problems.pairs import linear_pairs, random_pairs
from convergence.problems.quadratic import Isotropic, Quadratic, rotation
from convergence.problems.saddle import bilinear, random_saddle
from convergence.problems.separable import RotatedSeparable
from convergence.problems.shifted import Shifted
from convergence.problems.workers import WorkerQuadratics, random_workers
from convergence.search.falsify import falsify
from convergence.theorems.classical.abbaszadehpeivasti2022 import GradientDescentNonconvex
from convergence.theorems.classical.ghadimi2013 import SGDNonconvex
from convergence.theorems.decentralized.koloskova2020 import DSGDSmallStep


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with precision("float64"):
        yield


def lying(instance: Any, **values: Any) -> Any:
    """The same problem or noise, certifying other values; None: no longer certifying that name."""

    def constants(self: Any, *shape: Any) -> Constants:
        true = type(instance).constants(self, *shape)
        kept = {k: v for k, v in true.items() if values.get(k, 0) is not None}
        new = {k: v for k, v in values.items() if v is not None}
        return Constants(**{**kept, **new})

    liar = type(f"Lying{type(instance).__name__}", (type(instance),), {"constants": constants})
    found = object.__new__(liar)
    for name, value in vars(instance).items():
        object.__setattr__(found, name, value)
    return found


START = [2.0, -1.0, 0.5]
SQUARE = Quadratic(START, [0.5, 1.0, 4.0], rotation(3), [0.1, 0.2, 0.3])
MATRIX = Counterexample.pure(6, 2, 0.5)
CROWD = heterogeneous(graphs.ring(4), 2, seed=1)
STAFF = random_workers(3, 4, seed=1)
RING = graphs.ring(4)
ALIKE = common(RING, [1.0, 2.0], np.outer([1.0, -1.0, 2.0, -2.0], [1.0, 0.5]), 0.3)
BASINS = AgentBasins(RING, ALIKE.c - ALIKE.c.mean(axis=0), np.arange(8.0).reshape(4, 2))
BENT = WorkerQuadratics(
    np.ones(4),
    np.stack([np.eye(4) + k * np.diag([1.2, 0, 0, 0]) for k in (-1, 1)]),
    np.ones((2, 4)),
)
GATED = GatedClients([[1.0], [2.0]], [[1.0], [-1.0]], [[1.0], [0.5]], [0.3])
PAIRS = random_pairs(3, 2)
TWO = random_bilevel(graphs.ring(4))

FALSE_PROBLEMS: list[tuple[Any, dict[str, Any]]] = [
    (SQUARE, {"L": 3.9}),
    (SQUARE, {"mu": 0.6}),
    (SQUARE, {"Delta": 1.0}),
    (SQUARE, {"Delta": 1.0, "f_star": None}),
    (SQUARE, {"f_star": 0.1}),
    (SQUARE, {"f_star": -0.1, "Delta": SQUARE.constants().Delta + 0.1, "x_star": None}),
    (SQUARE, {"grad0": 1.0}),
    (SQUARE, {"R": 1.0}),
    (SQUARE, {"R": 1.0, "x_star": None}),
    (SQUARE, {"R": 9.0, "x_star": None}),
    (SQUARE, {"x_star": np.zeros(3)}),
    (SQUARE, {"d": 4}),
    (SQUARE, {"isotropic": True}),
    (lying(Quadratic(START, [1.0, 1.0, -0.1])), {"convex": True}),
    (lying(Quadratic(START, [1.0, 1.0, -0.1])), {"f_star": -50.0, "Delta": 52.5}),
    (MATRIX, {"m": 5}),
    (MATRIX, {"n": 4}),
    (MATRIX, {"mu_PL": 1.1}),
    (MATRIX, {"spectrum": np.full(6, 0.5)}),
    (MATRIX, {"noise_columns": 0.5}),
    (MATRIX, {"visible": 5}),
    (MATRIX, {"visible": 3}),
    (log_cosh(START), {"G": 1.0}),
    (log_cosh(START), {"quadratic": True}),
    (log_cosh(START), {"rho": 0.5}),
    (log_cosh(np.linspace(1, 4, 9)), {"rho": 0.6}),
    (Welsch(START), {"rho": 1.5}),
    (log_cosh([0.18, 0.0]), {"rho": 0.73}),  # from where no point that is drawn is bent so much
    (log_cosh(START), {"L": 0.9}),
    (quad_cos(START), {"convex": True}),
    (quad_cos(START), {"f_star": 0.01}),
    (Cosines(np.ones((2, 2))), {"mu": 0.0}),
    (RotatedSeparable(START, [1.0, 2.0, 3.0]), {"mu_star": 1.1}),
    (RotatedSeparable(START, [1.0, 2.0, 3.0]), {"radius": 2.0}),
    (RotatedSeparable(START, [1.0, 2.0, 3.0], rotation(3)), {"radius": 1.1}),
    (RotatedSeparable(START, [1.0, 2.0, 3.0], shape="logcosh"), {"radius": 0.7}),
    (RotatedSeparable(START, [1.0, 2.0, 3.0]), {"L": 50.0}),
    (Shifted(START, 1.0), {"grad_max": 1.0}),
    (Shifted(START, 1.0), {"x_star": np.zeros(3)}),
    (CROWD, {"agents": 3}),
    (CROWD, {"zeta": 0.1}),
    (CROWD, {"R_rms": 0.1}),
    (CROWD, {"beta": np.zeros((4, 2))}),
    (CROWD, {"L": 0.5}),
    (CROWD, {"risk0": CROWD.constants().risk0 / 2}),
    (CROWD, {"W": np.eye(4)}),
    (CROWD, {"W": 0.9 * CROWD.constants().W}),
    (ALIKE, {"E": np.diag([1.0, -2.0])}),
    (ALIKE, {"E": np.eye(2)[::-1]}),
    (BASINS, {"Xi0": 1.0}),
    (BASINS, {"W": np.eye(4)}),
    (TWO, {"common": True}),
    (GATED, {"common": True}),
    (STAFF, {"common": True}),
    (WorkerQuadratics([1.0], [[[3.0]], [[-1.0]]], np.zeros((2, 1))), {"all_convex": True}),
    (BENT, {"all_convex": True}),
    (PAIRS, {"samples": 4}),
    (PAIRS, {"split": 1}),
    (PAIRS, {"seesaw": True}),
    (PAIRS, {"ball": 0.5}),
    (PAIRS, {"ball": 2.0}),
    (linear_pairs(r=2.0), {"delta_least": 0.5}),
    (random_saddle(3, 2, 0.5), {"split": 2}),
    (bilinear([[1.0], [0.0]], [1.0, 2.0, 3.0]), {"split": 1}),
    (TWO, {"zeta": 0.1}),
    (TWO, {"R_rms": 0.1}),
    (STAFF, {"zeta": 0.1}),
    (STAFF, {"L_tilde": 0.5}),
    (STAFF, {"L_max": 0.5}),
    (STAFF, {"zeta_B": 0.1}),
    (STAFF, {"B": 1.0, "zeta_B": 1.0}),
    (STAFF, {"local": np.zeros((3, 4))}),
    (STAFF, {"agents": 4}),
]


@pytest.mark.parametrize(
    ("problem", "values"), FALSE_PROBLEMS, ids=lambda v: "-".join(v) if isinstance(v, dict) else ""
)
def test_a_false_certificate_of_a_problem_is_named(problem: Any, values: dict[str, Any]) -> None:
    assert not certificates(problem, Noiseless()) or type(problem).__name__.startswith("Lying")
    found = certificates(lying(problem, **values), Noiseless())
    assert {fault.name for fault in found} & set(values), [str(fault) for fault in found]


E1 = diagonal(3)
SKEW = two_point(1.5, 1.0, 0.1, d=3)
FALSE_NOISES: list[tuple[Any, dict[str, Any]]] = [
    (Gaussian(1.0), {"sigma": 1.01}),
    (Gaussian(1.0), {"sigma": 0.99}),
    (DiagonalGaussian([1.0, 1.0, 1.1]), {"isotropic_noise": True}),
    (DiagonalGaussian([1.0, 1.0, 1.1]), {"covariance": np.array([1.0, 1.0, 1.0])}),
    (PerEntry(1.0), {"s": 1.1}),
    (SKEW, {"symmetric": True}),
    (SKEW, {"sigma": 1.0}),
    (SKEW, {"sigma_p": 0.99}),
    (two_point(1.5, 1.0, 0.01, d=3), {"light_tailed": True}),
    (SKEW, {"top": 1.0}),
    (SKEW, {"q": 0.2}),
    (SKEW, {"isotropic_noise": True}),
    (Pareto.of(1.5), {"sigma_p": 0.3}),
    (Pareto.of(1.5), {"light_tailed": True}),
    (Pareto(2.2, 1.0, 2.0), {"light_tailed": True}),
    (Ripple(Gaussian(1.0), 0.5), {"additive": True}),
    (Ripple(Gaussian(1.0), 0.5), {"sigma": 1.0}),
    (Ripple(Gaussian(0.1), 0.5), {"noise_lipschitz": 0.2}),
    (Ripple(SKEW, 0.5), {"symmetric": True}),
    (BatchMean(Gaussian(1.0), 4), {"sigma": 0.45}),
    (BatchMean(SKEW, 4), {"symmetric": True}),
    (Pareto(2.2, 1.0, 2.0), {"sigma": 2 * Pareto(2.2, 1.0, 2.0).constants((3,)).sigma}),
    (Ripple(Pareto(2.2, 1.0, 2.0), 0.5), {"sigma": 10.0}),
    (Pareto.of(1.5), {"p": 0.75}),
    (Pareto.of(1.5), {"p": 2.4}),
]


@pytest.mark.parametrize(
    ("noise", "values"), FALSE_NOISES, ids=lambda v: "-".join(v) if isinstance(v, dict) else ""
)
def test_a_false_certificate_of_a_noise_is_named(noise: Any, values: dict[str, Any]) -> None:
    problem = Isotropic(START)
    assert not certificates(problem, noise)
    found = certificates(problem, lying(noise, **values))
    assert {fault.name for fault in found} & set(values), [str(fault) for fault in found]


class Biased(Gaussian):
    """Its mean is not 0."""

    def draw(self, x: Any, key: Any) -> Any:
        return super().draw(x, key) + 0.05


class Multiplied(Gaussian):
    """Its size is that of x: σ holds at x_0 alone."""

    def draw(self, x: Any, key: Any) -> Any:
        return super().draw(x, key) * jnp.sqrt(jnp.sum(x**2)) / 5.25**0.5

    def constants(self, shape: tuple[int, ...]) -> Constants:
        return super().constants(shape).but(additive=False)


class Uneven(PerEntry):
    """Louder in its first entry than it says."""

    def of_unit(self, unit: Any) -> Any:
        return super().of_unit(unit) * jnp.where(jnp.arange(unit.size) == 0, 1.1, 1.0)


def test_a_subclass_that_draws_otherwise_is_sampled() -> None:
    """The law that its parent states is not its own."""
    for noise, name in (
        (Biased(1.0), "mean"),
        (Multiplied(1.0), "sigma"),
        (Uneven(1.0), "sigma"),
    ):
        found = certificates(Isotropic(START), noise)
        assert name in {fault.name for fault in found}, type(noise)


def test_a_false_certificate_is_inapplicable_and_names_both_numbers() -> None:
    problem = lying(SQUARE, L=3.0)
    for claim in (
        Claim("a", SGDNonconvex(), problem, Gaussian(0.1), horizons=(4,), seeds=4),
        Claim("b", SGDNonconvex(), lambda T: problem if T == 4 else SQUARE, horizons=(4, 8)),
    ):
        report = verify(claim)
        assert report.verdict is Verdict.INAPPLICABLE
        assert "L = 3 is certified, but the largest curvature seen = 4" in report.reason
    crowd = lying(CROWD, zeta=0.1)
    exact = Exact("c", DSGDSmallStep("consensus"), crowd, PerEntry(1.0), horizons=(300,))
    assert "zeta = 0.1 is certified" in verify(exact).reason


def test_a_certificate_is_checked_once_an_instance(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("convergence.laws.certificates")
    calls: list[Any] = []
    monkeypatch.setattr(module, "problem_faults", lambda p: calls.append(p) or [])
    monkeypatch.setattr(module, "_KEPT", {})
    for x0 in (1.0, 1.0, 2.0):
        module.certificates(Isotropic([x0]), Noiseless())
    assert len(calls) == 2


def test_a_search_says_that_a_candidate_lies() -> None:
    """A false L lets gradient descent break its bound; no statement covers the instance."""
    problem = lying(Isotropic([1.0, -1.0]), L=0.2)
    false = Claim("c", GradientDescentNonconvex(), problem, horizons=(16,))
    found = falsify(false, budget=1.0)
    assert found.module is None
    assert "this candidate's own constants are false: L = 0.2 is certified" in found.reason
