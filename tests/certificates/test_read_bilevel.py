"""Bilevel methods, games, clients and estimators: what their proofs ask, read again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence import theorems as th
from convergence.claims.exact import Exact
from convergence.claims.exact_masks import ExactMasks
from convergence.claims.identity import Identity
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.noise.agents import PerEntry
from convergence.noise.base import Noiseless
from convergence.oracles import Clients, Layer
from convergence.oracles.bilevel import BilevelOracle
from convergence.parts import graphs
from convergence.parts.matrix_products import CRS, WTA
from convergence.problems.bilevel import BilevelQuadratics
from convergence.problems.clients import plain_clients
from convergence.problems.linear import Linear
from convergence.problems.regression import Regression
from convergence.problems.saddle import bilinear
from convergence.theorems.decentralized.dagreou2022 import SOBASmallStep
from convergence.theorems.decentralized.ji2021 import NeumannBias, StocBiOExact
from convergence.theorems.decentralized.zhu2024 import Alike, SmallUpperStep
from convergence.theorems.federated.chen2023 import ClientDrift, DriftIsFree
from convergence.theorems.games.korpelevich1976 import BilinearExtragradient
from convergence.theorems.identities.albert2025 import NOLACount, NOLACountAlways

OUTSIDE, KEPT, FALSE = Verdict.INAPPLICABLE, Verdict.CONSISTENT, Verdict.REFUTED


def bilevel(
    A: Any = (1.0, 1.0), B: float = 1.0, b: Any = 0.0, C: float = 1.0, d: Any = 1.0, r: float = 0.0,
    x0: float = 0.0, rho: float = 0.5,
) -> BilevelQuadratics:  # fmt: skip
    """Two scalar agents."""
    one = np.ones((2, 1))
    parts = np.reshape(A, (2, 1, 1)), B * one[..., None], b * one, C * one[..., None], d * one
    return BilevelQuadratics(graphs.lazy_complete(2, 0.5), *parts, r * one, rho, x0)


def exact(theorem: Any, problem: Any, T: int = 1) -> Exact:
    return Exact("c", theorem, problem, PerEntry(1.0), horizons=(T,), oracle=BilevelOracle)


def game(b: float, T: int = 10**4) -> Exact:
    """With a force b on a coordinate that nothing else moves."""
    problem = bilinear(np.diag([1.0, 0.0]), [0.0, 1.0, 0.0, 1.0], [0.0, b])
    return Exact("c", BilinearExtragradient(al=0.1), problem, horizons=(T,))


def rounds(theorem: Any, far: float) -> ExactMasks:
    """Clients of unequal curvatures, far from 0."""
    problem = plain_clients(
        [[1.0], [0.5], [0.3], [1.0]], far + np.array([[0.0], [1], [3], [8]]), far
    )
    return ExactMasks("c", theorem, problem, Noiseless(), horizons=(1,), oracle=Clients)


def layer(theorem: Any, y: Any, x0: float, T: int, seeds: int = 1) -> Claim:
    problem = Regression(np.ones((np.size(y), 1)), np.reshape(y, (1, -1)), [[x0]])
    return Claim("c", theorem, problem, horizons=(T,), seeds=seeds, oracle=Layer)


class HalfOfIt(NeumannBias):
    """FALSE: half of the bias."""

    def bound(self, c: Constants, T: int) -> float:
        return 0.5 * super().bound(c, T)


SMALL, FAR = 1e-12, 1e7
TURNING = (0.05, 1.9, 1.9, 1.0)  # lower steps of 1.9 over the curvature
LOUD = bilevel(B=0.3, C=10.0)
APART = 1e-13 * np.array([[1.0], [-2.0]])
# The largest row moves θ from θ* = 0 to −1, where another one is the largest, and back.
THERE_AND_BACK = (-4.0, 3.0, 0.5, 0.5)
CASES: dict[str, tuple[Callable[[], Any], Verdict]] = {
    "a lower level that turns": (lambda: exact(SOBASmallStep(steps=TURNING), LOUD, 10**5), OUTSIDE),
    "one that turns less": (
        lambda: exact(SOBASmallStep(steps=(0.05, 1.4, 1.4, 1.0)), LOUD, 10**6), KEPT,
    ),
    "a lower level that turns, over a graph": (
        lambda: exact(SmallUpperStep("ED", "ED", TURNING), LOUD, 10**5), OUTSIDE,
    ),
    "a bias far from 0": (
        lambda: exact(StocBiOExact(3), bilevel(b=-FAR, r=FAR, x0=FAR)), FALSE,
    ),
    "half of a small bias": (
        lambda: exact(HalfOfIt(3), bilevel(b=-2 * SMALL, d=3 * SMALL, r=SMALL, x0=SMALL)), FALSE,
    ),
    "a small bias": (
        lambda: exact(NeumannBias(3), bilevel(b=-2 * SMALL, d=3 * SMALL, r=SMALL, x0=SMALL)), KEPT,
    ),
    "small agents that differ": (
        lambda: exact(Alike("ATC", "ATC"), bilevel((0.8, 1.4), b=APART, d=-APART)), OUTSIDE,
    ),
    "large agents that are alike": (lambda: exact(Alike("ATC", "ATC"), bilevel(b=7e5)), KEPT),
    "a drift far from 0": (lambda: rounds(DriftIsFree(4, 3), 1e6), FALSE),
    "no drift": (lambda: rounds(ClientDrift(4, 1), 1e5), KEPT),
    "steps away from a minimizer": (
        lambda: layer(th.MeasuredErrors(k=1), THERE_AND_BACK, -1.0, 64), KEPT,
    ),
    "a small start beside θ*": (
        lambda: layer(th.SampledMoment(CRS(1)), SMALL * np.array([-1, -1, 1.0]), 0.0, 1, 4096),
        OUTSIDE,
    ),
    "a small run from beside θ*": (
        lambda: layer(th.SampledLaw(CRS(3)), SMALL * np.array([-1, -1, 1.0]), 0.0, 8, 4096),
        OUTSIDE,
    ),
    "scores that tie": (
        lambda: layer(th.SampledMoment(WTA(2)), (-2.0, 1.0, 1.0), 1e-11, 1, 4096), OUTSIDE,
    ),
    "sizes that tie": (
        lambda: layer(th.SampledMoment(WTA(3, 2)), (-1.0, 1.0, -1.0, 1.0), 1e-11, 1, 4096), OUTSIDE,
    ),
    "a minimizer at 0 but for rounding": (
        lambda: layer(th.SampledMoment(CRS(1)), (-3.0, 1.0, 1.0, 1.0, -1.5, 1.5), 0.0, 1, 4096),
        KEPT,
    ),
    "a game with a saddle": (lambda: game(0.0), KEPT),
    "dependent products of bases": (
        lambda: Identity("c", NOLACount(cases=((5, 3, 2, 3, 5),))), KEPT,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_proof_is_taken_at_its_word(case: str) -> None:
    make, verdict = CASES[case]
    report = verify(make())
    assert report.verdict is verdict, report.reason


class Raised(Linear):
    """⟨g, x⟩ + 5, which has the gradient of a linear function."""

    def value(self, x: Any) -> Any:
        return super().value(x) + 5.0


G, WIDE = np.array([1.0, 2.0]), np.array([[1.0, 2.0], [3.0, -1.0]])
LINES: dict[str, tuple[Any, Any, Any]] = {
    "SophiaLinear": (th.SophiaLinear(), G, 0.0),
    "AdamLinear": (th.AdamLinear(), G, 0.0),
    "AdaGradLinear": (th.AdaGradLinear(), G, 0.0),
    "COCOBLinear": (th.COCOBLinear(), G, 0.0),
    "ShampooLinear": (th.ShampooLinear(), WIDE, 0.0),
    "EntropicLinear": (th.EntropicLinear(), G, 0.5),
}


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize(("kind", "verdict"), [(Linear, KEPT), (Raised, OUTSIDE)])
def test_a_linear_function_has_no_constant(name: str, kind: Any, verdict: Verdict) -> None:
    theorem, g, x0 = LINES[name]
    report = verify(Claim("c", theorem, kind(g, x0), horizons=(8,), seeds=1))
    assert report.verdict is verdict, report.reason
    assert verdict is KEPT or "g = " in report.reason


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "a force that nothing answers": (lambda: game(1e-10), "one with a saddle point"),
    "a small one": (
        lambda: bilinear(np.diag([1e-10, 0.0]), np.ones(4), [0.0, 1e-10]), "one with a saddle",
    ),
    "an importance": (lambda: th.BlockSGD(importance=0.0), "a vector of numbers"),
    "a matrix of importances": (lambda: th.BlockLaw(importance=np.zeros((2, 2))), "a vector of"),
    "no importance": (lambda: th.BlockSGD(importance=np.zeros(0)), "a vector of numbers"),
    "no bases": (lambda: NOLACount(cases=((6, 5, 2, 0, 0),)), "of sizes"),
    "fewer than none": (lambda: NOLACountAlways(cases=((6, 5, 2, -1, 1),)), "of whole sizes"),
    "no sizes": (lambda: NOLACountAlways(cases=()), "of whole sizes"),
    "sizes of three": (lambda: NOLACount(cases=((6, 5, 2),)), "of sizes"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_lies_outside_is_refused_in_a_sentence(case: str) -> None:
    make, needed = REFUSED[case]
    with pytest.raises(InvalidInput, match=needed):
        make()
