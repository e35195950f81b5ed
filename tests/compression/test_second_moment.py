"""Exact second moments: the digits they were derived with, and the simulation they replace."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import jax
import numpy as np
import pytest

from convergence.algorithms.compression.econtrol import EControl
from convergence.algorithms.compression.ef21 import EF21
from convergence.algorithms.compression.error_feedback import ErrorFeedback
from convergence.claims.base import verify
from convergence.claims.exact import Exact
from convergence.claims.exact_masks import ExactMasks
from convergence.constants import Constants
from convergence.errors import InvalidInput
from convergence.keys import claim_key
from convergence.metrics.agents import TotalSquare
from convergence.metrics.folds import Average
from convergence.metrics.pointwise import GradNorm, GradNormSq
from convergence.moments.affine import analyse
from convergence.moments.masks import compressed_moments
from convergence.moments.second_moment import PATTERNS
from convergence.moments.tape import NotAffine
from convergence.noise.base import Noiseless
from convergence.noise.gaussian import Gaussian
from convergence.noise.heavy import Pareto
from convergence.oracles.finite_workers import Workers
from convergence.parts.compressors import Bernoulli, Masks, RandK, Scaling, TopK
from convergence.problems.quadratic import Isotropic
from convergence.problems.workers import WorkerQuadratics, random_workers, unit_workers
from convergence.runner.experiment import Experiment
from convergence.runner.run import run
from convergence.statistics import Verdict
from convergence.theorems.classical.quadratic_laws import MomentumLaw
from convergence.theorems.compression.fatkhullin2023 import repeated
from convergence.theorems.compression.gao2024econtrol import EControlPL
from convergence.theorems.compression.gao2024econtrol_laws import (
    MessageLaw,
    SmallStepLimit,
    recursion,
)

EXACT = 1e-12  # a few dozen float64 operations on numbers of order 1


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def test_digits_of_the_heterogeneity_floor() -> None:
    """n = 4, δ = ¼, ζ² = 1: E x²/(γ²ζ²(1 − δ)/(nδ²)) = 1.1024, 1.00937, 1.00093."""
    problem = unit_workers([[1.0], [-1.0], [1.0], [-1.0]], np.ones(1))
    for gamma, expected in ((0.1, 1.1023622), (0.01, 1.0093727), (0.001, 1.0009294)):
        method = ErrorFeedback(gamma, Bernoulli(0.25))
        found = compressed_moments(Experiment(problem, Workers(problem, Noiseless()), method))
        # 1e-6: the digits given above.
        assert abs(found.steady(TotalSquare()) / (gamma**2 * 3) - expected) < 1e-6


def test_digits_of_the_noise_floor() -> None:
    """γ = 0.002, δ = ¼: over γσ²/(2n) EC 1.00701, EControl 1.18412 and 1.59315, EF21 7.01302."""
    for method, eta, expected in (
        ("ec", 0.1, 1.00701),
        ("econtrol", 0.1, 1.18412),
        ("econtrol", 0.02, 1.59315),
        ("ef21", 0.1, 7.01302),
    ):
        law = MessageLaw(recursion(method, eta), 0.25, 0.002, 4, 1.0, 0.0)
        assert abs(law.steady() / (0.002 / 8) - expected) < 1e-5  # the digits given


def test_second_moments_are_those_of_the_simulation(test_seed: int) -> None:
    """α = 1e-9 (six standard errors) on bounded runs of 10 steps."""
    problem = unit_workers([[1.0], [-1.0]], np.ones(1))
    oracle, method = Workers(problem, Gaussian(0.5)), EControl(0.2, Bernoulli(0.5), 0.2)
    found = compressed_moments(Experiment(problem, oracle, method))
    for metric in (GradNormSq(), Average(GradNormSq())):
        key = claim_key("second-moments", test_seed, 10)
        values = run(
            Experiment(problem, oracle, method, metric), 10, key, seeds=range(4096), chunk=4096
        )
        error = values.final().mean() - found.expected(metric, [10])[0]
        assert abs(error) < 6 * values.final().std() / 64


def test_rand_k_has_exact_moments(test_seed: int) -> None:
    """Six standard errors, as above."""
    problem = random_workers(2, 3)
    oracle, method = Workers(problem, Noiseless()), EF21(0.3, RandK(1))
    found = compressed_moments(Experiment(problem, oracle, method))
    key = claim_key("rand-k", test_seed, 6)
    values = run(
        Experiment(problem, oracle, method, GradNormSq()), 6, key, seeds=range(4096), chunk=4096
    )
    error = values.final().mean() - found.expected(GradNormSq(), [6])[0]
    assert abs(error) < 6 * values.final().std() / 64


def test_what_has_no_exact_moments_says_why() -> None:
    problem = unit_workers([[1.0], [-1.0]], np.ones(1))
    oracle = Workers(problem, Noiseless())
    with pytest.raises(InvalidInput, match="multiplies by a random mask"):
        compressed_moments(Experiment(problem, oracle, EF21(0.1, TopK(1))))
    big = unit_workers(np.zeros((13, 1)), np.ones(1))
    assert PATTERNS < 2**13
    with pytest.raises(NotAffine, match="patterns"):
        compressed_moments(Experiment(big, Workers(big, Noiseless()), EF21(0.1, Bernoulli(0.5))))
    found = compressed_moments(Experiment(problem, oracle, EF21(0.1, Bernoulli(0.5))))
    with pytest.raises(NotAffine, match="quadratic"):
        found.expected(GradNorm(), [3])


def test_linear_compressor_is_critically_damped_at_a_quarter() -> None:
    """C(v) = δv: the errors have z² − (2 − δ − δη)z + 1 − δ; real roots iff 4η/(1 + η)² ≤ δ."""
    problem = unit_workers([[0.0]], np.ones(1))
    for delta, eta in ((0.3, 0.05), (0.3, 0.2), (0.8, 0.1), (0.8, 0.7)):
        method = EControl(1e-12, Scaling(delta), eta, full=False)
        M = analyse(Experiment(problem, Workers(problem, Noiseless()), method)).M[1:, 1:]
        found = np.sort_complex(np.linalg.eigvals(M))
        exact = np.sort_complex(np.roots([1, -(2 - delta - delta * eta), 1 - delta]))
        assert np.allclose(found, exact, atol=1e-6)  # √ of rounding next to a double root
        assert (abs(found.imag).max() == 0) == (4 * eta / (1 + eta) ** 2 <= delta)


def test_hardest_linear_compressor() -> None:
    """C(v) = (1 + q)v diverges beyond η = 2(1 − q)/(1 + q)."""
    problem, q = unit_workers([[0.0]], np.ones(1)), 0.4
    limit = 2 * (1 - q) / (1 + q)
    for share, stable in ((0.98, True), (1.02, False)):
        method = EControl(1e-12, Scaling(1 + q), share * limit, full=False)
        M = analyse(Experiment(problem, Workers(problem, Noiseless()), method)).M[1:, 1:]
        assert (np.max(np.abs(np.linalg.eigvals(M))) < 1) == stable


def test_repeated_atoms() -> None:
    """P = p²(2 − p)/(1 − p + p²): ½ at p = ½, 0.085714 at p = 0.2."""
    assert abs(repeated(0.5) - 0.5) < EXACT
    assert abs(repeated(0.2) - 0.072 / 0.84) < EXACT


def test_masks_certify_nothing_alone() -> None:
    with pytest.raises(InvalidInput):
        Masks(np.ones((1, 2))).contraction(2)


@pytest.mark.parametrize(
    ("method", "sigma"), [("ec", 0.0), ("ec", 1.5), ("ef21", 1.5), ("econtrol", 1.5)]
)
def test_the_remainder_of_a_small_step_is_what_the_recursion_leaves(
    method: str, sigma: float
) -> None:
    """The closed forms in the docstring of `SmallStepLimit`, against the solved recursion."""
    found = 0
    for delta, n, T in itertools.product((0.05, 0.3, 0.9), (1, 3, 20), (200, 3000)):
        theorem = SmallStepLimit(method, delta, delta)
        c = Constants(agents=n, sigma=sigma, zeta=0.0 if sigma else 2.0, d=1)
        said, true = theorem.remainder(c, T), theorem.law(c, T).steady() / theorem.bound(c, T) - 1
        if np.isfinite(said) and np.isfinite(true):
            # 1e-6: the solve loses a condition number of 1/γ.
            assert abs(said - abs(true)) <= 1e-6 + 2e-15 * n * T**2
            found += 1
    assert found >= 12


def test_what_has_no_exact_moments_is_refused_in_a_sentence() -> None:
    """Not by a traceback: a heavy tail, whose `scale` is a number, a method without masks."""
    sphere = Isotropic(np.ones(2))
    claims = (
        Exact("pareto", MomentumLaw(), sphere, Pareto.of(1.5, 1.0, 1.6), horizons=(2,)),
        ExactMasks("no-masks", MomentumLaw(), sphere, Gaussian(1.0), horizons=(2,)),
    )
    for claim, said in zip(claims, ("a known covariance", "random masks")):
        with pytest.raises(NotAffine, match=said):
            claim.exact(2)


def test_what_cancels_is_no_violation() -> None:
    """From x* nothing moves, and 4e-24 is left of moments of size 1: the judge cannot tell."""
    b = 0.3799489624798298
    problem = WorkerQuadratics([0.0], np.ones((3, 1, 1)), [[b], [0.0], [-b]])
    theorem = EControlPL(compressor=Bernoulli(0.4), scale=0.1)
    report = verify(ExactMasks("still", theorem, problem, horizons=(16,), oracle=Workers))
    assert report.verdict is Verdict.INCONCLUSIVE, report.reason
    assert "what float64 resolves" in report.reason
