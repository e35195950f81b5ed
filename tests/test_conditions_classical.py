"""Textbook statements and lower bounds say nothing beyond their proofs; domains are complete."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import convergence.algorithms
import convergence.theorems
from convergence.algorithms.base import AbstractAlgorithm, Samples
from convergence.algorithms.classical.accelerated import HeavyBall, Nesterov
from convergence.algorithms.classical.sgd import MSGD, SGD, BatchSGD
from convergence.algorithms.estimators.sophia import SignGD, SophiaG
from convergence.algorithms.heavy_tailed.clipped_sgd import ClippedSGD
from convergence.algorithms.heavy_tailed.nigt import NIGT
from convergence.algorithms.heavy_tailed.nsgd import NSGD, NSGDM, HeavyBallAfterNormalizing
from convergence.algorithms.heavy_tailed.nsgd_clip import NSGDC
from convergence.algorithms.heavy_tailed.storm import STORM, STORMTwoSamples
from convergence.algorithms.optax_adapter import FromOptax
from convergence.algorithms.zeroth_order.zo_sgd import ZOSGD
from convergence.errors import InvalidInput
from convergence.noise.base import Noiseless
from convergence.noise.coin import Coin
from convergence.noise.diagonal import DiagonalGaussian
from convergence.noise.gaussian import Gaussian
from convergence.noise.pair import Pair
from convergence.oracles.base import Oracle
from convergence.oracles.chain import ChainOracle
from convergence.oracles.finite_workers import Workers
from convergence.precision import precision
from convergence.problems.chain import HIDDEN, Chain
from convergence.problems.clients import plain_clients
from convergence.problems.linear import Linear
from convergence.problems.matrix_quadratic import Cosines
from convergence.problems.quadratic import Isotropic, Quadratic
from convergence.problems.separable import RotatedSeparable
from convergence.problems.workers import WorkerQuadratics
from convergence.theorems.adaptive.feedback import FeedbackInterpolation
from convergence.theorems.base import AbstractTheorem
from convergence.theorems.classical.abbaszadehpeivasti2022 import GradientDescentNonconvex
from convergence.theorems.classical.carmon2020 import ChainFloor, ChainProgress
from convergence.theorems.classical.defazio2014 import SAGAStronglyConvex, SGDInterpolation
from convergence.theorems.classical.drori2014 import GradientDescentConvex
from convergence.theorems.classical.finite_sums import StochasticPolyakRate
from convergence.theorems.classical.ghadimi2013 import SGDNonconvex
from convergence.theorems.classical.kingma2015 import AdamLinear
from convergence.theorems.classical.nesterov1983 import AcceleratedConvex
from convergence.theorems.classical.vaswani2019 import ArmijoInterpolation
from convergence.theorems.domains import domains
from tests.conditions import Case, named

SADDLE = Quadratic([1.0, 1.0], [1.0, -0.1])
STEEP = RotatedSeparable([1.0, 1.0], [1.0, 1.0], None, 1.0, "cosh")  # no L
BENT = WorkerQuadratics([1.0], [[[3.0]], [[-1.0]]], np.zeros((2, 1)))  # convex together
CASES = [
    Case("Delta", GradientDescentNonconvex(), SADDLE),
    Case("Delta", SGDNonconvex(), SADDLE, Gaussian(1.0)),
    Case("a start above f*", SGDNonconvex(), Isotropic(np.zeros(2)), Gaussian(1.0)),
    Case("smooth", SGDNonconvex(), STEEP, Gaussian(1.0)),
    Case("smooth", GradientDescentNonconvex(), Linear([1.0])),
    Case("convex", GradientDescentConvex(), Cosines(np.ones((2, 2)))),
    Case("convex", AcceleratedConvex(), SADDLE),
    Case("exact gradients", AcceleratedConvex(), Isotropic(np.ones(2)), Gaussian(1.0)),
    Case("L", AdamLinear(), Isotropic(np.ones(2))),
    Case("shown", ChainProgress(SGD(0.1)), Chain(8), Pair(np.ones(8))),
    Case("K", ChainFloor(SGD(0.1)), Isotropic(np.ones(8)), Gaussian(1.0)),
    Case("all_convex", SGDInterpolation(), BENT, oracle=Workers),
    Case("all_convex", ArmijoInterpolation(), BENT, oracle=Workers),
    Case("all_convex", StochasticPolyakRate(), BENT, oracle=Workers),
    Case("all_convex", FeedbackInterpolation(), BENT, oracle=Workers),
]


@pytest.mark.parametrize("case", CASES, ids=named(CASES))
def test_an_instance_beyond_the_proof_is_not_judged(case: Case) -> None:
    assert case.failed in case.failing()


REFUSED: list[Callable[[], Any]] = [
    lambda: SGDNonconvex(scale=2.0),
    lambda: SGDNonconvex(scale=0.0),
    lambda: AdamLinear(eta=-0.1),
    lambda: ChainProgress(ZOSGD(0.1, slope="limit")),
    lambda: ChainProgress(STORMTwoSamples(0.25, 0.5)),
    lambda: ChainFloor(BatchSGD(0.1, 8)),
    lambda: ChainFloor(NSGD(0.25, 4)),
    lambda: ChainFloor(STORM(0.25, 0.5, 4)),
    lambda: ChainFloor(FromOptax(optax.adam, learning_rate=0.1)),
]


@pytest.mark.parametrize("build", REFUSED)
def test_a_field_outside_the_proof_is_not_built(build: Callable[[], Any]) -> None:
    with pytest.raises(InvalidInput, match="is needed"):
        build()


def test_a_coin_needs_the_oracle_that_masks() -> None:
    case = Case("", ChainProgress(SGD(0.1)), Chain(8), Coin(0.1, HIDDEN, 2.0), 4)
    assert not case._replace(oracle=ChainOracle).failing()
    with pytest.raises(InvalidInput, match="hands it the iterate"):
        case.failing()


def classes(package: Any, base: type) -> list[type]:
    """All concrete subclasses of `base` in a package."""
    found: set[type] = set()
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if module.name.endswith("torch_adapter"):
            continue
        for thing in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(thing) and issubclass(thing, base) and not inspect.isabstract(thing):
                found.add(thing)
    return sorted(found, key=lambda c: (c.__module__, c.__qualname__))


ZERO_RESPECTING = (
    SGD(0.1), BatchSGD(0.1, 3), MSGD(0.1, 0.5), Nesterov(0.1), HeavyBall(0.1), ClippedSGD(0.1, 1.0),
    NIGT(0.1, 0.5), NSGD(0.1, 2), NSGDM(0.1, 0.5), HeavyBallAfterNormalizing(0.1, 0.5),
    NSGDC(0.1, 0.5, 1.0), STORM(0.1, 0.5), SophiaG(0.1), SignGD(0.1),
)  # fmt: skip


def test_every_method_that_declares_it_is_tried() -> None:
    declared = {c for c in classes(convergence.algorithms, AbstractAlgorithm) if c.respects}
    assert declared - {STORMTwoSamples} == {type(method) for method in ZERO_RESPECTING}


@pytest.mark.parametrize("method", ZERO_RESPECTING, ids=lambda m: type(m).__name__)
def test_a_zero_respecting_method_leaves_alone_what_it_was_not_shown(method: Any) -> None:
    """f and the noise leave every other coordinate alone, and so must the method, to the bit."""
    seen = np.array([1.0, 0.0, 2.0, 0.0, 0.5])
    with precision("float64"):
        problem = Quadratic(np.zeros(5), seen, None, np.ones(5))
        oracle, key = Oracle(problem, DiagonalGaussian(seen)), jax.random.key(3)
        state = method.init(problem.start(), oracle, key)
        for t in range(6):
            state = method.step(jnp.asarray(t), state, oracle, jax.random.fold_in(key, t))
        x = np.asarray(state.x)
    assert isinstance(method.respects, Samples)
    assert np.all(x[seen == 0] == 0)
    assert np.all(x[seen > 0] != 0)


FAMILIES = ("classical", "subspace", "estimators", "zeroth_order")
THEOREMS = [c for c in classes(convergence.theorems, AbstractTheorem)
            if c.__module__.split(".")[2] in FAMILIES]  # fmt: skip


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda c: c.__qualname__)
def test_every_free_field_has_a_domain(theorem: type) -> None:
    """What a statement leaves open is what its proof leaves open."""
    fields = {field.name for field in dataclasses.fields(theorem)}  # pyright: ignore
    assert fields == set(domains(theorem))


def test_theorems_are_found() -> None:
    assert len(THEOREMS) > 80


def test_saga_sums_functions_that_are_convex_each() -> None:
    """Clients of the package are; a class of a user's own may say otherwise."""
    clients, saga = plain_clients([1.0, 0.3], np.ones((2, 2)), 2.0), SAGAStronglyConvex()
    c = clients.constants() | {"sigma": 0.0}
    assert all(a.holds for a in saga.check(clients, Noiseless(), c, 4))
    bent = c.but(client_h=np.array([[3.0, 1.0], [-1.0, 1.0]]))
    failed = [a.name for a in saga.check(clients, Noiseless(), bent, 4) if not a.holds]
    assert failed[0] == "f_i convex"
