"""GoLore's exact second moments: the law of the projector, hand values, and what is refused."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from convergence.algorithms.subspace.projected import Subspace
from convergence.errors import InvalidInput
from convergence.metrics.pointwise import GradNormSq
from convergence.moments.masks import projected_moments
from convergence.noise.gaussian import Gaussian
from convergence.oracles.base import Oracle
from convergence.parts.momenta import EMA
from convergence.parts.projectors import AbstractProjector, Coordinates, Haar, TopSVD
from convergence.problems.matrix_quadratic import EntryQuadratic
from convergence.problems.quadratic import Isotropic
from convergence.runner.experiment import Experiment

EXACT = 1e-12  # least squares and sums of a few hundred float64 numbers of order 1
LAWS = (Haar(), Coordinates())


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
@pytest.mark.parametrize(("m", "r"), [(1, 1), (2, 1), (3, 2), (4, 4), (5, 2)])
def test_patterns_have_the_first_two_moments_of_the_law(
    law: AbstractProjector, m: int, r: int
) -> None:
    weights, P = law.patterns(m, r)
    Pi = P @ np.swapaxes(P, 1, 2)
    np.testing.assert_allclose(weights.sum(), 1, atol=EXACT)
    np.testing.assert_allclose(np.einsum("k,kij->ij", weights, Pi), r / m * np.eye(m), atol=EXACT)
    for M in np.random.default_rng(0).standard_normal((3, m, m)):
        M = M + M.T
        found = np.einsum("k,kij,jl,kln->in", weights, Pi, M, Pi)
        np.testing.assert_allclose(found, law.squeeze(M, r), atol=EXACT)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
def test_the_law_is_that_of_the_frames_drawn(law: AbstractProjector, test_seed: int) -> None:
    """α = 1e-8: six standard errors at each of 16 entries of bounded matrices."""
    M = np.diag([1.0, 2.0, -1.0, 0.5]) + 0.3
    keys = jax.random.split(jax.random.key(test_seed), 4096)
    G = jnp.zeros((4, 3))
    P = np.asarray(jax.vmap(lambda key: law.frame(jnp.asarray(0), G, key, 2))(keys), float)
    Pi = P @ np.swapaxes(P, 1, 2)
    found = Pi @ M @ Pi
    error = np.abs(found.mean(axis=0) - law.squeeze(M, 2))
    # 1e-5: float32 frames.
    assert np.all(error <= 6 * found.std(axis=0) / 64 + 1e-5)


def moments(problem: Any, **changes: Any) -> Any:
    fields: dict[str, Any] = {"projector": Haar(), "eta": 0.5, "r": 2} | changes
    return projected_moments(
        Experiment(problem, Oracle(problem, Gaussian(0.7)), Subspace(**fields))
    )


@pytest.mark.parametrize("side", ["left", "right", "short"])
def test_isotropic_moments_are_the_textbook_ones(side: str) -> None:
    """u ← (1 − 2ηδ + η²δ)u + η²δσ², δ = r/m with m rows seen from the side."""
    problem = Isotropic(np.eye(4)[:, :3])
    delta = 2 / {"left": 4, "right": 3, "short": 3}[side]
    rate, kick = 1 - delta + 0.25 * delta, 0.25 * delta * 0.49
    found = moments(problem, side=side)
    assert found.radius == pytest.approx(rate, abs=EXACT)
    assert found.steady(GradNormSq()) == pytest.approx(kick / (1 - rate), rel=1e-10)
    by_hand = rate**5 * 3 + kick * (1 - rate**5) / (1 - rate)
    assert found.expected(GradNormSq(), [5])[0] == pytest.approx(by_hand, rel=EXACT)


def test_the_largest_stable_step_depends_on_the_second_moment() -> None:
    """Of curvatures (2, 0) in R², rank 1: E cos⁴ = ⅜ for Haar, ½ for coordinates. Mean squares in
    the first row contract iff −2ηδ·2 + 4η²·E Π₁₁² < 0: η < 4/3 against η < 1."""
    problem = EntryQuadratic.rows([2.0, 1e-9], np.ones((2, 1)))
    for law, limit in ((Haar(), 4 / 3), (Coordinates(), 1.0)):
        for share, stable in ((0.98, True), (1.02, False)):
            found = moments(problem, projector=law, eta=share * limit, r=1)
            M = found.kron.reshape(4, 4, 4, 4)[0, 0, 0, 0]  # E M₁₁²
            assert (M < 1) == stable


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"tau": 2}, "tau = 2 steps"),
        ({"inner": EMA(0.1)}, "EMA inside a subspace"),
        ({"projector": TopSVD()}, "does not depend on the gradient"),
        ({"refresh_batch": 3}, "compiled loop or branch"),
    ],
)
def test_what_has_no_exact_second_moments_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        moments(Isotropic(np.eye(4)[:, :3]), **changes)
    with pytest.raises(InvalidInput, match="does not depend on the gradient"):
        TopSVD().squeeze(np.eye(2), 1)
