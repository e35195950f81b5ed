"""True statements that used to be refuted on instances which their proofs exclude, by kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence.constants import Constants
from convergence.noise.aligned import Aligned
from convergence.noise.base import Noiseless
from convergence.noise.diagonal import DiagonalGaussian
from convergence.noise.gaussian import Gaussian
from convergence.noise.pair import Pair, Points
from convergence.oracles.finite_workers import Workers
from convergence.oracles.layer import Layer
from convergence.precision import precision
from convergence.problems.quadratic import Isotropic, Quadratic
from convergence.problems.regression import Regression
from convergence.problems.separable import RotatedSeparable
from convergence.problems.shifted import Shifted
from convergence.problems.workers import unit_workers
from convergence.theorems import MomentumLaw
from convergence.theorems.compression import fatkhullin2023
from convergence.theorems.estimators import chen2025celora
from convergence.theorems.estimators.liu2024sophia_rivals import SignFloor
from convergence.theorems.subspace import zhang2024qgalore
from convergence.theorems.subspace.das2024 import CramerRao
from convergence.theorems.zeroth_order import chen2025lozo_laws

UNSURE, OUTSIDE, KEPT = Verdict.INCONCLUSIVE, Verdict.INAPPLICABLE, Verdict.CONSISTENT


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with precision("float64"):
        yield


class Row(Aligned):
    """As large as it says, but not along the first row."""

    def draw(self, x: Any, key: Any) -> Any:
        return self.sigma * jax.random.normal(key, x.shape, x.dtype) / x.size**0.5


class Rare(Gaussian):
    """As large as it says, in one draw out of a thousand."""

    normal = False

    def draw(self, x: Any, key: Any) -> Any:
        seldom, sign = jax.random.split(key)
        spike = self.sigma * (1e3 / x.size) ** 0.5 * jax.random.rademacher(sign, x.shape, x.dtype)
        return jnp.where(jax.random.uniform(seldom, (), x.dtype) < 1e-3, spike, 0.0)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        return super().constants(shape).but(light_tailed=False)


def claim(
    theorem: Any, problem: Any, noise: Any = None, T: int = 1, seeds: int = 1, **more: Any
) -> Claim:
    noise = Noiseless() if noise is None else noise
    return Claim("c", theorem, problem, noise, horizons=(T,), seeds=seeds, **more)


def workers(n: int) -> Any:
    return unit_workers(np.zeros((n, 2)), np.zeros(2))


ETA = SignFloor().eta(1.0, 100.0, 1.0, 5)
OFF = 1e-9 * np.array([[1.0, 0.0], [-0.5, 0.75**0.5], [-0.5, -(0.75**0.5)]])
READ: dict[str, tuple[Callable[[], Claim], Verdict]] = {
    "a ceiling of another metric": (lambda: claim(
        zhang2024qgalore.RoundingUnbiased(h=1.0, scale=0.5), Isotropic([1e-3]), seeds=512), UNSURE),
    "parts that change their sign": (lambda: claim(
        chen2025celora.StaleRows(k=1, scale=1.9),
        Regression(np.eye(2), np.zeros((1, 2)), [[1.0, 0.5]]), T=5, oracle=Layer), KEPT),
    "the larger atom by a hair": (lambda: claim(
        fatkhullin2023.TwoAtomFloor(), workers(32), Pair([1 + 1e-9, 1.0], 0.2), 2000, 64,
        oracle=Workers), OUTSIDE),
    "aligned in name": (lambda: claim(
        chen2025lozo_laws.LozoAligned(r=1), Isotropic(np.zeros((2, 6))), Row(1.0), 3, 4096),
        OUTSIDE),
    "Gaussian in name": (lambda: claim(
        MomentumLaw(), Isotropic([0.01, 0.01]), Rare(1.0), 1, 512), UNSURE),
    "small atoms": (lambda: claim(
        fatkhullin2023.IdealThreeAtoms(), workers(4), Points(OFF), 40, 64, oracle=Workers),
        OUTSIDE),
    "a flat direction": (lambda: claim(
        CramerRao(), Quadratic([1.0, 1.0], [1.0, 5e-7]), DiagonalGaussian([1.0, 1e-8]), 20, 256),
        OUTSIDE),
    "a cell of a large number": (lambda: claim(
        zhang2024qgalore.NearestStagnates(h=1.0, scale=1.0), Shifted([2e11 + 0.1], [2e11 - 0.2]),
        T=3), OUTSIDE),
    "a start beside the one": (lambda: claim(
        SignFloor(), RotatedSeparable([1.0, ETA / 2 * (1 + 9e-10)], [1.0, 100.0], shape="square"),
        T=5), OUTSIDE),
    "rows of almost one length": (lambda: claim(
        chen2025celora.StaleRows(k=1, scale=0.5),
        Regression(np.diag([1.0, 1 + 4e-13]), np.zeros((1, 2)), [[1.0, 0.7]]), T=20, oracle=Layer),
        OUTSIDE),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_what_a_proof_excludes_is_not_refuted(name: str) -> None:
    made, verdict = READ[name]
    report = verify(made())
    assert report.verdict is verdict, report.reason
