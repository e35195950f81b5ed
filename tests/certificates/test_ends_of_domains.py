"""Statements at the ends of their domains, and certificates of a form that no look expects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence.claims.identity import Identity
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.laws import certificates
from convergence.noise.base import AbstractNoise, Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.noise.matrix import CornerGaussian
from convergence.parts.compressors import Bernoulli, RandK, TopK
from convergence.parts.quantizers import round_nearest, round_stochastic
from convergence.parts.solvers import GD, Adam, MomentumGD
from convergence.precision import precision
from convergence.problems.base import AbstractProblem
from convergence.problems.counterexample import Counterexample
from convergence.problems.gradient_form import GradientForm
from convergence.problems.pairs import constant_pairs
from convergence.problems.quadratic import Isotropic
from convergence.problems.workers import WorkerQuadratics
from convergence.theorems.classical.ghadimi2013 import SGDNonconvex
from convergence.theorems.compression.stich2018 import Contraction
from convergence.theorems.estimators import yao2024ist as ist
from convergence.theorems.games.dong2023 import AdaWACGapLaw
from convergence.theorems.subspace import chen2025rso as rso
from convergence.theorems.subspace import he2025_stall, wen2025, zhao2024
from convergence.theorems.subspace import zhang2024qgalore as qgalore


def claim(theorem: Any, problem: Any, noise: Any = None, T: int = 1, seeds: int = 64) -> Claim:
    noise = Noiseless() if noise is None else noise
    return Claim("c", theorem, problem, noise, horizons=(T,), seeds=seeds)


I2, SWAP, ZERO = np.eye(2), np.array([[0.0, 1.0], [1.0, 0.0]]), np.zeros((2, 2))
FIRST, SECOND = np.diag([1.0, 0.0]), np.diag([0.0, 1.0])
TINY = 1e-6
ALMOST_ONE = GradientForm([np.diag([0.95, 1.0])], [np.diag([1.0, 1 + 5e-10])], [I2], ZERO)
ALMOST_A_PRODUCT = GradientForm(
    np.broadcast_to(1.2 * np.diag([1, -TINY / 2]) - np.diag([TINY / 2, 1]), (5, 2, 2)).copy(),
    5 * np.stack([TINY * (I2 + SWAP) / 2, TINY * (I2 - SWAP) / 2, SECOND, 2 * FIRST, 2 * SECOND]),
    [I2 + SWAP, I2 - SWAP, SECOND, SECOND, FIRST],
    ZERO,
)
STEEP = np.diag([30.0, 30.0])  # f is about −900 from the start
START = np.zeros((3, 3))
START[:2, :2] = I2 - STEEP
ENDS: dict[str, Callable[[], Any]] = {
    "eigenvalues that differ": lambda: claim(zhao2024.LowRankCorrected(1 - 1e-8), ALMOST_ONE),
    "a step 1/λ": lambda: claim(zhao2024.LowRankCorrected(1.0), ALMOST_ONE),
    "no product": lambda: claim(zhao2024.LowRankWithConditions(0.3), ALMOST_A_PRODUCT),
    "a grid finer than floats": lambda: claim(
        qgalore.StochasticRounding(h=1e-310), Isotropic(np.ones(3)), T=20, seeds=16
    ),
    "rewards beyond floats": lambda: claim(
        ist.BlockSGD(importance=np.zeros(3), mix=0.5, rule="learned"),
        Counterexample(STEEP, START), T=200,
    ),
    "blocks of a number": lambda: claim(
        ist.BlockLaw(importance=(0.0,)), Isotropic(np.array(2.0)), Gaussian(0.1)
    ),
    "pairs of a number": lambda: claim(wen2025.AdamDiverges(), Isotropic(np.array(2.0))),
    "columns of a number": lambda: claim(wen2025.GWTSGDMBound(level=0), Isotropic(np.array(2.0))),
    "halves without end": lambda: claim(wen2025.GWTSGDMBound(level=10**6), Isotropic(np.ones(4))),
    "a corner without noise": lambda: claim(
        he2025_stall.GaussianLaw(r=4, tau=5, eta=1.0),
        Counterexample.pure(8, 4, 0.5), CornerGaussian(0.0, 4), T=12,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDS)
def test_no_true_statement_is_refuted_at_an_end(name: str) -> None:
    result = verify(ENDS[name]())
    assert result.verdict in (Verdict.INAPPLICABLE, Verdict.CONSISTENT, Verdict.INCONCLUSIVE)


REFUSED: dict[str, Callable[[], Any]] = {
    "an accuracy that is 0": lambda: rso.RSOInexact(eps=1e-310, inner=GD(0)),
    "GD": lambda: GD(400, scale=100.0),
    "momentum": lambda: MomentumGD(400, beta1=5.0),
    "long steps of momentum": lambda: MomentumGD(400, beta1=1.5, scale=0.7),
    "Adam's b1": lambda: Adam(5, b1=1.0),
    "Adam's b2": lambda: Adam(5, b2=1.0),
    "Adam's lr": lambda: Adam(5, lr=float("inf")),
    "choices of half the entries": lambda: Contraction(RandK(20), d=40),
    "pairs of many entries": lambda: Contraction(TopK(1), d=10**5),
    "coins of many workers": lambda: Bernoulli(0.5).patterns(64, 2),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_outside_a_domain_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"^Got .* needed; .*[.]$"):
        REFUSED[name]()


def test_what_a_list_holds_is_still_listed() -> None:
    assert verify(Identity("c", Contraction(RandK(2), d=8))).verdict is Verdict.CONSISTENT
    assert [MomentumGD(1, beta1=1.5, scale=s).short() for s in (0.1, 0.6)] == [False, False]


@pytest.mark.parametrize("h", [1e-310, 1e-300, 1e-3])
def test_rounding_keeps_what_its_grid_cannot_tell(h: float) -> None:
    with precision("float64"):
        y = jnp.array([0.0, 1.0, -3e20])
        for found in (round_nearest(y, h), round_stochastic(y, h, jax.random.key(0))):
            np.testing.assert_allclose(found, y, rtol=1e-12)


def test_the_law_of_the_gap_takes_the_memory_of_a_run() -> None:
    theorem, c = AdaWACGapLaw(), constant_pairs(4).constants()
    few, law, total = 12, np.eye(1, 12)[0], 0.0
    b = theorem.weight_step(c, few) * c.D_pair
    for _ in range(few):
        total += float(np.sum(law / (1 + np.exp(b * np.arange(few)))))
        law = 0.75 * law + 0.25 * np.append(0.0, law[:-1])
    assert theorem.bound(c, few) == pytest.approx(c.D_pair / few * total, rel=1e-12)
    assert 0 < theorem.bound(c, 10**6) < theorem.bound(c, 10**4)


def _more(*said: Any) -> Constants:
    return Constants(**{k: np.asarray(v) if type(v) is tuple else v for k, v in said})


class Own(AbstractProblem):
    """½‖x‖² of a user, with one certificate more."""

    more: Any = eqx.field(static=True)
    shape: tuple[int, ...] = eqx.field(static=True)

    def value(self, x: Any) -> Any:
        return 0.5 * jnp.sum(x**2)

    def grad(self, x: Any) -> Any:
        return x

    def start(self) -> Any:
        return jnp.ones(self.shape)

    def f_star(self) -> float:
        return 0.0

    def constants(self) -> Constants:
        d = int(np.prod(self.shape))
        known = Constants(L=1.0, Delta=d / 2, f_star=0.0, grad0=d**0.5, d=d)
        return known | _more(*self.more)


class OwnNoise(AbstractNoise):
    """N(0, I) of a user, with one certificate more."""

    more: Any = eqx.field(static=True)

    def draw(self, x: Any, key: Any) -> Any:
        return jax.random.normal(key, x.shape, x.dtype)

    def constants(self, shape: tuple[int, ...]) -> Constants:
        size = float(np.prod(shape)) ** 0.5
        known = Constants(sigma=size, symmetric=True, additive=True, light_tailed=True)
        return known | _more(*self.more)


NINE = ((1.0, 2.0, 3.0),) * 3
VECTOR, MATRIX = (3,), (2, 3)
ODD = [
    (Own, "x0", (1.0, 2.0), VECTOR),
    (Own, "x0", NINE, VECTOR),
    (Own, "spectrum", (1.0, 2.0), VECTOR),
    (Own, "spectrum", NINE, MATRIX),
    (Own, "spectrum", 3.0, MATRIX),
    (Own, "eigenvalues", NINE, MATRIX),
    (Own, "eigenvalues", (), VECTOR),
    (Own, "eigenvalues", 3.0, VECTOR),
    (Own, "separator", (1.0, 2.0), VECTOR),
    (Own, "balance", (1.0, 2.0), VECTOR),
    (Own, "aligns", True, VECTOR),
    (Own, "copies", True, VECTOR),
    (OwnNoise, "covariance", (1.0, 2.0), VECTOR),
    (OwnNoise, "covariances", (1.0, 2.0), MATRIX),
    (OwnNoise, "covariances", NINE, MATRIX),
    (OwnNoise, "covariances", 3.0, MATRIX),
]


@pytest.mark.parametrize(("kind", "name", "value", "shape"), ODD)
def test_a_certificate_of_another_form_is_named(
    kind: Any, name: str, value: Any, shape: tuple[int, ...]
) -> None:
    more = ((name, value),)
    problem = Own(more if kind is Own else (), shape)
    noise = OwnNoise(more if kind is OwnNoise else ())
    result = verify(claim(SGDNonconvex(), problem, noise, T=2, seeds=32))
    assert result.verdict is Verdict.INAPPLICABLE
    assert f"{name} = " in result.reason


class OwnWorkers(WorkerQuadratics):
    """Workers of a user, who certify more, and count themselves."""

    more: Any = eqx.field(static=True, default=())
    count: Any = eqx.field(static=True, default=4)

    @property
    def n(self) -> Any:
        return self.count

    def constants(self) -> Constants:
        return super().constants().but(**{name: np.ones(each) for name, each in self.more})


def workers(*more: Any, count: Any = 4) -> OwnWorkers:
    H = np.broadcast_to(np.eye(5), (4, 5, 5)).copy()
    return OwnWorkers(np.ones(5), H, np.zeros((4, 5)), more=more, count=count)


@pytest.mark.parametrize(
    ("problem", "name"),
    [
        (workers(("local", (2, 7))), "local"),
        (workers(("local", (5,))), "local"),
        (workers(("client_h", (2, 7)), ("client_x", (5,))), "client_h"),
        (workers(("client_x", (3,)), ("client_h", (4, 5))), "client_h"),
        (workers(("client_h", (4, 5))), "client_h"),
        (workers(count=3), "n"),
        (workers(count=1), "n"),
        (workers(count=None), "n"),
    ],
)
def test_workers_of_another_form_are_named(problem: Any, name: str) -> None:
    assert name in {fault.name for fault in certificates(problem, Noiseless())}


def test_a_stumble_over_a_class_of_the_package_is_a_bug(monkeypatch: Any) -> None:
    bowl = Isotropic(np.full(3, 7.25))
    false = bowl.constants() | Constants(spectrum=np.ones(2))
    monkeypatch.setattr(Isotropic, "constants", lambda self: false)
    with pytest.raises(np.linalg.LinAlgError):
        certificates(bowl, Noiseless())
