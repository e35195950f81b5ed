"""Cases that a second reading of the proofs found: laws near their ends, and torch's own floats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convergence import Claim, Verdict, verify
from convergence.claims.exact import Exact
from convergence.noise.atoms import Atoms
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.noise.heavy import Pareto
from convergence.oracles import Workers
from convergence.problems import Isotropic, Linear
from convergence.problems.valley import Valley
from convergence.problems.workers import unit_workers
from convergence.theorems.adaptive import linear, sign
from convergence.theorems.classical import stochastic_laws as laws
from convergence.theorems.classical.ghadimi2013 import SGDAnyStep
from convergence.theorems.compression.fatkhullin2023 import FollowsSGD
from convergence.theorems.heavy_tailed.sun2025 import NSGDMomentum
from convergence.theorems.zeroth_order.chen2025lozo import LozoAnyStep
from convergence.theorems.zeroth_order.ghadimi2013zo import TwoSidedSharp

UNSURE, OUTSIDE, KEPT = Verdict.INCONCLUSIVE, Verdict.INAPPLICABLE, Verdict.CONSISTENT
ONE, SLOPE, QUIET = Gaussian(1.0), Linear([1.0, 2.0]), Noiseless()


def claim(
    theorem: Any, problem: Any, T: Any = 1, noise: Any = QUIET, seeds: int = 64, **more: Any
) -> Claim:
    horizons = T if isinstance(T, tuple) else (T,)
    return Claim("c", theorem, problem, noise, horizons=horizons, seeds=seeds, **more)


def exact(theorem: Any, problem: Any, T: int = 1) -> Exact:
    return Exact("c", theorem, problem, ONE, horizons=(T,))


RARE = Atoms([3.75, -1.25], [0.25, 0.75], [1.0])
MANY = unit_workers(np.zeros((1, 100)), np.zeros(100))
READ: dict[str, tuple[Callable[[], Any], Verdict]] = {
    "errors that are sent late": (lambda: claim(
        FollowsSGD(name="ec", scale=0.25), MANY, (2, 4, 8, 16, 32), ONE, 300, oracle=Workers),
        OUTSIDE),
    "a fixed point of a momentum near 1": (lambda: exact(
        laws.NesterovSteady(a=1e-5, beta=1 - 1e-6), Isotropic([1.0, 2.0])), UNSURE),
    "a truncated law a rounding from its order": (lambda: claim(
        NSGDMomentum(), Isotropic([1.0, 2.0]), 20, Pareto(0.4 * 3, 1.0, 1.2, 0.0, 2.0)), KEPT),
    "a step that 1 does not feel": (lambda: exact(
        laws.SGDStronglyConvex(scale=1e-17), Isotropic([0.0]), 1000), KEPT),
    "coins without a mean": (lambda: claim(TwoSidedSharp(scale=1.5), Isotropic([1.0]), 5), UNSURE),
    "coins beyond floats": (lambda: claim(
        LozoAnyStep(scale=1e160, r=1), Isotropic(np.ones((2, 2))), 1, ONE), UNSURE),
    "moments beyond floats": (lambda: claim(
        SGDAnyStep(scale=1e9), Isotropic([1.0, 1.0]), 16, ONE), Verdict.REFUTED),
    "a multiple beyond floats": (lambda: claim(
        sign.SignInAValley(eta=1e-320), Valley([1.0, 0.0])), OUTSIDE),
}  # fmt: skip
TORCH: dict[str, tuple[Callable[[], Any], Verdict]] = {
    "the bias corrections of torch": (lambda: claim(
        linear.AMSGradLinear(code="torch", b1=0.9, b2=0.999), SLOPE, 2, seeds=1), UNSURE),
    "the rectifier of torch": (lambda: claim(
        linear.RAdamLinear(code="torch", b2=1 - 1e-8), SLOPE, 9, seeds=1), OUTSIDE),
    "a slope without a square": (lambda: claim(
        linear.AdaGradLinear(code="torch"), Linear([1.0, 1e-200]), seeds=1), OUTSIDE),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_what_a_proof_excludes_is_not_refuted(name: str) -> None:
    made, verdict = READ[name]
    report = verify(made())
    assert report.verdict is verdict, report.reason


def test_a_second_moment_beyond_floats_is_none() -> None:
    skewed = claim(sign.SignOfSkewed(eta=1e160), Linear([0.25], [0.0]), 3, RARE)
    assert skewed.tickets(3)["second"] is None


@pytest.mark.parametrize("name", TORCH)
def test_what_torch_rounds_is_not_refuted(name: str) -> None:
    pytest.importorskip("torch")
    made, verdict = TORCH[name]
    report = verify(made())
    assert report.verdict is verdict, report.reason


@pytest.mark.parametrize("off", [0.0, 1e-16, 1e-14, 1e-13, -1e-14, 1e-6])
def test_moments_of_a_truncated_law_keep_their_digits(off: float) -> None:
    """E R^p = β∫_0^far e^{(p−β)y} dy/(1 − e^{−β far}) for R = e^y, y < far = ln M, to second order
    in p − β; and E R^p = 1 + O(M − 1) where M is next to 1."""
    p, far = 1.5, np.log(1e3)
    beta = p + off
    wanted = beta * far * (1 - (beta - p) * far / 2 + ((beta - p) * far) ** 2 / 6)
    found = Pareto(beta, 1.0, p, 0.0, 1e3).moment(p)
    assert found == pytest.approx(wanted / (1 - 1e3**-beta), rel=1e-13)
    assert Pareto(beta, 1.0, p, 0.0, 1 + 1e-12).moment(p) == pytest.approx(1, rel=1e-11)
