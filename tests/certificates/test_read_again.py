"""Statements whose proofs ask more than was asked, and certificates that no look saw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from convergence import theorems as th
from convergence import verify
from convergence.algorithms import SGD
from convergence.claims import Claim
from convergence.claims.identity import Identity
from convergence.errors import InvalidInput
from convergence.noise import Noiseless
from convergence.noise.coin import Coin
from convergence.oracles import Gated, Scaled, Workers
from convergence.oracles.chain import ChainOracle
from convergence.problems import Isotropic, Linear, MaxAbs, Quadratic
from convergence.problems.attention import Attention, KeyQuery, two_inputs
from convergence.problems.chain import HIDDEN, Chain
from convergence.problems.clients import plain_clients
from convergence.problems.nonconvex import Separable, bowl
from convergence.problems.saddle import SaddleQuadratic
from convergence.problems.separable import RotatedSeparable
from convergence.problems.workers import WorkerQuadratics
from convergence.statistics import Verdict
from convergence.theorems.heavy_tailed.lemmas import (
    Clipping,
    FiniteLaw,
    VonBahrEsseen,
    VonBahrEsseenSymmetric,
)
from convergence.theorems.shrinking import rectifiers
from tests.certificates.strangers import (
    Backwards,
    Blind,
    Bump,
    Hidden,
    Less,
    Low,
    Nearly,
    Terms,
)

I2, TINY = np.eye(2), 2.0**-30
HALVES = np.stack([np.diag([1.0, 0.0]), np.diag([0.0, 1.0])])
X0, NEAR = np.array([1.0, 2.0]), np.full(2, TINY)
ALIKE = WorkerQuadratics(X0, np.stack([I2, I2]), np.stack([NEAR, NEAR]))
OFF = np.full(2, 1024.125)
TWO = two_inputs()


def claim(
    theorem: Any, problem: Any, T: int, seeds: int = 4, noise: Any = None, oracle: Any = None
) -> Claim:
    more = {} if oracle is None else {"oracle": oracle}
    return Claim("c", theorem, problem, noise or Noiseless(), horizons=(T,), seeds=seeds, **more)


def of_workers(theorem: Any, x0: Any, star: Any, T: int, seeds: int = 4) -> Claim:
    problem = WorkerQuadratics(x0, HALVES, HALVES @ star)
    return claim(theorem, problem, T, seeds, oracle=Workers)


def pair(size: float, cosine: float) -> Attention:
    """Two inputs of two tokens, the second of this size and at this cosine to the first."""
    other = [[size * cosine, size * (1 - cosine**2) ** 0.5], [0.0, 0.0]]
    tokens = [[[1.0, 0.0], [0.0, 0.0]], other]
    return Attention(tokens, [[1.0], [1.0]], [[1.0, 0.0], [1.0, 0.0]], np.array([[0.1], [0.2]]))


LAW = FiniteLaw(2.0, 2, (1.0, -1.0), (0.5 + 4e-10, 0.5 + 4e-10))
CLIPPED = LAW._replace(n=1, values=(0.4, -0.4))
CASES: dict[str, tuple[Callable[[], Any], Verdict]] = {
    "all entries of a simplex": (
        lambda: claim(th.EntropicLinear(scale=1.0), Linear([[30.0, 31.0], [30.0, 31.0]], 0.25), 20),
        Verdict.CONSISTENT,
    ),
    "a simplex of one": (
        lambda: claim(th.EntropicLinear(), Linear(2.0, 1.0), 6), Verdict.CONSISTENT,
    ),
    "a bowl without curvature": (
        lambda: claim(th.LARSFactor(), bowl([1.0, 2.0], L=0.0), 6), Verdict.INAPPLICABLE,
    ),
    "a minimizer beside 0": (
        lambda: of_workers(th.StochasticPolyakRate(), X0, NEAR, 120), Verdict.INAPPLICABLE,
    ),
    "reshuffled beside 0": (
        lambda: claim(th.Reshuffled(eta=0.5), ALIKE, 60, oracle=Workers), Verdict.INAPPLICABLE,
    ),
    "averaged beside 0": (
        lambda: claim(
            th.SeenSAGALaw(), plain_clients(np.ones((2, 2)), [NEAR, NEAR], X0), 200, oracle=Workers
        ),
        Verdict.INAPPLICABLE,
    ),
    "a small function that is not round": (
        lambda: claim(
            th.ArmijoRound(al=1e6, gamma=1e-8, c=0.5),
            WorkerQuadratics([0.0, 1.0], np.stack([I2, np.diag([1e-13, 0.0])]), np.zeros((2, 2))),
            1, 16, oracle=Workers,
        ),
        Verdict.INAPPLICABLE,
    ),
    "a small pair that is not orthogonal": (
        lambda: claim(th.DecoupledLaw(eta=1.0), pair(1e-3, 9e-12), 40, oracle=Scaled),
        Verdict.INAPPLICABLE,
    ),
    "rounded chances": (lambda: Identity("i", VonBahrEsseen(law=LAW)), Verdict.CONSISTENT),
    "rounded symmetric chances": (
        lambda: Identity("i", VonBahrEsseenSymmetric(law=LAW)), Verdict.CONSISTENT,
    ),
    "rounded chances that are clipped": (
        lambda: Identity("i", Clipping(law=CLIPPED)), Verdict.CONSISTENT,
    ),
    "a rectifier near 1": (
        lambda: claim(th.RAdamLinear(b2=1 - 2e-13), Linear([1.0, 2.0]), 30), Verdict.CONSISTENT,
    ),
    "terms that cancel": (
        lambda: claim(th.AdamLinear(eta=0.1, eps=1e-30), Linear([1.0], [1.0]), 10),
        Verdict.INCONCLUSIVE,
    ),
    "steps below a rounding": (
        lambda: claim(
            th.KeyQueryBalance(eta=1e-9),
            KeyQuery(TWO, np.random.default_rng(0).standard_normal((2, 3, 3))), 10, oracle=Scaled,
        ),
        Verdict.INAPPLICABLE,
    ),
    "runs that stall on a float": (
        lambda: of_workers(th.ExpectedSmoothness(al=0.27), OFF + X0, OFF, 300, 64),
        Verdict.INCONCLUSIVE,
    ),
    "digits of a user's constant": (
        lambda: claim(th.SlopeContraction(scale=1.5), Nearly([1.0, 2.0]), 10),
        Verdict.INCONCLUSIVE,
    ),
    "steep where gradients are asked": (
        lambda: claim(th.AcceleratedConvex(), Bump([1.0], 0.1875), 3), Verdict.INAPPLICABLE,
    ),
    "a value beside its slope": (
        lambda: claim(th.GradientDescentValue(scale=0.5), Bump([1.0], 0.75, True), 1),
        Verdict.INAPPLICABLE,
    ),
    "a term that is steep on the way": (
        lambda: claim(th.SGDInterpolation(al=0.5), Terms([1.0]), 2, 4096, oracle=Workers),
        Verdict.INAPPLICABLE,
    ),
    "noise that is loud on the way": (
        lambda: claim(
            th.SGDNonconvex(scale=0.1), Isotropic([1.0]), 100, 512, noise=Hidden(0.9**7)
        ),
        Verdict.INAPPLICABLE,
    ),
    "a way to no minimizer": (
        lambda: claim(th.GradientDescentValue(), Blind([1.0], 40.0), 1), Verdict.INAPPLICABLE,
    ),
    "another smoothness": (
        lambda: claim(
            th.GatesDescend(),
            Low([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]], [1.0, -1.0, 4.0], [1.0, 2.0], [0.5, 0.9]),
            10, oracle=Gated,
        ),
        Verdict.INAPPLICABLE,
    ),
    "another loss": (
        lambda: claim(
            th.LossForDirectionLaw(), Less(TWO.tokens, TWO.queries, TWO.scores, TWO.x0), 10,
            oracle=Scaled,
        ),
        Verdict.INAPPLICABLE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_a_proof_asks_is_asked(case: str) -> None:
    make, verdict = CASES[case]
    report = verify(make())
    assert report.verdict is verdict, report.reason


TURNED = (1 + 4e-10) * I2
REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "two steps at once": (
        lambda: th.AdaGradNormRegret(eta=np.array([1e-6, 1.0])), "a number in",
    ),
    "a step that inherits its promise": (
        lambda: th.ChainProgress(Backwards(0.5)), "respect the zeros",
    ),
    "a basis that is nearly one": (
        lambda: Quadratic([1.0, 1.0], [1.0, 1.0], TURNED), "an orthogonal matrix",
    ),
    "a basis of JAX that is none": (
        lambda: Quadratic([1.0, 1.0], [1.0, 1.0], jnp.asarray(2 * I2)), "an orthogonal matrix",
    ),
    "a Hessian that is nearly symmetric": (
        lambda: WorkerQuadratics([1.0, 1.0], [[[1.0, 9e-10], [0.0, 1.0]]], np.zeros((1, 2))),
        "symmetric",
    ),
    "a form that is nearly convex": (
        lambda: SaddleQuadratic([[-9e-10]], [[1.0]], [[-9e-10]], [1.0, 0.0]), "eigenvalues ≥ 0",
    ),
    "a matrix for a vector": (lambda: MaxAbs([[1.0, 0.9], [0.8, 0.7]]), "a vector"),
    "minimizers in a matrix": (
        lambda: Quadratic([1.0, 1.0], [1.0, 1.0], None, np.ones((2, 2))), "as long as x0",
    ),
    "one curvature of two": (
        lambda: RotatedSeparable([1.0, 2.0], 2.0), "two vectors of one length",
    ),
    "three coefficients of two": (
        lambda: Separable([1.0, 2.0], c=[1.0, 2.0, 3.0]), "of the iterate's shape",
    ),
    "values that no sum holds": (
        lambda: VonBahrEsseen(law=FiniteLaw(2.0, 3, (1e200, -1e200), (0.5, 0.5))), "a law that",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_lies_outside_is_refused_where_it_is_built(case: str) -> None:
    make, needed = REFUSED[case]
    with pytest.raises(InvalidInput, match=needed):
        make()


def test_the_rectifier_keeps_its_digits() -> None:
    """As β → 1, ρ_t → t + O(1 − β): 2/δ − 1 − 2t(1 − δ)^t/(1 − (1 − δ)^t) = t − (t² − 1)δ/6 …"""
    top, rho = rectifiers(1 - 2.0**-40, 4)
    assert top == 2.0**41 - 1
    t = np.arange(1, 5)
    assert rho == pytest.approx(t - (t**2 - 1) * 2.0**-40 / 6, rel=1e-15)
    assert rho != pytest.approx(t, rel=1e-14)


def test_a_method_of_the_package_is_believed_what_it_respects() -> None:
    chain = claim(th.ChainProgress(SGD(0.5)), Chain(8), 2, 64, Coin(0.1, HIDDEN, 2.0), ChainOracle)
    assert verify(chain).verdict is Verdict.CONSISTENT
